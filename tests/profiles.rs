//! `profile` and what a machine with many, few or no profiles is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ims_emulator::Flow;
use stories::{World, assert_clean, assert_refused, text};

/// A world with these profiles of the known credential; the first is the default.
fn world(names: &[&str]) -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    for name in names {
        assert_clean(&world.import(file.to_str().unwrap(), &["--profile", name]));
    }
    world
}

fn told(world: &World, arguments: &[&str]) -> String {
    let output = world.run("aep-auth", arguments);
    assert_clean(&output);
    text(&output.stdout)
}

#[test]
fn the_list_is_a_table() {
    let world = world(&["a", "longer-name"]);
    told(&world, &["profile", "set", "a", "sandbox=dev1"]);
    let list = told(&world, &["profile", "list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("PROFILE ") && lines[0].ends_with("ORGANIZATION"), "{list}");
    assert!(lines[1].starts_with("a  (default)") && lines[2].starts_with("longer-name "), "{list}");
    let column = lines[0].find("SANDBOX").unwrap();
    assert!(lines[1][column..].starts_with("dev1 ") && lines[2][column..].starts_with("- "), "{list}");
    assert!(lines[1].ends_with("@AdobeOrg"), "{list}");
    // One broken file hides no other.
    world.write("config/profiles/broken.toml", "client_id = 7\n");
    let output = world.run("aep-auth", &["profile", "list"]);
    assert!(output.status.success() && text(&output.stdout).lines().count() == 4, "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("broken.toml"), "{}", text(&output.stderr));
}

#[test]
fn nothing_is_set_that_no_command_would_take() {
    let world = world(&["a"]);
    let file = world.path("config/profiles/a.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    for pair in [
        "sandbox=a marker",
        "sandbox=\u{1b}[2Jmarker",
        "sandbox=marker\u{202e}",
        "client_id=\"\"",
        "org_id=a marker@AdobeOrg",
        "technical_account_id=a marker",
        "scopes=[\"openid\", \"a marker\"]",
        "meta_scopes=[\"\"]",
    ] {
        let told = assert_refused(&world.run("aep-auth", &["profile", "set", "a", pair]), 3);
        let key = pair.split('=').next().unwrap();
        assert!(told.contains(&format!("{key} was not set")) && !told.contains("marker"), "{pair}: {told}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "{pair}");
    }
    // What was wrong before does not keep another key from being set, and is mended the same way.
    world.write("config/profiles/a.toml", &format!("{before}\nsandbox = \"a b\"\n"));
    told(&world, &["profile", "set", "a", "services=cja"]);
    told(&world, &["profile", "set", "a", "sandbox=dev1"]);
    told(&world, &["profile", "show", "a"]);
}

#[test]
fn json_moves_no_cursor() {
    let world = world(&["a"]);
    let profile = std::fs::read_to_string(world.path("config/profiles/a.toml")).unwrap();
    world.write("config/profiles/a.toml", &format!("{profile}\nsandbox = \"x\\u009b2J\\u202ey\"\n"));
    let list = told(&world, &["profile", "list", "--json"]);
    assert!(!list.contains(['\u{9b}', '\u{202e}']), "{list:?}");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["sandbox"], "x\u{9b}2J\u{202e}y");
}

#[test]
fn without_a_name_the_one_that_is_used() {
    let mut world = world(&["a", "b"]);
    assert!(told(&world, &["profile", "show"]).contains("a.toml"));
    world.set("AEP_PROFILE", "b");
    let shown = told(&world, &["profile", "show"]);
    assert!(shown.contains("b.toml") && shown.contains("hosts "), "{shown}");
    assert_eq!(told(&world, &["profile", "use"]), "profile b is the default\n");
    // What wins over the default is said.
    let used = told(&world, &["profile", "use", "a"]);
    assert!(used.contains("AEP_PROFILE is b and wins"), "{used}");
    world.unset("AEP_PROFILE");
    assert_eq!(told(&world, &["profile", "use", "a"]), "profile a is the default\n");
}

#[test]
fn a_secret_in_the_place_of_a_reference_is_not_shown() {
    let world = world(&["a"]);
    let path = "config/profiles/a.toml";
    let profile = std::fs::read_to_string(world.path(path)).unwrap();
    for reference in
        ["{ file = \"p8e-Marker0\" }", "{ env = \"p8e-Marker0\" }", "{ command = [\"p8e-Marker0-0123456\"] }"]
    {
        let pair = format!("client_secrets=[{reference}]");
        let refused = assert_refused(&world.run("aep-auth", &["profile", "set", "a", &pair]), 3);
        assert!(!refused.contains("Marker"), "{refused}");
        // Written by hand, it is there.
        let own: Vec<&str> = profile.lines().filter(|line| !line.starts_with("client_secrets")).collect();
        world.write(path, &format!("{}\n{pair}\n", own.join("\n")));
        let shown = told(&world, &["profile", "show", "a"]);
        assert!(shown.contains("(not shown)") && !shown.contains("Marker"), "{shown}");
    }
}

#[test]
fn a_copy_is_whole_and_its_own() {
    let world = world(&["a"]);
    let copied = told(&world, &["profile", "copy", "a", "b"]);
    assert_eq!(copied, "copied profile a to b (stored client secret)\n");
    told(&world, &["profile", "remove", "a"]);
    assert_clean(&world.run("aep-auth", &["--profile", "b", "token"]));
    for (arguments, code) in [(["profile", "copy", "a", "c"], 3), (["profile", "copy", "b", "b"], 3)] {
        assert_refused(&world.run("aep-auth", &arguments), code);
    }
}

#[test]
fn another_name_takes_all_with_it() {
    let world = world(&["a", "other"]);
    let token = world.token();
    let renamed = told(&world, &["profile", "rename", "a", "b"]);
    assert_eq!(renamed, "renamed profile a to b (stored client secret, default)\n");
    assert!(!world.path("config/profiles/a.toml").exists());
    assert!(told(&world, &["profile", "list"]).contains("b  (default)"));
    assert_eq!(world.token(), token, "its secret has earned the token");
    assert_eq!(world.emulator.token_requests(), 1);
    assert_refused(&world.run("aep-auth", &["profile", "rename", "b", "other"]), 3);
    assert_refused(&world.run("aep-auth", &["profile", "rename", "b", "../c"]), 3);
}

/// Whoever is given the old name afterwards has not earned the old one's token.
#[test]
fn the_old_name_earns_nothing_for_its_heir() {
    let world = world(&["a"]);
    world.token();
    let profile = std::fs::read_to_string(world.path("config/profiles/a.toml")).unwrap();
    told(&world, &["profile", "rename", "a", "b"]);
    world.write("config/profiles/a.toml", &profile);
    let refused = assert_refused(&world.run("aep-auth", &["--profile", "a", "token"]), 3);
    assert!(refused.contains("client secret"), "{refused}");
}

#[test]
fn after_the_last_one_there_is_import() {
    let world = world(&["a", "b"]);
    let removed = told(&world, &["profile", "remove", "a"]);
    assert!(removed.contains("aep-auth profile use b"), "{removed}");
    let refused = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(refused.contains("hint: aep-auth profile use b\n"), "{refused}");
    assert_clean(&world.run("aep-auth", &["profile", "use", "b"]));
    world.token();
    let removed = told(&world, &["profile", "remove", "b"]);
    assert!(removed.contains("aep-auth import"), "{removed}");
    assert!(told(&world, &["profile", "list"]).contains("aep-auth import"));
    assert_eq!(told(&world, &["profile", "list", "--json"]), "[]\n");
    assert!(told(&world, &["status", "--all"]).contains("aep-auth import"));
    assert_eq!(world.run("aep-auth", &["status", "--all", "--exit-code"]).status.code(), Some(22));
    for arguments in [["status"].as_slice(), &["token"], &["profile", "show"], &["profile", "use", "b"]] {
        let refused = assert_refused(&world.run("aep-auth", arguments), 3);
        assert!(refused.contains("hint: aep-auth import"), "{refused}");
    }
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    let world = world(&["a"]);
    for (arguments, cure) in [
        (["profile", "show", "a", "--profile", "a"].as_slice(), "hint: aep-auth profile show a"),
        (&["profile", "show", "--profile", "a"], "hint: aep-auth profile show a"),
        (&["--profile", "a", "profile", "set", "a", "sandbox=x"], "hint: aep-auth profile set a KEY=VALUE"),
        (&["profile", "list", "--profile", "a"], "every profile"),
        (&["secret", "set", "a", "--profile", "a"], "hint: aep-auth secret set a"),
        (&["profile", "use", "a", "--sandbox", "x"], "NAME"),
        (&["status", "--all", "--profile", "a"], "every profile"),
        (&["forget", "--all", "--profile", "a"], "every profile"),
        (&["completions", "bash", "--profile", "a"], "leave the option away"),
    ] {
        let refused = assert_refused(&world.run("aep-auth", arguments), 2);
        assert!(refused.contains(cure), "{arguments:?}: {refused}");
    }
    // It is taken wherever a profile is; who asks is told that it changes nothing.
    for command in ["token", "headers", "status", "inspect", "forget"] {
        assert_clean(&world.run("aep-auth", &[command, "--sandbox", "dev1"]));
    }
    let mut world = world;
    world.set("AEP_LOG", "info");
    let output = world.run("aep-auth", &["token", "--sandbox", "dev1"]);
    assert!(text(&output.stderr).contains("info: --sandbox changes nothing here"), "{}", text(&output.stderr));
}

#[test]
fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
    let world = World::empty();
    for (arguments, meant) in
        [(["tokn"].as_slice(), "token"), (&["profile", "lst"], "list"), (&["token", "--jsn"], "--json")]
    {
        let refused = assert_refused(&world.run("aep-auth", arguments), 2);
        assert!(refused.contains(&format!("'{meant}'")), "{refused}");
    }
}

#[test]
fn states_stand_below_each_other() {
    let world = world(&["a", "longer-name"]);
    world.token();
    let status = told(&world, &["status", "--all"]);
    let lines: Vec<&str> = status.lines().collect();
    assert_eq!(lines[0].find("live"), lines[1].find("live").or(lines[1].find("none")), "{status}");
}

#[test]
fn an_empty_variable_is_named() {
    let mut world = World::empty();
    world.set("AEP_CLIENT_ID", "");
    let refused = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(refused.starts_with("error: AEP_CLIENT_ID is set but empty") && !refused.contains("import"), "{refused}");
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", " ");
    let refused = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(refused.starts_with("error: AEP_CLIENT_SECRET is set but empty"), "{refused}");
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "Dev 1");
    let refused = assert_refused(&world.run("aep-auth", &["headers"]), 3);
    assert!(refused.contains("AEP_SANDBOX is `Dev 1`") && refused.contains("hint: "), "{refused}");
}

/// Whoever names the shell that runs is understood.
#[test]
fn a_shell_has_its_own_name_too() {
    let world = World::oauth();
    world.token();
    for (own, family) in [("bash", "sh"), ("zsh", "sh"), ("pwsh", "powershell")] {
        let of = |shell: &str| text(&world.run("aep-auth", &["env", "--shell", shell]).stdout);
        assert!(of(own).contains("AEP_ACCESS_TOKEN") && of(own) == of(family), "{own}");
    }
}
