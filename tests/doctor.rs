//! `doctor`: what is wrong × what it says, the cure, and the exit code.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::Output;

use ims_emulator::{Emulator, Fault, Flow, Kind, Options};
use serde_json::json;
use stories::{World, text};

/// A finding that is wrong, and what stands right below it.
fn assert_wrong(output: &Output, code: i32, what: &str, cure: &str) {
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let mut wrong: Vec<&&str> = lines.iter().filter(|line| line.starts_with("wrong ")).collect();
    let count = wrong.len();
    wrong.sort();
    wrong.dedup();
    assert_eq!(wrong.len(), count, "said twice:\n{told}");
    let at = lines.iter().position(|line| line.starts_with("wrong ") && line.contains(what));
    let at = at.unwrap_or_else(|| panic!("no finding `{what}` in\n{told}"));
    let cures: Vec<&&str> = lines[at + 1..].iter().take_while(|line| line.starts_with("      cure: ")).collect();
    assert!(cures.iter().any(|line| line.contains(cure)), "no cure `{cure}` in\n{told}");
}

fn doctor(world: &World) -> Output {
    world.run("aep-auth", &["doctor"])
}

#[test]
fn nothing_wrong_is_zero_and_every_part_is_told() {
    let world = World::jwt();
    let output = doctor(&world);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}");
    for part in [
        "profile env, from the environment",
        "IMS http://127.0.0.1",
        "(from AEP_IMS_URL)",
        "organization ",
        "cache ",
        "client secret: environment",
        "private key: file ",
        "an RSA key",
        "IMS answers",
        "the clock agrees",
        "an access token, from IMS",
        "scopes granted: ",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn settings() {
    assert_wrong(&doctor(&World::empty()), 3, "no profile", "aep-auth import");
    let mut world = World::oauth();
    world.unset("AEP_ORG_ID");
    assert_wrong(&doctor(&world), 3, "no organization", "set AEP_ORG_ID");
    world.set("AEP_ORG_ID", "745F37C35E4B776E0A49421B");
    assert_wrong(&doctor(&world), 3, "ends in @AdobeOrg", "set AEP_ORG_ID");
}

#[test]
fn a_retired_credential() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Jwt));
    let key = world.write("private.key", ims_emulator::private_key_pem());
    let import = ["import", file.to_str().unwrap(), "--private-key", key.to_str().unwrap()];
    assert!(world.run("aep-auth", &import).status.success());
    let mut command = world.command("aep-auth");
    // Nothing of the machine's network is asked.
    let output = command.arg("doctor").env("HTTPS_PROXY", "http://127.0.0.1:1").output().unwrap();
    assert_wrong(&output, 4, "ended in production on 1 March 2026", "flow=oauth");
}

#[test]
fn secrets_and_keys() {
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", "wrong");
    assert_wrong(&doctor(&world), 4, "invalid_client", "AEP_CLIENT_SECRET");
    let mut world = World::jwt();
    let public = world.write("public.key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    world.set("AEP_PRIVATE_KEY", public.to_str().unwrap());
    assert_wrong(&doctor(&world), 3, "a public key", "BEGIN PRIVATE KEY");
    world.set("AEP_PRIVATE_KEY", "/nosuch/private.key");
    let told = text(&doctor(&world).stdout);
    assert_eq!(told.matches("wrong ").count(), 1, "{told}");
}

#[test]
fn a_certificate_of_another_key() {
    let world = World::jwt();
    // Beside `private.key`, under the name that the Developer Console gives it.
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap();
    world.write("certificate_pub.crt", &other.cert.pem());
    assert_wrong(&doctor(&world), 3, "another key's", "new key pair");
    world.write("certificate_pub.crt", ims_emulator::certificate_pem());
    let told = text(&doctor(&world).stdout);
    assert!(told.contains("the key's certificate fits it and ends 2"), "{told}");
}

#[test]
fn the_network() {
    let mut world = World::oauth();
    world.set("AEP_IMS_URL", "http://127.0.0.1:1");
    assert_wrong(&doctor(&world), 5, "connection refused", "HTTPS_PROXY");
    let mut world = World::tls();
    world.unset("AEP_CA_FILE");
    assert_wrong(&doctor(&world), 5, "TLS", "AEP_CA_FILE");
    let mut world = World::oauth();
    world.set("AEP_IMS_URL", "https://no-such-host.invalid");
    assert_wrong(&doctor(&world), 5, "no-such-host.invalid", "network");
    let mut world = World::oauth();
    world.set("AEP_IMS_URL", "https://ims.example").set("HTTPS_PROXY", "http://user:marker@127.0.0.1:1");
    let told = text(&doctor(&world).stdout);
    assert!(told.contains("through the proxy 127.0.0.1:1") && !told.contains("marker"), "{told}");
}

#[test]
fn the_clock() {
    let world = World::oauth();
    world.emulator.set_clock_offset(3_600);
    assert_wrong(&doctor(&world), 3, "s behind the clock of IMS", "set the clock");
    world.emulator.set_clock_offset(-3_600);
    assert_wrong(&doctor(&world), 3, "s ahead of the clock of IMS", "set the clock");
}

#[cfg(unix)]
#[test]
fn the_cache_and_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let open = |path: std::path::PathBuf, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let world = World::oauth();
    world.token();
    open(world.cache(), 0o777);
    assert_wrong(&doctor(&world), 6, "the token cache is not trusted", "chmod 700");
    open(world.cache(), 0o700);
    open(world.entry(), 0o666);
    assert_wrong(&doctor(&world), 6, "the cached token is not used", "remove that file");

    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert!(world.import(file.to_str().unwrap(), &[]).status.success());
    open(world.path("data/secrets"), 0o777);
    assert_wrong(&doctor(&world), 3, "the private store", "chmod go-w");
}

