//! `aep-auth`: import the credential file that Adobe gives you, then `token`, `headers`, `env`, `exec`, `status`, `check`.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod certificate;
mod cli;
mod commands;
mod import;
mod profile_store;
mod quick;
mod quote;
mod run;

program_start::main!(aep_core::process::run(run::run));
