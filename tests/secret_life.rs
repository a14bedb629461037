//! A secret's whole life: where it lies, who is asked for it, how it moves and how it ends.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ims_emulator::Flow;
use stories::keyring::{self, Session};
use stories::{World, assert_clean, assert_refused, has, text, wait_until};

const FIRST: &str = "p8e-first-marker";
const SECOND: &str = "p8e-second-marker";
const THIRD: &str = "p8e-third-marker";

/// Whether a keyring can be had here.
fn has_keyring() -> bool {
    ["gnome-keyring-daemon", "secret-tool", "dbus-daemon", "dbus-send"].into_iter().all(has)
}

/// A credential file whose client secrets are markers, both accepted.
fn downloaded(secrets: &[&str]) -> World {
    let world = World::empty();
    let mut known: serde_json::Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
    let id = known["CLIENT_ID"].as_str().unwrap().to_owned();
    known["CLIENT_SECRETS"] = serde_json::json!(secrets);
    world.emulator.set_secrets(&id, if secrets.is_empty() { &[FIRST] } else { secrets });
    world.write("credential.json", &known.to_string());
    world
}

/// Imports it and removes the download.
fn import(world: &World, arguments: &[&str]) -> String {
    let output = world.import("credential.json", arguments);
    assert_clean(&output);
    let _ = std::fs::remove_file(world.path("credential.json"));
    text(&output.stdout)
}

fn run(world: &World, arguments: &[&str]) -> String {
    let output = world.run("aep-auth", arguments);
    assert_clean(&output);
    text(&output.stdout)
}

fn give(world: &World, secret: &str, arguments: &[&str]) -> std::process::Output {
    world.run_with_input("aep-auth", arguments, format!("{secret}\n").as_bytes())
}

/// The files below a folder in which a text stands, names without the folder.
fn found_in(folder: &Path, marker: &str) -> Vec<String> {
    fn look(folder: &Path, marker: &[u8], found: &mut Vec<PathBuf>) {
        for path in stories::files_in(folder) {
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                look(&path, marker, found);
            } else if metadata.is_file()
                && (marker.is_empty() || std::fs::read(&path).unwrap().windows(marker.len()).any(|part| part == marker))
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    look(folder, marker.as_bytes(), &mut found);
    found.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
}

/// Each marker is in so many files of the home and so many items of the keyring, and nowhere else; the command that tells
/// where names each file.
fn assert_lies(world: &World, marker: &str, in_files: usize, in_keyring: usize) {
    let files = found_in(world.home.path(), marker);
    let items = keyring::content(world).matches(marker).count();
    assert_eq!((files.len(), items), (in_files, in_keyring), "{marker}: {files:?}");
    if in_files + in_keyring > 0 {
        let told = run(world, &["secret", "show", "default"]);
        assert!(files.iter().all(|file| told.contains(file.as_str())), "{told}: {files:?}");
        assert_eq!(told.contains("keyring: item "), in_keyring > 0, "{told}");
        assert!(!told.contains(marker), "{told}");
    }
}

#[test]
fn a_keyring_that_does_not_serve_has_three_messages_and_three_cures() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST]);
    let mut session = Session::unlocked(&mut world);
    import(&world, &["--client-secret-from", "keyring"]);
    let profile = world.path("config/profiles/default.toml");
    assert!(std::fs::read_to_string(profile).unwrap().contains("client_secrets = [{ keyring = true }]"));
    assert_lies(&world, FIRST, 0, 1);
    world.token();
    // A hit asks no keyring.
    session.lock(&world);
    world.token();
    assert_eq!(world.emulator.token_requests(), 1);
    // Locked.
    run(&world, &["forget"]);
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("the keyring does not serve for the client secret: it is locked"), "{told}");
    let cure = told.split("standard input: ").nth(1).unwrap().trim().to_owned();
    // The cure, as it stands.
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    let cured = shell.args(["-c", &format!("printf password | {cure}")]).output().unwrap();
    assert!(cured.status.success(), "{}", text(&cured.stderr));
    // The daemon that the cure starts takes the name over from the one that was locked.
    wait_until(|| world.run("aep-auth", &["token"]).status.success());
    world.token();
    drop(session);

    // Nobody on the bus; then no bus.
    run_ignoring(&world, &["forget"]);
    let session = Session::without_keyring(&mut world);
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("none is running in this session"), "{told}");
    drop(session);
    // A program in its place is not run, nor one that the library would look for itself.
    let asked = world.path("asked");
    let program = world.write("bin/dbus-launch", &format!("#!/bin/sh\nenv > {}\n", asked.display()));
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.set("DBUS_SESSION_BUS_ADDRESS", &format!("unixexec:path={}", program.display()));
    for arguments in [&["token"][..], &["doctor", "--report"]] {
        let told = text(&world.run("aep-auth", arguments).stderr) + &text(&world.run("aep-auth", arguments).stdout);
        assert!(told.contains("DBUS_SESSION_BUS_ADDRESS leads to something else"), "{told}");
    }
    world.unset("DBUS_SESSION_BUS_ADDRESS").unset("XDG_RUNTIME_DIR").set("DISPLAY", ":0");
    let mut command = world.command("aep-auth");
    let path = format!("{}:{}", world.path("bin").display(), std::env::var("PATH").unwrap());
    let told = assert_refused(&command.env("PATH", path).arg("token").output().unwrap(), 3);
    assert!(told.contains("there is no session bus"), "{told}");
    assert!(!asked.exists());
    world.unset("DISPLAY");
    // Nothing fell back to plain text.
    assert!(found_in(world.home.path(), FIRST).is_empty());
    // The cure.
    let cure =
        told.lines().find_map(|line| line.strip_prefix("hint: or keep the secret in the private store: ")).unwrap();
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-c", cure]).stdin(world.input(FIRST));
    assert!(shell.output().unwrap().status.success());
    world.token();
}

