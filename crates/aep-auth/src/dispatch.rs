//! From what was typed to the command that does it.

use aep_cli::Invocation;
use aep_core::Result;

use crate::cli::{Cli, Command};
use crate::commands;

/// Runs the command; gives the exit code.
pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let cli = match parse(invocation) {
        Ok(cli) => cli,
        Err(code) => return Ok(code),
    };
    let selection = cli.selection.to_selection();
    match cli.command {
        Command::Token(arguments) => commands::token::run(invocation, &selection, &arguments)?,
        Command::Headers { format } => commands::headers::run(invocation, &selection, format)?,
        Command::Env { shell } => commands::env::run(invocation, &selection, shell)?,
        Command::Exec { keep_secrets, command } => {
            let secrets = if keep_secrets { commands::exec::Secrets::Kept } else { commands::exec::Secrets::Withheld };
            return commands::exec::run(invocation, &selection, &command, secrets);
        }
        Command::Status { json, all, exit_code } => {
            let form = if json { commands::status::Form::Json } else { commands::status::Form::Text };
            let code = if all {
                commands::status::run_all(invocation, form)?
            } else {
                commands::status::run_one(invocation, &selection, form)?
            };
            return Ok(if exit_code { code } else { 0 });
        }
        Command::Check => commands::check::run(invocation, &selection)?,
        Command::Import(arguments) => commands::import::run(invocation, &selection, &arguments)?,
        Command::Profile(command) => commands::profile::run(invocation, &command)?,
        Command::Secret(command) => commands::secret::run(invocation, &command)?,
        Command::Jwt => commands::jwt::run(invocation, &selection)?,
        Command::Inspect { file } => commands::inspect::run(invocation, &selection, file.as_deref())?,
        Command::Forget { refused: Some(_), .. } => commands::forget::run_refused(invocation, &selection)?,
        Command::Forget { all, revoke, refused: None } => {
            let at_ims = if revoke { commands::forget::AtIms::Revoke } else { commands::forget::AtIms::Nothing };
            let run = if all { commands::forget::run_all } else { commands::forget::run_one };
            run(invocation, &selection, at_ims)?;
        }
        Command::Doctor { report } => {
            let audience =
                if report { commands::doctor::Audience::Public } else { commands::doctor::Audience::Oneself };
            return commands::doctor::run(invocation, &selection, audience);
        }
        Command::Completions { shell } => commands::pages::completions(&mut invocation.output, shell),
        Command::Man => commands::pages::man(&mut invocation.output)?,
    }
    Ok(0)
}

fn parse(invocation: &mut Invocation<'_>) -> std::result::Result<Cli, u8> {
    match crate::quick::parse(&invocation.arguments) {
        Some(cli) => Ok(cli),
        None => aep_cli::parse("aep-auth", invocation),
    }
}
