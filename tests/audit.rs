//! What an audit with two users, a hostile engine and a debugger found: each fault is a story, with its other half.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ims_emulator::{Fault, Flow};
use serde_json::Value;
use stories::redis::Redis;
use stories::{World, assert_clean, assert_refused, files_in, has, text};

/// A home with the known client as the profile `default`.
fn with_profile() -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world
}

fn source(world: &World, arguments: &[&str]) -> String {
    let output = world.run("aep-auth", &[&["token", "--json"], arguments].concat());
    assert_clean(&output);
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["source"].as_str().unwrap().to_owned()
}

fn git(world: &World, variables: &[(&str, &str)], request: &str) -> Output {
    let mut command = world.command("git-credential-aep");
    let mut child = command
        .envs(variables.iter().copied())
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn shows(output: &Output, part: &str) -> bool {
    text(&output.stdout).contains(part) || text(&output.stderr).contains(part)
}

// Tokens.

#[test]
fn public_data_get_no_token() {
    let world = with_profile();
    let token = world.token();
    let known: Vec<(&str, String)> = world.emulator.environment();
    let public: Vec<(&str, &str)> = known
        .iter()
        .filter(|(name, _)| *name != "AEP_CLIENT_SECRET" && *name != "AEP_PLATFORM_URL")
        .map(|(name, value)| (*name, value.as_str()))
        .chain([("AEP_PLATFORM_URL", "https://evil.example")])
        .collect();
    let request = "protocol=https\nhost=evil.example\ncapability[]=authtype\n\n";
    let refused = git(&world, &public, request);
    assert_eq!(refused.status.code(), Some(3));
    assert!(!shows(&refused, &token));
    let bogus: Vec<_> = public.iter().copied().chain([("AEP_CLIENT_SECRET", "p8e-bogus")]).collect();
    let refused = git(&world, &bogus, request);
    assert_eq!(refused.status.code(), Some(4));
    assert!(!shows(&refused, &token));
    // With the secret it is its own, and no further request is made.
    let requests = world.emulator.token_requests();
    let own = git(
        &world,
        &known.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(),
        &format!(
            "protocol=http\nhost={}\ncapability[]=authtype\n\n",
            world.emulator.url().trim_start_matches("http://")
        ),
    );
    assert!(shows(&own, &token), "{}", text(&own.stderr));
    assert_eq!(world.emulator.token_requests(), requests);
}

#[test]
fn a_strangers_file_with_the_same_client_id_gets_no_token() {
    let world = with_profile();
    let token = world.token();
    let credential: Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
    let mut evil = credential;
    evil["CLIENT_SECRETS"] = serde_json::json!(["p8e-bogus-secret"]);
    let file = world.write("evil.json", &evil.to_string());
    let url = world.emulator.url();
    for name in ["evil", "default"] {
        let mut arguments = vec!["import", file.to_str().unwrap(), "--profile", name, "--ims-url", &url];
        arguments.extend(["--platform-url", "https://evil.example", "--force"]);
        assert_clean(&world.run("aep-auth", &arguments));
        let output = world.run("aep-auth", &["token", "--profile", name]);
        assert_refused(&output, 4);
        assert!(!shows(&output, &token));
    }
    // The same file over the same profile, to the same hosts, is another secret too.
    let world = with_profile();
    world.token();
    let file = world.write("evil.json", &evil.to_string());
    assert_clean(&world.import(file.to_str().unwrap(), &["--force"]));
    assert_refused(&world.run("aep-auth", &["token"]), 4);
}

#[test]
fn loopback_is_answered_where_the_profile_names_it_with_its_port() {
    let world = with_profile();
    let token = world.token();
    let own = world.emulator.url().trim_start_matches("http://").to_owned();
    let ask = |host: &str, more: &str| {
        git(&world, &[], &format!("protocol=http\nhost={host}\n{more}capability[]=authtype\n\n"))
    };
    assert!(shows(&ask(&own, ""), &token));
    let port = own.split(':').nth(1).unwrap();
    for host in ["localhost:18181", "127.0.0.1:18181", "[::1]:18181", &format!("localhost:{port}"), "127.0.0.1"] {
        for more in ["", "username=default\n"] {
            let output = ask(host, more);
            assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""), "{host}");
        }
    }
}

