//! The tutorial from the credential file to the list of XDM classes, in one command and without an Adobe account.
//!
//! It starts the emulator inside, works in a throw-away folder, and runs the real `aep-auth` for each step. What it
//! shows is the command a user would type and what came back, the token shortened. The README's picture is made from the
//! same run.

#![allow(clippy::disallowed_methods, reason = "a demonstration takes its surroundings as they are")]

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use ims_emulator::{Emulator, Flow};

/// A line of the walk, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Words of its own.
    Plain(String),
    /// The title of a step.
    Title(String),
    /// What a user types.
    Command(String),
    /// What came back.
    Answer(String),
}

/// Walks the tutorial on the terminal.
///
/// # Errors
/// A step that fails; its program has then said why.
pub fn run() -> Result<()> {
    let out = Out::new();
    let walked = walk(&mut |line| out.show(line));
    match walked {
        // A reader that has gone away (`| head`) is a normal end.
        Err(error) if is_closed_pipe(&error) => Ok(()),
        walked => walked,
    }
}

/// Walks the tutorial and hands over each line as it comes.
///
/// # Errors
/// A step that fails, or what `show` says.
pub fn walk(show: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    // Together with this package, so that both are built with the same features, and what is shared once.
    let selection = ["--package", "xtask", "--package", "aep-auth", "--bin", "aep-auth"];
    let programs = crate::build_programs_in_sight(&selection).context("cannot build aep-auth")?;
    let program = programs.join(format!("aep-auth{}", std::env::consts::EXE_SUFFIX));
    let emulator = Emulator::plain().context("cannot start the emulator")?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    std::fs::write(folder.path().join("credential.json"), emulator.credential_file(Flow::Oauth))?;
    Walk { program, folder: folder.path(), url: emulator.url(), show }.tour()?;
    ensure!(emulator.token_requests() == 1, "expected one token request, saw {}", emulator.token_requests());
    Ok(())
}

struct Walk<'a> {
    program: PathBuf,
    folder: &'a Path,
    url: String,
    show: &'a mut dyn FnMut(Line) -> Result<()>,
}

impl Walk<'_> {
    fn tour(&mut self) -> Result<()> {
        self.plain("The tutorial \"Authenticate and access Experience Platform APIs\", on this machine.")?;
        self.plain("A strict stand-in plays Adobe IMS and Experience Platform; no account is needed.")?;
        self.plain("")?;

        self.title(1, "Import the file that the Developer Console downloads")?;
        let url = self.url.clone();
        self.step("import credential.json", &["--ims-url", &url, "--platform-url", &url])?;

        self.title(2, "An access token: fetched once, then from the cache")?;
        self.step("token", &[])?;
        self.step("status", &[])?;

        self.title(3, "The headers of every call (pipe them into `curl -H @-`)")?;
        self.step("headers --sandbox prod", &[])?;

        self.title(4, "The tutorial's last step: list the standard XDM classes")?;
        self.step("check", &[])?;

        for line in [
            "That was two commands: `import` and `check`. With a real account:",
            "",
            "  ./install.sh",
            "  aep-auth import ~/Downloads/credential.json",
            "  aep-auth check",
            "",
            "The file comes from developer.adobe.com/console: your project, OAuth Server-to-Server, Download JSON.",
        ] {
            self.plain(line)?;
        }
        Ok(())
    }

    /// Shows a command, runs it and shows what came back. `quiet` arguments point it at the emulator.
    fn step(&mut self, typed: &str, quiet: &[&str]) -> Result<()> {
        (self.show)(Line::Command(format!("   $ aep-auth {typed}")))?;
        let output = Command::new(&self.program)
            .args(typed.split(' '))
            .args(quiet)
            .current_dir(self.folder)
            .env_clear()
            .envs(crate::system_variables())
            .env("AEP_CONFIG_DIR", self.folder.join("config"))
            .env("AEP_DATA_DIR", self.folder.join("data"))
            .env("AEP_CACHE_DIR", self.folder.join("cache"))
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if !output.status.success() {
            bail!("aep-auth {typed}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let folder = self.folder.display().to_string();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            (self.show)(Line::Answer(format!("   {}", shorten(line).replace(&folder, "~"))))?;
        }
        self.plain("")
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        (self.show)(Line::Plain(text.to_owned()))
    }

    fn title(&mut self, number: u32, text: &str) -> Result<()> {
        (self.show)(Line::Title(format!("{number}. {text}")))
    }
}

