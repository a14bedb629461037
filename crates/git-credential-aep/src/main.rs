//! `git-credential-aep`: answers git with a Bearer token, for the profile's hosts and no other.
//!
//! The protocol: <https://git-scm.com/docs/git-credential#IOFMT>.

use std::process::ExitCode;

mod answer;
mod cli;
mod request;
mod run;

fn main() -> ExitCode {
    aep_core::process::run(run::run)
}