#[test]
fn after_a_rotation_the_secret_that_ims_takes_is_used() {
    let mut world = with_profile();
    let client = world.emulator.environment().into_iter().find(|(name, _)| *name == "AEP_CLIENT_ID").unwrap().1;
    let old = world.emulator.environment().into_iter().find(|(name, _)| *name == "AEP_CLIENT_SECRET").unwrap().1;
    world.emulator.set_secrets(&client, &[&old, "new-secret"]);
    assert_clean(&world.run_with_input("aep-auth", &["secret", "set", "default", "--second"], b"new-secret\n"));
    world.emulator.set_secrets(&client, &["new-secret"]);
    let renewed = world.run("aep-auth", &["token", "--renew"]);
    assert!(renewed.status.success() && text(&renewed.stderr).contains("first client secret"));
    world.set("AEP_LOG", "error");
    let environment = world.run("aep-postman", &["environment", "--with-secret"]);
    assert_clean(&environment);
    assert!(shows(&environment, "new-secret") && !shows(&environment, &old));
    assert_clean(&world.run("aep-auth", &["forget", "--revoke"]));
}

#[test]
fn what_a_profile_left_on_the_engine_goes_with_it() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = with_profile();
    world.set("AEP_SHARED_CACHE", &redis.url());
    world.token();
    let name = redis.names().remove(0);
    let mut connection = redis.connection();
    let old: Vec<u8> = redis::cmd("GET").arg(&name).query(&mut connection).unwrap();
    let put_back =
        |connection: &mut redis::Connection| redis::cmd("SET").arg(&name).arg(&old).exec(connection).unwrap();
    // An older sealed entry that is put back is not taken.
    assert_clean(&world.run("aep-auth", &["forget", "--revoke"]));
    put_back(&mut connection);
    assert_eq!(source(&world, &[]), "ims");
    put_back(&mut connection);
    assert_eq!(source(&world, &["--renew"]), "ims");
    assert_clean(&world.run("aep-auth", &["profile", "remove", "default"]));
    assert!(redis.names().iter().all(|name| !name.starts_with("aep:") || name.contains("lock")), "{:?}", redis.names());
}

// Secrets.