/// Shortens a token, wherever it stands in a line.
fn shorten(line: &str) -> String {
    line.split(' ')
        .map(|word| {
            let is_token = word.starts_with("eyJ") && word.len() > 100;
            if is_token {
                format!("{}…{} ({} characters)", &word[..12], &word[word.len() - 6..], word.len())
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Breaks a line between words so that it fits; what is broken off stands two columns further in than the line began, or
/// below the second column of a table.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let text = line.trim_start();
    // `client id     a64f…`: two spaces or more stand between the columns.
    let column = text.find("  ").map_or(0, |gap| {
        let rest = text[gap..].trim_start();
        text.chars().count() - rest.chars().count()
    });
    let hanging = indent + if column == 0 { 2 } else { column };
    let hanging = if hanging * 2 > width { indent.min(width / 4) } else { hanging };
    let mut lines = Vec::new();
    let mut rest: Vec<char> = line.trim_end().chars().collect();
    while rest.len() > width {
        let start = rest.iter().take_while(|c| **c == ' ').count();
        let end = (start + 1..=width).rev().find(|at| rest[*at] == ' ' && rest[..*at].iter().any(|c| *c != ' '));
        // A word that is longer than the line goes on where the terminal breaks it.
        let Some(end) = end.or_else(|| (width..rest.len()).find(|at| rest[*at] == ' ')) else { break };
        lines.push(rest[..end].iter().collect::<String>().trim_end().to_owned());
        let next: String = rest[end..].iter().collect();
        rest = " ".repeat(hanging).chars().chain(next.trim_start().chars()).collect();
    }
    lines.push(rest.into_iter().collect());
    lines
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The walk on standard output; colours and breaks only where that is a terminal.
struct Out {
    is_coloured: bool,
    width: Option<usize>,
}

impl Out {
    fn new() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { is_coloured: is_wanted && is_terminal, width: if is_terminal { columns() } else { None } }
    }

    fn show(&self, line: Line) -> Result<()> {
        let (code, text) = match line {
            Line::Title(text) => (Some(1), text),
            Line::Command(text) => (Some(36), text),
            Line::Plain(text) | Line::Answer(text) => (None, text),
        };
        let mut out = std::io::stdout().lock();
        for text in self.width.map_or_else(|| vec![text.clone()], |width| wrap(&text, width)) {
            match code.filter(|_| self.is_coloured) {
                Some(code) => writeln!(out, "\x1b[{code}m{text}\x1b[0m")?,
                None => writeln!(out, "{text}")?,
            }
        }
        Ok(())
    }
}

/// The columns of the terminal; none where it does not tell, or is too narrow for any words.
fn columns() -> Option<usize> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns >= 20)
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_between_words() {
        for (line, width, expected) in [
            ("short", 20, "short"),
            ("", 20, ""),
            ("exactly twenty chars", 20, "exactly twenty chars"),
            ("exactly twenty chars and", 20, "exactly twenty chars\n  and"),
            ("   one two three four five six", 20, "   one two three\n     four five six"),
            // The second column stays one.
            ("  scopes    one, two, three, four", 24, "  scopes    one, two,\n            three, four"),
            // Not where the column begins too far to the right.
            ("  a long first column  then words", 24, "  a long first column\n  then words"),
            ("aword-that-is-longer-than-the-line and", 20, "aword-that-is-longer-than-the-line\n  and"),
            ("aword-that-is-longer-than-the-line", 20, "aword-that-is-longer-than-the-line"),
        ] {
            assert_eq!(wrap(line, width).join("\n"), expected, "{line}");
        }
    }

    #[test]
    fn a_token_is_shortened() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9{}", "x".repeat(100));
        assert_eq!(shorten(&format!("Bearer {token}")), "Bearer eyJhbGciOiJS…xxxxxx (120 characters)");
        assert_eq!(shorten("eyJ is short"), "eyJ is short");
    }
}
