//! Whatever happens while a person is asked, the terminal is as it was, and the shell is told how it ended.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use rustix::process::{Pid, Signal};
use stories::pty::Shell;
use stories::{World, assert_clean, text, wait_until};

const QUESTION: &str = "client secret of profile default (not shown): ";

/// A profile with a stored secret, and that secret.
fn world() -> (World, String) {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let secret = std::fs::read_to_string(world.stored("default", "client-secret")).unwrap();
    (world, secret.trim().to_owned())
}

/// A profile whose secret is what this script prints.
fn world_with_command(script: &str) -> (World, String) {
    let (world, secret) = world();
    let path = world.path("config/profiles/default.toml");
    let profile = std::fs::read_to_string(&path).unwrap();
    let reference = format!("client_secrets = [{{ command = ['sh', '-c', '''{script}'''] }}]");
    let lines = profile.lines().map(|line| if line.starts_with("client_secrets") { reference.as_str() } else { line });
    std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    (world, secret)
}

/// Runs a line and waits until it asks.
fn asked(shell: &Shell, line: &str, question: &str) {
    shell.clear();
    shell.type_keys(&format!("{line}\n"));
    shell.wait_for(question);
}

/// The process whose number is in this file.
fn process(file: &Path) -> Pid {
    let number = || std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    wait_until(|| number().is_some());
    Pid::from_raw(number().unwrap()).unwrap()
}

fn wait_until_gone(pid: Pid) {
    wait_until(|| {
        // One that nobody reaps is gone too.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| stat.contains(") Z ")) || rustix::process::test_kill_process(pid).is_err()
    });
}

#[test]
fn a_secret_is_typed_unseen() {
    let (world, secret) = world();
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth secret set default", QUESTION);
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("stored the client secret");
    assert!(!shell.screen().contains(&secret));
    assert_eq!(shell.code(), "0");
    assert!(shell.is_sane());
}

#[test]
fn a_key_or_signal_at_a_prompt_leaves_the_terminal_as_it_was() {
    let (world, secret) = world();
    for (key, signal, code) in [
        (Some("\x03"), None, "130"),
        (Some("\x1c"), None, "131"),
        (None, Some(Signal::INT), "130"),
        (None, Some(Signal::TERM), "143"),
        (None, Some(Signal::HUP), "129"),
    ] {
        let shell = Shell::start(&world);
        let file = world.path("pid");
        let _ = std::fs::remove_file(&file);
        asked(&shell, "sh -c 'echo $$ > pid; exec aep-auth secret set default'", QUESTION);
        shell.type_keys("half a secret");
        if let Some(key) = key {
            shell.type_keys(key);
        }
        if let Some(signal) = signal {
            rustix::process::kill_process(process(&file), signal).unwrap();
        }
        shell.wait_for_prompt();
        assert_eq!(shell.code(), code);
        assert!(shell.is_sane(), "{key:?} {signal:?}");
        assert!(!shell.screen().contains("half"), "{key:?} {signal:?}");
    }
    assert_eq!(std::fs::read_to_string(world.stored("default", "client-secret")).unwrap().trim(), secret);
}

#[test]
fn what_is_ignored_stays_so_at_a_prompt() {
    let (world, secret) = world();
    let shell = Shell::start(&world);
    asked(&shell, "sh -c 'trap \"\" HUP; echo $$ > pid; exec aep-auth secret set default'", QUESTION);
    rustix::process::kill_process(process(&world.path("pid")), Signal::HUP).unwrap();
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("stored the client secret");
    assert_eq!(shell.code(), "0");
}

#[test]
fn a_prompt_that_is_stopped_asks_again() {
    let (world, secret) = world();
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth secret set default", QUESTION);
    for _ in 0..2 {
        shell.type_keys("wrong\x1a");
        shell.wait_for("Stopped");
        assert!(shell.is_sane());
        asked(&shell, "fg", QUESTION);
    }
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("stored the client secret");
    assert!(!shell.screen().contains(&secret) && !shell.screen().contains("wrong"));
    assert_eq!(std::fs::read_to_string(world.stored("default", "client-secret")).unwrap().trim(), secret);
    assert!(shell.is_sane());
}

#[test]
fn a_prompt_that_nobody_could_continue_is_not_stopped() {
    let (world, secret) = world();
    let shell = Shell::start(&world);
    // The shell becomes the program, as a terminal's window runs one: nobody is left who could say `fg`.
    asked(&shell, "exec aep-auth secret set default", QUESTION);
    shell.clear();
    shell.type_keys("wrong\x1a");
    shell.wait_for(QUESTION);
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("stored the client secret");
}

