//! The prompt pieces in the real shells, on a terminal that tmux gives them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::Command;

use ims_emulator::Flow;
use stories::terminal::Terminal;
use stories::{World, assert_clean, has, has_further, root, text, wait_until};

/// A profile `default` with sandbox `dev1` and a cached token.
fn world() -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &["--sandbox", "dev1"]));
    world.token();
    world
}

fn piece(name: &str) -> String {
    root().join("integrations/prompt").join(name).to_str().unwrap().to_owned()
}

/// Shown, `$?` kept, hidden, shown again; and nothing where no profile is in use.
fn tell_the_story(start: &dyn Fn(&World) -> String, status: &str) {
    let own = world();
    let terminal = Terminal::open(&own, &start(&own));
    let shown = ["default/dev1 24h00m", "default/dev1 23h59m"];
    wait_until(|| shown.iter().any(|text| terminal.prompt().contains(text)));
    terminal.type_line("sh -c 'exit 7'");
    terminal.type_line(&format!("echo code={status}"));
    terminal.wait_for("code=7");
    terminal.type_line("aepoff");
    terminal.type_line("echo is-off");
    wait_until(|| terminal.screen().contains("\nis-off") && !shown.iter().any(|text| terminal.prompt().contains(text)));
    terminal.type_line("aepon");
    wait_until(|| shown.iter().any(|text| terminal.prompt().contains(text)));

    let empty = World::empty();
    let terminal = Terminal::open(&empty, &start(&empty));
    terminal.type_line("echo is-ready");
    terminal.wait_for("\nis-ready");
    assert!(!terminal.screen().contains("dev1"));
    assert!(!terminal.screen().contains("rror"), "{}", terminal.screen());
}

#[test]
fn bash() {
    if !has("tmux") || !has("bash") {
        return;
    }
    let start = |world: &World| {
        let file = world.write("bashrc", &format!("PS1='> '\nsource '{}'\n", piece("aep.bash")));
        format!("bash --noprofile --rcfile {}", file.display())
    };
    tell_the_story(&start, "$?");
}

#[test]
fn bash_with_a_list_of_prompt_commands() {
    if !has("tmux") || !has("bash") {
        return;
    }
    let own = world();
    let rc = format!("PS1='> '\nPROMPT_COMMAND=('seen=$?')\nsource '{0}'\nsource '{0}'\n", piece("aep.bash"));
    let file = own.write("bashrc", &rc);
    let terminal = Terminal::open(&own, &format!("bash --noprofile --rcfile {}", file.display()));
    wait_until(|| terminal.prompt().contains("default/dev1"));
    terminal.type_line("(exit 9)");
    terminal.type_line("echo seen=$seen count=${#PROMPT_COMMAND[@]}");
    terminal.wait_for("seen=9 count=2");
    wait_until(|| terminal.prompt().contains("default/dev1"));
    assert_eq!(terminal.prompt().matches("default/dev1").count(), 1);
}

#[test]
fn zsh() {
    if !has("tmux") || !has("zsh") {
        return;
    }
    let start = |world: &World| {
        world.write("zsh/.zshrc", &format!("PROMPT='> '\nsource '{}'\n", piece("aep.zsh")));
        format!("env ZDOTDIR={} zsh -d", world.path("zsh").display())
    };
    tell_the_story(&start, "$?");
}

#[test]
fn fish() {
    if !has("tmux") || !has("fish") {
        return;
    }
    let start = |world: &World| {
        let config = world.path("fish");
        std::fs::create_dir_all(config.join("fish/conf.d")).unwrap();
        std::fs::copy(piece("aep.fish"), config.join("fish/conf.d/aep.fish")).unwrap();
        std::fs::write(config.join("fish/config.fish"), "function fish_prompt; echo -n '> '; end\nset fish_greeting\n")
            .unwrap();
        format!("env XDG_CONFIG_HOME={} fish", config.display())
    };
    tell_the_story(&start, "$status");
}

