//! The quick start on what people run it on: a pipe that closes early, a narrow terminal, one without colours.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Output};

use stories::{has, root, text, xtask};

fn sh(line: &str, variables: &[(&str, &str)]) -> Output {
    let mut shell = Command::new("bash");
    // What cargo needs stays; what decides about colours is the test's own.
    shell.env_remove("NO_COLOR").envs(variables.iter().copied());
    shell.args(["-c", &line.replace("QUICKSTART", &format!("{} quickstart", xtask().display()))]).output().unwrap()
}

/// What a terminal of so many columns is shown.
fn on_a_terminal(columns: usize, variables: &[(&str, &str)]) -> String {
    let line = format!("script --quiet --return --command 'stty cols {columns}; QUICKSTART 2> /dev/null' /dev/null");
    let output = sh(&line, variables);
    assert!(output.status.success(), "{}", text(&output.stdout));
    text(&output.stdout).replace('\r', "")
}

#[test]
fn a_reader_that_goes_away_is_a_normal_end() {
    let output = sh("QUICKSTART | head -n 2; echo ${PIPESTATUS[0]}", &[]);
    let (shown, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.ends_with("\n0\n"), "{shown}");
    assert!(!told.to_lowercase().contains("error") && !told.contains("pipe"), "{told}");
}

#[test]
fn nothing_but_the_walk_is_on_standard_output_and_the_build_is_told_of() {
    let output = sh("QUICKSTART", &[]);
    assert!(text(&output.stdout).starts_with("The tutorial "), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains('\u{1b}'), "colours in a pipe");
    let told = text(&output.stderr);
    assert!(["Compiling", "Finished"].iter().any(|word| told.contains(word)), "{told}");
    // The first build is that of the command itself.
    let aliases = std::fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    assert!(!aliases.lines().any(|line| line.starts_with("xtask") && line.contains("quiet")), "{aliases}");
}

#[test]
fn colours_are_for_a_terminal_that_wants_them() {
    if !has("script") {
        return;
    }
    assert!(on_a_terminal(100, &[]).contains("\u{1b}[1m1. Import"));
    assert!(on_a_terminal(100, &[("NO_COLOR", "")]).contains("\u{1b}[1m1. Import"), "empty is as if unset");
    let plain = on_a_terminal(100, &[("NO_COLOR", "1")]);
    assert!(plain.contains("\n1. Import") && !plain.contains('\u{1b}'), "{plain}");
}

#[test]
fn a_narrow_terminal_gets_lines_that_fit() {
    if !has("script") {
        return;
    }
    let shown = on_a_terminal(44, &[("NO_COLOR", "1")]);
    for line in shown.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // A word that is longer than the line is the terminal's to break.
        let is_one_word = words.iter().any(|word| word.chars().count() > 24);
        assert!(line.chars().count() <= 44 || is_one_word, "{line}");
    }
    let wide = on_a_terminal(200, &[("NO_COLOR", "1")]);
    assert!(shown.lines().count() > wide.lines().count() && wide.contains("openid, session, AdobeID, read_"), "{wide}");
}
