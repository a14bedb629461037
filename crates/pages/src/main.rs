//! Writes the manual pages and completions of every program below a prefix: `pages PREFIX`.
//!
//! They are made from the definitions behind each `--help`, which are part of the programs; this one borrows the files.

#![allow(dead_code, unreachable_pub, reason = "the borrowed definitions are used for their descriptions alone")]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;

#[path = "../../aep-auth/src/cli.rs"]
mod aep_auth;
#[path = "../../aep-postman/src/cli.rs"]
mod aep_postman;
#[path = "../../aep-prompt/src/cli.rs"]
mod aep_prompt;
#[path = "../../bazel-credential-aep/src/cli.rs"]
mod bazel_credential_aep;
#[path = "../../git-credential-aep/src/cli.rs"]
mod git_credential_aep;
#[path = "../../ims-emulator/src/cli.rs"]
mod ims_emulator;
#[path = "../../kube-credential-aep/src/cli.rs"]
mod kube_credential_aep;

fn commands() -> [Command; 7] {
    [
        aep_auth::Cli::command(),
        git_credential_aep::Cli::command(),
        kube_credential_aep::Cli::command(),
        bazel_credential_aep::Cli::command(),
        aep_postman::Cli::command(),
        aep_prompt::Cli::command(),
        ims_emulator::Cli::command(),
    ]
}

fn main() -> Result<()> {
    let prefix = std::env::args_os().nth(1).map(PathBuf::from).context("expected a prefix: pages PREFIX")?;
    for command in commands() {
        write_pages(&prefix, command)?;
    }
    Ok(())
}

fn write_pages(prefix: &Path, mut command: Command) -> Result<()> {
    let name = command.get_name().to_owned();
    let share = prefix.join("share");
    let manual = share.join("man/man1");
    std::fs::create_dir_all(&manual).with_context(|| format!("cannot make {}", manual.display()))?;
    clap_mangen::generate_to(command.clone(), &manual)
        .with_context(|| format!("cannot write to {}", manual.display()))?;
    for (shell, folder, file) in [
        (Shell::Bash, "bash-completion/completions", name.clone()),
        (Shell::Zsh, "zsh/site-functions", format!("_{name}")),
        (Shell::Fish, "fish/vendor_completions.d", format!("{name}.fish")),
        (Shell::PowerShell, "powershell", format!("{name}.ps1")),
    ] {
        let folder = share.join(folder);
        std::fs::create_dir_all(&folder)?;
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut script);
        std::fs::write(folder.join(&file), script).with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}