/// Beside tmux's own status line, as it comes.
#[test]
fn tmux() {
    if !has("tmux") {
        return;
    }
    let own = world();
    let settings = format!("source-file '{0}'\nsource-file '{0}'\n", piece("aep.tmux.conf"));
    let file = own.write("tmux.conf", &settings);
    let socket = own.path("inner.socket");
    // A tmux within the terminal's own, so that its status line is drawn.
    let command = format!("env -u TMUX tmux -S {} -f {} new-session sh", socket.display(), file.display());
    let terminal = Terminal::open(&own, &command);
    terminal.wait_for("default/dev1 2");
    // As long as a title gets.
    let mut tmux = Command::new("tmux");
    let title = "a-title-of-a-window-as-long-as-they-are";
    assert!(tmux.arg("-S").arg(&socket).args(["select-pane", "-T", title]).status().unwrap().success());
    wait_until(|| {
        let screen = terminal.screen();
        screen.contains(&title[..21]) && screen.contains("default/dev1 2")
    });
    // Its own text is still there, and a longer room is left alone.
    let ask = |option: &str| {
        let output = Command::new("tmux").arg("-S").arg(&socket).args(["show", "-gv", option]).output().unwrap();
        text(&output.stdout).trim_end().to_owned()
    };
    assert!(ask("status-right").contains("%H:%M") && ask("status-right").matches("aep-prompt").count() == 1);
    assert_eq!(ask("status-right-length"), "100");
    let mut tmux = Command::new("tmux");
    let script = format!("set -g status-right-length 150 ; source-file {}", piece("aep.tmux.conf"));
    assert!(tmux.arg("-S").arg(&socket).args(script.split(' ')).status().unwrap().success());
    assert_eq!(ask("status-right-length"), "150");
    terminal.type_line("exit");
}

/// A bash with this in its `~/.bashrc`, around our piece at `PIECE`.
fn bash_with(rc: &str) -> (World, Terminal) {
    let own = world();
    let file = own.write("bashrc", &rc.replace("PIECE", &format!("source '{}'", piece("aep.bash"))));
    let terminal = Terminal::open(&own, &format!("bash --noprofile --rcfile {}", file.display()));
    (own, terminal)
}

#[test]
fn bash_as_people_have_it() {
    if !has("tmux") || !has("bash") {
        return;
    }
    for rc in [
        // Nobody may change it.
        "PS1='> '\nPROMPT_COMMAND='seen=$?'\nreadonly PROMPT_COMMAND\nPIECE\nPIECE\n",
        "PS1='> '\nPROMPT_COMMAND=('seen=$?')\nreadonly PROMPT_COMMAND\nPIECE\n",
        // Children see it.
        "PS1='> '\nexport PROMPT_COMMAND='seen=$?'\nPIECE\n",
        // More comes later, in each way that people write it.
        "PS1='> '\nPIECE\nPROMPT_COMMAND+='seen=$?'\n",
        "PS1='> '\nPROMPT_COMMAND='true'\nPIECE\nPROMPT_COMMAND+='; seen=7'\n",
        "PS1='> '\nPIECE\nPROMPT_COMMAND+=('seen=$?')\n",
        "PS1='> '\nPIECE\nPROMPT_COMMAND='seen=$?'\n",
        // PS1 is set at each prompt, before us or after us.
        "theme() { seen=$?; PS1='> '; }\nPROMPT_COMMAND=theme\nPIECE\n",
        "theme() { seen=$?; PS1='> '; }\nPIECE\nPROMPT_COMMAND+=(theme)\n",
        "set -u\nPS1='> '\nPROMPT_COMMAND='seen=$?'\nPIECE\n",
    ] {
        let (_own, terminal) = bash_with(rc);
        let is_shown = || terminal.prompt().contains("default/dev1") && terminal.prompt().ends_with('>');
        wait_until(|| !terminal.screen().trim().is_empty());
        // What was added after us is in place from the second prompt on.
        terminal.type_line("true");
        wait_until(is_shown);
        terminal.type_line("(exit 7)");
        terminal.type_line("echo code=$? seen=$seen");
        terminal.wait_for("\ncode=7 seen=7");
        wait_until(is_shown);
        assert_eq!(terminal.prompt().matches("default/dev1").count(), 1, "{rc}");
        let screen = terminal.screen();
        assert!(
            !screen.contains("readonly") && !screen.contains("not found") && !screen.contains("rror"),
            "{rc}\n{screen}"
        );
        terminal.type_line("bash --norc --noprofile -ic 'echo child-is-well'");
        terminal.wait_for("\nchild-is-well");
        assert!(!terminal.screen().contains("not found"), "{rc}\n{}", terminal.screen());
    }
}