#[test]
fn a_secret_where_a_name_or_a_path_is_expected_is_not_shown() {
    const MARKER: &str = "MARKERxMARKER";
    let mut world = World::jwt();
    for value in [MARKER, &format!("TUFS{MARKER}=="), "-----BEGIN MARKERxMARKER-----", &format!("/{MARKER}")] {
        world.set("AEP_PRIVATE_KEY", value);
        for arguments in [["token"].as_slice(), &["doctor", "--report"], &["jwt"]] {
            let output = world.run("aep-auth", arguments);
            assert!(!shows(&output, MARKER), "{value} {arguments:?}: {}", text(&output.stderr));
        }
    }
    let world = with_profile();
    for reference in [
        format!("{{ env = \"{}\" }}", MARKER.to_lowercase()),
        format!("{{ file = \"{MARKER}\" }}"),
        format!("{{ command = [\"{MARKER} {MARKER}\"] }}"),
    ] {
        assert_clean(&world.run("aep-auth", &["profile", "set", "default", &format!("client_secrets=[{reference}]")]));
        for arguments in
            [["token", "--renew"].as_slice(), &["profile", "show", "default"], &["doctor", "--report"], &["doctor"]]
        {
            let output = world.run("aep-auth", arguments);
            let shown = format!("{}{}", text(&output.stdout), text(&output.stderr)).to_lowercase();
            assert!(!shown.contains(&MARKER.to_lowercase()), "{reference} {arguments:?}: {shown}");
        }
    }
    let hosts = format!("hosts=[\"https://u:{MARKER}@h.example\"]");
    assert!(!shows(&world.run("aep-auth", &["profile", "set", "default", &hosts]), MARKER));
    // Its form tells a client secret of Adobe's from a path, a name or a time.
    const TYPED: &str = "p8e-markerxmarker";
    let file = world.write("again.json", &world.emulator.credential_file(Flow::Oauth));
    let file = file.to_str().unwrap();
    let before: Vec<_> = snapshot(&world);
    for line in [
        "aep-auth import TYPED --profile new",
        "aep-auth import FILE --profile new --client-secret-from file:TYPED",
        "aep-auth import FILE --profile new --private-key TYPED",
        "aep-auth import FILE --profile new --ims-url TYPED",
        "aep-auth token --min-valid TYPED",
        "aep-auth token --profile TYPED",
        "aep-auth token --jwt TYPED",
        "aep-auth inspect TYPED",
        "aep-auth api TYPED",
        "aep-auth TYPED",
        "aep-auth --TYPED",
        "aep-auth completions TYPED",
        "aep-auth query --shell TYPED",
        "aep-auth profile set default client_id=TYPED",
        "aep-auth profile set default client_secrets=[{file=\"TYPED\"}]",
        "aep-auth profile set default TYPED=x",
        "aep-auth profile set TYPED sandbox=x",
        "bazel-credential-aep TYPED",
        "kube-credential-aep TYPED",
        "aep-postman TYPED",
        "ims-emulator TYPED",
        "ims-emulator --TYPED",
    ] {
        let line = line.replace("TYPED", TYPED).replace("FILE", file);
        let words: Vec<&str> = line.split(' ').collect();
        let output = world.run(words[0], &words[1..]);
        assert!(!output.status.success() && !shows(&output, TYPED), "{line}: {}", text(&output.stderr));
        assert!(snapshot(&world) == before, "{line}");
    }
    let typed = world.run("aep-auth", &["secret", "set", "default", MARKER]);
    assert_eq!(typed.status.code(), Some(2));
    assert!(!shows(&typed, MARKER), "{}", text(&typed.stderr));
}

#[test]
fn a_key_in_base64_is_read() {
    let mut world = World::jwt();
    let pem = ims_emulator::private_key_pem();
    let encoded = Command::new("openssl").args(["base64", "-A"]).stdin(world.input(pem)).output();
    let Ok(encoded) = encoded else { return stories::skip("there is no openssl") };
    world.set("AEP_PRIVATE_KEY", text(&encoded.stdout).trim());
    world.token();
}

#[test]
fn an_import_that_cannot_be_written_whole_leaves_all_as_it_was() {
    let world = with_profile();
    let token = world.token();
    let before: Vec<_> = snapshot(&world);
    let mut other: Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
    other["CLIENT_SECRETS"] = serde_json::json!(["p8e-another-secret"]);
    let file = world.write("other.json", &other.to_string());
    // A folder in the pointer's place: the last of the renames fails.
    std::fs::remove_file(world.path("config/default-profile")).unwrap();
    std::fs::create_dir_all(world.path("config/default-profile/x")).unwrap();
    let url = world.emulator.url();
    let failed = world.run(
        "aep-auth",
        &["import", file.to_str().unwrap(), "--ims-url", &url, "--platform-url", &url, "--force", "--default"],
    );
    assert!(!failed.status.success());
    std::fs::remove_dir_all(world.path("config/default-profile")).unwrap();
    std::fs::write(world.path("config/default-profile"), "default\n").unwrap();
    assert_eq!(snapshot(&world), before);
    // It still works, with the secret that it had.
    assert!(!world.token().is_empty() && !token.is_empty());
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
}