fn run_ignoring(world: &World, arguments: &[&str]) {
    let _ = world.run("aep-auth", arguments);
}

#[test]
fn a_secret_lies_where_show_says_through_its_whole_life() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST]);
    let id = id_of(&world);
    let _session = Session::unlocked(&mut world);
    import(&world, &[]);
    assert_lies(&world, FIRST, 1, 0);
    world.token();
    assert!(run(&world, &["secret", "show", "default"]).contains("(IMS accepted it at 20"));
    // There and back.
    run(&world, &["secret", "move", "default", "--to", "keyring"]);
    assert_lies(&world, FIRST, 0, 1);
    world.token();
    assert_eq!(world.emulator.token_requests(), 1, "a secret that IMS accepted earns the token again");
    run(&world, &["secret", "move", "default", "--to", "store"]);
    assert_lies(&world, FIRST, 1, 0);
    run(&world, &["secret", "move", "default", "--to", "keyring"]);

    // Rotate: a wrong one is found before it is stored.
    let told = assert_refused(&give(&world, SECOND, &["secret", "set", "default", "--second"]), 4);
    assert!(told.contains("was tried and not stored") && told.contains("--untried"), "{told}");
    assert_lies(&world, SECOND, 0, 0);
    world.emulator.set_secrets(&id, &[FIRST, SECOND]);
    let output = give(&world, SECOND, &["secret", "set", "default", "--second"]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("IMS accepts it"), "{}", text(&output.stdout));
    assert_lies(&world, SECOND, 0, 1);
    assert_lies(&world, FIRST, 0, 1);
    world.emulator.set_secrets(&id, &[SECOND]);
    run(&world, &["secret", "drop", "default", "first"]);
    assert_lies(&world, FIRST, 0, 0);
    assert_lies(&world, SECOND, 0, 1);
    world.token();
    // One cannot be dropped.
    assert_refused(&world.run("aep-auth", &["secret", "drop", "default", "first"]), 3);
    // Untried means untried.
    assert_clean(&give(&world, THIRD, &["secret", "set", "default", "--untried", "--second"]));
    assert_lies(&world, THIRD, 0, 1);
    run(&world, &["secret", "drop", "default", "second"]);
    assert_lies(&world, THIRD, 0, 0);
    world.token();

    // The end.
    let told = run(&world, &["profile", "remove", "default"]);
    assert!(told.contains("client secret in the keyring"), "{told}");
    for marker in [FIRST, SECOND, THIRD] {
        assert_lies(&world, marker, 0, 0);
    }
    assert!(!world.cache().exists(), "{:?}", stories::files_in(&world.cache()));
}

