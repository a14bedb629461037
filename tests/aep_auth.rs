//! `aep-auth` as a process: streams, exit codes, formats, and what bad input gets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Output};

use ims_emulator::{Fault, Kind};
use serde_json::Value;
use stories::{World, assert_clean, assert_refused, files_in, has, text};

#[test]
fn both_flows_over_http_and_tls() {
    for world in [World::oauth(), World::jwt(), World::tls()] {
        let first = world.token();
        assert_eq!(world.token(), first);
        assert_eq!(world.emulator.token_requests(), 1);
        let check = world.run("aep-auth", &["check"]);
        assert_clean(&check);
        assert!(text(&check.stdout).contains("XDM Individual Profile"));
    }
}

#[test]
fn json_tells_where_a_token_came_from() {
    let world = World::oauth();
    for source in ["ims", "cache"] {
        let output = world.run("aep-auth", &["token", "--json"]);
        assert_clean(&output);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["source"], source);
        assert_eq!((json["profile"].as_str(), json["token_type"].as_str()), (Some("env"), Some("bearer")));
        assert!((86_390..=86_400).contains(&json["expires_in"].as_i64().unwrap()));
        assert!(json["expires_at"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn renew_fetches_anew_and_min_valid_as_needed() {
    let world = World::oauth();
    let first = world.token();
    assert_eq!(text(&world.run("aep-auth", &["token", "--min-valid", "1h"]).stdout).trim(), first);
    let renewed = text(&world.run("aep-auth", &["token", "--renew"]).stdout).trim().to_owned();
    assert_ne!(renewed, first);
    assert_eq!(world.token(), renewed);
    let output = world.run("aep-auth", &["token", "--min-valid", "2d"]);
    assert_clean(&output);
    assert_eq!(world.emulator.token_requests(), 3);
    assert_refused(&world.run("aep-auth", &["token", "--min-valid", "soon"]), 2);
}

#[test]
fn headers_in_three_formats() {
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "dev1");
    let token = world.token();
    let expected = format!(
        "Authorization: Bearer {token}\nx-api-key: {}\nx-gw-ims-org-id: {}\nx-sandbox-name: dev1\n",
        world.variable("AEP_CLIENT_ID"),
        world.variable("AEP_ORG_ID"),
    );
    let headers = |arguments: &[&str]| {
        let output = world.run("aep-auth", &[&["headers"], arguments].concat());
        assert_clean(&output);
        text(&output.stdout)
    };
    assert_eq!(headers(&[]), expected);
    assert_eq!(headers(&["--sandbox", "prod"]), expected.replace("dev1", "prod"));
    let curl: String = expected.lines().map(|line| format!("header = \"{line}\"\n")).collect();
    assert_eq!(headers(&["--format", "curl"]), curl);
    let json: Value = serde_json::from_str(&headers(&["--format", "json"])).unwrap();
    assert_eq!(json["x-sandbox-name"], "dev1");
    world.unset("AEP_SANDBOX").unset("AEP_ORG_ID");
    assert!(assert_refused(&world.run("aep-auth", &["headers"]), 3).contains("AEP_ORG_ID"));
}

/// The variable that public tools of this field set. It is one that we print too, so that over a profile it is nobody's.
#[test]
fn a_sandbox_by_its_common_name_goes_with_an_identity_from_the_environment() {
    let mut world = World::oauth();
    let sandbox = |world: &World, arguments: &[&str]| {
        let output = world.run("aep-auth", &[&["headers"], arguments].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let name =
            text(&output.stdout).lines().find_map(|line| line.strip_prefix("x-sandbox-name: ").map(str::to_owned));
        (name.unwrap_or_default(), text(&output.stderr))
    };
    world.set("AEP_SANDBOX_NAME", "dev1");
    assert_eq!(sandbox(&world, &[]), ("dev1".to_owned(), String::new()));
    assert_eq!(sandbox(&world, &["--sandbox", "prod"]).0, "prod");
    let doctor = text(&world.run("aep-auth", &["doctor"]).stdout);
    assert!(doctor.contains("sandbox dev1 (from AEP_SANDBOX_NAME)"), "{doctor}");
    world.set("AEP_SANDBOX", "dev2");
    assert_eq!(sandbox(&world, &[]).0, "dev2");
    world.unset("AEP_SANDBOX").set("AEP_SANDBOX_NAME", "Dev 1");
    assert!(assert_refused(&world.run("aep-auth", &["headers"]), 3).contains("AEP_SANDBOX_NAME is `Dev 1`"));

    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "dev"]));
    world.set("AEP_SANDBOX_NAME", "dev1").set("AEP_LOG", "info");
    let (name, told) = sandbox(&world, &["--profile", "dev"]);
    assert!(name.is_empty() && told.contains("AEP_SANDBOX_NAME names no sandbox of profile dev"), "{name} {told}");
    // What `exec` gave is the profile's own.
    let (name, told) = sandbox(&world, &["--profile", "dev", "--sandbox", "dev1"]);
    assert!(name == "dev1" && !told.contains("AEP_SANDBOX_NAME"), "{told}");
}

