//! `aep-prompt`: what it shows, what it never does, and what it must not link.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Output, Stdio};

use ims_emulator::Flow;
use serde_json::Value;
use stories::{World, assert_clean, binary, has, root, text};

fn prompt(world: &World, arguments: &[&str]) -> String {
    let output = world.run("aep-prompt", arguments);
    assert_clean(&output);
    text(&output.stdout)
}

/// Makes the cached token as old as it must be to live this much longer.
fn leave(world: &World, seconds: i64) {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let mut entry: Value = serde_json::from_slice(&std::fs::read(world.entry()).unwrap()).unwrap();
    let life = entry["life"].as_i64().unwrap();
    entry["fetched_at"] = (now - life + seconds).into();
    std::fs::write(world.entry(), entry.to_string()).unwrap();
}

fn with_token() -> World {
    let world = World::oauth();
    world.token();
    world
}

#[test]
fn the_time_left_in_minutes() {
    let mut world = with_token();
    leave(&world, 3 * 3600 + 12 * 60 + 30);
    assert_eq!(prompt(&world, &[]), "env 3h12m\n");
    world.set("AEP_SANDBOX", "dev1");
    assert_eq!(prompt(&world, &[]), "env/dev1 3h12m\n");
    assert_eq!(prompt(&world, &["--sandbox", "stage", "--color", "always"]), "env/stage 3h12m\n");
}

#[test]
fn yellow_when_short_and_a_red_x_when_over() {
    let world = with_token();
    leave(&world, 9 * 60 + 30);
    assert_eq!(prompt(&world, &[]), "env 9m\n");
    assert_eq!(prompt(&world, &["--color", "always"]), "env \u{1b}[33m9m\u{1b}[0m\n");
    assert_eq!(prompt(&world, &["--color=always", "--warn-below", "5m"]), "env 9m\n");
    leave(&world, -5);
    assert_eq!(prompt(&world, &["--color", "never"]), "env X\n");
    assert_eq!(prompt(&world, &["--shell", "zsh", "--color", "always"]), "env %{\u{1b}[31m%}X%{\u{1b}[0m%}\n");
    leave(&world, 40);
    assert_eq!(prompt(&world, &[]), "env <1m\n");
}

#[test]
fn nothing_where_there_is_nothing_to_say() {
    assert_eq!(prompt(&World::empty(), &[]), "");
    assert_eq!(prompt(&World::oauth(), &[]), "");
}

#[test]
fn a_template_of_ones_own() {
    let mut world = with_token();
    world.set("AEP_SANDBOX", "dev1");
    leave(&world, 7200);
    let template = "{symbol}|{profile}|{sandbox}|{name}|{state}|{other}";
    assert_eq!(prompt(&world, &["--format", template]), "+|env|dev1|env/dev1|live|{other}\n");
}

#[test]
fn whatever_is_wrong_it_stays_quiet_and_ends_well() {
    let mut world = with_token();
    let entry = world.entry();
    for bytes in [b"".as_slice(), b"{", b"\0\0\0", &[b'['; 100_000]] {
        std::fs::write(&entry, bytes).unwrap();
        assert_eq!(prompt(&world, &[]), "", "a damaged entry");
    }
    world.set("AEP_PROFILE", "missing");
    assert_eq!(prompt(&world, &[]), "", "an unknown profile");
    world.set("AEP_PROFILE", "../../etc");
    assert_eq!(prompt(&world, &[]), "", "a hostile profile");
    world.unset("AEP_PROFILE").set("AEP_LOG", "nonsense");
    assert_eq!(prompt(&world, &[]), "", "a damaged entry still");
    world.unset("AEP_LOG").set("AEP_CACHE", "off");
    assert_eq!(prompt(&world, &[]), "", "a cache that is off");
    let bare = world.command("aep-prompt").env_clear().output().unwrap();
    assert_clean(&bare);
    assert_eq!(text(&bare.stdout), "");
}