#[test]
fn who_holds_the_lock_and_which_secret_is_stale() {
    let mut world = World::oauth();
    world.emulator.fault(Fault::times(1, Kind::Hang));
    let mut holder = world.command("aep-auth").arg("token").stdout(std::process::Stdio::null()).spawn().unwrap();
    stories::wait_until(|| world.emulator.token_requests() == 1);
    world.set("AEP_LOCK_TIMEOUT", "0.1");
    let told = text(&doctor(&world).stdout);
    assert!(told.contains(&format!("process {} holds the lock", holder.id())), "{told}");
    holder.kill().unwrap();
    holder.wait().unwrap();

    let world = World::empty();
    let file = world.emulator.credential_file(Flow::Oauth);
    let mut known: serde_json::Value = serde_json::from_str(&file).unwrap();
    let id = known["CLIENT_ID"].as_str().unwrap().to_owned();
    known["CLIENT_SECRETS"] = serde_json::json!(["p8e-Q7vZk2Lm9Xw4", "p8e-T3rYb8Nc5Hd1"]);
    world.emulator.set_secrets(&id, &["p8e-T3rYb8Nc5Hd1"]);
    let file = world.write("credential.json", &known.to_string());
    stories::assert_clean(&world.import(file.to_str().unwrap(), &[]));
    assert!(world.run("aep-auth", &["token"]).status.success());
    assert_wrong(
        &doctor(&world),
        4,
        "the first client secret",
        "if the rotation is over: aep-auth secret drop default first",
    );
}

#[test]
fn what_is_in_the_way_is_not_called_distrust() {
    let world = World::oauth();
    world.write("cache", "a file");
    let output = doctor(&world);
    assert_wrong(&output, 6, "the token cache cannot be used", "AEP_CACHE_DIR");
    assert!(!text(&output.stdout).contains("rm -r"));
}

