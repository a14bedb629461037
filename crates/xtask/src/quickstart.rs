//! The tutorial from the credential file to the list of XDM classes, in one command and without an Adobe account.
//!
//! It starts the emulator inside, works in a throw-away folder, and runs the real `aep-auth` for each step. What it
//! shows is the command a user would type and what came back, the token shortened.

#![allow(clippy::disallowed_methods, reason = "a demonstration takes its surroundings as they are")]

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use ims_emulator::{Emulator, Flow};

/// Walks the tutorial.
///
/// # Errors
/// A step that fails; its program has then said why.
pub fn run() -> Result<()> {
    let programs = crate::build_programs(&["--package", "aep-auth"]).context("cannot build aep-auth")?;
    let program = programs.join(format!("aep-auth{}", std::env::consts::EXE_SUFFIX));
    let emulator = Emulator::plain().context("cannot start the emulator")?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    std::fs::write(folder.path().join("credential.json"), emulator.credential_file(Flow::Oauth))?;
    let walk = Walk { program, folder: folder.path(), url: emulator.url(), out: Out::new() };
    walk.tour()?;
    ensure!(emulator.token_requests() == 1, "expected one token request, saw {}", emulator.token_requests());
    Ok(())
}

struct Walk<'a> {
    program: PathBuf,
    folder: &'a Path,
    url: String,
    out: Out,
}

impl Walk<'_> {
    fn tour(&self) -> Result<()> {
        let out = &self.out;
        out.plain("The tutorial \"Authenticate and access Experience Platform APIs\", on this machine.")?;
        out.plain("A strict stand-in plays Adobe IMS and Experience Platform; no account is needed.\n")?;

        out.title(1, "Import the file that the Developer Console downloads")?;
        self.step("import credential.json", &["--ims-url", &self.url, "--platform-url", &self.url])?;

        out.title(2, "An access token: fetched once, then from the cache")?;
        self.step("token", &[])?;
        self.step("status", &[])?;

        out.title(3, "The headers of every call (pipe them into `curl -H @-`)")?;
        self.step("headers --sandbox prod", &[])?;

        out.title(4, "The tutorial's last step: list the standard XDM classes")?;
        self.step("check", &[])?;

        out.plain("That was two commands: `import` and `check`. With a real account:\n")?;
        out.plain("  ./install.sh")?;
        out.plain("  aep-auth import ~/Downloads/credential.json")?;
        out.plain("  aep-auth check\n")?;
        out.plain(
            "The file comes from developer.adobe.com/console: your project, OAuth Server-to-Server, Download JSON.",
        )
    }

    /// Shows a command, runs it and shows what came back. `quiet` arguments point it at the emulator.
    fn step(&self, typed: &str, quiet: &[&str]) -> Result<()> {
        self.out.command(typed)?;
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
            self.out.answer(&shorten(line).replace(&folder, "~"))?;
        }
        self.out.plain("")
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

/// The picture on the terminal; colours only where there is one.
struct Out {
    is_coloured: bool,
}

impl Out {
    fn new() -> Self {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { is_coloured: is_wanted && std::io::stdout().is_terminal() }
    }

    fn title(&self, number: u32, text: &str) -> Result<()> {
        self.line("1", &format!("{number}. {text}"))
    }

    fn command(&self, typed: &str) -> Result<()> {
        self.line("36", &format!("   $ aep-auth {typed}"))
    }

    fn answer(&self, text: &str) -> Result<()> {
        self.plain(&format!("   {text}"))
    }

    fn plain(&self, text: &str) -> Result<()> {
        Ok(writeln!(std::io::stdout(), "{text}")?)
    }

    fn line(&self, code: &str, text: &str) -> Result<()> {
        if self.is_coloured { self.plain(&format!("\x1b[{code}m{text}\x1b[0m")) } else { self.plain(text) }
    }
}