#[test]
fn a_clock_that_was_set_back_is_shown_as_over() {
    let world = with_token();
    leave(&world, 86_400 + 3_600);
    assert_eq!(prompt(&world, &[]), "env X\n");
}

#[test]
fn a_wrong_option_ends_well() {
    // To a person at a terminal; a prompt stays quiet.
    assert_eq!(prompt(&World::empty(), &["--colour"]), "");
    assert!(prompt(&World::empty(), &["--help"]).contains("--color"));
}

#[test]
fn names_hold_nothing_that_a_prompt_expands() {
    let mut world = with_token();
    leave(&world, 7200);
    for hostile in ["$(id)", "`id`", "%F{red}", "#[fg=red]", "\u{1b}]0;x\u{7}", "a\\u", "!!", "é"] {
        world.set("AEP_SANDBOX", hostile);
        for shell in ["plain", "bash", "zsh", "fish", "tmux"] {
            let shown = prompt(&world, &["--shell", shell]);
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./ \n".contains(c);
            assert!(shown.chars().all(is_plain), "{shell}: {shown:?}");
        }
    }
}

#[test]
fn it_links_neither_network_nor_signing() {
    if cfg!(windows) {
        return stories::not_here("cargo shows the same tree on every system");
    }
    let tree = Command::new("cargo")
        .args(["tree", "--package", "aep-prompt", "--edges", "normal", "--prefix", "none", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let tree = text(&tree.stdout);
    let ours: Vec<&str> = tree.lines().filter(|line| line.contains("/crates/")).collect();
    assert!(!ours.is_empty());
    for line in ours {
        let name = line.split(' ').next().unwrap();
        assert!(["aep-prompt", "aep-core", "aep-cli", "program-start"].contains(&name), "{line}");
    }
    for heavy in ["ureq", "rustls", "jsonwebtoken", "redis"] {
        assert!(!tree.lines().any(|line| line.starts_with(&format!("{heavy} "))), "{heavy}");
    }
}

/// The system calls of one run, without those before `main` is near: the loader's and the runtime's.
fn traced(world: &World) -> Option<Vec<String>> {
    if !has("strace") {
        return None;
    }
    let log = world.path("strace.log");
    let mut command = Command::new("strace");
    world.prepare(&mut command);
    let output: Output = command
        .args(["-f", "-qq", "-o", log.to_str().unwrap()])
        .arg(binary("aep-prompt"))
        .args(["--shell", "bash", "--color", "always"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert!(text(&output.stdout).starts_with("default"), "{}", text(&output.stderr));
    // Each line begins with the process number.
    let lines = std::fs::read_to_string(log).unwrap();
    Some(lines.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim().to_owned())).collect())
}

#[test]
fn it_opens_four_files_and_does_nothing_else() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world.token();
    let Some(calls) = traced(&world) else { return };
    let count = |names: &[&str]| {
        calls.iter().filter(|call| names.iter().any(|name| call.starts_with(&format!("{name}(")))).count()
    };
    for (what, names) in [
        ("a socket", ["socket", "connect", "bind"].as_slice()),
        ("a lock", &["flock"]),
        ("a child", &["fork", "vfork", "clone", "clone3"]),
        ("a change", &["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "ftruncate"]),
    ] {
        assert_eq!(count(names), 0, "{what}: {calls:#?}");
    }
    assert!(!calls.iter().any(|call| call.contains("F_SETLK") || call.contains("F_OFD_SETLK")), "a lock");
    assert!(!calls.iter().any(|call| call.contains("O_WRONLY") || call.contains("O_RDWR")), "a file to write");
    let home = world.home.path().to_str().unwrap();
    let stem = world.entry().file_name().unwrap().to_str().unwrap().to_owned();
    let opened = calls.iter().filter(|call| call.starts_with("open") && (call.contains(home) || call.contains(&stem)));
    assert!(opened.count() <= 4, "{calls:#?}");
    assert_eq!(count(&["write", "writev"]), 1, "the line itself");
    // The loader and the runtime make some fifty of these.
    assert!(calls.len() <= 110, "{} calls: {calls:#?}", calls.len());
}
