//! Query Service: what is printed, kept and lent; real `psql` and `psycopg` against a real PostgreSQL.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ims_emulator::{Fault, Kind};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use stories::postgres::Postgres;
use stories::pty::Shell;
use stories::{World, assert_clean, assert_refused, files_in, has, has_further, root, skip, text, wait_until};

const PATH: &str = "/data/foundation/query/connection_parameters";
const ASKED: &str = "GET /data/foundation/query/connection_parameters";

fn world() -> World {
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "prod");
    world
}

fn say(world: &World, parameters: &Value) {
    world.emulator.set_query_parameters(parameters.as_object().unwrap());
}

/// A world whose Query Service is a real PostgreSQL with this certificate, open to the world's token.
fn world_with_postgres(certificate: &str) -> Option<(World, Postgres)> {
    let postgres = Postgres::start(certificate)?;
    let mut world = world();
    say(&world, &json!({"host": "localhost", "port": postgres.port}));
    let authority = world.write("authority.pem", &postgres.authority_pem);
    world.set("AEP_CA_FILE", authority.to_str().unwrap());
    admit(&world, &postgres);
    Some((world, postgres))
}

/// The database takes the token of today.
fn admit(world: &World, postgres: &Postgres) {
    postgres.admit("prod:all", world.variable("AEP_ORG_ID"), &world.token());
}

fn sh(world: &World, script: &str) -> Output {
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-c", script]).output().unwrap()
}

/// The password files of commands that run.
fn lent(world: &World) -> Vec<PathBuf> {
    files_in(&world.cache().join("query"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "pass"))
        .collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn psql_connects_renews_and_is_told_of_a_revoked_token() {
    let Some((world, postgres)) = world_with_postgres("localhost") else { return };
    let select = "SELECT current_database(), current_user, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
    let row = format!("prod:all|{}|t\n", world.variable("AEP_ORG_ID"));
    let lent_psql = || world.run("aep-auth", &["query", "--", "psql", "-XAtc", select]);
    let ways = [
        format!("eval \"$(aep-auth query)\"; psql -XAtc \"{select}\""),
        format!("aep-auth query -- psql -XAtc \"{select}\""),
        format!(
            "aep-auth query --pgpass && eval \"$(aep-auth query --pgpass --format env)\" && psql -XAtc \"{select}\""
        ),
        format!(
            "aep-auth query --pgpass=$HOME/pass --format service >services && \
             PGSERVICEFILE=services psql service=env-prod -XAtc \"{select}\""
        ),
        // What is set already must not win.
        format!(
            "export PGHOSTADDR=127.0.0.9 PGSERVICE=none PGPASSWORD=no PGHOST=no.example; \
             aep-auth query -- psql -XAtc \"{select}\""
        ),
    ];
    for way in ways {
        let output = sh(&world, &way);
        assert_clean(&output);
        assert_eq!(text(&output.stdout), row, "{way}");
    }
    assert_eq!(world.emulator.count(ASKED), 1);

    let old = world.token();
    world.emulator.revoke(&old);
    postgres.admit("prod:all", world.variable("AEP_ORG_ID"), "the token of tomorrow");
    let refused = lent_psql();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("password authentication failed"), "{}", text(&refused.stderr));

    assert_clean(&world.run("aep-auth", &["query", "--renew", "--", "true"]));
    assert_ne!(world.token(), old);
    admit(&world, &postgres);
    assert_eq!(text(&lent_psql().stdout), row);
}

#[test]
fn psql_refuses_a_server_with_another_certificate() {
    let Some((mut world, _postgres)) = world_with_postgres("other.example") else { return };
    let psql = |world: &World| world.run("aep-auth", &["query", "--", "psql", "-XAtc", "SELECT 1"]);
    let refused = psql(&world);
    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(2), String::new()));
    assert!(text(&refused.stderr).contains("does not match host name"), "{}", text(&refused.stderr));
    world.unset("AEP_CA_FILE");
    let refused = psql(&world);
    assert!(text(&refused.stderr).contains("certificate verify failed"), "{}", text(&refused.stderr));
}

#[test]
fn psycopg_connects_by_what_json_says() {
    if !has_psycopg() {
        return skip("python3 has no module `psycopg`: pip install 'psycopg[binary]'");
    }
    let Some((world, _postgres)) = world_with_postgres("localhost") else { return };
    let script = "import json, psycopg, subprocess, sys\n\
        keywords = json.loads(subprocess.check_output(['aep-auth', 'query', '--format', 'json'] + sys.argv[1:]))\n\
        with psycopg.connect(**keywords) as connection:\n    \
        print(*connection.execute('SELECT current_database(), current_user').fetchone())\n";
    world.write("connect.py", script);
    let row = format!("prod:all {}\n", world.variable("AEP_ORG_ID"));
    for arguments in ["", "--pgpass"] {
        let output = sh(&world, &format!("python3 connect.py {arguments}"));
        assert_clean(&output);
        assert_eq!(text(&output.stdout), row);
    }
    let output = sh(&world, "aep-auth query -- python3 -c 'import psycopg; print(psycopg.connect().info.dbname)'");
    assert_eq!(text(&output.stdout), "prod:all\n", "{}", text(&output.stderr));
}

