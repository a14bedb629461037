//! `bazel-credential-aep`: all headers for an address, in the shape that Bazel and restish read.
//!
//! The protocol: <https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md>.

use std::process::ExitCode;

mod cli;
mod request;
mod run;

fn main() -> ExitCode {
    aep_core::process::run(run::run)
}
