//! What the shells themselves offer, by the scripts as they are installed; the manual pages and the help beside them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

use ims_emulator::Flow;
use stories::terminal::Terminal;
use stories::{World, assert_clean, files_in, has, text, wait_until};

/// Two profiles with a sandbox each, and the installed pages below `pages`.
fn world() -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    for (name, sandbox) in [("prod", "live-1"), ("dev", "test-2")] {
        assert_clean(&world.import(file.to_str().unwrap(), &["--profile", name, "--sandbox", sandbox]));
    }
    // In a profile by hand: a shell must not run it.
    let hostile = std::fs::read_to_string(world.path("config/profiles/dev.toml")).unwrap();
    let hostile = hostile.replace("test-2", "$(touch${IFS}harm)");
    world.write("config/profiles/hostile.toml", &hostile);
    let made = Command::new(stories::xtask()).arg("pages").arg(world.path("pages")).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    world
}

fn script(world: &World, path: &str) -> PathBuf {
    world.path("pages/share").join(path)
}

/// What is typed, up to the cursor; what must be offered; what must not.
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("aep-auth ", &["token", "profile", "completions"], &["list", "help-me"]),
    ("aep-auth tok", &["token"], &["profile"]),
    ("aep-auth profile ", &["list", "show", "copy", "rename"], &["token"]),
    ("aep-auth profile show ", &["prod", "dev"], &["list"]),
    ("aep-auth profile use p", &["prod"], &["dev"]),
    ("aep-auth secret set ", &["prod", "dev"], &[]),
    ("aep-auth secret show ", &["prod", "dev"], &["credential.json"]),
    ("aep-auth secret move p", &["prod"], &["dev"]),
    ("aep-auth secret drop p", &["prod"], &["dev"]),
    ("aep-auth secret move prod --to ", &["keyring", "store"], &["dev"]),
    ("aep-auth token --profile ", &["prod", "dev"], &["token"]),
    ("aep-auth --profile prod tok", &["token"], &["dev"]),
    ("aep-auth --profile prod token --mi", &["--min-valid"], &["--json"]),
    ("aep-auth headers --sandbox ", &["live-1", "test-2"], &["prod"]),
    ("aep-auth headers --format ", &["http", "curl", "json"], &["prod"]),
    ("aep-auth env --shell ", &["fish", "powershell"], &["json"]),
    ("aep-auth import --flow ", &["oauth", "jwt"], &[]),
    ("aep-auth import --client-secret-from ", &["keyring", "file:", "env:", "command:"], &["credential.json"]),
    ("aep-auth import cred", &["credential.json"], &[]),
    ("aep-auth completions ", &["bash", "zsh"], &[]),
    ("git-credential-aep --profile ", &["prod", "dev"], &[]),
    ("aep-postman ", &["environment", "script", "collection"], &[]),
    ("aep-postman collection --", &["--from", "--no-script"], &["--with-secret"]),
    ("aep-postman environment --profile ", &["prod", "dev"], &[]),
    ("aep-prompt --shell ", &["tmux", "zsh"], &[]),
];

fn assert_offered(shell: &str, typed: &str, offered: &[String], wanted: &[&str], unwanted: &[&str]) {
    for word in wanted {
        assert!(offered.iter().any(|own| own == word), "{shell}: `{typed}` offers no {word}: {offered:?}");
    }
    for word in unwanted {
        assert!(!offered.iter().any(|own| own == word), "{shell}: `{typed}` offers {word}: {offered:?}");
    }
}

#[test]
fn bash() {
    if !has("bash") {
        return;
    }
    let world = world();
    let offered = |typed: &str| -> Vec<String> {
        // As bash breaks a line into words: `=` is a word of its own.
        let spaced = typed.replace('=', " = ");
        let mut words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
        if typed.ends_with([' ', '=']) {
            words.push("");
        }
        let program = words[0];
        let source = script(&world, &format!("bash-completion/completions/{program}"));
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let line = format!(
            "set -u; source {}; COMP_WORDS=({}); COMP_CWORD={}; \
             $(complete -p {program} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {program} \"${{COMP_WORDS[COMP_CWORD]}}\" \
             \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]-}}\"",
            source.display(),
            quoted.join(" "),
            words.len() - 1
        );
        let mut bash = Command::new("bash");
        world.prepare(&mut bash);
        let output = bash.args(["--norc", "-c", &line]).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{typed}");
        text(&output.stdout).lines().map(str::to_owned).collect()
    };
    for (typed, wanted, unwanted) in CASES {
        assert_offered("bash", typed, &offered(typed), wanted, unwanted);
    }
    assert_offered("bash", "--shell=", &offered("aep-auth env --shell=f"), &["fish"], &["sh"]);
    for command in ["exec", "query"] {
        assert_offered("bash", command, &offered(&format!("aep-auth {command} -- bas")), &["bash"], &[]);
        let second = offered(&format!("aep-auth {command} -- bash cred"));
        assert_offered("bash", command, &second, &["credential.json"], &[]);
    }
    assert!(!world.path("harm").exists(), "a sandbox was run by the shell");
}