#[test]
fn each_shell_gets_what_the_others_get() {
    let world = world();
    // Each must come through every shell as it is.
    let user = r#"a'b"c\d $e:f=g’h"#;
    say(&world, &json!({"host": "LOCALHOST", "port": 7, "username": user}));
    let expected = |name: &str| match name {
        "PGHOST" => "localhost".to_owned(),
        "PGPORT" => "7".to_owned(),
        "PGDATABASE" => "prod:all".to_owned(),
        "PGUSER" => user.to_owned(),
        "PGPASSWORD" => world.token(),
        "PGSSLMODE" => "verify-full".to_owned(),
        _ => panic!("{name}"),
    };
    let names = ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE"];
    let shown = names.map(|name| format!("\"${name}\"")).join(" ");
    let mut shells = vec![("sh", format!("eval \"$(aep-auth query --shell sh)\"; printf '%s\\n' {shown}"))];
    if stories::has("fish") {
        shells.push(("fish", format!("aep-auth query --shell fish | source; printf '%s\\n' {shown}")));
    }
    for (shell, script) in shells {
        let mut command = Command::new(shell);
        world.prepare(&mut command);
        let output = command.args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout).lines().collect::<Vec<_>>(), names.map(expected), "{shell}");
    }
    let output = world.run("aep-auth", &["query", "--shell", "powershell"]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("$env:PGUSER = 'a''b\"c\\d $e:f=g’’h'"), "{}", text(&output.stdout));
    let json: Value = serde_json::from_slice(&world.run("aep-auth", &["query", "--format", "json"]).stdout).unwrap();
    assert_eq!((&json["user"], &json["port"], &json["password"]), (&json!(user), &json!(7), &json!(world.token())));
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["dbname", "host", "password", "port", "sslmode", "sslrootcert", "user"]);
    let service = text(&world.run("aep-auth", &["query", "--format", "service"]).stdout);
    assert!(service.starts_with("[env-prod]\nhost=localhost\nport=7\ndbname=prod:all\n"), "{service}");
    assert!(!service.contains(&world.token()), "libpq reads no line as long as a token");
}

#[test]
fn a_step_of_github_actions_masks_the_password() {
    let mut world = world();
    let file = world.write("github-env", "");
    world.set("GITHUB_ENV", file.to_str().unwrap());
    let output = world.run("aep-auth", &["query", "--shell", "github"]);
    assert_clean(&output);
    assert_eq!(text(&output.stdout), format!("::add-mask::{}\n", world.token()));
    assert!(std::fs::read_to_string(file).unwrap().contains("\nPGPASSWORD="));
}

#[test]
fn what_was_asked_is_kept_without_a_secret_for_a_day() {
    let mut world = world();
    let ask = |world: &World, arguments: &[&str]| {
        let output = world.run("aep-auth", &[&["query"], arguments].concat());
        assert_clean(&output);
        text(&output.stdout)
    };
    ask(&world, &[]);
    ask(&world, &[]);
    assert_eq!(world.emulator.count(ASKED), 1);
    let note = files_in(&world.cache()).into_iter().find(|path| path.to_str().unwrap().contains(".query-")).unwrap();
    let kept = std::fs::read_to_string(&note).unwrap();
    assert_eq!(mode(&note), 0o600);
    assert!(!kept.contains(&world.token()) && !kept.contains(world.variable("AEP_CLIENT_SECRET")), "{kept}");
    // Another sandbox is another database; each is kept.
    for _ in 0..2 {
        assert!(ask(&world, &["--sandbox", "dev1"]).contains("dev1:all"));
    }
    assert_eq!(world.emulator.count(ASKED), 2);
    ask(&world, &["--renew"]);
    assert_eq!(world.emulator.count(ASKED), 3);
    // A day old, from the future, changed by hand, no JSON: each is asked again, and mended.
    let asked_at = serde_json::from_str::<Value>(&kept).unwrap()["asked_at"].as_i64().unwrap();
    let at = |time: i64| kept.replace(&asked_at.to_string(), &time.to_string());
    let spoiled = [
        at(asked_at - 24 * 60 * 60 - 1),
        at(asked_at + 3600),
        kept.replace("127.0.0.1\"", "evil.example\""),
        "{".to_owned(),
        String::new(),
    ];
    for (number, content) in spoiled.iter().enumerate() {
        std::fs::write(&note, content).unwrap();
        assert!(ask(&world, &[]).contains("PGHOST='127.0.0.1'"), "{content}");
        assert_eq!(world.emulator.count(ASKED), 4 + number, "{content}");
    }
    // Almost a day old, it will do.
    std::fs::write(&note, at(asked_at - 23 * 60 * 60)).unwrap();
    ask(&world, &[]);
    assert_eq!(world.emulator.count(ASKED), 8);
    world.set("AEP_CACHE", "off");
    ask(&world, &[]);
    ask(&world, &[]);
    assert_eq!(world.emulator.count(ASKED), 10);
}