/// Profiles and secrets with their content.
fn snapshot(world: &World) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = [world.path("config/profiles"), world.path("data/secrets")];
    files.iter().flat_map(|folder| files_in(folder)).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn a_stored_secret_belongs_to_its_host_and_client() {
    let world = with_profile();
    world.token();
    for change in ["client_id=0123456789abcdef0123456789abcdef", "ims_url=https://ims-na1.adobelogin.com"] {
        let world = with_profile();
        assert_clean(&world.run("aep-auth", &["profile", "set", "default", change]));
        let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
        assert!(told.contains("aep-auth secret set default"), "{change}: {told}");
        assert_eq!(world.emulator.token_requests(), 0);
    }
    // One that the first version kept under the profile's name alone is moved once, and says so.
    let secret = files_in(&world.path("data/secrets")).into_iter().find(|path| path.to_str().unwrap().contains('@'));
    let secret = secret.unwrap();
    std::fs::rename(&secret, world.path("data/secrets/default@client-secret")).unwrap();
    let moved = world.run("aep-auth", &["token", "--renew"]);
    assert!(moved.status.success() && text(&moved.stderr).contains("was moved"), "{}", text(&moved.stderr));
    assert!(secret.is_file());
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
}

#[test]
fn what_a_process_of_ours_holds_cannot_be_read_by_another_of_the_user() {
    let world = World::empty();
    // The kernel gives the files of a process that may not be dumped to root; another's tell nothing of root's own.
    let user = if rustix::process::geteuid().is_root() { 65_533 } else { rustix::process::geteuid().as_raw() };
    let is_hidden = |mut command: Command, by_hiding: bool| {
        // It runs until somebody reads what it prints.
        let (full, mut end) = std::io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&end, true).unwrap();
        while end.write(&[b'x'; 4096]).is_ok_and(|count| count > 0) {}
        rustix::io::ioctl_fionbio(&end, false).unwrap();
        if rustix::process::geteuid().is_root() {
            command.uid(user).gid(user);
        }
        let mut child = command.stdin(Stdio::null()).stdout(end).stderr(Stdio::null()).spawn().unwrap();
        let owner = || std::fs::metadata(format!("/proc/{}/environ", child.id())).map(|found| found.uid());
        if by_hiding {
            stories::wait_until(|| owner().is_ok_and(|owner| owner == 0));
        }
        let is_hidden = owner().unwrap() == 0;
        assert!(child.try_wait().unwrap().is_none(), "it waits for a reader");
        drop(full);
        let _ = child.wait();
        is_hidden
    };
    let mut other = Command::new("sh");
    other.args(["-c", "echo; sleep 60"]);
    assert!(!is_hidden(other, false), "any program");
    for program in
        ["aep-auth", "git-credential-aep", "kube-credential-aep", "bazel-credential-aep", "aep-postman", "aep-prompt"]
    {
        let mut command = world.command(program);
        command.arg("--version");
        assert!(is_hidden(command, true), "{program}");
    }
}

#[test]
fn a_key_or_token_typed_in_another_place_is_not_shown() {
    let mut world = World::oauth();
    let token = world.token();
    world.unset("AEP_PROFILE");
    let key = ims_emulator::private_key_pem();
    let secret = "p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a";
    let option = format!("--private-key={key}");
    for (arguments, hidden) in [
        (vec!["import", "c.json", "--private-key", key], "MII"),
        (vec!["import", "c.json", &option], "MII"),
        (vec!["import", key], "MII"),
        (vec!["import", &token], &token[..40]),
        (vec!["inspect", &token], &token[..40]),
        (vec!["token", &token], &token[..40]),
        (vec!["token", "--refused", &token], &token[..40]),
        (vec!["--profile", secret, "token"], secret),
        (vec!["headers", "--for", "https://u:hunter2@h.example/"], "hunter2"),
    ] {
        let output = world.run("aep-auth", &arguments);
        let told = text(&output.stderr);
        assert!(!output.status.success() && !told.contains(hidden), "{}: {told}", arguments[0]);
    }
    // What is a name is named.
    let told = text(&world.run("aep-auth", &["--profile", "Prod", "token"]).stderr);
    assert!(told.contains("`Prod`"), "{told}");
}

// Files.

