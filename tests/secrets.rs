//! Markers in the place of every secret, searched for in every output of every command at the loudest level.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Output, Stdio};

use ims_emulator::Flow;
use stories::{World, assert_clean, files_in, text};

const SECRET: &str = "client-secret-marker";
const SECOND: &str = "second-secret-marker";
const PASSPHRASE: &str = "passphrase-marker";

/// A service account whose stored secrets are markers and whose key is encrypted under one; the loudest level.
fn marked() -> (World, String) {
    let mut world = World::empty();
    let file = world.emulator.credential_file(Flow::Jwt);
    let known: serde_json::Value = serde_json::from_str(&file).unwrap();
    world.emulator.set_secrets(known["API_KEY"].as_str().unwrap(), &[SECRET, SECOND]);
    let marked = file.replace(known["CLIENT_SECRET"].as_str().unwrap(), SECRET);
    world.write("credential.json", &marked);
    world.write("plain.key", ims_emulator::private_key_pem());
    if stories::has("openssl") {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &format!("pass:{PASSPHRASE}")]);
        openssl.args(["-in", "plain.key", "-out", "private.key"]).current_dir(world.home.path());
        assert!(openssl.status().unwrap().success());
        std::fs::remove_file(world.path("plain.key")).unwrap();
    } else {
        std::fs::rename(world.path("plain.key"), world.path("private.key")).unwrap();
    }
    world.set("AEP_PRIVATE_KEY_PASSPHRASE", PASSPHRASE).set("AEP_LOG", "debug");
    let output = world.import("credential.json", &["--private-key", "private.key"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_no_marker("import", &output);
    // A line from inside the key's text.
    let key_line = ims_emulator::private_key_pem().lines().nth(3).unwrap().to_owned();
    (world, key_line)
}

fn assert_no_marker(what: &str, output: &Output) {
    let shown = [text(&output.stdout), text(&output.stderr)].concat();
    for marker in [SECRET, SECOND, PASSPHRASE] {
        assert!(!shown.contains(marker), "{what} shows {marker}: {shown}");
    }
}

#[test]
fn no_command_shows_a_secret_and_few_show_the_token() {
    let (world, key_line) = marked();
    let token = text(&world.run("aep-auth", &["token"]).stdout).trim().to_owned();
    assert!(token.starts_with("eyJ"));
    let signature = token.rsplit('.').next().unwrap().to_owned();
    let git = "capability[]=authtype\nprotocol=https\nhost=platform.adobe.io\n\n";
    let url = format!("{}/data/foundation/schemaregistry/global/classes", world.emulator.url());
    let with_token: [(&str, &[&str]); 14] = [
        ("aep-auth", &["token", "--json"]),
        ("aep-auth", &["token", "--verify"]),
        ("aep-auth", &["token", "--refused", "-"]),
        ("aep-auth", &["query", "--sandbox", "prod"]),
        ("aep-auth", &["query", "--sandbox", "prod", "--format", "json"]),
        ("aep-auth", &["headers"]),
        ("aep-auth", &["headers", "--for", &url]),
        ("aep-auth", &["headers", "--format", "curl"]),
        ("aep-auth", &["env"]),
        ("aep-auth", &["env", "--shell", "powershell"]),
        ("git-credential-aep", &["get"]),
        ("kube-credential-aep", &[]),
        ("bazel-credential-aep", &["get"]),
        ("aep-postman", &["environment"]),
    ];
    let without_token: [(&str, &[&str]); 27] = [
        ("aep-auth", &["status"]),
        ("aep-auth", &["status", "--all", "--json"]),
        ("aep-auth", &["check"]),
        ("aep-auth", &["doctor"]),
        ("aep-auth", &["doctor", "--report"]),
        ("aep-auth", &["inspect"]),
        ("aep-auth", &["profile", "list", "--json"]),
        ("aep-auth", &["profile", "show", "default"]),
        ("aep-auth", &["profile", "set", "default", "sandbox=dev1"]),
        ("aep-auth", &["profile", "set", "default", "client_secret=client-secret-marke"]),
        ("aep-auth", &["profile", "copy", "default", "copied"]),
        ("aep-auth", &["profile", "rename", "copied", "other"]),
        ("aep-auth", &["secret", "show", "default"]),
        ("aep-auth", &["secret", "move", "default", "--to", "keyring"]),
        ("aep-auth", &["secret", "move", "default", "--to", "store"]),
        ("aep-auth", &["secret", "drop", "default", "first"]),
        ("aep-auth", &["purge"]),
        ("aep-auth", &["query", "--pgpass=pgpass"]),
        ("aep-auth", &["api", &url]),
        ("aep-auth", &["completions", "bash"]),
        ("aep-auth", &["--help"]),
        ("git-credential-aep", &["capability"]),
        ("git-credential-aep", &["erase"]),
        ("bazel-credential-aep", &["nonsense"]),
        ("aep-postman", &["script"]),
        ("aep-postman", &["collection"]),
        ("aep-prompt", &[]),
    ];
    let mut searched = 0;
    for (program, arguments) in with_token.iter().chain(&without_token) {
        let input = match *program {
            "bazel-credential-aep" => r#"{"uri":"https://platform.adobe.io"}"#,
            _ if arguments.contains(&"--refused") => "eyJ.other.one\n",
            _ => git,
        };
        let output = world.run_with_input(program, arguments, input.as_bytes());
        let what = format!("{program} {}", arguments.join(" "));
        assert_no_marker(&what, &output);
        let shown = [text(&output.stdout), text(&output.stderr)].concat();
        assert!(!shown.contains(&key_line), "{what} shows the key");
        let shows_token = shown.contains(&signature);
        assert_eq!(shows_token, with_token.contains(&(*program, *arguments)), "{what}: {shown}");
        assert!(!text(&output.stderr).contains(&signature), "{what} logs the token");
        searched += 1;
    }
    let promises = std::fs::read_to_string(stories::root().join("docs/promises.md")).unwrap();
    assert!(promises.contains(&format!("| {searched} outputs searched, 0 found |")), "{searched}");
    // The last ones change things: the assertion, a refusal, a revocation.
    for arguments in [vec!["jwt"], vec!["forget", "--revoke"], vec!["secret", "set", "default"], vec!["token"]] {
        assert_no_marker(&arguments.join(" "), &world.run_with_input("aep-auth", &arguments, b"wrong-one\n"));
    }
}

#[test]
fn no_file_but_the_store_holds_a_secret_and_no_name_does() {
    let (world, key_line) = marked();
    assert!(world.run("aep-auth", &["token"]).status.success());
    let mut names = Vec::new();
    for folder in ["config", "config/profiles", "cache", "data"] {
        for path in files_in(&world.path(folder)) {
            names.push(path.to_str().unwrap().to_owned());
            if path.is_file() {
                let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                for marker in [SECRET, PASSPHRASE, &key_line] {
                    assert!(!content.contains(marker), "{} holds {marker}", path.display());
                }
            }
        }
    }
    assert!(names.len() > 5);
    assert!(names.iter().all(|name| !name.contains("marker") && !name.contains("eyJ")));
    let store = files_in(&world.path("data/secrets"));
    assert!(store.iter().any(|path| std::fs::read_to_string(path).unwrap_or_default().contains(SECRET)));
}

#[test]
fn children_get_the_token_and_no_secret() {
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", SECRET).set("AEP_PRIVATE_KEY_PASSPHRASE", PASSPHRASE);
    world.emulator.set_secrets(world.variable("AEP_CLIENT_ID"), &[SECRET]);
    let output = world.run("aep-auth", &[&["exec", "--"][..], &stories::ENV].concat());
    assert_clean(&output);
    assert_no_marker("exec", &output);
    assert!(text(&output.stdout).contains("AEP_ACCESS_TOKEN=eyJ"));
}

#[test]
fn a_command_that_gives_the_secret_gets_none_of_ours() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let secret = std::fs::read_to_string(world.stored("default", "client-secret")).unwrap();
    world.write("secret", &secret);
    let give = if cfg!(windows) {
        world.write(
            "give.cmd",
            "@set > \"%HOME%\\seen\"\r\n@echo %~1>> \"%HOME%\\seen\"\r\n@type \"%HOME%\\secret\"\r\n",
        )
    } else {
        let script = "#!/bin/sh\nenv > \"$HOME/seen\"\necho \"$@\" >> \"$HOME/seen\"\ncat \"$HOME/secret\"\n";
        let give = world.write("give", script);
        assert!(Command::new("chmod").arg("+x").arg(&give).status().unwrap().success());
        give
    };
    let set = format!("client_secrets=[{{ command = [{:?}, \"a b\"] }}]", give.to_str().unwrap());
    // `set` refuses secret keys, references included; the user's editor writes them.
    let path = world.path("config/profiles/default.toml");
    let profile = std::fs::read_to_string(&path).unwrap();
    let line = profile.lines().find(|line| line.starts_with("client_secrets")).unwrap().to_owned();
    std::fs::write(&path, profile.replace(&line, &set.replace("client_secrets=", "client_secrets = "))).unwrap();
    let mut command = world.command("aep-auth");
    command.arg("token").env("AEP_CLIENT_SECRET", SECRET).env("AEP_SHARED_CACHE_PASSWORD", SECOND);
    let output = command.stdin(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let seen = std::fs::read_to_string(world.path("seen")).unwrap().replace("\r\n", "\n");
    assert!(seen.ends_with("a b\n") && !seen.contains("marker"), "{seen}");
}

#[test]
fn a_stored_secret_leaves_for_no_other_host() {
    let mut world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.run("aep-auth", &["import", file.to_str().unwrap()]));
    for variables in [
        vec![("AEP_IMS_URL", "https://evil.example")],
        vec![("AEP_PLATFORM_URL", "https://evil.example")],
        vec![("AEP_IMS_URL", "https://evil.example"), ("AEP_PLATFORM_URL", "https://evil.example")],
        vec![("AEP_IMS_URL", "https://ims-na1.adobelogin.com.evil.example")],
        vec![("AEP_IMS_URL", "https://ims-na1.adobelogin.com:8443")],
        vec![("AEP_IMS_URL", "https://127.0.0.1.evil.example")],
        vec![("AEP_IMS_URL", "http://ims-na1.adobelogin.com")],
    ] {
        for (name, value) in &variables {
            world.set(name, value);
        }
        for arguments in
            [vec!["token"], vec!["token", "--profile", "default"], vec!["check"], vec!["forget", "--revoke"]]
        {
            stories::assert_refused(&world.run("aep-auth", &arguments), 3);
        }
        for (name, _) in &variables {
            world.unset(name);
        }
    }
    // Loopback is a host like others, unless the whole identity comes from the environment.
    let url = world.emulator.url();
    world.set("AEP_IMS_URL", &url);
    stories::assert_refused(&world.run("aep-auth", &["token"]), 3);
    // Where the profile names loopback, another port is another host.
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "local"]));
    let other = ims_emulator::Emulator::plain().unwrap();
    for variable in ["AEP_IMS_URL", "AEP_PLATFORM_URL"] {
        world.set(variable, &other.url());
        stories::assert_refused(&world.run("aep-auth", &["token", "--profile", "local"]), 3);
        world.unset(variable);
    }
    assert_eq!((world.emulator.token_requests(), other.token_requests()), (0, 0));
    World::oauth().token();
}
