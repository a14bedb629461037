//! Postman: the files that are written, and the same files in newman 6 and in the Postman CLI.
//!
//! The clients are installed by `npm ci --prefix tests/postman`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use stories::{World, assert_clean, assert_refused, root, skip, text};

const TIME: &str = "2026-01-02T03:04:05Z";

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The value of a variable of an environment.
fn value<'a>(environment: &'a Value, key: &str) -> Option<&'a str> {
    let values = environment["values"].as_array().unwrap();
    values.iter().find(|item| item["key"] == key).map(|item| item["value"].as_str().unwrap())
}

#[test]
fn an_environment_in_postmans_format_with_adobes_names() {
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "dev1");
    let output = world.run("aep-postman", &["environment", "--exported-at", TIME]);
    assert_clean(&output);
    let environment: Value = serde_json::from_slice(&output.stdout).unwrap();
    let token = world.token();
    let secret = |key: &str, value: &str| json!({"key": key, "value": value, "type": "secret", "enabled": true});
    let plain = |key: &str, value: &str| json!({"key": key, "value": value, "type": "default", "enabled": true});
    let expires_at = value(&environment, "ACCESS_TOKEN_EXPIRES_AT").unwrap();
    let values = json!([
        secret("ACCESS_TOKEN", &token),
        plain("ACCESS_TOKEN_EXPIRES_AT", expires_at),
        plain("API_KEY", world.variable("AEP_CLIENT_ID")),
        plain("IMS_ORG", world.variable("AEP_ORG_ID")),
        plain("SANDBOX_NAME", "dev1"),
        plain("IMS", &world.emulator.url()),
        plain("SCOPES", "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"),
    ]);
    assert_eq!(environment["values"], values);
    assert_eq!(environment["_postman_variable_scope"], "environment");
    assert_eq!(environment["_postman_exported_at"], TIME);
    assert_eq!(environment["id"].as_str().unwrap().len(), 36);
    let again = world.run("aep-postman", &["environment", "--exported-at", TIME]);
    assert_eq!(text(&again.stdout), text(&output.stdout), "the same for the same profile");
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn no_long_lived_secret_unless_it_is_asked_for() {
    let world = World::jwt();
    let secrets = [world.variable("AEP_CLIENT_SECRET").to_owned(), "PRIVATE KEY".to_owned()];
    let without = text(&world.run("aep-postman", &["environment"]).stdout);
    assert!(secrets.iter().all(|secret| !without.contains(secret)));
    let with = world.run("aep-postman", &["environment", "--with-secret", "--no-token"]);
    assert_clean(&with);
    let environment: Value = serde_json::from_slice(&with.stdout).unwrap();
    assert_eq!(value(&environment, "CLIENT_SECRET"), Some(secrets[0].as_str()));
    assert!(value(&environment, "PRIVATE_KEY").unwrap().contains("PRIVATE KEY"));
    assert_eq!(value(&environment, "META_SCOPE"), Some("ent_dataservices_sdk"));
    assert_eq!(value(&environment, "ACCESS_TOKEN"), Some(""));
}

