//! `aep-prompt`: the token's state in a shell prompt, from the profile and the cache alone.
//!
//! It runs at every prompt: no network, no lock, no child process, nothing written, and exit code 0 whatever happens.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod cli;
mod paint;
mod run;
mod template;

program_start::main!(aep_core::process::run_silently(run::run));