#[test]
fn curl_takes_the_headers_from_a_pipe() {
    if !has("curl") {
        return;
    }
    let world = World::oauth();
    let url = format!("{}/data/foundation/sandbox-management/", world.emulator.url());
    for line in [
        format!("aep-auth headers | curl -sS -H @- {url}"),
        format!("aep-auth headers --format curl | curl -sS -K - {url}"),
    ] {
        let output = world.type_line(&line);
        assert_clean(&output);
        assert!(text(&output.stdout).contains("\"sandboxes\""), "{line}: {}", text(&output.stdout));
    }
}

#[test]
fn every_shell_gets_the_values_and_runs_nothing() {
    let mut world = World::oauth();
    let hostile = "a'b\"$(touch${IFS}owned)`touch${IFS}owned`\\;#%{}";
    world.set("AEP_SANDBOX", hostile);
    for (program, shell, script) in [
        ("sh", "sh", "eval \"$(aep-auth env)\"; printf %s \"$AEP_SANDBOX_NAME\""),
        ("bash", "sh", "eval \"$(aep-auth env)\"; printf %s \"$AEP_SANDBOX_NAME\""),
        ("zsh", "sh", "eval \"$(aep-auth env)\"; printf %s \"$AEP_SANDBOX_NAME\""),
        ("fish", "fish", "aep-auth env --shell fish | source; printf %s \"$AEP_SANDBOX_NAME\""),
        ("bash", "dotenv", "aep-auth env --shell dotenv > .env; set -a; . ./.env; printf %s \"$AEP_SANDBOX_NAME\""),
    ] {
        if !has(program) {
            continue;
        }
        let mut command = Command::new(program);
        world.prepare(command.args(["-c", script]));
        let output = command.output().unwrap();
        assert_eq!(text(&output.stdout), hostile, "{program} {shell}: {}", text(&output.stderr));
        assert!(!world.path("owned").exists(), "{program} {shell}");
    }
}

#[test]
fn github_gets_a_mask_and_lines_in_its_file() {
    let mut world = World::oauth();
    // An earlier step did not end its line.
    let file = world.write("github.env", "BEFORE=1");
    world.set("GITHUB_ENV", file.to_str().unwrap());
    let token = world.token();
    let output = world.run("aep-auth", &["env", "--shell", "github"]);
    assert_clean(&output);
    assert_eq!(text(&output.stdout), format!("::add-mask::{token}\n"));
    let written = std::fs::read_to_string(file).unwrap();
    assert!(written.starts_with(&format!("BEFORE=1\nAEP_ACCESS_TOKEN={token}\nAEP_API_KEY=")), "{written}");
}

#[test]
fn a_variable_of_an_earlier_profile_does_not_linger() {
    let world = World::oauth();
    let output = world.run("aep-auth", &["env", "--shell", "sh"]);
    assert!(text(&output.stdout).contains("unset AEP_SANDBOX_NAME\n"));
}