#[test]
fn after_a_rotation_nothing_is_wrong_any_more() {
    let world = downloaded(&[FIRST]);
    let id = id_of(&world);
    import(&world, &[]);
    world.token();
    world.emulator.set_secrets(&id, &[FIRST, SECOND]);
    assert_clean(&give(&world, SECOND, &["secret", "set", "default", "--second"]));
    world.emulator.set_secrets(&id, &[SECOND]);
    let renewed = world.run("aep-auth", &["token", "--renew"]);
    assert!(renewed.status.success() && text(&renewed.stderr).contains("no longer accepts the first client secret"));
    // Every cure that is named is the one that ends the rotation.
    let told = world.run("aep-auth", &["doctor"]);
    assert_eq!(told.status.code(), Some(4));
    let told = text(&told.stdout);
    let cures: Vec<&str> = told.lines().filter_map(|line| line.trim_start().strip_prefix("cure: ")).collect();
    let cure = "if the rotation is over: aep-auth secret drop default first";
    assert!(!cures.is_empty() && cures.iter().all(|own| *own == cure), "{told}");
    run(&world, &["secret", "drop", "default", "first"]);
    assert_clean(&world.run("aep-auth", &["status"]));
    let told = world.run("aep-auth", &["doctor"]);
    assert!(told.status.success(), "{}", text(&told.stdout));
}

fn id_of(world: &World) -> String {
    let known: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path("credential.json")).unwrap()).unwrap();
    known["CLIENT_ID"].as_str().unwrap().to_owned()
}

#[test]
fn a_reference_that_replaces_a_stored_secret_removes_it_and_says_so() {
    let mut world = downloaded(&[FIRST, SECOND]);
    import(&world, &[]);
    // It would be lost.
    let told = assert_refused(
        &world.run("aep-auth", &["profile", "set", "default", "client_secrets=[{ keyring = true }]"]),
        3,
    );
    assert!(told.contains("aep-auth secret move default --to keyring"), "{told}");
    assert_eq!(found_in(world.home.path(), FIRST).len(), 1);
    // What is not about secrets removes none.
    assert!(!run(&world, &["profile", "set", "default", "sandbox=dev1"]).contains("removed"));
    let told = run(&world, &["profile", "set", "default", "client_secrets=[{ env = \"MINE\" }]"]);
    assert!(told.contains("removed the stored client secret; removed the stored second client secret"), "{told}");
    assert!(found_in(world.home.path(), FIRST).is_empty() && found_in(world.home.path(), SECOND).is_empty());
    world.set("MINE", FIRST);
    world.token();
    // Somebody else's place is not ours to write.
    let told = assert_refused(&give(&world, SECOND, &["secret", "set", "default"]), 3);
    assert!(told.contains("variable MINE"), "{told}");
    let told = assert_refused(&world.run("aep-auth", &["secret", "move", "default", "--to", "keyring"]), 3);
    assert!(told.contains("no secret of profile default lies in a place of ours"), "{told}");
}

#[test]
fn a_new_secret_takes_the_mark_off_the_token() {
    let world = downloaded(&[FIRST]);
    let id = id_of(&world);
    import(&world, &[]);
    world.token();
    world.emulator.set_secrets(&id, &[FIRST, SECOND]);
    assert_clean(&give(&world, SECOND, &["secret", "set", "default"]));
    assert_eq!(world.emulator.token_requests(), 2, "it is tried");
    world.token();
    assert_eq!(world.emulator.token_requests(), 3);
    world.token();
    assert_eq!(world.emulator.token_requests(), 3);
    // IMS out of reach: not stored.
    world.emulator.fault(ims_emulator::Fault::times(9, ims_emulator::Kind::respond(503, "")));
    let told = assert_refused(&give(&world, THIRD, &["secret", "set", "default"]), 5);
    assert!(told.contains("tried and not stored"), "{told}");
    assert!(found_in(world.home.path(), THIRD).is_empty());
}

#[test]
fn import_begins_without_a_stored_secret() {
    // Also where the file holds none.
    for secrets in [vec![FIRST], vec![]] {
        let mut world = downloaded(&secrets);
        world.write("mine/secret", FIRST);
        world.set("MINE", FIRST);
        for (number, where_) in ["file:mine/secret", "env:MINE", "command:cat 'mine/secret'"].iter().enumerate() {
            let name = format!("p{number}");
            let output = world.import("credential.json", &["--client-secret-from", where_, "--profile", &name]);
            assert_clean(&output);
            let told = text(&output.stdout);
            assert!(told.contains("  client secret: "), "{told}");
            assert_eq!(told.contains("still holds the secret"), !secrets.is_empty(), "{told}");
            assert!(!world.path("data").exists(), "{where_}");
            let mut command = world.command("aep-auth");
            // A relative command's words are the user's own.
            let folder = if number == 2 { world.home.path().to_owned() } else { std::env::temp_dir() };
            let output = command.args(["token", "--profile", &name]).current_dir(folder).output().unwrap();
            assert_clean(&output);
        }
        let output = world.import("credential.json", &["--client-secret-from", FIRST, "--profile", "no"]);
        assert!(!assert_refused(&output, 2).contains(FIRST));
    }
    // Without the option a file without a secret is none, and the hint tells of it.
    let world = downloaded(&[]);
    let told = assert_refused(&world.import("credential.json", &[]), 3);
    assert!(told.contains("--client-secret-from"), "{told}");
}