#[test]
fn a_crowd_asks_once() {
    let world = world();
    for output in world.crowd(50, "aep-auth", &["query", "--", "true"]) {
        assert_clean(&output);
    }
    assert_eq!((world.emulator.token_requests(), world.emulator.count(ASKED)), (1, 1));
    assert!(lent(&world).is_empty());
}

#[test]
fn a_crowd_shares_what_the_one_that_asked_met() {
    // Refused, and late, so that the others wait: the organization is another one's.
    let mut refused = world();
    refused.set("AEP_ORG_ID", "0123456789ABCDEF01234567@AdobeOrg");
    refused.token();
    refused.emulator.fault(Fault::always(Kind::Delay { ms: 300 }).at(PATH));
    for output in refused.crowd(50, "aep-auth", &["query", "--", "true"]) {
        assert_refused(&output, 4);
    }
    assert!(refused.emulator.count(ASKED) <= 5, "{} requests", refused.emulator.count(ASKED));
    // Out of reach.
    let mut silent = world();
    silent.token();
    silent.set("AEP_TIMEOUT", "1");
    silent.emulator.fault(Fault::always(Kind::Hang).at(PATH));
    for output in silent.crowd(50, "aep-auth", &["query", "--", "true"]) {
        assert_refused(&output, 5);
    }
    assert!(silent.emulator.count(ASKED) <= 5, "{} requests", silent.emulator.count(ASKED));
    // A revoked token is renewed by one, and all have the new one.
    let revoked = world();
    let old = revoked.token();
    revoked.emulator.revoke(&old);
    revoked.emulator.fault(Fault::always(Kind::Delay { ms: 300 }).at(PATH));
    for output in revoked.crowd(50, "aep-auth", &["query", "--format", "json"]) {
        assert_clean(&output);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["password"], revoked.token());
    }
    assert_eq!((revoked.emulator.token_requests(), revoked.emulator.count(ASKED)), (2, 2));
    // What is left behind for it tells no secret, and goes with the next success.
    let failed = |world: &World| {
        files_in(&world.cache())
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "failed"))
            .collect::<Vec<_>>()
    };
    let [note] = &failed(&refused)[..] else { panic!("{:?}", failed(&refused)) };
    let kept = std::fs::read_to_string(note).unwrap();
    assert!(mode(note) == 0o600 && !kept.contains(&refused.token()), "{kept}");
    assert!(!kept.contains(refused.variable("AEP_CLIENT_SECRET")));
    silent.emulator.clear_faults();
    assert_eq!(failed(&silent).len(), 1);
    assert_clean(&silent.run("aep-auth", &["query"]));
    assert!(failed(&silent).is_empty());
}

#[test]
fn a_failure_is_for_those_who_waited_alone() {
    let mut world = world();
    world.set("AEP_ORG_ID", "0123456789ABCDEF01234567@AdobeOrg");
    for requests in 1..=3 {
        assert_refused(&world.run("aep-auth", &["query"]), 4);
        assert_eq!(world.emulator.count(ASKED), requests, "a later one tries anew");
    }
    // One that waits with another token asks for itself.
    world.emulator.fault(Fault::always(Kind::Delay { ms: 1_500 }).at(PATH));
    let start = || world.command("aep-auth").arg("query").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = start();
    wait_until(|| world.emulator.count(ASKED) == 4);
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
    let second = start();
    for child in [first, second] {
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4));
    }
    assert_eq!(world.emulator.count(ASKED), 5);
}

#[test]
fn a_token_that_the_platform_refuses_is_renewed_once() {
    let world = world();
    let old = world.token();
    world.emulator.revoke(&old);
    assert_clean(&world.run("aep-auth", &["query", "--format", "json"]));
    assert_eq!((world.emulator.token_requests(), world.emulator.count(ASKED)), (2, 2));
    assert_ne!(world.token(), old);
}

#[test]
fn the_short_form_is_asked_for_and_not_kept() {
    let world = world();
    let short = || {
        let output = world.run("aep-auth", &["query", "--compressed", "--format", "json"]);
        assert_clean(&output);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["password"].as_str().unwrap().to_owned()
    };
    let first = short();
    assert!(first.len() < 200 && first != world.token());
    assert_eq!((short(), world.emulator.count(ASKED)), (first.clone(), 2));
    for path in files_in(&world.cache()).into_iter().chain(files_in(&world.cache().join("query"))) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(&first), "{}", path.display());
    }
    let service = text(&world.run("aep-auth", &["query", "--compressed", "--format", "service"]).stdout);
    assert!(service.contains(&format!("\npassword={first}\n")));
    say(&world, &json!({"compressedToken": null}));
    assert!(assert_refused(&world.run("aep-auth", &["query", "--compressed"]), 5).contains("no compressed token"));
}

