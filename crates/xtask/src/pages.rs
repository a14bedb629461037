//! The manual pages and completions of every program, made from the definitions behind each `--help`.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;

#[allow(dead_code, unreachable_pub, missing_docs, reason = "borrowed for its description alone")]
#[path = "../../ims-emulator/src/cli.rs"]
mod emulator_cli;

fn commands() -> [Command; 7] {
    [
        aep_auth::command(),
        git_credential_aep::command(),
        kube_credential_aep::command(),
        bazel_credential_aep::command(),
        aep_postman::command(),
        aep_prompt::command(),
        emulator_cli::Cli::command(),
    ]
}

/// Writes them below a prefix.
///
/// # Errors
/// Whatever the file system says.
pub fn write(prefix: &Path) -> Result<()> {
    commands().into_iter().try_for_each(|command| write_pages(prefix, &command))
}

fn write_pages(prefix: &Path, command: &Command) -> Result<()> {
    let name = command.get_name().to_owned();
    let share = prefix.join("share");
    let manual = share.join("man/man1");
    std::fs::create_dir_all(&manual).with_context(|| format!("cannot make {}", manual.display()))?;
    for page in aep_auth::manual_pages(command)? {
        std::fs::write(manual.join(&page.file), page.text).with_context(|| format!("cannot write {}", page.file))?;
    }
    for (shell, folder, file) in [
        (Shell::Bash, "bash-completion/completions", name.clone()),
        (Shell::Zsh, "zsh/site-functions", format!("_{name}")),
        (Shell::Fish, "fish/vendor_completions.d", format!("{name}.fish")),
        (Shell::PowerShell, "powershell", format!("{name}.ps1")),
    ] {
        let folder = share.join(folder);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(&file), aep_auth::completions(command, shell))
            .with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}