#[test]
fn a_service_reads_its_credential_and_nothing_beside_it() {
    let mut world = downloaded(&[FIRST]);
    import(&world, &[]);
    run(&world, &["profile", "set", "default", "client_secrets=[{ credential = \"aep-client-secret\" }]"]);
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(
        told.contains("CREDENTIALS_DIRECTORY is not set") && told.contains("LoadCredential=aep-client-secret:"),
        "{told}"
    );
    world.set("CREDENTIALS_DIRECTORY", "run/credentials");
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("no absolute path"), "{told}");
    let file = world.write("run/credentials/aep-client-secret", FIRST);
    let folder = file.parent().unwrap().to_str().unwrap().to_owned();
    world.set("CREDENTIALS_DIRECTORY", &folder);
    // As systemd has it: nobody may write.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o440)).unwrap();
    world.token();
    // Trusted as a file is.
    run(&world, &["forget"]);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(assert_refused(&world.run("aep-auth", &["token"]), 3).contains("not trusted"));
    for bad in ["../secret", "a/b", "", "/etc/passwd"] {
        let value = format!("client_secrets=[{{ credential = {bad:?} }}]");
        assert_refused(&world.run("aep-auth", &["profile", "set", "default", &value]), 3);
    }
}

#[test]
fn twenty_processes_ask_once() {
    let world = downloaded(&[FIRST]);
    import(&world, &[]);
    world.write("ask", &format!("#!/bin/sh\necho asked >> \"$HOME/asked\"\nprintf '{FIRST}\\n'\n"));
    std::fs::set_permissions(world.path("ask"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let reference = format!("client_secrets=[{{ command = [{:?}] }}]", world.path("ask").to_str().unwrap());
    run(&world, &["profile", "set", "default", &reference]);
    for output in world.crowd(20, "aep-auth", &["token"]) {
        assert_clean(&output);
    }
    assert_eq!(std::fs::read_to_string(world.path("asked")).unwrap(), "asked\n");
    assert_eq!(world.emulator.token_requests(), 1);
}

/// The person says no, once all have come.
#[test]
fn twenty_processes_share_a_refusal_to_give_the_secret() {
    let mut world = downloaded(&[FIRST]);
    import(&world, &[]);
    world.write("ask", "#!/bin/sh\necho asked >> \"$HOME/asked\"\ncat \"$HOME/go\"\nexit 7\n");
    std::fs::set_permissions(world.path("ask"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Command::new("mkfifo").arg(world.path("go")).status().unwrap().success());
    let reference = format!("client_secrets=[{{ command = [{:?}] }}]", world.path("ask").to_str().unwrap());
    run(&world, &["profile", "set", "default", &reference]);
    // Where somebody could be asked, there is a minute.
    world.set("DISPLAY", ":9").set("AEP_LOG", "info");
    let told: Vec<PathBuf> = (0..20).map(|number| world.write(&format!("told/{number}"), "")).collect();
    let start = |told: &PathBuf| {
        let errors = std::fs::File::create(told).unwrap();
        world.command("aep-auth").arg("token").stderr(errors).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = told.iter().map(start).collect();
    let read = |told: &PathBuf| std::fs::read_to_string(told).unwrap();
    wait_until(|| {
        told.iter().filter(|told| read(told).contains("waiting for another that asks a person")).count() == 19
    });
    std::fs::write(world.path("go"), "").unwrap();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(3));
    }
    for told in &told {
        let told = read(told);
        let errors: Vec<&str> = told.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(matches!(*errors, [error] if error.ends_with("it ended with exit code 7")), "{told}");
    }
    assert_eq!(std::fs::read_to_string(world.path("asked")).unwrap(), "asked\n");
    assert_eq!(world.emulator.token_requests(), 0);
}

#[test]
fn twenty_processes_share_a_keyring() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST]);
    let _session = Session::unlocked(&mut world);
    import(&world, &["--client-secret-from", "keyring"]);
    for output in world.crowd(20, "aep-auth", &["token"]) {
        assert_clean(&output);
    }
    assert_eq!(world.emulator.token_requests(), 1);
}