#[test]
fn more_than_the_terminal_takes_is_refused_and_not_cut() {
    let (world, secret) = world();
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth secret set default", QUESTION);
    shell.type_keys(&format!("{}\n", "x".repeat(5000)));
    shell.wait_for("longer than a line of the terminal");
    assert!(!shell.screen().contains("xxx"));
    assert_eq!(shell.code(), "3");
    asked(&shell, "aep-auth secret set default --untried", QUESTION);
    shell.type_keys(&format!("{}\n", "x".repeat(4000)));
    shell.wait_for("stored the client secret");
    assert!(shell.is_sane());
    assert_ne!(std::fs::read_to_string(world.stored("default", "client-secret")).unwrap().trim(), secret);
}

#[test]
fn nothing_typed_is_told() {
    let (world, _) = world();
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth secret set default", QUESTION);
    shell.type_keys("\x04");
    shell.wait_for("nothing was typed");
    assert_eq!(shell.code(), "3");
    assert!(shell.is_sane());
}

/// Asks on the terminal without echo, as `op` and `pinentry-curses` do.
const ASKING: &str = "echo $$ > pid; stty -echo < /dev/tty; echo touch the key >&2; \
                      read x < /dev/tty; stty echo < /dev/tty; echo $x";

#[test]
fn a_command_can_ask_on_the_terminal() {
    let (world, secret) = world_with_command(ASKING);
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth token", "touch the key\r\n");
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("eyJ");
    assert!(!shell.screen().contains(&secret));
    assert_eq!(shell.code(), "0");
    assert!(shell.is_sane());
}

#[test]
fn a_command_that_is_interrupted_ends_us_too_and_the_terminal_is_given_back() {
    let (world, _) = world_with_command(ASKING);
    for (key, signal, code) in
        [("\x03", None, "130"), ("\x1c", None, "131"), ("", Some(Signal::TERM), "143"), ("", Some(Signal::HUP), "129")]
    {
        for file in ["pid", "own"] {
            let _ = std::fs::remove_file(world.path(file));
        }
        let shell = Shell::start(&world);
        asked(&shell, "sh -c 'echo $$ > own; exec aep-auth token'", "touch the key\r\n");
        shell.clear();
        shell.type_keys(key);
        if let Some(signal) = signal {
            rustix::process::kill_process(process(&world.path("own")), signal).unwrap();
        }
        shell.wait_for_prompt();
        assert_eq!(shell.code(), code);
        assert!(shell.is_sane(), "{code}");
        wait_until_gone(process(&world.path("pid")));
    }
}

#[test]
fn a_command_that_is_stopped_stops_us_too_and_goes_on() {
    let (world, secret) = world_with_command("echo touch the key >&2; read x < /dev/tty; echo $x");
    let shell = Shell::start(&world);
    asked(&shell, "aep-auth token", "touch the key\r\n");
    for _ in 0..2 {
        shell.type_keys("\x1a");
        shell.wait_for("Stopped");
        assert!(shell.is_sane());
        asked(&shell, "fg", "aep-auth token\r\n");
    }
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for("eyJ");
    assert_eq!(shell.code(), "0");
}

#[test]
fn a_command_in_the_background_waits_for_the_terminal() {
    let (world, secret) = world_with_command("echo touch the key >&2; read x < /dev/tty; echo $x");
    let shell = Shell::start(&world);
    shell.type_keys("aep-auth token > token &\n");
    shell.wait_for("touch the key");
    // It is stopped by the kernel, and we with it, so that the shell can tell.
    wait_until(|| shell.run("jobs").contains("Stopped"));
    asked(&shell, "fg", "aep-auth token");
    shell.type_keys(&format!("{secret}\n"));
    shell.wait_for_prompt();
    wait_until(|| std::fs::read_to_string(world.path("token")).is_ok_and(|token| token.starts_with("eyJ")));
}

#[test]
fn what_a_command_leaves_running_is_ended() {
    let (world, secret) = world();
    let script = format!("sleep 1000 & echo $! > pid; echo {secret}");
    drop(world);
    let (world, _) = world_with_command(&script);
    let output = world.run("aep-auth", &["token"]);
    assert!(text(&output.stdout).starts_with("eyJ"), "{}", text(&output.stderr));
    wait_until_gone(process(&world.path("pid")));
}