#[test]
fn what_was_not_trusted_never_becomes_trusted() {
    let world = with_profile();
    let ran = world.path("ran");
    let profile = world.path("config/profiles/default.toml");
    let good = std::fs::read_to_string(&profile).unwrap();
    let evil = good.replace("{ store = true }", &format!("{{ command = [\"/bin/touch\", \"{}\"] }}", ran.display()));
    std::fs::write(&profile, evil).unwrap();
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o666)).unwrap();
    for arguments in [
        ["profile", "set", "default", "sandbox=x"].as_slice(),
        &["profile", "show", "default"],
        &["token"],
        &["secret", "set", "default"],
        &["check"],
    ] {
        assert_refused(&world.run_with_input("aep-auth", arguments, b"x\n"), 3);
        assert_eq!(std::fs::metadata(&profile).unwrap().permissions().mode() & 0o777, 0o666, "{arguments:?}");
    }
    assert!(!ran.exists());
    // A writable folder lets profiles be swapped.
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o600)).unwrap();
    let folder = world.path("config/profiles");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(&world.run("aep-auth", &["token"]), 3);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(&profile, good).unwrap();
    assert_clean(&world.run("aep-auth", &["token"]));
}

#[test]
fn a_fifo_or_a_device_in_a_files_place_hangs_nothing() {
    let mut world = World::oauth();
    let fifo = world.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // Built before any time is taken.
    stories::binary("aep-auth");
    // Over TLS, so that the authorities are read at all.
    world.set("AEP_IMS_URL", "https://127.0.0.1:9").set("AEP_PLATFORM_URL", "https://127.0.0.1:9");
    for variable in ["AEP_CA_FILE", "SSL_CERT_FILE"] {
        for path in [fifo.to_str().unwrap(), "/dev/zero", "/nowhere"] {
            world.set(variable, path);
            let began = Instant::now();
            let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
            assert!(told.contains(variable), "{told}");
            assert!(began.elapsed() < Duration::from_secs(5), "{variable} {path}");
        }
        world.unset(variable);
    }
    let output = world.run("aep-postman", &["collection", "-o", fifo.to_str().unwrap()]);
    assert_refused(&output, 6);
    assert_clean(&world.run("aep-postman", &["collection", "-o", "/dev/null"]));
}

#[test]
fn a_token_that_a_service_repeats_is_not_shown() {
    let mut world = with_profile();
    world.set("AEP_LOG", "debug");
    let token = text(&world.run("aep-auth", &["token"]).stdout).trim().to_owned();
    let short = &token[..40];
    let repeated = |status, text: String| Fault {
        path: "/data/".to_owned(),
        times: None,
        kind: ims_emulator::Kind::Respond {
            status,
            headers: [("x-request-id".to_owned(), token.clone()), ("location".to_owned(), format!("/{token}"))].into(),
            body: text,
        },
    };
    for status in [400, 401, 403, 302, 429, 500] {
        for body in [
            format!("{{\"error_code\":\"{token}\",\"message\":\"the token `{short}...` or {token} is not valid\"}}"),
            format!("{{\"title\":\"no\",\"detail\":\"Bearer {token}\"}}"),
            format!("{{\"else\":\"{token}\"}}"),
            format!("no JSON: {token}"),
        ] {
            world.emulator.clear_faults();
            world.emulator.fault(repeated(status, body));
            for arguments in [&["check"][..], &["api", "/data/x", "-o", "/dev/null"], &["query"]] {
                let mut run = world.command("aep-auth");
                let output = run.args(arguments).env("AEP_TIMEOUT", "1").env("AEP_SANDBOX", "prod").output().unwrap();
                assert!(!output.status.success(), "{status} {arguments:?}");
                let told = text(&output.stderr);
                assert!(!told.contains(short), "{status} {arguments:?}: {told}");
                assert!(told.contains(&status.to_string()), "what else it said is told: {told}");
            }
        }
    }
    // The probe of doctor carries none, so that it could not take one out: it names no ids.
    world.emulator.clear_faults();
    world.emulator.fault(Fault { path: "/".to_owned(), ..repeated(404, String::new()) });
    let output = world.run("aep-auth", &["doctor"]);
    assert!(shows(&output, ": 404 in ") && !shows(&output, short), "{}", text(&output.stderr));
    // A token in a title of what was asked for goes no further either.
    world.emulator.clear_faults();
    world.emulator.fault(repeated(200, format!("{{\"results\":[{{\"title\":\"Profile {token}\",\"$id\":\"x\"}}]}}")));
    let output = world.run("aep-auth", &["check"]);
    assert!(text(&output.stdout).contains("Profile (not shown)"), "{}", text(&output.stdout));
}