/// Standard output with the line ends of this side.
fn lines(output: &Output) -> String {
    text(&output.stdout).replace("\r\n", "\n")
}

#[test]
fn exec_hands_over_the_token_and_no_secret() {
    let world = World::oauth();
    let token = world.token();
    let mut command = world.command("aep-auth");
    // An engine that is not there: a hit asks it nothing.
    for (name, value) in [
        ("AEP_PRIVATE_KEY_PASSPHRASE", "marker-passphrase"),
        ("AEP_PRIVATE_KEY", "marker-key"),
        ("AEP_SHARED_CACHE", "redis://fleet:marker-engine@127.0.0.1:1"),
        ("AEP_SHARED_CACHE_PASSWORD", "marker-engine"),
        ("IMS_OAUTH_S2S_CLIENT_SECRET", "marker-other"),
    ] {
        command.env(name, value);
    }
    let output = command.args(["exec", "--"]).args(stories::ENV).output().unwrap();
    assert_clean(&output);
    let shown = lines(&output);
    assert!(shown.contains(&format!("AEP_ACCESS_TOKEN={token}\n")));
    let hidden = ["marker-", "_SECRET=", "PASSPHRASE", "PRIVATE_KEY", "SHARED_CACHE"];
    for secret in hidden.into_iter().chain([world.variable("AEP_CLIENT_SECRET")]) {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn exec_leaves_the_secrets_where_they_are_asked_for() {
    let mut world = World::oauth();
    world.set("AEP_PRIVATE_KEY_PASSPHRASE", "marker-passphrase");
    let token = world.token();
    let output = world.run("aep-auth", &[&["exec", "--keep-secrets", "--"][..], &stories::ENV].concat());
    assert_clean(&output);
    let secret = format!("AEP_CLIENT_SECRET={}\n", world.variable("AEP_CLIENT_SECRET"));
    for line in [&secret, "AEP_PRIVATE_KEY_PASSPHRASE=marker-passphrase\n", &format!("AEP_ACCESS_TOKEN={token}\n")] {
        assert!(lines(&output).contains(line), "{line}");
    }
    // What comes after the command's name is the command's.
    let echo: &[&str] = if cfg!(windows) { &["cmd", "/c", "echo"] } else { &["echo"] };
    let output = world.run("aep-auth", &[&["exec"], echo, &["--keep-secrets"]].concat());
    assert_eq!(lines(&output), "--keep-secrets\n");
}

#[test]
fn exec_takes_away_the_variables_that_a_profile_refers_to() {
    let mut world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let oauth = World::oauth();
    world.set("MY_SECRET", oauth.variable("AEP_CLIENT_SECRET"));
    let profile = world.path("config/profiles/default.toml");
    let text_before = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, text_before.replace("{ store = true }", "{ env = \"MY_SECRET\" }")).unwrap();
    let output = world.run("aep-auth", &[&["exec", "--"][..], &stories::ENV].concat());
    assert_clean(&output);
    assert!(text(&output.stdout).contains("AEP_ACCESS_TOKEN=") && !text(&output.stdout).contains("MY_SECRET"));
}

#[test]
fn exec_passes_exit_codes_and_signals_through() {
    let world = World::oauth();
    let code = |arguments: &[&str]| {
        let all = [&["exec", "--"], arguments].concat();
        world.run("aep-auth", &all).status
    };
    let shell = if cfg!(windows) { ["cmd", "/c"] } else { ["sh", "-c"] };
    assert_eq!(code(&[shell[0], shell[1], "exit 42"]).code(), Some(42));
    assert_eq!(code(&["no-such-program"]).code(), Some(127));
    #[cfg(unix)]
    {
        assert_eq!(code(&["/"]).code(), Some(126));
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(code(&["sh", "-c", "kill -TERM $$"]).signal(), Some(15));
    }
}

#[cfg(unix)]
#[test]
fn exec_says_as_a_shell_does_why_it_runs_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::oauth();
    world.write("here", "#!/bin/sh\n");
    let orphan = world.write("orphan", "#!/no/such/shell\n");
    std::fs::set_permissions(orphan, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (program, code, why) in [
        ("no-such-program", 127, "there is no such program"),
        ("./no-such-program", 127, "there is no such program"),
        // The current folder is not looked into.
        ("here", 127, "there is no such program"),
        ("./here", 126, "./here is no program that you can run"),
        ("/", 126, "/ is no program that you can run"),
        ("./orphan", 126, "the program that it wants to be run by is missing"),
    ] {
        let mut command = world.command("aep-auth");
        let path = format!(":.:{}", std::env::var("PATH").unwrap());
        let output = command.args(["exec", "--", program]).env("PATH", path).output().unwrap();
        let told = stories::assert_refused(&output, code);
        assert_eq!(told, format!("error: cannot run `{program}`: {why}\n"));
    }
}

#[cfg(unix)]
#[test]
fn exec_passes_on_an_ignored_sigpipe_and_no_other() {
    let world = World::oauth();
    world.token();
    // A shell cannot change what it inherited as ignored, so that the signal ends it only where it was not.
    let line = "aep-auth exec -- sh -c 'trap - PIPE; kill -PIPE $$; echo alive'";
    for (before, alive) in [("", ""), ("trap '' PIPE;", "alive\n")] {
        let mut shell = std::process::Command::new("sh");
        world.prepare(&mut shell);
        let output = shell.args(["-c", &format!("{before} {line}")]).output().unwrap();
        assert_eq!(text(&output.stdout), alive, "{before}");
    }
}

#[test]
fn status_tells_the_state_from_disk_alone() {
    let world = World::oauth();
    let status = |code: i32, state: &str| {
        let output = world.run("aep-auth", &["status", "--json", "--exit-code"]);
        assert_eq!(output.status.code(), Some(code), "{state}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["state"], state);
    };
    status(22, "none");
    world.token();
    status(0, "live");
    let entry = world.entry();
    let content = std::fs::read_to_string(&entry).unwrap();
    let mut json: Value = serde_json::from_str(&content).unwrap();
    let fetched = json["fetched_at"].as_i64().unwrap();
    for (shift, code, state) in [(86_400 - 200, 20, "expiring"), (86_400, 21, "expired")] {
        json["fetched_at"] = (fetched - shift).into();
        std::fs::write(&entry, json.to_string()).unwrap();
        status(code, state);
    }
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn inspect_shows_claims_and_no_signature() {
    let world = World::oauth();
    let token = world.token();
    let output = world.run("aep-auth", &["inspect"]);
    assert_clean(&output);
    let shown = text(&output.stdout);
    assert!(shown.contains("\"client_id\"") && shown.contains("ends at "), "{shown}");
    assert!(!shown.contains(token.rsplit('.').next().unwrap()));
    // Its end is told by the cache's clock there, and by the token's own here.
    let pasted = text(&world.run_with_input("aep-auth", &["inspect", "-"], token.as_bytes()).stdout);
    let claims = |shown: &str| shown.split("ends at ").next().map(str::to_owned);
    assert_eq!(claims(&pasted), claims(&shown));
    assert_refused(&world.run_with_input("aep-auth", &["inspect", "-"], b"nonsense"), 3);
}

#[test]
fn a_pasted_assertion_is_exchanged() {
    let mut world = World::jwt();
    let assertion = world.run("aep-auth", &["jwt"]);
    assert_clean(&assertion);
    let file = world.write("pasted.jwt", &text(&assertion.stdout));
    // As the tutorial's reader has it: no private key on this machine.
    world.unset("AEP_PRIVATE_KEY");
    let output = world.run("aep-auth", &["token", "--jwt", file.to_str().unwrap()]);
    assert_clean(&output);
    assert_refused(&world.run_with_input("aep-auth", &["token", "--jwt", "-"], b"no.jwt"), 3);
}

#[test]
fn forget_drops_and_revokes() {
    let world = World::oauth();
    let first = world.token();
    assert_clean(&world.run("aep-auth", &["forget"]));
    let second = world.token();
    assert_ne!(first, second);
    assert_clean(&world.run("aep-auth", &["forget", "--revoke"]));
    assert_eq!(world.emulator.counters().invalidate, 1);
    assert_ne!(world.token(), second);
    world.token();
    let all = world.run("aep-auth", &["forget", "--all", "--revoke"]);
    assert_clean(&all);
    assert_eq!(world.emulator.counters().invalidate, 2);
    world.token();
    assert_clean(&world.run("aep-auth", &["forget", "--all"]));
    assert!(files_in(&world.cache()).iter().all(|path| path.extension().is_some_and(|kind| kind == "lock")));
}

#[test]
fn a_refused_revocation_is_told_and_the_token_stays() {
    let world = World::oauth();
    let token = world.token();
    for kind in [Kind::refuse(400), Kind::respond(503, ""), Kind::Cut] {
        let exit = if matches!(kind, Kind::Refuse { .. }) { 4 } else { 5 };
        world.emulator.fault(Fault::always(kind).at("/ims/invalidate_token"));
        for arguments in [["forget", "--revoke"].as_slice(), &["forget", "--all", "--revoke"]] {
            let output = world.run("aep-auth", arguments);
            assert_refused(&output, exit);
            assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        }
        world.emulator.clear_faults();
        assert_eq!(world.token(), token, "who could not be taken out of the world is still known");
    }
    assert_eq!(world.emulator.token_requests(), 1);
    assert_clean(&world.run("aep-auth", &["forget", "--revoke"]));
}

#[test]
fn a_revoked_token_is_replaced_by_check() {
    let world = World::oauth();
    world.emulator.revoke(&world.token());
    assert_clean(&world.run("aep-auth", &["check"]));
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn the_cache_can_be_switched_off() {
    let mut world = World::oauth();
    world.set("AEP_CACHE", "off");
    assert_ne!(world.token(), world.token());
    assert!(!world.cache().exists());
    world.unset("AEP_CACHE");
    let kept = world.token();
    world.set("AEP_CACHE", "off");
    assert_eq!(world.run("aep-auth", &["status", "--exit-code"]).status.code(), Some(22));
    for arguments in [["forget"].as_slice(), &["forget", "--all"], &["forget", "--revoke"]] {
        assert_clean(&world.run("aep-auth", arguments));
    }
    let refused = format!("protocol=https\nhost=platform.adobe.io\npassword={kept}\n\n");
    assert_clean(&world.run_with_input("git-credential-aep", &["erase"], refused.as_bytes()));
    world.unset("AEP_CACHE");
    assert_eq!(world.token(), kept);
}

#[test]
fn what_the_platform_answers_to_check() {
    use ims_emulator::{Fault, Kind};
    for (fault, code) in [
        (Fault::always(Kind::respond(200, r#"{"error":"invalid_token"}"#)), 4),
        (Fault::always(Kind::respond(503, r#"{"error":"x"}"#)), 4),
        (Fault::always(Kind::respond(302, r#"{"message":"moved"}"#)), 5),
        (Fault::always(Kind::Hang), 5),
        (Fault::times(2, Kind::respond(503, "")), 0),
    ] {
        let mut world = World::oauth();
        world.token();
        world.set("AEP_TIMEOUT", "3");
        let what = format!("{fault:?}");
        world.emulator.fault(fault);
        let began = std::time::Instant::now();
        let output = world.run("aep-auth", &["check"]);
        assert_eq!(output.status.code(), Some(code), "{what}: {}", text(&output.stderr));
        assert!(began.elapsed().as_secs() < 8, "{what}");
    }
}

#[test]
fn a_redirect_is_no_refusal_and_a_passing_fault_no_migration() {
    use ims_emulator::{Fault, Kind};
    let mut world = World::oauth();
    world.set("AEP_TIMEOUT", "1");
    world.emulator.fault(Fault::times(1, Kind::respond_with(302, ("Location", "https://x.example/"), r#"{"a":"b"}"#)));
    assert_refused(&world.run("aep-auth", &["token"]), 5);
    world.emulator.fault(Fault::always(Kind::respond(500, r#"{"error":"internal_error"}"#)));
    let told = assert_refused(&world.run("aep-auth", &["token"]), 4);
    assert!(!told.contains("migrated") && !told.contains("AEP_PRIVATE_KEY"), "{told}");
}

#[test]
fn bad_settings_are_refused_by_name() {
    for (variable, value, code, words) in [
        ("AEP_PROFILE", "nope", 3, "there is no profile `nope`"),
        ("AEP_PROFILE", "../../etc/passwd", 3, "cannot be a profile name"),
        ("AEP_IMS_URL", "http://ims-na1.adobelogin.com", 3, "http is for loopback only"),
        ("AEP_IMS_URL", "ftp://h", 3, "scheme must be https"),
        ("AEP_TIMEOUT", "soon", 3, "AEP_TIMEOUT"),
        ("AEP_LOG", "loud", 3, "AEP_LOG"),
        ("AEP_CLIENT_SECRET", "wrong", 4, "invalid client_secret parameter"),
        ("AEP_SCOPES", "nonsense", 4, "invalid_scope"),
        ("AEP_CLIENT_ID", "a b", 3, "client_id"),
        ("AEP_IMS_URL", "http://127.0.0.1:1", 5, "connection refused"),
    ] {
        let mut world = World::oauth();
        world.set(variable, value);
        let told = assert_refused(&world.run("aep-auth", &["token"]), code);
        assert!(told.contains(words), "{variable}={value}: {told}");
    }
    let world = World::empty();
    assert!(assert_refused(&world.run("aep-auth", &["token"]), 3).contains("hint: aep-auth import"));
    assert_eq!(world.run("aep-auth", &["tokne"]).status.code(), Some(2));
}

#[test]
fn a_stored_secret_stays_with_its_host() {
    let mut world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert!(world.run("aep-auth", &["import", file.to_str().unwrap()]).status.success());
    for variable in ["AEP_IMS_URL", "AEP_PLATFORM_URL"] {
        world.set(variable, "https://evil.example");
        let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
        assert!(told.contains("stay there"), "{told}");
        world.unset(variable);
    }
    // Anybody on the machine can listen on loopback.
    let url = world.emulator.url();
    world.set("AEP_IMS_URL", &url);
    assert!(assert_refused(&world.run("aep-auth", &["token"]), 3).contains("stay there"));
    assert_eq!(world.emulator.token_requests(), 0);
}

#[cfg(unix)]
#[test]
fn output_to_a_closed_pipe_is_a_normal_end() {
    let world = World::oauth();
    let mut shell = Command::new("sh");
    world.prepare(shell.args(["-c", "{ aep-auth token; echo $? >&2; } | true"]));
    assert_eq!(text(&shell.output().unwrap().stderr), "0\n");
}

#[cfg(unix)]
#[test]
fn a_closed_standard_stream_is_open_on_nothing_before_any_file_can_take_its_number() {
    let world = World::oauth();
    for closed in ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"] {
        let mut shell = Command::new("sh");
        // What the command inherits is what the program had; its own files close themselves.
        let open = "{ : <&0; } && { : >&1; } && { : >&2; }";
        world.prepare(shell.args(["-c", &format!("aep-auth exec -- sh -c '{open}' {closed}")]));
        let told = shell.output().unwrap();
        assert!(told.status.success(), "{closed}: {}", told.status);
    }
}

#[test]
fn an_argument_begins_no_line_of_ours() {
    let world = World::empty();
    for arguments in [
        &["x\nerror: forged"][..],
        &["token", "--min-valid", "x\u{202e}\nerror: forged"],
        &["token", "\nhint: run this"],
    ] {
        for program in ["aep-auth", "aep-prompt", "git-credential-aep"] {
            let told = text(&world.run(program, arguments).stderr);
            let forged = told.lines().filter(|line| line.starts_with("error: forged") || line.starts_with("hint: run"));
            assert_eq!(forged.count(), 0, "{program} {arguments:?}: {told}");
        }
    }
}
