//! `git-credential-aep`: answers git with a Bearer token, for the profile's hosts and no other.
//!
//! The protocol: <https://git-scm.com/docs/git-credential#IOFMT>.

mod answer;
mod cli;
pub mod request;
mod run;

use aep_cli::Invocation;

/// Runs the program; gives its exit code.
pub fn run(invocation: &mut Invocation<'_>) -> u8 {
    invocation.run(run::run)
}

/// What can be typed, for the manual page and the completions.
pub fn command() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}