// Robust.

#[test]
fn lack_of_threads_costs_no_token() {
    if !rustix::process::geteuid().is_root() || !has("setpriv") || !has("prlimit") {
        return;
    }
    let mut world = World::oauth();
    // A name, so that it must be looked up.
    let url = world.emulator.url().replace("127.0.0.1", "localhost");
    world.set("AEP_IMS_URL", &url).set("AEP_CACHE", "off");
    let mut command = Command::new("setpriv");
    world.prepare(&mut command);
    // Another account, since root's processes are not counted; one process more than it has.
    let output = command
        .args(["--reuid=65533", "--regid=65533", "--clear-groups", "prlimit", "--nproc=1"])
        .arg(stories::binary("aep-auth"))
        .arg("token")
        .output()
        .unwrap();
    if text(&output.stderr).contains("ermission denied") {
        return stories::skip("another account cannot run the programs from here");
    }
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("eyJ"));
}

/// However little memory there is: a token, a sentence, or a program that the system does not even load.
#[test]
#[cfg(target_os = "linux")]
fn lack_of_memory_is_told() {
    let world = with_profile();
    world.token();
    let mut told = 0;
    for (program, arguments) in
        [("aep-auth", "token --renew"), ("git-credential-aep", "capability"), ("aep-prompt", "")]
    {
        for limit in (3_000..20_000).step_by(200) {
            let mut shell = Command::new("sh");
            let line = format!("ulimit -v {limit}; exec {program} {arguments}");
            let output = {
                world.prepare(shell.args(["-c", &line]));
                shell.output().unwrap()
            };
            let (code, errors) = (output.status.code(), text(&output.stderr));
            let is_ours = !errors.contains("shared lib") && !errors.contains("annot allocate") && code != Some(127);
            if !is_ours || output.status.success() {
                continue;
            }
            // The system ends one whose stack may not grow.
            if std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(11) {
                continue;
            }
            told += 1;
            assert!(matches!(code, Some(5 | 6)), "{line}: {:?} {errors}", output.status);
            assert!(errors.starts_with("error: ") && !errors.contains("backtrace"), "{line}: {errors}");
        }
    }
    assert!(told > 0);
}

#[test]
fn a_closed_standard_output_is_no_success_where_something_is_to_be_written() {
    let world = with_profile();
    world.token();
    let run = |line: &str| world.type_line(&format!("{line} >&-"));
    for line in ["aep-auth token", "aep-auth profile list", "kube-credential-aep", "aep-auth --version"] {
        let output = run(line);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{line}: {told}");
        assert_eq!(told, "error: cannot write to standard output: it is closed\n", "{line}");
    }
    for line in ["aep-auth exec -- true", "git-credential-aep store"] {
        assert_clean(&run(line));
    }
}

#[test]
fn lack_of_descriptors_costs_no_token_at_hand() {
    let world = with_profile();
    let token = world.token();
    // One more than the standard streams, which starting a program takes by itself.
    let run = |line: &str| {
        let mut shell = Command::new("sh");
        world.prepare(shell.args(["-c", &format!("exec < request; ulimit -n 4; exec {line}")]));
        shell.output().unwrap()
    };
    let request = format!("protocol=http\nhost={}\n", world.emulator.url().trim_start_matches("http://"));
    world.write("request", &format!("{request}capability[]=authtype\n\n"));
    for line in ["aep-auth token", "aep-auth headers", "kube-credential-aep", "git-credential-aep get"] {
        let output = run(line);
        assert_clean(&output);
        assert!(text(&output.stdout).contains(&token), "{line}");
    }
    assert!(text(&run("aep-prompt").stdout).starts_with("default "));
    // Without a token at hand the lack is told as what it is, and the credential is not blamed.
    world.write("config/profiles/default.toml", &{
        let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
        profile.replace("{ store = true }", "{ command = [\"/bin/echo\", \"x\"] }")
    });
    for line in ["aep-auth token --renew", "kube-credential-aep"] {
        let told = assert_refused(&run(line), 6);
        assert!(
            told.contains("too many open files") && told.contains("hint: let it open more files: ulimit -n"),
            "{told}"
        );
    }
}