#[test]
fn what_is_missing_or_nonsense_is_told() {
    let mut world = world();
    for (parameters, part) in [
        (json!({"host": null}), "without `host`"),
        (json!({"host": ""}), "without `host`"),
        (json!({"host": "evil.example"}), "evil.example, which is none of Adobe's"),
        (json!({"host": "adobe.io.evil.example"}), "none of Adobe's"),
        (json!({"host": "a\nb.adobe.io"}), "control characters in `host`"),
        (json!({"dbName": "a\u{1b}[2J"}), "control characters in `dbName`"),
        (json!({"username": null}), "without `username`"),
        (json!({"port": 99999}), "without a `port`"),
    ] {
        say(&world, &parameters);
        for arguments in [&["query"][..], &["query", "--pgpass"], &["query", "--", "touch", "ran"]] {
            let told = assert_refused(&world.run("aep-auth", arguments), 5);
            assert!(told.contains(part) && told.contains("hint: ") && !told.contains('\u{1b}'), "{told}");
        }
    }
    assert!(!world.path(".pgpass").exists() && !world.path("ran").exists());
    say(&world, &json!({}));
    let body = r#"{"errors":[{"code":"QS-403","message":"no\u001b right"}]}"#;
    let refusal = Fault::always(Kind::respond(403, body)).at("/data/foundation/query/connection_parameters");
    world.emulator.fault(refusal);
    let told = assert_refused(&world.run("aep-auth", &["query"]), 4);
    assert!(told.contains("403 QS-403 no") && told.contains("hint: "), "{told}");
    world.emulator.clear_faults();
    world.unset("AEP_SANDBOX");
    let told = assert_refused(&world.run("aep-auth", &["query"]), 3);
    assert!(told.contains("sandbox") && told.contains("hint: aep-auth query --sandbox prod"), "{told}");
    assert_clean(&world.run("aep-auth", &["query", "--sandbox", "prod"]));
    for arguments in [&["query", "true"][..], &["query", "--pgpass", "--", "true"], &["query", "--format", "xml"]] {
        assert_eq!(world.run("aep-auth", arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_password_file_keeps_its_other_lines() {
    let world = world();
    say(&world, &json!({"dbName": "a\\b:c", "port": 6}));
    let file = world.path(".pgpass");
    let user = world.variable("AEP_ORG_ID");
    let before = "# mine\nx:1:d:u:p\r\n127.0.0.1:6:a\\\\b\\:c:USER:old\n\u{fc}\n*:*:*:*:star".replace("USER", user);
    std::fs::write(&file, &before).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    for _ in 0..2 {
        let output = world.run("aep-auth", &["query", "--pgpass"]);
        assert_clean(&output);
        assert_eq!(text(&output.stdout), "");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before.replace("old", &world.token()));
        assert_eq!(mode(&file), 0o600);
    }
    // A new one, and one that a variable names.
    let output = world.run("aep-auth", &["query", "--pgpass=other", "--format", "env"]);
    assert_clean(&output);
    let told = text(&output.stdout);
    assert!(told.contains(&format!("PGPASSFILE='{}'", world.path("other").display())), "{told}");
    assert!(told.contains("unset PGPASSWORD") && !told.contains(&world.token()), "{told}");
    assert_eq!(
        (mode(&world.path("other")), std::fs::read_to_string(world.path("other")).unwrap().lines().count()),
        (0o600, 1)
    );
    // A link of the user's own is written through.
    std::os::unix::fs::symlink("other", world.path("link")).unwrap();
    std::fs::write(world.path("other"), "").unwrap();
    assert_clean(&world.run("aep-auth", &["query", "--pgpass=link"]));
    assert!(world.path("link").is_symlink() && std::fs::read_to_string(world.path("other")).unwrap().contains(":6:"));
}

#[test]
fn two_at_once_both_get_their_line() {
    let world = world();
    assert_clean(&world.run("aep-auth", &["query"]));
    let start =
        |sandbox: &str| world.command("aep-auth").args(["query", "--pgpass", "--sandbox", sandbox]).spawn().unwrap();
    let mut children: Vec<_> = ["prod", "dev1"].into_iter().cycle().take(12).map(start).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(std::fs::read_to_string(world.path(".pgpass")).unwrap().lines().count(), 2);
    let names: Vec<_> =
        files_in(world.home.path()).into_iter().filter(|path| path.extension().is_some_and(|e| e == "tmp")).collect();
    assert!(names.is_empty() && !world.path(".lock").exists(), "{names:?}");
}

#[test]
fn a_password_file_that_will_not_do_stays_as_it_was() {
    let world = world();
    let file = world.path("pass");
    let refuse = |part: &str| {
        let told = assert_refused(&world.run("aep-auth", &["query", "--pgpass=pass"]), 6);
        assert!(told.contains(part) && told.contains("hint: "), "{part}: {told}");
    };
    for (permissions, part) in
        [(0o644, "others can read it"), (0o640, "others can read it"), (0o400, "read-only"), (0o666, "pass")]
    {
        std::fs::write(&file, "x:1:d:u:p").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(permissions)).unwrap();
        refuse(part);
        assert_eq!((mode(&file), std::fs::read_to_string(&file).unwrap().as_str()), (permissions, "x:1:d:u:p"));
        std::fs::remove_file(&file).unwrap();
    }
    std::fs::write(&file, vec![b'x'; 10_000_000]).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    refuse("larger than 1 MiB");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 10_000_000);
    std::fs::remove_file(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    refuse("not a regular file");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    refuse("folder");
    std::fs::remove_dir(&file).unwrap();
    if rustix::process::geteuid().is_root() {
        let elsewhere = world.write("elsewhere", "");
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        std::os::unix::fs::lchown(&file, Some(65_534), None).unwrap();
        refuse("symbolic link of another user");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
        refuse("belongs to another user");
    }
}

#[test]
fn the_certificates_are_written_again_when_either_changes() {
    let mut world = world();
    let [system, own] = ["system.pem", "own.pem"].map(|name| world.path(name));
    let certificate = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.self_signed(&key).unwrap().pem()
    };
    let [a, b, c, d] = ["a.example", "b.example", "c.example", "d.example"].map(certificate);
    let body = |pem: &str| pem.lines().nth(3).unwrap().to_owned();
    std::fs::write(&system, &a).unwrap();
    let none = world.path("none");
    world.set("SSL_CERT_FILE", system.to_str().unwrap()).set("SSL_CERT_DIR", none.to_str().unwrap());
    let roots = |world: &World| {
        let output = world.run("aep-auth", &["query", "--format", "json"]);
        assert_clean(&output);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let path = PathBuf::from(json["sslrootcert"].as_str().unwrap());
        (std::fs::read_to_string(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap(), path)
    };
    let holds = |text: &str, pems: &[&str]| {
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), pems.len());
        pems.iter().for_each(|pem| assert!(text.contains(&body(pem))));
    };
    let (text, written, path) = roots(&world);
    holds(&text, &[&a]);
    assert_eq!(roots(&world).1, written, "nothing changed, and it was written again");
    std::fs::write(&system, format!("{a}{b}")).unwrap();
    holds(&roots(&world).0, &[&a, &b]);
    std::fs::write(&own, &c).unwrap();
    world.set("AEP_CA_FILE", own.to_str().unwrap());
    let (text, _, other) = roots(&world);
    holds(&text, &[&a, &b, &c]);
    assert_ne!(path, other);
    std::fs::write(&own, &d).unwrap();
    holds(&roots(&world).0, &[&a, &b, &d]);
    std::fs::write(&other, "").unwrap();
    holds(&roots(&world).0, &[&a, &b, &d]);
    std::fs::write(&own, "nothing").unwrap();
    assert_refused(&world.run("aep-auth", &["query"]), 3);
}