/// A copy has an item of its own, a renamed profile has its item under the new name, and a keyring that does not serve keeps
/// both from being made.
#[test]
fn a_profile_is_copied_and_renamed_with_what_it_has_in_the_keyring() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST, SECOND]);
    let mut session = Session::unlocked(&mut world);
    import(&world, &["--client-secret-from", "keyring"]);
    let told = run(&world, &["profile", "copy", "default", "other"]);
    assert_eq!(
        told,
        "copied profile default to other (client secret in the keyring, second client secret in the keyring)\n"
    );
    assert_lies(&world, FIRST, 0, 2);
    run(&world, &["token", "--profile", "other", "--renew"]);
    let told = run(&world, &["profile", "rename", "default", "new"]);
    assert!(told.starts_with("renamed profile default to new (client secret in the keyring, "), "{told}");
    let items = keyring::content(&world);
    assert_eq!(items.matches(FIRST).count(), 2, "{items}");
    assert!(items.contains("new/client-secret/") && !items.contains("default/client-secret/"), "{items}");
    run(&world, &["token", "--renew"]);
    // Nothing is done by halves.
    session.lock(&world);
    for command in ["copy", "rename"] {
        let told = assert_refused(&world.run("aep-auth", &["profile", command, "new", "third"]), 3);
        assert!(told.contains("the keyring does not serve for the client secret: it is locked"), "{told}");
        assert!(!world.path("config/profiles/third.toml").exists() && world.path("config/profiles/new.toml").exists());
    }
}

#[test]
fn a_keyring_gives_nothing_to_a_profile_of_another_host() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST]);
    let _session = Session::unlocked(&mut world);
    import(&world, &["--client-secret-from", "keyring"]);
    run(&world, &["profile", "set", "default", "ims_url=https://evil.example"]);
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("holds no client secret"), "{told}");
}

