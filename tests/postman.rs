//! Postman: the files that are written, and the same files in newman 6 and in the Postman CLI; newman 5 for its refusal.
//!
//! The clients are installed by `npm ci --prefix tests/postman`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use stories::{World, assert_clean, assert_refused, root, text};

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
    assert_eq!(value(&environment, "SANDBOX_NAME"), None);
    assert_eq!(value(&environment, "CLIENT_SECRET"), Some("old-secret"));
    let description = environment["description"].as_str().unwrap();
    assert!(description.contains("no x-sandbox-name is sent") && description.contains("secret is what it was"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_secret_comes_into_a_file_only_when_asked_for_and_stays_without_asking() {
    let mut world = World::oauth();
    world.set("AEP_LOG", "info");
    let secret = world.variable("AEP_CLIENT_SECRET").to_owned();
    let write = |more: &[&str]| {
        let output = world.run("aep-postman", &[&["environment", "--no-token", "-o", "env.json"], more].concat());
        assert!(output.status.success());
        (text(&output.stderr), value(&read(&world.path("env.json")), "CLIENT_SECRET").map(str::to_owned))
    };
    let (told, none) = write(&[]);
    assert!(none.is_none() && !told.contains("CLIENT_SECRET"), "{told}");
    assert_eq!(write(&["--with-secret"]).1.as_deref(), Some(secret.as_str()));
    let (told, kept) = write(&[]);
    assert_eq!(kept.as_deref(), Some(secret.as_str()));
    assert!(told.contains("as it was: CLIENT_SECRET") && !told.contains(&secret), "{told}");
}

#[test]
fn a_file_that_is_written_for_another_profile_has_nothing_of_the_one_before() {
    let mut world = World::jwt();
    world.set("AEP_LOG", "info");
    world.set("AEP_SANDBOX", "dev1");
    let write = |world: &World, more: &[&str]| {
        let output = world.run("aep-postman", &[&["environment", "--no-token", "-o", "env.json"], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let file = read(&world.path("env.json"));
        let keys = ["SANDBOX_NAME", "TECHNICAL_ACCOUNT_ID", "META_SCOPE", "SCOPES", "PRIVATE_KEY"];
        (text(&output.stderr), keys.map(|key| value(&file, key).is_some()))
    };
    assert_eq!(write(&world, &["--with-secret"]).1, [true, true, true, false, true]);
    let (told, kept) = write(&world, &[]);
    assert!(kept == [true, true, true, false, true] && !told.contains("gone"), "{told}");
    for name in ["AEP_SANDBOX", "AEP_PRIVATE_KEY", "AEP_TECHNICAL_ACCOUNT_ID"] {
        world.unset(name);
    }
    let (told, kept) = write(&world, &[]);
    assert_eq!(kept, [false, false, false, true, true], "the user's secret alone");
    let gone = "as it was: CLIENT_SECRET, PRIVATE_KEY; gone, since the profile has none: SANDBOX_NAME, TECHNICAL_ACCOUNT_ID, META_SCOPE";
    assert!(told.contains(gone), "{told}");
}

#[test]
fn a_file_written_twice_is_the_same() {
    let world = World::oauth();
    let file = world
        .write("env.json", r#"{"values":[{"key":"CLIENT_SECRET","value":"mine"}],"id":"x","description":"Mine."}"#);
    let write = || {
        assert_clean(&world.run("aep-postman", &["environment", "-o", "env.json", "--exported-at", TIME]));
        std::fs::read_to_string(&file).unwrap()
    };
    let once = write();
    assert!(once.contains("Mine.") && once.contains("mine"));
    assert_eq!(write(), once);
}

#[test]
fn a_collection_gets_the_script_as_an_event_of_its_own_and_can_lose_it() {
    let world = World::oauth();
    let mine = json!({"listen": "prerequest", "script": {"exec": ["mine();"]}});
    let mut collection: Value = serde_json::from_str(ADOBE_STYLE).unwrap();
    collection["event"] = json!([mine]);
    world.write("mine.json", &collection.to_string());
    let make = |arguments: &[&str]| {
        let output = world.run("aep-postman", &[&["collection", "--from"], arguments].concat());
        assert_clean(&output);
        text(&output.stdout)
    };
    let once = make(&["mine.json"]);
    world.write("once.json", &once);
    assert_eq!(make(&["once.json"]), once);
    let mut added: Value = serde_json::from_str(&once).unwrap();
    assert!(added["event"][0]["script"]["exec"][0].as_str().unwrap().starts_with("// aep-postman: "));
    added["event"].as_array_mut().unwrap().remove(0);
    assert_eq!(added, collection);
    assert_eq!(serde_json::from_str::<Value>(&make(&["once.json", "--no-script"])).unwrap(), collection);
    let own = text(&world.run("aep-postman", &["collection", "--no-script"]).stdout);
    assert!(!own.contains("prerequest") && own.contains("Standard XDM classes"));
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    Newman,
    PostmanCli,
    /// It cannot be kept from sending a request.
    Newman5,
}

/// Those that the script is made for.
const RUNNERS: [Runner; 2] = [Runner::Newman, Runner::PostmanCli];

impl Runner {
    fn program(self) -> Option<PathBuf> {
        // The two newmans have one name in `.bin`.
        stories::node_module(match self {
            Self::Newman => "newman/bin/newman.js",
            Self::Newman5 => "newman5/bin/newman.js",
            Self::PostmanCli => "@postman/pm-bin-linux-x64/bin/postman",
        })
    }

    /// Runs `collection.json` with `environment.json`, twice over, or once for each row of `-d`.
    fn run(self, world: &World, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new(self.program()?);
        world.prepare(&mut command);
        match self {
            Self::Newman | Self::Newman5 => command.arg("run"),
            Self::PostmanCli => command.args(["collection", "run"]),
        };
        command.args(["collection.json", "-e", "environment.json", "--color", "off"]);
        if !arguments.contains(&"-d") {
            command.args(["-n", "2"]);
        }
        if world.emulator.ca_pem().is_some() {
            command.args(["--ssl-extra-ca-certs", "ca.pem"]);
        }
        Some(command.args(arguments).output().unwrap())
    }
}

/// What a run showed, on both streams.
fn shown(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// Sets variables of `environment.json`; one that is not there is added.
fn edit(world: &World, variables: &[(&str, &str)]) {
    let mut environment = read(&world.path("environment.json"));
    let values = environment["values"].as_array_mut().unwrap();
    for (key, value) in variables {
        values.retain(|item| item["key"] != *key);
        values.push(json!({"key": key, "value": value}));
    }
    world.write("environment.json", &environment.to_string());
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
            let shown = shown(&output);
            assert!(output.status.success(), "{runner:?}\n{shown}");
            assert_eq!(world.emulator.token_requests(), 1, "{runner:?}");
            assert_called(&world, 6);
            assert!(!shown.to_lowercase().contains("deprecat"), "{runner:?}\n{shown}");
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
        let Some(output) = runner.run(&world, &[]) else { return };
        let shown = shown(&output);
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
        let Some(output) = runner.run(&world, &[]) else { return };
        let shown = text(&output.stdout);
        assert!(!output.status.success(), "{runner:?}");
        assert!(shown.contains("no CLIENT_SECRET") && shown.contains("aep-postman environment"), "{shown}");
        assert_called(&world, 0);
        assert_eq!(world.emulator.token_requests(), 0);
    }
}

#[test]
fn a_host_that_cannot_be_stopped_fails_and_sends_nothing() {
    for token in [&["--no-token"][..], &[]] {
        let world = World::oauth();
        assert_clean(
            &world.run("aep-postman", &[&["environment", "-o", "environment.json", "--with-secret"], token].concat()),
        );
        assert_clean(&world.run("aep-postman", &["collection", "-o", "collection.json"]));
        let requests = world.emulator.requests().len();
        let Some(output) = Runner::Newman5.run(&world, &[]) else { return };
        let shown = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert!(shown.contains("aep: access token") && shown.contains("newman@6") && !shown.contains("eyJ"), "{shown}");
        assert_eq!(world.emulator.requests().len(), requests);
    }
}

#[test]
fn a_token_is_used_only_for_what_it_was_fetched_for() {
    let scopes = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext";
    let reversed: Vec<&str> = scopes.rsplit(',').collect();
    let other: Value =
        serde_json::from_str(&World::empty().emulator.credential_file(ims_emulator::Flow::Migrated)).unwrap();
    let same = json!({"x": 1});
    let another_client = json!({"API_KEY": other["CLIENT_ID"], "CLIENT_SECRET": other["CLIENT_SECRETS"][0]});
    let ended = json!({"ACCESS_TOKEN": "a.b.c", "ACCESS_TOKEN_EXPIRES_AT": 1});
    let elsewhere = World::oauth();
    for runner in RUNNERS {
        for (what, table, fetches) in [
            ("the environment's own", json!([same, same]), 0),
            ("the same scopes in another order", json!([{"SCOPES": reversed.join(" ")}, {"SCOPES": reversed}]), 0),
            ("another client, then the first again", json!([same, another_client, another_client, same]), 2),
            ("other scopes", json!([{"SCOPES": "openid,AdobeID"}, {"SCOPES": "AdobeID, openid"}, same]), 2),
            ("another organization", json!([{"IMS_ORG": "0@AdobeOrg"}, {"IMS_ORG": "0@AdobeOrg"}]), 1),
            ("another IMS, then the first again", json!([same, {"IMS": elsewhere.emulator.url()}, same]), 1),
            ("a token of the row's own that has ended", json!([ended]), 1),
        ] {
            let world = World::oauth();
            generate(&world, &["--with-secret"]);
            assert_clean(&world.run("aep-postman", &["environment", "-o", "environment.json"]));
            world.write("rows.json", &table.to_string());
            let before = (world.emulator.token_requests(), elsewhere.emulator.token_requests());
            let Some(output) = runner.run(&world, &["-d", "rows.json"]) else { return };
            let shown = shown(&output);
            assert_eq!(output.status.success(), !what.contains("organization"), "{runner:?} {what}\n{shown}");
            assert_eq!(world.emulator.token_requests() - before.0, fetches, "{runner:?} {what}");
            let there = elsewhere.emulator.token_requests() - before.1;
            assert_eq!(there, usize::from(what.contains("IMS")), "{runner:?} {what}");
        }
    }
}

#[test]
fn a_token_for_another_without_a_secret_stops_and_names_the_variable() {
    for runner in RUNNERS {
        for (key, new) in [("SCOPES", "openid"), ("API_KEY", "another"), ("IMS_ORG", "0@AdobeOrg")] {
            let world = World::oauth();
            generate(&world, &[]);
            assert_clean(&world.run("aep-postman", &["environment", "-o", "environment.json"]));
            edit(&world, &[(key, new)]);
            let Some(output) = runner.run(&world, &[]) else { return };
            let shown = shown(&output);
            assert!(!output.status.success(), "{runner:?} {key}");
            assert!(shown.contains(&format!("another {key}")) && shown.contains("no CLIENT_SECRET"), "{shown}");
            assert_called(&world, 0);
        }
    }
}

/// A token that tells other scopes than were asked for, as IMS may grant them.
#[test]
fn a_token_with_other_scopes_than_asked_for_is_used_as_it_was_fetched() {
    use ims_emulator::{Fault, Kind};
    for runner in RUNNERS {
        let world = World::oauth();
        generate(&world, &[]);
        let claims = "eyJjbGllbnRfaWQiOiJhNjRmNWYxMDg0OWE0MTBhOTdmZmRhYzhhZTFlYWUwZSIsInNjb3BlIjoib3BlbmlkIn0";
        let body =
            json!({"access_token": format!("h.{claims}.s"), "token_type": "bearer", "expires_in": 86399}).to_string();
        world.emulator.fault(Fault::always(Kind::respond(200, &body)).at("/ims/token"));
        assert!(world.run("aep-postman", &["environment", "-o", "environment.json"]).status.success());
        let requests = world.emulator.token_requests();
        let Some(output) = runner.run(&world, &[]) else { return };
        assert!(!shown(&output).contains("aep: access token"), "{}", shown(&output));
        assert_eq!(world.emulator.token_requests(), requests);
        // And not for others.
        edit(&world, &[("SCOPES", "openid")]);
        let output = runner.run(&world, &[]).unwrap();
        assert!(shown(&output).contains("another SCOPES"), "{}", shown(&output));
    }
}

#[test]
fn a_token_put_in_by_hand_is_judged_by_what_it_tells() {
    let world = World::oauth();
    generate(&world, &["--with-secret"]);
    let Some(_) = Runner::Newman.run(&world, &["--export-environment", "environment.json"]) else { return };
    let mine = text(&world.run("aep-auth", &["token", "--renew"]).stdout);
    let requests = world.emulator.token_requests();
    // The end that stands there is the other token's.
    edit(&world, &[("ACCESS_TOKEN", mine.trim()), ("ACCESS_TOKEN_EXPIRES_AT", "1")]);
    for (expected, change) in [(0, ("ACCESS_TOKEN", mine.trim())), (1, ("SCOPES", "openid"))] {
        edit(&world, &[change]);
        assert!(Runner::Newman.run(&world, &[]).unwrap().status.success());
        assert_eq!(world.emulator.token_requests() - requests, expected);
    }
    // Its own end in the past is the end, without any note of another.
    assert_clean(&world.run("aep-postman", &["environment", "-o", "environment.json"]));
    edit(&world, &[("ACCESS_TOKEN_EXPIRES_AT", "1")]);
    assert!(Runner::Newman.run(&world, &[]).unwrap().status.success());
    assert_eq!(world.emulator.token_requests() - requests, 2);
}

#[test]
fn words_of_ims_are_shown_cleaned() {
    use ims_emulator::{Fault, Kind};
    for runner in RUNNERS {
        let world = World::oauth();
        generate(&world, &["--with-secret"]);
        let secret = world.variable("AEP_CLIENT_SECRET");
        let body = json!({"error": "invalid_scope", "error_description": format!("no\u{1b}[31m scope\nfor {secret}")});
        world.emulator.fault(Fault::always(Kind::respond(400, &body.to_string())).at("/ims/token"));
        let Some(output) = runner.run(&world, &[]) else { return };
        let shown = shown(&output);
        assert!(shown.contains("IMS refused: invalid_scope: no [31m scope for ***"), "{shown}");
        assert!(!shown.contains("\u{1b}[31m scope") && !shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_refused_call_and_a_wrong_answer_are_failed_tests() {
    use ims_emulator::{Fault, Kind};
    for runner in RUNNERS {
        for (status, body, failed) in [
            (403, r#"{"error_code":"403003","message":"Api Key is invalid"}"#, "403003"),
            (200, "{}", "each class has a title"),
        ] {
            let world = World::oauth();
            generate(&world, &["--with-secret"]);
            world.emulator.fault(Fault::always(Kind::respond(status, body)).at("/data/"));
            let Some(output) = runner.run(&world, &[]) else { return };
            assert!(!output.status.success(), "{runner:?} {status}");
            assert!(shown(&output).contains(failed), "{}", shown(&output));
        }
    }
}

/// Behind a proxy that cannot be passed, say: the request's own error is what counts.
#[test]
fn a_call_without_an_answer_is_told_in_one_sentence() {
    for runner in RUNNERS {
        let world = World::oauth();
        generate(&world, &["--with-secret"]);
        let Some(output) = runner.run(&world, &["--env-var", "PLATFORM_URL=http://127.0.0.1:1"]) else { return };
        let shown = shown(&output);
        assert!(!output.status.success() && shown.contains("ECONNREFUSED"), "{shown}");
        assert!(shown.contains("no answer came"), "{shown}");
        assert!(!shown.contains("Cannot read") && !shown.contains("valid JSON"), "{shown}");
    }
}

/// As the page has it: what these write is to be kept out of artifacts.
#[test]
fn only_the_reports_that_the_page_names_hold_secrets() {
    let world = World::oauth();
    generate(&world, &["--with-secret"]);
    let reports = ["-r", "json,junit", "--reporter-json-export", "r.json", "--reporter-junit-export", "r.xml"];
    let Some(_) = Runner::Newman.run(&world, &reports) else { return };
    // newman breaks long lines in the middle of a word.
    let beginning = &world.variable("AEP_CLIENT_SECRET")[..10];
    let holds = |text: &str| text.contains(beginning) && text.contains("eyJ");
    assert!(holds(&std::fs::read_to_string(world.path("r.json")).unwrap()));
    let junit = std::fs::read_to_string(world.path("r.xml")).unwrap();
    assert!(!junit.contains(beginning) && !junit.contains("eyJ"));
    let verbose = Runner::Newman.run(&world, &["--verbose"]).unwrap();
    assert!(holds(&shown(&verbose)));
}

#[test]
fn each_line_of_the_page_works_as_it_stands() {
    let mut world = World::empty();
    let (Some(newman), Some(postman)) = (Runner::Newman.program(), Runner::PostmanCli.program()) else { return };
    let url = world.emulator.url();
    world.write("Downloads/credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    world.write("Schema Registry API.postman_collection.json", &ADOBE_STYLE.replace("PLATFORM", &url));
    std::fs::create_dir(world.path("bin")).unwrap();
    for (program, name) in [(newman, "newman"), (postman, "postman")] {
        let link = world.path("bin").join(name);
        #[cfg(unix)]
        std::os::unix::fs::symlink(program, link).unwrap();
        #[cfg(not(unix))]
        std::fs::copy(program, link).unwrap();
    }
    let page = std::fs::read_to_string(root().join("integrations/postman/README.md")).unwrap();
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 5);
    let to_the_emulator = format!("import ~/Downloads/credential.json --ims-url {url} --platform-url {url}");
    let script = blocks.concat().replace("import ~/Downloads/credential.json", &to_the_emulator);
    let output = sh(world.set("LC_ALL", "C.UTF-8"), &format!("set -e\nPATH=$HOME/bin:$PATH\n{script}"));
    assert!(output.status.success(), "{}", shown(&output));
    assert_called(&world, 6);
    let environment = read(&world.path("aep.postman_environment.json"));
    assert_eq!(environment["name"], "AEP default");
    let shown = shown(&output);
    assert!(shown.contains("each class has a title") && !shown.contains("eyJ"), "{shown}");
}

fn sh(world: &World, script: &str) -> Output {
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-c", script]).output().unwrap()
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
    let Some(eslint) = stories::node_module("eslint/bin/eslint.js") else { return };
    let world = World::empty();
    for flow in ["oauth", "jwt"] {
        let printed = text(&world.run("aep-postman", &["script", "--flow", flow]).stdout);
        let mut lint = Command::new(&eslint);
        lint.args(["--max-warnings", "0", "--stdin", "--stdin-filename", "script.js"]);
        let output = lint.current_dir(root().join("tests/postman")).stdin(world.input(&printed)).output().unwrap();
        assert!(output.status.success(), "{flow} {}", text(&output.stdout));
    }
}
