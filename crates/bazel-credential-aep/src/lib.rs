//! `bazel-credential-aep`: all headers for an address, in the shape that Bazel and restish read.
//!
//! The protocol: <https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md>.

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