#[test]
fn purge_lists_then_removes_all_of_ours_and_nothing_else() {
    if !has_keyring() {
        return;
    }
    let mut world = downloaded(&[FIRST, SECOND]);
    let _session = Session::unlocked(&mut world);
    import(&world, &[]);
    let file = world.emulator.credential_file(Flow::Oauth);
    world.write("second.json", &file);
    assert_clean(&world.import("second.json", &["--client-secret-from", "keyring", "--profile", "kept"]));
    std::fs::remove_file(world.path("second.json")).unwrap();
    world.token();
    // What killed commands, the first version and others left.
    for name in ["config/profiles/.lock", "config/profiles/.aep-3.tmp", "config/profiles/.dev.toml.17.tmp"] {
        world.write(name, "");
    }
    world.write("data/secrets/.default@client-secret.17.tmp", FIRST);
    std::fs::write(world.entry().with_extension("tmp"), "").unwrap();
    // Whatever the page says that there is in the cache.
    let page = std::fs::read_to_string(stories::root().join("docs/secrets.md")).unwrap();
    let names: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| cache `")?.split('`').next()).collect();
    assert!(names.len() >= 10 && names.contains(&"….query-…"), "{names:?}");
    for name in names {
        let stem = if name == "….engine" { "5c".repeat(16) } else { "5c".repeat(32) };
        let name = match name.strip_prefix('…') {
            Some(kind) => stem + &kind.replace('…', "5c"),
            None => name.replace('…', "5c"),
        };
        world.write(&format!("cache/{name}"), "");
    }
    // Links: they go, and what they lead to stays.
    world.write("dotfiles/linked.toml", "client_id = \"x\"\n");
    symlink(world.path("dotfiles/linked.toml"), world.path("config/profiles/linked.toml")).unwrap();
    // Not ours.
    world.write("config/profiles/notes.md", "mine");
    world.write("cache/other.txt", "mine");

    let before = found_in(world.home.path(), "");
    let output = world.run("aep-auth", &["purge"]);
    assert_eq!(output.status.code(), Some(2));
    let listed = text(&output.stdout);
    assert_eq!(found_in(world.home.path(), ""), before, "it only lists");
    for part in [
        "default.toml",
        "kept.toml",
        "linked.toml",
        "default-profile",
        ".gitignore",
        ".lock",
        "(keyring)",
        "roots-5c.pem",
        ".pass",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert!(!listed.contains("notes.md") && !listed.contains("other.txt"), "{listed}");
    assert!(listed.ends_with("aep-auth purge --yes\n"), "{listed}");

    let told = run(&world, &["purge", "--yes"]);
    for part in
        ["notes.md, which is not ours", "other.txt, which is not ours", "dotfiles/linked.toml, which a link led to"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    for marker in [FIRST, SECOND] {
        assert!(found_in(world.home.path(), marker).is_empty());
    }
    assert!(!keyring::content(&world).contains("aep-auth"), "{}", keyring::content(&world));
    assert!(!world.path("data").exists());
    assert_eq!(found_in(&world.path("config"), ""), ["profiles/notes.md"]);
    assert_eq!(found_in(&world.cache(), ""), ["other.txt"]);
    assert!(world.path("dotfiles/linked.toml").exists());

    std::fs::remove_file(world.path("config/profiles/notes.md")).unwrap();
    std::fs::remove_file(world.path("cache/other.txt")).unwrap();
    assert_eq!(run(&world, &["purge"]), "there is nothing of ours\n");
}

/// Import, move, rotate, remove, purge and uninstall: after each, the secrets are in the home and in the keyring where the
/// command tells, and the engine that a fleet shares has neither a secret nor a token in clear.
#[test]
fn after_each_step_of_six_nothing_holds_a_secret_but_its_place() {
    if !has_keyring() || !has("redis-server") {
        return;
    }
    let redis = stories::redis::Redis::plain();
    let mut world = downloaded(&[FIRST]);
    let download = std::fs::read_to_string(world.path("credential.json")).unwrap();
    let id = id_of(&world);
    world.set("AEP_SHARED_CACHE", &redis.url());
    let _session = Session::unlocked(&mut world);
    let on_engine = |world: &World| -> usize {
        let mut connection = redis.connection();
        let mut secret = vec![FIRST.to_owned(), SECOND.to_owned()];
        if world.path("config/profiles/default.toml").exists() {
            secret.push(world.token());
        }
        let names = redis.names();
        for name in &names {
            let value: Vec<u8> = ::redis::cmd("GET").arg(name).query(&mut connection).unwrap();
            let (name, value) = (name.as_str(), String::from_utf8_lossy(&value).into_owned());
            assert!(secret.iter().all(|marker| !name.contains(marker.as_str()) && !value.contains(marker)), "{name}");
        }
        names.len()
    };
    // Import.
    import(&world, &[]);
    assert_lies(&world, FIRST, 1, 0);
    assert_eq!(on_engine(&world), 1, "one entry, sealed");
    // Move.
    run(&world, &["secret", "move", "default", "--to", "keyring"]);
    assert_lies(&world, FIRST, 0, 1);
    on_engine(&world);
    // Rotate.
    world.emulator.set_secrets(&id, &[FIRST, SECOND]);
    assert_clean(&give(&world, SECOND, &["secret", "set", "default", "--second"]));
    run(&world, &["secret", "drop", "default", "first"]);
    world.emulator.set_secrets(&id, &[SECOND]);
    run(&world, &["token", "--renew"]);
    assert_lies(&world, FIRST, 0, 0);
    assert_lies(&world, SECOND, 0, 1);
    on_engine(&world);
    // Remove.
    run(&world, &["profile", "remove", "default"]);
    assert_lies(&world, SECOND, 0, 0);
    on_engine(&world);
    // Purge.
    ::redis::cmd("FLUSHALL").query::<()>(&mut redis.connection()).unwrap();
    world.write("credential.json", &download.replace(FIRST, SECOND));
    import(&world, &["--client-secret-from", "keyring"]);
    assert_eq!(on_engine(&world), 1);
    run(&world, &["purge", "--yes"]);
    assert_lies(&world, SECOND, 0, 0);
    assert_eq!(on_engine(&world), 0, "{:?}", redis.names());
    // Uninstall: what was stored meanwhile is told, and goes by the command that is told.
    world.write("credential.json", &download.replace(FIRST, SECOND));
    import(&world, &[]);
    world.write("credential.json", &download.replace(FIRST, SECOND));
    import(&world, &["--client-secret-from", "keyring", "--profile", "other"]);
    world.write("local/share/aep-auth/installed", "bin/x\n");
    world.write("local/bin/x", "");
    let mut uninstall = Command::new("sh");
    world.prepare(&mut uninstall);
    uninstall.arg(stories::root().join("install.sh")).arg("--uninstall").env("PREFIX", world.path("local"));
    let told = text(&uninstall.output().unwrap().stdout);
    let left = world.path("data").display().to_string();
    assert!(told.contains(&format!("stay in {left}; `aep-auth purge` removes them")), "{told}");
    assert!(!world.path("local/bin").exists() && !world.path("local/share").exists());
    assert_eq!(keyring::content(&world).matches(SECOND).count(), 1);
    let of_keyring = told.lines().find(|line| line.contains("secrets stay in the keyring; `aep-auth purge`")).unwrap();
    assert_clean(&world.type_line(of_keyring.split(" now: ").nth(1).unwrap()));
    assert_lies(&world, SECOND, 1, 0);
    // Without its secret nobody can tell what the other left on an engine.
    world.unset("AEP_SHARED_CACHE");
    run(&world, &["purge", "--yes"]);
    assert_lies(&world, SECOND, 0, 0);
}

/// What each program of a recipe does: how it fails for want of a session and of the item.
const PROGRAMS: [(&str, &str, i32, i32); 8] = [
    ("op", "read op://Work/aep/credential", 1, 1),
    ("pass", "show adobe/aep", 2, 1),
    ("vault", "kv get -field=client_secret secret/aep", 2, 2),
    ("secret-tool", "lookup service aep username upload", 1, 1),
    ("security", "find-generic-password -s aep -a upload -w", 36, 44),
    ("az", "keyvault secret show --vault-name work --name aep --query value --output tsv", 1, 3),
    ("gcloud", "secrets versions access latest --secret=aep", 1, 1),
    ("aws", "secretsmanager get-secret-value --secret-id aep --query SecretString --output text", 253, 254),
];

#[test]
fn every_recipe_serves_and_says_what_its_program_said() {
    let page = std::fs::read_to_string(stories::root().join("docs/secrets.md")).unwrap();
    let block = page.split("<!-- recipes").nth(1).unwrap().split("```toml\n").nth(1).unwrap();
    let recipes: Vec<&str> = block.split("```").next().unwrap().lines().collect();
    assert_eq!(recipes.len(), PROGRAMS.len());
    for (recipe, (program, arguments, locked, absent)) in recipes.iter().zip(PROGRAMS) {
        let mut world = downloaded(&[FIRST]);
        import(&world, &[]);
        // It knows its words, tells its fault on standard error, and ends a value as the real one does: `secret-tool` and
        // `gcloud` write no newline.
        let end = if ["secret-tool", "gcloud"].contains(&program) { "" } else { "\\n" };
        let stand_in = format!(
            "#!/bin/sh\n[ \"$*\" = \"{arguments}\" ] || {{ echo \"unknown: $*\" >&2; exit 64; }}\n\
             case $(cat \"$HOME/state\") in\n\
             locked) echo \"{program}: locked\" >&2; exit {locked} ;;\n\
             absent) echo \"{program}: absent\" >&2; exit {absent} ;;\n\
             esac\nprintf '{FIRST}{end}'\n"
        );
        let path = world.write(&format!("bin/{program}"), &stand_in);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let folders = format!("{}:/usr/bin:/bin", world.path("bin").display());
        world.set("PATH", &folders);
        run(&world, &["profile", "set", "default", &recipe.replace(" = [", "=[")]);
        for (state, code) in [("locked", locked), ("absent", absent)] {
            world.write("state", state);
            let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
            assert!(told.starts_with(&format!("{program}: {state}\n")), "{told}");
            let words = format!("the command `{program}` gave no client secret: it ended with exit code {code}");
            assert!(told.contains(&words), "{told}");
        }
        world.write("state", "open");
        world.token();
    }
}

/// The two programs of the recipes that this system has: each gives the secret, and where it cannot, ends as the table says.
#[test]
fn the_real_programs_serve_and_fail_as_the_table_says() {
    let shell = |world: &World, script: &str| {
        let mut command = Command::new("sh");
        world.prepare(&mut command);
        let output = command.args(["-ec", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
    };
    let refused = |world: &World, program: &str, said: &str, code: i32| {
        let told = assert_refused(&world.run("aep-auth", &["token", "--renew"]), 3);
        let words = format!("the command `{program}` gave no client secret: it ended with exit code {code}");
        assert!(told.contains(said) && told.contains(&words), "{told}");
    };
    if has("pass") && has("gpg") {
        let world = downloaded(&[FIRST]);
        import(&world, &["--client-secret-from", "command:pass show adobe/aep"]);
        refused(&world, "pass", "Error: adobe/aep is not in the password store.", 1);
        let key = "printf '%s\\n' 'Key-Type: RSA' 'Key-Length: 2048' 'Name-Email: l@example.com' 'Expire-Date: 0' PROTECTION %commit \
                   | gpg --batch --quiet --pinentry-mode loopback --gen-key";
        shell(&world, &key.replace("PROTECTION", "%no-protection"));
        shell(&world, &format!("pass init l@example.com\nprintf '{FIRST}\\nuser: x\\n' | pass insert -m adobe/aep"));
        world.token();
        // Its key has a passphrase, and nobody is there to ask for it.
        shell(
            &world,
            &format!("gpgconf --kill all\nrm -r .gnupg\n{}", key.replace("PROTECTION", "'Passphrase: other'")),
        );
        shell(&world, &format!("pass init l@example.com || true\nprintf '{FIRST}\\n' | pass insert -mf adobe/aep"));
        shell(&world, "gpgconf --kill gpg-agent");
        refused(&world, "pass", "gpg: ", 2);
        shell(&world, "gpgconf --kill gpg-agent");
    }
    if has_keyring() {
        let mut world = downloaded(&[FIRST]);
        let _session = Session::unlocked(&mut world);
        import(&world, &["--client-secret-from", "command:secret-tool lookup service aep username upload"]);
        refused(&world, "secret-tool", "", 1);
        shell(&world, &format!("printf '{FIRST}' | secret-tool store --label=aep service aep username upload"));
        world.token();
    }
}

/// The page's lines, with a folder in the place of `/etc` and a `systemctl` that tells what it was asked.
#[test]
fn the_lines_of_systemds_page() {
    let world = World::empty();
    let folder = stories::root().join("integrations/systemd");
    std::fs::create_dir_all(world.path("etc/systemd/system")).unwrap();
    world.write("bin/systemctl", "#!/bin/sh\necho \"$@\" >>\"$HOME/asked\"\n");
    let lines = stories::pages::blocks("systemd/README.md", "# systemd", "sh").concat();
    assert_eq!(lines.lines().count(), 6);
    let lines = lines.replace("/etc/", &format!("{}/", world.path("etc").display()));
    let script = format!("chmod +x bin/*\nPATH=$HOME/bin:$PATH\ncd '{}'\n{lines}", folder.display());
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    let output = shell.args(["-ec", &script]).stdin(world.input("the-secret\n")).output().unwrap();
    assert_clean(&output);
    let mode = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("etc/aep/client-secret"), mode("etc/aep/profiles/upload.toml")), (0o600, 0o644));
    assert_eq!(std::fs::read_to_string(world.path("etc/aep/client-secret")).unwrap(), "the-secret\n");
    for unit in ["aep-upload.service", "aep-upload.timer"] {
        assert_eq!(
            std::fs::read(world.path("etc/systemd/system").join(unit)).unwrap(),
            std::fs::read(folder.join(unit)).unwrap()
        );
    }
    let asked = std::fs::read_to_string(world.path("asked")).unwrap();
    assert_eq!(asked, "daemon-reload\nenable --now aep-upload.timer\n");
}

#[test]
fn the_units_are_what_systemd_takes_and_the_service_gets_its_token() {
    let folder = stories::root().join("integrations/systemd");
    let mut world = downloaded(&[FIRST]);
    let id = id_of(&world);
    let service = std::fs::read_to_string(folder.join("aep-upload.service")).unwrap();
    let ours = stories::binary("aep-auth");
    // What runs without systemd as the first process: the units are read, and the line is run as the service would.
    let local = service
        .replace("/usr/local/bin/aep-auth", ours.to_str().unwrap())
        .replace("/usr/local/bin/upload", "/usr/bin/env");
    world.write("units/aep-upload.service", &local);
    world.write("units/aep-upload.timer", &std::fs::read_to_string(folder.join("aep-upload.timer")).unwrap());
    if has("systemd-analyze") {
        let mut verify = Command::new("systemd-analyze");
        let units = ["units/aep-upload.service", "units/aep-upload.timer"].map(|unit| world.path(unit));
        let output = verify.arg("verify").arg("--man=no").args(units).output().unwrap();
        let told = text(&output.stderr);
        assert!(!told.contains("aep-upload"), "{told}");
    }
    let url = world.emulator.url();
    let profile = std::fs::read_to_string(folder.join("upload.toml")).unwrap().replacen('…', &id, 1);
    let profile = profile.replace('…', "ABC") + &format!("ims_url = \"{url}\"\nplatform_url = \"{url}\"\n");
    world.write("config/profiles/upload.toml", &profile);
    let secret = world.write("credentials/aep-client-secret", &format!("{FIRST}\n"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o400)).unwrap();
    let credentials = world.path("credentials");
    std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o500)).unwrap();
    world.set("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap()).set("AEP_PROFILE", "upload");
    let line = local.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    world.prepare(&mut command);
    let output = command.env_remove("HOME").args(words).output().unwrap();
    assert_clean(&output);
    assert!(text(&output.stdout).contains("AEP_ACCESS_TOKEN=eyJ") && !text(&output.stdout).contains(FIRST));
    std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o700)).unwrap();
}
