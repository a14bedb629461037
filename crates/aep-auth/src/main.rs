//! `aep-auth`: import the credential file that Adobe gives you, then `token`, `headers`, `env`, `exec`, `status`, `check`.

use std::process::ExitCode;

mod certificate;
mod cli;
mod commands;
mod import;
mod profile_store;
mod quick;
mod quote;
mod run;

fn main() -> ExitCode {
    aep_core::process::run(run::run)
}