#[test]
fn a_command_has_a_file_of_its_own_which_goes_with_it() {
    let mut world = world();
    world.set("PGPASSWORD", "x").set("PGSERVICE", "x");
    let script = "stat -c %a-%F \"$PGPASSFILE\"; cat \"$PGPASSFILE\"; echo \"$PGPASSWORD$PGSERVICE$AEP_CLIENT_SECRET$AEP_ACCESS_TOKEN\"; exit 7";
    let output = world.run("aep-auth", &["query", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    let line = format!("127.0.0.1:5432:prod\\:all:{}:{}", world.variable("AEP_ORG_ID"), world.token());
    assert_eq!(text(&output.stdout), format!("600-regular file\n{line}\n\n"));
    assert!(lent(&world).is_empty());
    assert_eq!(mode(&world.cache().join("query")), 0o700);
    for (command, code) in [(&["no-such-program"][..], 127), (&["/etc/passwd"], 126), (&["false"], 1)] {
        let output = world.run("aep-auth", &[&["query", "--"], command].concat());
        assert_eq!((output.status.code(), lent(&world).len()), (Some(code), 0), "{command:?}");
    }
    // Where others could put something, nothing is lent.
    let folder = world.cache().join("query");
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let told = assert_refused(&world.run("aep-auth", &["query", "--", "touch", "ran"]), 6);
    assert!(told.contains("others can write to it") && told.contains("chmod go-w"), "{told}");
    assert!(lent(&world).is_empty() && !world.path("ran").exists());
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    for (signal, code) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let output = world.run("aep-auth", &["query", "--", "sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(code), "{signal}");
        assert!(lent(&world).is_empty());
    }
    let output = world.run("aep-auth", &["query", "--", "sh", "-c", "kill -KILL $$"]);
    assert_eq!((output.status.code(), lent(&world).len()), (Some(137), 0));
}

/// Starts a command that says when it is ready.
fn started(world: &World, script: &str) -> (std::process::Child, Pid) {
    let ready = world.path("ready");
    let _ = std::fs::remove_file(&ready);
    let script = format!("{script}; : >ready; while :; do sleep 0.02; done");
    let mut command = world.command("aep-auth");
    let child = command.args(["query", "--", "sh", "-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| ready.exists());
    let pid = Pid::from_child(&child);
    (child, pid)
}

#[test]
fn signals_are_passed_on() {
    let world = world();
    for (name, signal) in [
        ("TERM", Signal::TERM),
        ("INT", Signal::INT),
        ("HUP", Signal::HUP),
        ("QUIT", Signal::QUIT),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
    ] {
        // A handler of the command's own decides.
        let (child, pid) = started(&world, &format!("trap 'echo got {name}; exit 9' {name}"));
        assert_eq!(lent(&world).len(), 1);
        rustix::process::kill_process(pid, signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(9), format!("got {name}\n")));
        assert!(lent(&world).is_empty());
    }
    // Without one, the command ends by it, and so do we.
    let (child, pid) = started(&world, ":");
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let status = child.wait_with_output().unwrap().status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    assert!(lent(&world).is_empty());
}

#[test]
fn what_a_killed_one_left_goes_with_the_next() {
    let world = world();
    for sweeper in [
        &["query", "--", "true"][..],
        &["query", "--format", "json"],
        &["query", "--pgpass=passwords"],
        &["token", "--renew"],
        &["forget"],
        &["forget", "--all"],
    ] {
        let (mut child, pid) = started(&world, "echo $$ >number");
        let (other, other_pid) = started(&world, "echo $$ >other-number");
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
        child.wait().unwrap();
        assert_eq!(lent(&world).len(), 2);
        assert!(world.run("aep-auth", sweeper).status.success());
        assert_eq!(lent(&world).len(), 1, "that of the living stays: {sweeper:?}");
        let number = std::fs::read_to_string(world.path("number")).unwrap();
        let orphan = Pid::from_raw(number.trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(orphan, Signal::KILL).unwrap();
        rustix::process::kill_process(other_pid, Signal::TERM).unwrap();
        other.wait_with_output().unwrap();
        assert!(lent(&world).is_empty());
    }
}

#[test]
fn forget_takes_what_is_kept_of_the_sandbox_and_no_others() {
    let world = world();
    let notes = || {
        let files = files_in(&world.cache());
        files.iter().filter(|path| path.file_name().unwrap().to_str().unwrap().contains(".query-")).count()
    };
    for sandbox in ["prod", "dev1"] {
        assert_clean(&world.run("aep-auth", &["query", "--sandbox", sandbox]));
    }
    assert_eq!(notes(), 2);
    assert_clean(&world.run("aep-auth", &["forget"]));
    assert_eq!(notes(), 1, "that of the other sandbox");
    assert_clean(&world.run("aep-auth", &["forget", "--sandbox", "dev1"]));
    assert_eq!(notes(), 0);
    // What it met last goes too.
    world.emulator.fault(Fault::times(9, Kind::refuse(403)).at(PATH));
    assert_refused(&world.run("aep-auth", &["query"]), 4);
    assert_eq!(notes(), 1);
    // Without the certificates nothing is in the folders, and they go.
    files_in(&world.cache().join("query")).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_clean(&world.run("aep-auth", &["forget"]));
    assert!(!world.cache().exists(), "{:?}", files_in(&world.cache()));
}

#[test]
fn the_terminals_keys_are_the_commands() {
    let world = world();
    assert_clean(&world.run("aep-auth", &["query", "--", "true"]));
    let shell = Shell::start(&world);
    // ^C reaches the command once, and does not end us.
    shell.clear();
    shell.type_keys("aep-auth query -- sh -c 'n=0; trap \"n=\\$((n+1))\" INT; echo st''arted; read line; read line; echo count $n'\n");
    shell.wait_for("started\r\n");
    shell.type_keys("\u{3}");
    shell.wait_for("^C");
    shell.type_keys("\n\n\n");
    shell.wait_for("count 1");
    shell.wait_for_prompt();
    assert_eq!(shell.code(), "0");
    // A command that has no trap for it ends by it.
    shell.clear();
    shell.type_keys("aep-auth query -- sh -c 'echo st''arted; exec sleep 100'\n");
    shell.wait_for("started\r\n");
    shell.type_keys("\u{3}");
    shell.wait_for_prompt();
    assert_eq!(shell.code(), "130");
    assert!(lent(&world).is_empty());
    // ^Z stops both, fg continues both.
    shell.clear();
    shell.type_keys("aep-auth query -- sh -c 'echo st''arted; read line; echo got $line; exit 5'\n");
    shell.wait_for("started\r\n");
    shell.type_keys("\u{1a}");
    shell.wait_for("Stopped");
    shell.wait_for_prompt();
    assert_eq!(lent(&world).len(), 1);
    shell.type_keys("fg\n");
    shell.wait_for("fg\r\n");
    shell.type_keys("word\n");
    shell.wait_for("got word");
    shell.wait_for_prompt();
    assert_eq!(shell.code(), "5");
    assert!(lent(&world).is_empty() && shell.is_sane());
}

#[test]
fn a_stop_of_the_command_alone_stops_us_too() {
    let world = world();
    assert_clean(&world.run("aep-auth", &["query", "--", "true"]));
    let shell = Shell::start(&world);
    shell.clear();
    shell.type_keys("aep-auth query -- sh -c 'kill -STOP $$; echo aw''ake'\n");
    shell.wait_for("Stopped");
    shell.wait_for_prompt();
    shell.type_keys("fg\n");
    shell.wait_for("awake");
    shell.wait_for_prompt();
    assert_eq!(shell.code(), "0");
}

#[test]
fn the_token_is_in_no_log_error_or_argument() {
    let mut world = world();
    let token = world.token();
    world.set("AEP_LOG", "debug");
    let script = "tr '\\0' ' ' </proc/$PPID/cmdline; tr '\\0' ' ' </proc/$$/cmdline; echo \"$*\"";
    for arguments in [
        &["query", "--pgpass"][..],
        &["query", "--renew", "--pgpass", "--format", "service"],
        &["query", "--", "sh", "-c", script],
        &["query", "--", "no-such-program"],
        &["query", "--pgpass=config"],
    ] {
        let output = world.run("aep-auth", arguments);
        let now = world.entry();
        let now: Value = serde_json::from_slice(&std::fs::read(now).unwrap()).unwrap();
        let told = text(&output.stdout) + &text(&output.stderr);
        let is_shown = |token: &str| told.contains(token) || told.contains(&token[token.len() - 40..]);
        assert!(!is_shown(&token) && !is_shown(find_token(&now).unwrap()), "{arguments:?}: {told}");
    }
}

/// The longest text of an entry is its token.
fn find_token(entry: &Value) -> Option<&str> {
    let texts = |value: &'_ Value| -> Option<usize> { value.as_str().map(str::len) };
    match entry {
        Value::Object(map) => map.values().filter_map(find_token).max_by_key(|text| text.len()),
        value => texts(value).and_then(|_| value.as_str()),
    }
}

/// The sections of the page that a set up reader walks through.
const SECTIONS: [&str; 6] = ["psql", "A name for it", "Python", "dbt", "Check", "Undo"];

fn blocks(heading: &str, language: &str) -> Vec<String> {
    stories::pages::blocks("psql/README.md", heading, language)
}

/// Every command of the page below these headings.
fn commands(headings: &[&str]) -> Vec<String> {
    headings.iter().flat_map(|heading| blocks(heading, "sh")).collect()
}

/// In the place of dbt, it checks what dbt would read.
fn stand_in_for_dbt() -> String {
    let page = &blocks("dbt", "yaml")[0];
    let names: Vec<&str> = page.split("env_var('").skip(1).map(|part| part.split('\'').next().unwrap()).collect();
    assert_eq!(names.len(), 7);
    let checks: Vec<String> = names.iter().map(|name| format!(": \"${{{name}:?}}\"\n")).collect();
    format!("#!/bin/sh\n{}[ \"$1\" = debug ] && echo checked\n", checks.concat())
}

/// `try.sh` where `./install.sh` puts it.
fn install_try(world: &World) {
    let installed = world.path(".local/share/aep-auth/integrations/psql");
    std::fs::create_dir_all(&installed).unwrap();
    std::fs::copy(root().join("integrations/psql/try.sh"), installed.join("try.sh")).unwrap();
}

fn has_psycopg() -> bool {
    let mut found = Command::new("python3");
    found.args(["-c", "import psycopg"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn the_page_is_true_from_a_fresh_home_on() {
    let Some(postgres) = Postgres::start("localhost") else { return };
    let mut world = World::empty();
    say(&world, &json!({"host": "localhost", "port": postgres.port}));
    let authority = world.write("authority.pem", &postgres.authority_pem);
    world.set("AEP_CA_FILE", authority.to_str().unwrap());
    world.write("Downloads/credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    // The emulator's address is all that the page does not say.
    let (program, url) = (stories::binary("aep-auth"), world.emulator.url());
    let shim = format!(
        "#!/bin/sh\n[ \"$1\" = import ] && exec {0} \"$@\" --ims-url {url} --platform-url {url}\nexec {0} \"$@\"\n",
        program.display()
    );
    world.write("bin/aep-auth", &shim);
    world.write("bin/dbt", &stand_in_for_dbt());
    let run = |script: &str| sh(&world, &format!("PATH=$HOME/bin:$PATH\nset -e\n{script}"));
    assert_clean(&run("chmod +x bin/*"));

    assert_clean(&run(&commands(&["Set up"]).concat()));
    let organization = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
    let organization = organization.lines().find_map(|line| line.strip_prefix("org_id = ")).unwrap().to_owned();
    postgres.admit("prod:all", organization.trim_matches('"'), &world.token());
    if has_psycopg() {
        world.write("connect.py", &blocks("Python", "python")[0]);
        assert_eq!(text(&run("python3 connect.py").stdout), "prod:all\n");
    }
    let mut printed = String::new();
    for block in commands(&SECTIONS) {
        let output = run(&block);
        assert_clean(&output);
        printed.push_str(&text(&output.stdout));
    }
    assert_eq!(printed.matches("prod:all").count(), 3, "{printed}");
    assert!(printed.contains("checked\n"), "{printed}");
    assert!(!world.path(".pgpass").exists());
}

#[test]
fn an_analyst_tries_the_page_without_an_account() {
    if !has("psql") || !has("openssl") {
        return;
    }
    let mut world = World::empty();
    install_try(&world);
    // Whatever the caller has set decides nothing.
    world
        .set("AEP_PROFILE", "missing")
        .set("AEP_CACHE", "off")
        .set("PGHOST", "nowhere.example")
        .set("PGPASSFILE", "/x");
    let folder = world.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    // The server's own user has to reach its folder.
    std::fs::set_permissions(world.home.path(), Permissions::from_mode(0o711)).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    world.set("TMPDIR", folder.to_str().unwrap());
    let nothing_is_left = |world: &World| {
        assert!(files_in(&folder).is_empty(), "{:?}", files_in(&folder));
        assert!(!world.path("config").exists() && !world.path("cache").exists());
        let name = folder.to_str().unwrap();
        let alive = files_in(Path::new("/proc")).into_iter().filter(|process| {
            let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(name)
        });
        assert_eq!(alive.count(), 0);
    };

    let [install, once, shell] = <[String; 3]>::try_from(blocks("Try it here", "sh")).unwrap();
    assert_eq!(install, "sudo apt-get install postgresql openssl\n");
    if !Path::new("/usr/lib/postgresql").is_dir() {
        return skip("there is no PostgreSQL server of Debian's: apt-get install postgresql");
    }
    let output = sh(&world, &once);
    assert_clean(&output);
    assert!(text(&output.stdout).contains(" prod:all\n"), "{}", text(&output.stdout));
    nothing_is_left(&world);

    // A reader who types the rest of the page into the shell that it opens.
    world.write("bin/dbt", &stand_in_for_dbt());
    let python = if has_psycopg() { "python3 connect.py\n" } else { "" };
    world.write("connect.py", &blocks("Python", "python")[0]);
    let typed = format!("set -e\n{python}{}exit 9\n", commands(&SECTIONS).concat());
    let reader = format!("#!/bin/sh\ncp {0}/connect.py .\nPATH={0}/bin:$PATH\n{typed}", world.home.path().display());
    let reader = world.write("bin/reader", &reader);
    world.set("SHELL", reader.to_str().unwrap());
    let output = sh(&world, &format!("chmod +x bin/*\n{shell}"));
    let (shown, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(9), "{shown}{told}");
    assert_eq!(shown.matches("prod:all").count(), 3 + usize::from(has_psycopg()), "{shown}{told}");
    assert!(shown.contains("checked\n") && told.lines().count() == 2, "{shown}{told}");
    nothing_is_left(&world);

    // A command that fails, and one that a signal ends, leave as little.
    let ended = sh(&world, &once.replace("psql -c 'SELECT current_database()'", "sh -c 'kill -TERM $$'"));
    assert_eq!(ended.status.code(), Some(143));
    nothing_is_left(&world);
    // What is missing is said, with a cure.
    let told = sh(&world, &format!("PATH=/nowhere /bin/{}", once.replace("sh ~", "sh \"$HOME\"").trim()));
    assert_eq!(told.status.code(), Some(3));
    assert!(
        text(&told.stderr).starts_with("error: ") && text(&told.stderr).contains("\nhint: "),
        "{}",
        text(&told.stderr)
    );
    nothing_is_left(&world);
}

/// dbt itself, with the page's profile and the least project that there is.
#[test]
fn dbt_connects_and_builds_by_the_pages_profile() {
    if !has_further("dbt") || !has("psql") || !has("openssl") {
        return;
    }
    let mut world = World::empty();
    install_try(&world);
    std::fs::set_permissions(world.home.path(), Permissions::from_mode(0o711)).unwrap();
    world.write("project/profiles.yml", &blocks("dbt", "yaml")[0]);
    world.write("project/dbt_project.yml", "name: story\nversion: '1.0'\nprofile: aep\n");
    world.write("project/models/one.sql", "select current_database() as name\n");
    let block = &blocks("dbt", "sh")[0];
    assert!(block.ends_with(" dbt debug\n"));
    let typed = format!(
        "{block}{}aep-auth query -- psql -Atc 'select * from one'\nif grep -rq \"$PGPASSWORD\" .; then exit 9; fi\n",
        block.replace(" dbt debug", " dbt run")
    );
    let reader = format!("#!/bin/sh\nset -e\ncp -r {}/project .\ncd project\n{typed}", world.home.path().display());
    let reader = world.write("reader", &reader);
    world.set("SHELL", reader.to_str().unwrap()).set("DBT_SEND_ANONYMOUS_USAGE_STATS", "false");
    let output = sh(&world, &format!("chmod +x reader\n{}", blocks("Try it here", "sh")[2]));
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("All checks passed!") && shown.contains("ERROR=0"), "{shown}");
    assert!(shown.ends_with("\nprod:all\n"), "{shown}");
}

#[test]
fn doctor_knows_it() {
    let mut world = world();
    let doctor = |world: &World| text(&world.run("aep-auth", &["doctor"]).stdout);
    assert!(
        doctor(&world).contains("note  Query Service of sandbox prod was not asked within a day"),
        "{}",
        doctor(&world)
    );
    assert_clean(&world.run("aep-auth", &["query"]));
    assert!(doctor(&world).contains("ok    Query Service of sandbox prod, asked "), "{}", doctor(&world));
    world.unset("AEP_SANDBOX");
    assert!(doctor(&world).contains("note  Query Service needs a sandbox"));
}
