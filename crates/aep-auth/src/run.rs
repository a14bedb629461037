//! From what was typed to the command that does it.

use std::io::Write;

use aep_core::process::Call;
use aep_core::{Error, Result};

use crate::cli::{Cli, Command};
use crate::commands;

/// Runs the command; gives the exit code.
pub(crate) fn run(call: &mut Call<'_>) -> Result<u8> {
    let cli = match parse(call) {
        Ok(cli) => cli,
        Err(code) => return Ok(code),
    };
    let choice = cli.choice.to_choice();
    match cli.command {
        Command::Token(arguments) => commands::token::run(call, &choice, &arguments)?,
        Command::Headers { format } => commands::headers::run(call, &choice, format)?,
        Command::Env { shell } => commands::env::run(call, &choice, shell)?,
        Command::Exec { command } => return commands::exec::run(call, &choice, &command),
        Command::Status { json, all, exit_code } => {
            let form = if json { commands::status::Form::Json } else { commands::status::Form::Text };
            let code = if all {
                commands::status::run_all(call, form)?
            } else {
                commands::status::run_one(call, &choice, form)?
            };
            return Ok(if exit_code { code } else { 0 });
        }
        Command::Check => commands::check::run(call, &choice)?,
        Command::Import(arguments) => commands::import::run(call, &choice, &arguments)?,
        Command::Profile(command) => commands::profile::run(call, &command)?,
        Command::Secret(command) => commands::secret::run(call, &command)?,
        Command::Jwt => commands::jwt::run(call, &choice)?,
        Command::Inspect { file } => commands::inspect::run(call, &choice, file.as_deref())?,
        Command::Forget { all, revoke } => {
            let at_ims = if revoke { commands::forget::AtIms::Revoke } else { commands::forget::AtIms::Nothing };
            let run = if all { commands::forget::run_all } else { commands::forget::run_one };
            run(call, &choice, at_ims)?;
        }
        Command::Doctor { report } => {
            let audience =
                if report { commands::doctor::Audience::Public } else { commands::doctor::Audience::Oneself };
            return commands::doctor::run(call, &choice, audience);
        }
        Command::Completions { shell } => commands::pages::completions(call.output, shell),
        Command::Man => commands::pages::man(call.output)?,
    }
    Ok(0)
}

fn parse(call: &mut Call<'_>) -> std::result::Result<Cli, u8> {
    match crate::quick::parse(&call.arguments) {
        Some(cli) => Ok(cli),
        None => command_line::parse("aep-auth", call),
    }
}

/// Adds a line to the result.
pub(crate) fn line(output: &mut Vec<u8>, text: impl std::fmt::Display) {
    // Writing to memory does not fail.
    let _ = writeln!(output, "{text}");
}

/// Reads a file of the user's, or standard input for `-`; bounded.
pub(crate) fn read_input(call: &mut Call<'_>, path: &std::path::Path) -> Result<Vec<u8>> {
    use std::io::Read;
    const MOST_BYTES: u64 = 4 * 1024 * 1024;
    let refuse = |why: &dyn std::fmt::Display| Error::configuration(format!("cannot read {}: {why}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        call.input.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&error))?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| refuse(&error))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&error))?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(&"it is larger than 4 MiB"));
    }
    Ok(bytes)
}