#[cfg(unix)]
#[test]
fn who_hangs_is_not_waited_for() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::oauth();
    let program = world.write("hung/git", "#!/bin/sh\nsleep 600 & wait\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let start = std::time::Instant::now();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = world.command("aep-auth").arg("doctor").env("PATH", path).output().unwrap();
    assert!(text(&output.stdout).contains("git is not on the path, or does not tell"), "{}", text(&output.stdout));
    assert!(start.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn a_credential_of_aem_has_not_ended() {
    let world = World::empty();
    let profile = "flow = \"jwt\"\nclient_id = \"cm-p12345-e67890-integration-0\"\norg_id = \"a@AdobeOrg\"\n\
                   technical_account_id = \"t@techacct.adobe.com\"\nclient_secrets = [{ store = true }]\n";
    world.write("config/profiles/aem.toml", profile);
    let mut command = world.command("aep-auth");
    let arguments = ["doctor", "--profile", "aem"];
    let output = command.args(arguments).env("HTTPS_PROXY", "http://127.0.0.1:1").output().unwrap();
    let told = text(&output.stdout);
    assert!(!told.contains("ended") && !told.contains("flow=oauth"), "{told}");
}

/// A token that tells these scopes, signed by nobody.
fn token_with(scopes: &str) -> String {
    use base64::Engine as _;
    let claims = json!({ "created_at": "1700000000000", "expires_in": "86400000", "scope": scopes });
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part(json!({ "alg": "RS256" }).to_string()), part(claims.to_string()))
}

#[test]
fn the_scopes_that_were_granted_and_those_that_were_not() {
    let mut world = World::oauth();
    world.set("AEP_SCOPES", "openid,AdobeID");
    let told = text(&doctor(&world).stdout);
    assert!(told.contains("scopes granted as asked: openid, AdobeID"), "{told}");

    let answer = json!({ "access_token": token_with("openid"), "token_type": "bearer", "expires_in": 86_399 });
    let mut world = World::oauth();
    world.set("AEP_SCOPES", "openid,AdobeID");
    world.emulator.fault(Fault::always(Kind::respond(200, &answer.to_string())).at("/ims/token/v3"));
    assert_wrong(&doctor(&world), 4, "scopes asked for and not granted: AdobeID", "Developer Console");
}

#[test]
fn a_report_shows_no_value_that_may_be_a_name_or_a_secret() {
    const MARKER: &str = "p8e-Jane.Doe_9uT2xLm";
    for name in [
        "AEP_PROFILE",
        "AEP_CACHE",
        "AEP_TIMEOUT",
        "AEP_LOCK_TIMEOUT",
        "AEP_SANDBOX",
        "AEP_CA_FILE",
        "SSL_CERT_FILE",
        "AEP_CONFIG_DIR",
        "AEP_DATA_DIR",
        "AEP_CACHE_DIR",
        "AEP_IMS_URL",
        "AEP_PLATFORM_URL",
        "AEP_SHARED_CACHE",
        "AEP_SHARED_CACHE_PASSWORD",
        "AEP_CLIENT_SECRET",
        "HTTPS_PROXY",
    ] {
        let of_a_url = format!("https://jane:{MARKER}@127.0.0.1:1");
        let is_url = name.ends_with("_URL") || ["HTTPS_PROXY", "AEP_SHARED_CACHE"].contains(&name);
        // The host of a URL is what is wanted of a report.
        let others = [MARKER.to_owned(), format!("/nowhere/{MARKER}")].into_iter().filter(|_| !is_url);
        for value in others.chain([of_a_url]) {
            let mut world = World::oauth();
            world.set(name, &value);
            let output = world.run("aep-auth", &["doctor", "--report"]);
            for told in [text(&output.stdout), text(&output.stderr)] {
                assert!(!told.contains(MARKER) && !told.contains(&MARKER.to_lowercase()), "{name}={value}\n{told}");
            }
        }
    }
    // Nor a short name.
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "sbx");
    assert!(!text(&world.run("aep-auth", &["doctor", "--report"]).stdout).contains("sbx"));
    assert!(text(&world.run("aep-auth", &["doctor"]).stdout).contains("sandbox sbx (from AEP_SANDBOX)"));
    // What is a word or a number of ours is shown, and everything to oneself.
    let mut world = World::oauth();
    world.set("AEP_CACHE", "Off").set("AEP_TIMEOUT", "7").set("AEP_DATA_DIR", "/nowhere/x");
    let told = text(&world.run("aep-auth", &["doctor", "--report"]).stdout);
    assert!(told.contains("AEP_CACHE is Off") && told.contains("AEP_TIMEOUT is 7"), "{told}");
    assert!(told.contains("AEP_DATA_DIR is set") && !told.contains("nowhere"), "{told}");
    let told = text(&world.run("aep-auth", &["doctor"]).stdout);
    assert!(told.contains("AEP_DATA_DIR is /nowhere/x"), "{told}");
}

#[test]
fn a_report_names_nobody() {
    let mut world = World::oauth();
    world.set("USER", "jane.doe").set("AEP_CACHE_DIR", "/tmp/jane.doe/cache");
    let output = world.run("aep-auth", &["doctor", "--report"]);
    let told = text(&output.stdout);
    let whole = [world.variable("AEP_CLIENT_ID"), world.variable("AEP_ORG_ID")];
    for private in
        ["jane", whole[0], whole[1], world.home.path().to_str().unwrap(), world.variable("AEP_CLIENT_SECRET"), "eyJ"]
    {
        assert!(!told.contains(private), "{private}\n{told}");
    }
}