#[test]
fn a_hostile_engine_costs_little() {
    for answer in [b"$20000000000\r\n".as_slice(), b"$100000000\r\n", b"*2000000000\r\n", b"+"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.write_all(answer);
                // Data without end.
                while stream.write_all(&[b'x'; 65536]).is_ok() {}
            }
        });
        let mut world = World::oauth();
        world.set("AEP_SHARED_CACHE", &format!("redis://127.0.0.1:{port}"));
        let mut command = Command::new("sh");
        world.prepare(&mut command);
        // What it may write to, of its own: a page that is only reserved costs nothing.
        let output = command.args(["-c", "ulimit -d 16384; exec aep-auth token"]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

#[test]
fn a_lock_without_ever_an_entry_is_waited_for_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                // Nothing is there, and somebody holds every lock.
                while stream.read(&mut bytes).is_ok_and(|count| count > 0) {
                    let _ = stream.write_all(b"$-1\r\n");
                }
            });
        }
    });
    let mut world = World::oauth();
    world.set("AEP_SHARED_CACHE", &format!("redis://127.0.0.1:{port}")).set("AEP_TIMEOUT", "2");
    world.token();
    let began = Instant::now();
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
    assert!(began.elapsed() < Duration::from_millis(1400), "it waited again");
}

#[test]
fn gits_request_ends_with_its_blank_line() {
    let world = with_profile();
    world.token();
    let own = world.emulator.url().trim_start_matches("http://").to_owned();
    let mut child =
        world.command("git-credential-aep").arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut to_helper = child.stdin.take().unwrap();
    to_helper.write_all(format!("protocol=http\nhost={own}\ncapability[]=authtype\n\n").as_bytes()).unwrap();
    // The pipe stays open until the answer is there.
    let output = child.wait_with_output().unwrap();
    drop(to_helper);
    assert!(shows(&output, "authtype=Bearer"));
}

#[test]
fn a_folder_of_certificates_is_trusted_as_a_file_of_them_is() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::tls();
    let ca = world.emulator.ca_pem().unwrap().to_owned();
    world.unset("AEP_CA_FILE");
    let file = world.write("certificates/ca.pem", &ca);
    let folder = world.path("certificates").to_str().unwrap().to_owned();
    world.set("SSL_CERT_DIR", &folder);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("SSL_CERT_DIR"), "{told}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = world.run("aep-auth", &["token"]);
    assert!(!text(&output.stderr).contains("SSL_CERT_DIR"), "{}", text(&output.stderr));
}

#[test]
fn purge_looks_into_no_link() {
    let world = World::empty();
    world.write("dotfiles/aep/profiles/prod.toml", "client_id = \"x\"\n");
    world.write("mine/secrets/kept", "mine");
    std::os::unix::fs::symlink(world.path("dotfiles/aep"), world.path("config")).unwrap();
    std::os::unix::fs::symlink(world.path("mine"), world.path("data")).unwrap();
    assert!(world.run("aep-auth", &["purge", "--yes"]).status.success());
    assert!(world.path("dotfiles/aep/profiles/prod.toml").is_file() && world.path("mine/secrets/kept").is_file());
    assert!(!world.path("config").is_symlink() && !world.path("data").is_symlink());
}

#[test]
fn a_token_is_appended_to_a_regular_file_alone() {
    let mut world = World::oauth();
    world.write("target", "");
    std::os::unix::fs::symlink(world.path("target"), world.path("link")).unwrap();
    let link = world.path("link").to_str().unwrap().to_owned();
    let told = assert_refused(&world.set("GITHUB_ENV", &link).run("aep-auth", &["env", "--shell", "github"]), 6);
    assert!(told.contains("no regular file"), "{told}");
    assert_eq!(std::fs::read_to_string(world.path("target")).unwrap(), "");
}
