//! `aep-postman`: environment, self-renewing pre-request script and collection for Postman, newman and the Postman CLI.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod cli;
mod collection;
mod environment;
mod json;
mod run;
mod script;

program_start::main!(aep_core::process::run(run::run));
