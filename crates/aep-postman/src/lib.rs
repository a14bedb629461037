//! `aep-postman`: environment, self-renewing pre-request script and collection for Postman, newman and the Postman CLI.

mod cli;
mod collection;
mod environment;
mod json;
mod run;
mod script;

use aep_cli::Invocation;

/// Runs the program; gives its exit code.
pub fn run(invocation: &mut Invocation<'_>) -> u8 {
    invocation.run(run::run)
}

/// What can be typed, for the manual page and the completions.
pub fn command() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}