#[test]
fn zsh_as_people_have_it() {
    if !has("tmux") || !has("zsh") {
        return;
    }
    for rc in [
        "setopt ksh_arrays\nPROMPT='> '\nPIECE\n",
        "setopt prompt_subst nounset ksh_arrays sh_word_split\nPROMPT='> '\nPIECE\n",
        "precmd() { PROMPT='> ' }\nPIECE\n",
        "theme() { PROMPT='> ' }\nautoload -Uz add-zsh-hook\nadd-zsh-hook precmd theme\nPIECE\n",
        "theme() { PROMPT='> ' }\nPIECE\nPIECE\nadd-zsh-hook precmd theme\n",
        "PIECE\nPROMPT='> '\n",
    ] {
        let own = world();
        own.write("zsh/.zshrc", &rc.replace("PIECE", &format!("source '{}'", piece("aep.zsh"))));
        let terminal = Terminal::open(&own, &format!("env ZDOTDIR={} zsh -d", own.path("zsh").display()));
        let is_shown = || terminal.prompt().contains("default/dev1") && terminal.prompt().ends_with('>');
        wait_until(|| !terminal.screen().trim().is_empty());
        terminal.type_line("true");
        wait_until(is_shown);
        terminal.type_line("(exit 7)");
        terminal.type_line("echo code=$?");
        terminal.wait_for("\ncode=7");
        wait_until(is_shown);
        assert_eq!(terminal.prompt().matches("default/dev1").count(), 1, "{rc}");
        let screen = terminal.screen();
        assert!(!screen.contains("not found") && !screen.contains("rror"), "{rc}\n{screen}");
    }
}

/// The page's lines, from the installed pieces on, in a home whose files end as they come.
#[test]
fn every_line_of_the_page() {
    if ["tmux", "bash", "zsh", "fish"].iter().any(|program| !has(program)) {
        return;
    }
    let own = world();
    let installed = own.path(".local/share/aep-auth/integrations/prompt");
    std::fs::create_dir_all(&installed).unwrap();
    for file in stories::files_in(&root().join("integrations/prompt")) {
        std::fs::copy(&file, installed.join(file.file_name().unwrap())).unwrap();
    }
    for line in [
        stories::pages::blocks("prompt/README.md", "Set up", "sh"),
        stories::pages::blocks("prompt/README.md", "Check", "sh"),
    ]
    .concat()
    {
        let mut shell = Command::new("sh");
        own.prepare(&mut shell);
        assert_clean(&shell.args(["-ec", &line]).output().unwrap());
    }
    for (shell, variables) in [("bash", ""), ("zsh", ""), ("fish", "")] {
        let terminal = Terminal::open(&own, &format!("env {variables} {shell}"));
        wait_until(|| terminal.screen().contains("default/dev1 2"));
    }
    let socket = own.path("own.socket");
    let terminal = Terminal::open(&own, &format!("env -u TMUX tmux -S {} new-session sh", socket.display()));
    terminal.wait_for("default/dev1 2");
    terminal.type_line("exit");
}

