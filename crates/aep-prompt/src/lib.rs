//! `aep-prompt`: the token's state in a shell prompt, from the profile and the cache alone.
//!
//! It runs at every prompt: no network, no lock, no child process, nothing written, and exit code 0 whatever happens.

mod cli;
mod paint;
mod run;
mod template;

use aep_cli::Invocation;

/// Runs the program; gives its exit code.
pub fn run(invocation: &mut Invocation<'_>) -> u8 {
    invocation.run_silently(run::run)
}

/// What can be typed, for the manual page and the completions.
pub fn command() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}
