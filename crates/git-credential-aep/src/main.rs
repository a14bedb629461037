//! `git-credential-aep`: answers git with a Bearer token, for the profile's hosts and no other.
//!
//! The protocol: <https://git-scm.com/docs/git-credential#IOFMT>.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod answer;
mod cli;
mod request;
mod run;

program_start::main!(aep_core::process::run(run::run));