/// The page's line after a file of the user's own, beside what starship shows by itself, in each shell that starts it.
#[test]
fn starship_as_people_have_it() {
    if !has_further("starship") || ["tmux", "bash", "zsh", "fish"].iter().any(|program| !has(program)) {
        return;
    }
    let own = world();
    let installed = own.path(".local/share/aep-auth/integrations/prompt");
    std::fs::create_dir_all(&installed).unwrap();
    std::fs::copy(piece("starship.toml"), installed.join("starship.toml")).unwrap();
    own.write(".config/starship.toml", "add_newline = false\n[directory]\nformat = \"in-[$path]($style) \"\n");
    let lines = stories::pages::blocks("prompt/README.md", "Set up", "sh");
    let line = lines.iter().find(|block| block.contains("starship.toml")).unwrap();
    let sh = |script: &str| {
        let mut shell = Command::new("sh");
        own.prepare(&mut shell);
        shell.args(["-ec", script]).output().unwrap()
    };
    assert_clean(&sh(line));
    own.write(".bashrc", "eval \"$(starship init bash)\"\n");
    own.write(".zshrc", "eval \"$(starship init zsh)\"\n");
    own.write(".config/fish/config.fish", "set fish_greeting\nstarship init fish | source\n");
    for shell in ["bash", "zsh", "fish"] {
        let terminal = Terminal::open(&own, shell);
        // Its own modules and ours.
        let is_shown = || terminal.screen().contains("default/dev1 2") && terminal.screen().contains("in-~");
        wait_until(is_shown);
        let screen = terminal.screen();
        assert!(!screen.to_lowercase().contains("error") && !screen.contains("WARN"), "{shell}: {screen}");
        // What came before is in `$?` still.
        let status = if shell == "fish" { "$status" } else { "$?" };
        terminal.type_line("sh -c 'exit 7'");
        terminal.type_line(&format!("echo code={status}"));
        terminal.wait_for("code=7");
    }
    // Its default settings with our section alone; yellow below the half hour, and the colours marked for bash.
    let ask = |format: &str| {
        let output = sh(&format!("STARSHIP_SHELL=bash STARSHIP_CONFIG='{format}' starship prompt"));
        assert_clean(&output);
        text(&output.stdout)
    };
    assert!(ask(&piece("starship.toml")).contains("default/dev1 2"));
    let entry = own.entry();
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
    json["fetched_at"] = (json["fetched_at"].as_i64().unwrap() - 24 * 60 * 60 + 600).into();
    std::fs::write(entry, json.to_string()).unwrap();
    let short = ask(&piece("starship.toml"));
    assert!(short.contains("\\[\u{1b}[33m\\]") && short.contains('m'), "{short:?}");
    // Nothing to say, nothing shown.
    assert_clean(&own.run("aep-auth", &["profile", "remove", "default"]));
    assert!(!ask(&piece("starship.toml")).contains("default"));
}

#[test]
fn the_pieces_of_other_programs_run_the_command_that_works() {
    let own = world();
    let starship = std::fs::read_to_string(piece("starship.toml")).unwrap();
    assert!(starship.contains("shell = [\"aep-prompt\"]") && starship.contains("command = \"--color=always\""));
    // As starship runs it: the command is the only argument.
    assert!(text(&own.run("aep-prompt", &["--color=always"]).stdout).starts_with("default/dev1 "));
    let posh: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(piece("aep.omp.json")).unwrap()).unwrap();
    assert!(posh["blocks"][0]["segments"][0]["template"].as_str().unwrap().contains("cmd \"aep-prompt\""));
    if has("zsh") {
        // p10k stands in by a function of its name.
        let script = format!(
            "p10k() {{ print -r -- \"$@\" }}; source '{}'; prompt_aep; aepoff; prompt_aep",
            piece("aep.p10k.zsh")
        );
        let mut zsh = Command::new("zsh");
        own.prepare(&mut zsh);
        let output = zsh.args(["-f", "-c", &script]).output().unwrap();
        assert_clean(&output);
        assert_eq!(text(&output.stdout).lines().count(), 1);
        assert!(text(&output.stdout).contains("-t default/dev1 2"), "{}", text(&output.stdout));
    }
}