#[test]
fn fish() {
    if !has("fish") {
        return;
    }
    let world = world();
    for (typed, wanted, unwanted) in CASES {
        let program = typed.split(' ').next().unwrap();
        let source = script(&world, &format!("fish/vendor_completions.d/{program}.fish"));
        let mut fish = Command::new("fish");
        world.prepare(&mut fish);
        let line = format!("source {}; complete -C '{typed}'", source.display());
        let output = fish.args(["--no-config", "-c", &line]).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{typed}");
        let offered: Vec<String> =
            text(&output.stdout).lines().filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect();
        assert_offered("fish", typed, &offered, wanted, unwanted);
    }
    assert!(!world.path("harm").exists(), "a sandbox was run by the shell");
}

#[test]
fn zsh() {
    if !has("zsh") || !has("tmux") {
        return;
    }
    let world = world();
    let folder = script(&world, "zsh/site-functions");
    let terminal = Terminal::open(&world, "zsh -f");
    let ready = "PROMPT='> '; setopt no_beep auto_list no_always_last_prompt no_list_ambiguous; \
                 zstyle ':completion:*' verbose no";
    terminal.type_line(&format!("fpath=({} $fpath); autoload -U compinit; compinit -u -D; {ready}", folder.display()));
    terminal.type_line("echo is-''ready");
    terminal.wait_for("is-ready");
    for (typed, wanted, unwanted) in CASES {
        terminal.tmux(&["send-keys", "C-u"]);
        terminal.tmux(&["send-keys", "C-l"]);
        wait_until(|| terminal.prompt() == ">");
        terminal.tmux(&["send-keys", "-l", typed]);
        wait_until(|| terminal.prompt().ends_with(typed.trim_end()));
        terminal.tmux(&["send-keys", "Tab"]);
        let offered = || -> Vec<String> {
            terminal.screen().split_whitespace().map(|word| word.trim_end_matches('=').to_owned()).collect()
        };
        let has_all = |offered: &[String]| wanted.iter().all(|word| offered.iter().any(|own| own == word));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !has_all(&offered()) && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        let typed_words: Vec<&str> = typed.split_whitespace().collect();
        let unwanted: Vec<&str> = unwanted.iter().copied().filter(|word| !typed_words.contains(word)).collect();
        assert_offered("zsh", typed, &offered(), wanted, &unwanted);
    }
    assert!(!world.path("harm").exists(), "a sandbox was run by the shell");
}

#[test]
fn help_fits_into_eighty_columns_and_keeps_its_examples_whole() {
    let world = World::empty();
    for program in xtask::program_names() {
        let output = world.run(program, &["--help"]);
        assert_clean(&output);
        let help = text(&output.stdout);
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{program}: {line}");
        }
        let examples = help.split_once("Examples:\n").map(|(_, examples)| examples.split("\n\n").next().unwrap());
        // What stands below another line's end was broken by the width.
        for line in examples.unwrap_or_default().lines() {
            assert!(line.starts_with("  "), "{program} breaks an example: {line}");
        }
        assert!(program == "ims-emulator" || help.contains("\nGlobal options:\n"), "{program}");
    }
}

/// Both are in one bash: the second to be read would replace the first.
#[test]
fn no_completion_has_the_name_of_a_function_of_the_prompt() {
    let world = world();
    let piece = std::fs::read_to_string(stories::root().join("integrations/prompt/aep.bash")).unwrap();
    let functions = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.split_once("()")).map(|(name, _)| name.trim().to_owned()).collect()
    };
    let own = functions(&piece);
    assert!(own.contains(&"_aep_prompt_hook".to_owned()), "{own:?}");
    for file in files_in(&world.path("pages/share/bash-completion/completions")) {
        let theirs = functions(&std::fs::read_to_string(&file).unwrap());
        assert!(!theirs.is_empty() && !theirs.iter().any(|name| own.contains(name)), "{}", file.display());
    }
}

#[test]
fn each_manual_page_has_its_sections_and_points_to_pages_that_are_there() {
    let world = world();
    let pages = files_in(&world.path("pages/share/man/man1"));
    let names: Vec<String> = pages.iter().map(|page| page.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.contains(&"aep-auth-profile-rename".to_owned()), "{names:?}");
    for (page, name) in pages.iter().zip(&names) {
        let content = std::fs::read_to_string(page).unwrap().replace("\\-", "-");
        let sections: &[&str] = if xtask::program_names().any(|program| program == name && program != "ims-emulator") {
            &["NAME", "SYNOPSIS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES"]
        } else {
            &["NAME", "SYNOPSIS", "EXIT STATUS"]
        };
        for section in sections {
            let is_there =
                content.contains(&format!(".SH {section}\n")) || content.contains(&format!(".SH \"{section}\"\n"));
            assert!(is_there, "{name} has no {section}");
        }
        assert!(!content.contains(", debug)"), "{name} says how it was built");
        if name == "aep-auth-token" {
            let synopsis = content.split("SYNOPSIS").nth(1).unwrap();
            assert!(synopsis.contains(r"[\fB--min-valid\fR \fI<DURATION>\fR]"), "{synopsis}");
        }
        for part in content.split("(1)").take(content.matches("(1)").count()) {
            let word = part.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap();
            assert!(names.iter().any(|own| own == word), "{name} points to {word}(1)");
        }
    }
}