#[test]
fn each_secret_of_a_rotation_is_tried_and_a_single_one_only_to_fetch() {
    let mut world = World::oauth();
    assert!(!text(&doctor(&world).stdout).contains("was not tried"));
    let told = text(&doctor(&world).stdout);
    assert!(told.contains("note  the client secret was not tried") && told.contains("token --renew"), "{told}");

    let good = world.variable("AEP_CLIENT_SECRET").to_owned();
    let id = world.variable("AEP_CLIENT_ID").to_owned();
    for name in ["AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID", "AEP_SCOPES"] {
        world.unset(name);
    }
    let url = world.emulator.url();
    let profile = format!(
        "flow = \"oauth\"\nclient_id = \"{id}\"\norg_id = \"A@AdobeOrg\"\nims_url = \"{url}\"\n\
         platform_url = \"{url}\"\nclient_secrets = [{{ env = \"FIRST\" }}, {{ env = \"SECOND\" }}]\n"
    );
    world.write("config/profiles/default.toml", &profile);
    world.set("AEP_PROFILE", "default").set("FIRST", &good).set("SECOND", "wrong-secret-marker");
    let output = doctor(&world);
    assert_wrong(
        &output,
        4,
        "the second client secret was tried at IMS, which refuses it",
        "secret drop default second",
    );
    let told = text(&output.stdout);
    assert!(told.contains("ok    the client secret was tried at IMS, which accepts it"), "{told}");
    world.set("FIRST", "wrong-secret-marker").set("SECOND", &good);
    let output = doctor(&world);
    assert_wrong(&output, 4, "the client secret was tried at IMS, which refuses it", "secret drop default first");
    assert!(!text(&output.stdout).contains("marker"));
}

#[test]
fn over_tls_all_is_well() {
    let options = Options { tls: true, ..Options::default() };
    let world = World::oauth_at(Emulator::start(options).unwrap());
    let output = doctor(&world);
    assert!(output.status.success(), "{}", text(&output.stdout));
}

/// git's exchange, with the git that would be run.
#[test]
fn git() {
    if !stories::has("git") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::oauth_at(stories::git::host(folder.path()));
    world.set("GIT_CONFIG_NOSYSTEM", "1");
    stories::git::bare_repository(folder.path(), "schemas.git");
    let url = format!("{}/git/schemas.git", world.emulator.url());
    let ask = |world: &World, url: &str| world.run("aep-auth", &["doctor", "--git", url]);
    for (settings, code, what, cure) in [
        ("", 3, "git asks no helper of ours", "--add credential.http"),
        (
            "[credential]\nhelper = store\n[credential \"URL\"]\nhelper = aep\n",
            3,
            "another helper first: store",
            "helper \"\"",
        ),
        (
            "[credential \"URL\"]\nhelper = aep\nhelper = store\n",
            3,
            "another helper is offered the token: store",
            "helper \"\"",
        ),
        (
            "[credential \"URL\"]\nhelper =\nhelper = aep --profile none\n",
            3,
            "credential fill brings nothing",
            "AEP_LOG=debug",
        ),
    ] {
        world.write(".gitconfig", &settings.replace("URL", &world.emulator.url()));
        assert_wrong(&ask(&world, &url), code, what, cure);
    }
    let page = stories::pages::read("git/gitconfig").replace("https://platform.adobe.io", &world.emulator.url());
    world.write(".gitconfig", &page);
    let output = ask(&world, &url);
    let told = text(&output.stdout);
    let version = std::process::Command::new("git").arg("version").output().unwrap();
    let version = text(&version.stdout).trim().trim_start_matches("git version ").to_owned();
    for part in [
        format!("git {version} at /"),
        "git asks our helper alone".into(),
        "a Bearer token".into(),
        "lists its branches".into(),
    ] {
        assert!(told.contains(&part), "{part}\n{told}");
    }
    assert!(output.status.success() && !told.contains(&world.token()), "{told}");
    if (46..54).any(|minor| version.starts_with(&format!("2.{minor}."))) {
        world.write(".gitconfig", &page.replace("postBuffer = 512m", ""));
        assert_wrong(&ask(&world, &url), 3, "cannot push more than 1 MiB", "postBuffer 512m");
    }
    world.write(".gitconfig", &page);
    let absent = format!("{}/git/no-such.git", world.emulator.url());
    assert_wrong(&ask(&world, &absent), 4, "the server does not take it: fatal: ", "Bearer");
    // An address where nobody listens is another matter than a server that refuses.
    let mut silent = World::oauth_at(stories::git::host(folder.path()));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    silent.set("GIT_CONFIG_NOSYSTEM", "1").set("AEP_PLATFORM_URL", &format!("http://{nobody}"));
    silent.write(".gitconfig", &page.replace(&world.emulator.url(), &format!("http://{nobody}")));
    let told = ask(&silent, &format!("http://{nobody}/a.git"));
    assert_wrong(&told, 5, "git does not reach the server: fatal: unable to access", "urlmatch http http://127.0.0.1:");
    assert_wrong(&ask(&world, "https://github.com/a/b"), 3, "github.com is not one of the hosts", "aep-auth import");
    assert_wrong(&ask(&world, "git@github.com:a/b"), 3, "names no https address", "--git https://");
}