#[cfg(unix)]
#[test]
fn a_secret_is_not_printed_onto_a_terminal() {
    if !stories::has("script") {
        return;
    }
    let world = World::oauth();
    let mut terminal = Command::new("script");
    world.prepare(&mut terminal);
    let output = terminal.args(["-qec", "aep-postman environment --with-secret", "/dev/null"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let shown = text(&output.stdout);
    assert!(shown.contains("-o aep.postman_environment.json") && !shown.contains(world.variable("AEP_CLIENT_SECRET")));
}

#[test]
fn a_file_is_private_and_keeps_what_the_user_added() {
    let world = World::oauth();
    let file = world.write(
        "env.json",
        r#"{"id":"my-id","name":"mine","color":1.0,"values":[
            {"key":"limit","value":"10","type":"any","note":"\u00e9"},
            {"key":"ACCESS_TOKEN","value":"old","enabled":false},
            {"key":"CLIENT_SECRET","value":"old-secret"},
            {"key":"SANDBOX_NAME","value":"mine","enabled":true}]}"#,
    );
    let path = file.to_str().unwrap();
    assert_clean(&world.run("aep-postman", &["environment", "-o", path]));
    let written = std::fs::read_to_string(&file).unwrap();
    let environment = read(&file);
    assert_eq!(environment["id"], "my-id");
    assert_eq!(environment["name"], "mine");
    assert!(written.contains(r#""color": 1.0"#) && written.contains(r#""note":"\u00e9""#), "{written}");
    assert_eq!(environment["values"][0]["key"], "limit");
    assert_eq!(environment["values"][1]["key"], "ACCESS_TOKEN");
    assert_eq!(value(&environment, "ACCESS_TOKEN"), Some(world.token().as_str()));
    assert_eq!(value(&environment, "SANDBOX_NAME"), Some("mine"));
    assert_eq!(value(&environment, "CLIENT_SECRET"), None);
    assert!(environment["description"].as_str().unwrap().contains("x-sandbox-name is sent"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_cannot_be_kept_or_written_is_refused_and_stays() {
    let world = World::oauth();
    for (content, code) in [("{\"values\":[", 3), ("[]", 3), ("{\"values\":{}}", 3), ("{}", 3)] {
        let file = world.write("env.json", content);
        assert_refused(&world.run("aep-postman", &["environment", "-o", file.to_str().unwrap()]), code);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
    }
    assert_refused(&world.run("aep-postman", &["environment", "-o", "missing/folder/env.json"]), 6);
    let old = world.write("v1.json", r#"{"id":"1","order":[],"requests":[]}"#);
    let told = assert_refused(&world.run("aep-postman", &["collection", "--from", old.to_str().unwrap()]), 3);
    assert!(told.contains("v2.1"), "{told}");
    assert_refused(&world.run("aep-postman", &["collection", "--from", "missing.json"]), 3);
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "a{{b}}");
    let told = assert_refused(&world.run("aep-postman", &["environment", "--no-token"]), 3);
    assert!(told.contains("SANDBOX_NAME"), "{told}");
}

#[test]
fn the_script_is_that_of_the_flow() {
    let script = |world: &World, arguments: &[&str]| text(&world.run("aep-postman", arguments).stdout);
    let (oauth, jwt) = ("(OAuth Server-to-Server)", "(Service Account, JWT)");
    assert!(script(&World::empty(), &["script"]).lines().next().unwrap().contains(oauth));
    assert!(script(&World::jwt(), &["script"]).lines().next().unwrap().contains(jwt));
    assert!(script(&World::jwt(), &["script", "--flow", "oauth"]).contains(oauth));
}

/// The programs that run collections.
#[derive(Clone, Copy, Debug)]
enum Runner {
    Newman,
    PostmanCli,
}

const RUNNERS: [Runner; 2] = [Runner::Newman, Runner::PostmanCli];

impl Runner {
    fn program(self) -> Option<PathBuf> {
        let modules = root().join("tests/postman/node_modules");
        let program = match self {
            Self::Newman => modules.join(".bin/newman"),
            Self::PostmanCli => modules.join("@postman/pm-bin-linux-x64/bin/postman"),
        };
        if program.is_file() {
            return Some(program);
        }
        skip(&format!("{self:?} is not installed: npm ci --prefix tests/postman"));
        None
    }

    fn run(self, world: &World, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new(self.program()?);
        world.prepare(&mut command);
        match self {
            Self::Newman => command.arg("run"),
            Self::PostmanCli => command.args(["collection", "run"]),
        };
        command.args(["collection.json", "-e", "environment.json", "-n", "2", "--color", "off"]);
        if world.emulator.ca_pem().is_some() {
            command.args(["--ssl-extra-ca-certs", "ca.pem"]);
        }
        Some(command.args(arguments).output().unwrap())
    }
}

/// The generated files, without a token, so that the script must fetch one.
fn generate(world: &World, more: &[&str]) {
    let environment = [&["environment", "-o", "environment.json", "--no-token"], more].concat();
    assert_clean(&world.run("aep-postman", &environment));
    assert_clean(&world.run("aep-postman", &["collection", "-o", "collection.json"]));
}

fn service_account_over_tls() -> World {
    let mut world = World::tls();
    let key = world.write("private.key", ims_emulator::private_key_pem());
    let url = world.emulator.url();
    for name in ["AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID", "AEP_SCOPES"] {
        world.unset(name);
    }
    for (name, value) in ims_emulator::service_account_environment(&url, key.to_str().unwrap()) {
        world.set(name, &value);
    }
    world
}

/// Every call of the platform carried the four headers, the token live.
fn assert_called(world: &World, calls: usize) {
    let requests = world.emulator.requests();
    let calls_seen: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/data/")).collect();
    assert_eq!(calls_seen.len(), calls);
    for request in calls_seen {
        assert!(request.header("authorization").unwrap().starts_with("Bearer eyJ"));
        assert!(request.header("x-api-key").is_some() && request.header("x-gw-ims-org-id").is_some());
    }
}

#[test]
fn both_flows_run_over_tls_with_one_token_request() {
    for runner in RUNNERS {
        for mut world in [World::tls(), service_account_over_tls()] {
            world.set("AEP_SANDBOX", "prod");
            generate(&world, &["--with-secret"]);
            let Some(output) = runner.run(&world, &[]) else { return };
            let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert!(output.status.success(), "{runner:?}\n{shown}");
            assert_eq!(world.emulator.token_requests(), 1, "{runner:?}");
            assert_called(&world, 6);
            assert!(!shown.contains("eyJ") && !shown.contains(world.variable("AEP_CLIENT_SECRET")), "{shown}");
        }
    }
}

#[test]
fn a_live_token_is_used_and_a_profile_without_a_sandbox_sends_no_header() {
    for runner in RUNNERS {
        let world = World::oauth();
        generate(&world, &[]);
        assert_clean(&world.run("aep-postman", &["environment", "-o", "environment.json"]));
        let requests = world.emulator.token_requests();
        let Some(output) = runner.run(&world, &[]) else { return };
        assert!(output.status.success(), "{runner:?} {}", text(&output.stdout));
        assert_eq!(world.emulator.token_requests(), requests);
        assert!(world.emulator.requests().iter().all(|request| request.header("x-sandbox-name").is_none()));
    }
}

#[test]
fn a_refusal_is_one_failed_test_in_imss_own_words_and_nothing_is_sent() {
    for runner in RUNNERS {
        let mut world = World::oauth();
        world.set("AEP_CLIENT_SECRET", "wrong-secret-marker");
        generate(&world, &["--with-secret"]);
        let Some(output) = runner.run(&world, &["--bail"]) else { return };
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(!output.status.success(), "{runner:?}");
        assert!(shown.contains("invalid_client") && shown.contains("aep-postman environment"), "{shown}");
        assert!(!shown.contains("wrong-secret-marker"), "{shown}");
        assert_called(&world, 0);
    }
}

#[test]
fn an_expired_token_without_a_secret_names_the_command() {
    for runner in RUNNERS {
        let world = World::oauth();
        generate(&world, &[]);
        let Some(output) = runner.run(&world, &["--bail"]) else { return };
        let shown = text(&output.stdout);
        assert!(!output.status.success(), "{runner:?}");
        assert!(shown.contains("no CLIENT_SECRET") && shown.contains("aep-postman environment"), "{shown}");
        assert_called(&world, 0);
        assert_eq!(world.emulator.token_requests(), 0);
    }
}

/// In the style of Adobe's samples: no authorization at the top, literal headers, and a script for each request that
/// drops the headers whose variable is not set.
const ADOBE_STYLE: &str = r#"{
  "info": {"name": "Adobe style", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
  "item": [{
    "name": "classes",
    "event": [{"listen": "prerequest", "script": {"type": "text/javascript", "exec": [
      "const unset = pm.request.headers.filter((h) => /^\\{\\{.*\\}\\}$/.test(h.value) && !pm.environment.get(h.value.slice(2, -2)));",
      "unset.forEach((h) => pm.request.headers.remove(h.key));"]}}],
    "request": {"method": "GET", "url": "PLATFORM/data/foundation/schemaregistry/global/classes", "header": [
      {"key": "Accept", "value": "application/vnd.adobe.xed-id+json"},
      {"key": "x-sandbox-name", "value": "{{SANDBOX_NAME}}"},
      {"key": "x-gw-ims-org-id", "value": "{{IMS_ORG}}"},
      {"key": "x-api-key", "value": "{{API_KEY}}"},
      {"key": "Authorization", "value": "Bearer {{ACCESS_TOKEN}}"}]}
  }]
}"#;

#[test]
fn a_collection_in_adobes_style_gets_all_four_headers() {
    for runner in RUNNERS {
        let mut world = World::oauth();
        world.set("AEP_SANDBOX", "prod");
        world.write("collection.json", &ADOBE_STYLE.replace("PLATFORM", &world.emulator.url()));
        // By the environment alone.
        assert_clean(&world.run("aep-postman", &["environment", "-o", "environment.json"]));
        let Some(output) = runner.run(&world, &[]) else { return };
        assert!(output.status.success(), "{runner:?} {}", text(&output.stdout));
        assert_called(&world, 2);
        let requests = world.emulator.requests();
        assert!(requests.iter().any(|request| request.header("x-sandbox-name") == Some("prod")));
        // And with the script in it, and no token yet.
        assert_clean(
            &world.run("aep-postman", &["environment", "-o", "environment.json", "--no-token", "--with-secret"]),
        );
        let from = ["collection", "--from", "collection.json", "-o", "collection.json"];
        assert_clean(&world.run("aep-postman", &from));
        assert!(runner.run(&world, &[]).unwrap().status.success());
        assert_called(&world, 4);
    }
}

#[test]
fn a_key_in_every_form_signs_in_the_sandbox() {
    let world = World::jwt();
    generate(&world, &["--with-secret"]);
    let environment = read(&world.path("environment.json"));
    for (name, key) in [
        ("PKCS#8", ims_emulator::private_key_pem().to_owned()),
        ("with escaped line ends", ims_emulator::private_key_pem().replace('\n', "\\n")),
        ("with CRLF", ims_emulator::private_key_pem().replace('\n', "\r\n")),
    ] {
        let mut changed = environment.clone();
        for item in changed["values"].as_array_mut().unwrap() {
            if item["key"] == "PRIVATE_KEY" {
                item["value"] = key.clone().into();
            }
        }
        world.write("environment.json", &changed.to_string());
        for runner in RUNNERS {
            let Some(output) = runner.run(&world, &[]) else { return };
            assert!(output.status.success(), "{runner:?} {name} {}", text(&output.stdout));
        }
    }
}

#[test]
fn the_scripts_are_clean_to_the_linter() {
    let folder = root().join("tests/postman");
    if !folder.join("node_modules/.bin/eslint").exists() {
        return skip("eslint is not installed: npm ci --prefix tests/postman");
    }
    let output = Command::new("npm").args(["run", "--silent", "lint"]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
}
