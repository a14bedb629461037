//! `aep-postman`: environment, self-renewing pre-request script and collection for Postman, newman and the Postman CLI.

use std::process::ExitCode;

mod cli;
mod collection;
mod environment;
mod json;
mod run;
mod script;

fn main() -> ExitCode {
    aep_core::process::run(run::run)
}