/// A server that takes a password alone: what is missing is named, and a push has no limit there.
#[test]
fn git_with_a_password() {
    if !stories::has("git") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::empty();
    world.emulator = stories::git::password_host(folder.path());
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert!(world.import(file.to_str().unwrap(), &[]).status.success());
    stories::git::bare_repository(folder.path(), "data.git");
    let url = world.emulator.url();
    let host = url.rsplit('/').next().unwrap();
    world.set("GIT_CONFIG_NOSYSTEM", "1");
    let set = |value: &str| assert!(world.run("aep-auth", &["profile", "set", "default", value]).status.success());
    world.write(".gitconfig", &format!("[credential \"{url}\"]\nhelper =\nhelper = aep\n"));
    let ask = |host: &str| world.run("aep-auth", &["doctor", "--git", &format!("{host}/git/data.git")]);
    set("hosts=[\"*.corp.example\"]");
    assert_wrong(&ask(&url), 3, &format!("{host} is not one of the hosts"), host);
    set(&format!("hosts=[\"{host}\"]"));
    assert_wrong(&ask(&url), 3, "takes a password alone", "aep-auth profile set default git_basic=true");
    set("git_basic=true");
    let told = ask(&url);
    assert!(told.status.success(), "{}", text(&told.stdout));
}

/// A company's proxy that opens TLS: each of the two is told how to believe it, and nothing else.
#[test]
fn git_behind_a_ca_of_the_company() {
    if !stories::has("git") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let options = Options { tls: true, ..Options::default() };
    let mut world = World::oauth_at(stories::git::host_with(folder.path(), options));
    world.set("GIT_CONFIG_NOSYSTEM", "1");
    stories::git::bare_repository(folder.path(), "schemas.git");
    let page = stories::pages::read("git/gitconfig").replace("https://platform.adobe.io", &world.emulator.url());
    world.write(".gitconfig", &page);
    let url = format!("{}/git/schemas.git", world.emulator.url());
    let ca = world.variable("AEP_CA_FILE").to_owned();
    // Neither believes it; git is not asked for what cannot come.
    world.unset("AEP_CA_FILE");
    let output = world.run("aep-auth", &["doctor", "--git", &url]);
    assert_wrong(&output, 5, "git credential fill brings nothing: ", "AEP_CA_FILE");
    let told = text(&output.stdout);
    assert!(!told.contains("AEP_LOG=debug") && !told.contains("whoever runs it"), "{told}");
    // git alone does not.
    world.set("AEP_CA_FILE", &ca);
    let output = world.run("aep-auth", &["doctor", "--git", &url]);
    assert_wrong(&output, 5, "git does not believe the server's certificate", "sslCAInfo");
    let told = text(&output.stdout);
    assert!(!told.contains("whoever runs it"), "{told}");
    let (_, cure) = told.split_once("to git too: ").unwrap();
    // The cure, as it stands.
    let mut shell = std::process::Command::new("sh");
    world.prepare(&mut shell);
    assert!(shell.args(["-c", cure.lines().next().unwrap()]).status().unwrap().success());
    let output = world.run("aep-auth", &["doctor", "--git", &url]);
    assert!(text(&output.stdout).contains("lists its branches"), "{}", text(&output.stdout));
}
