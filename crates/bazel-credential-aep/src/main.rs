//! `bazel-credential-aep`: all headers for an address, in the shape that Bazel and restish read.
//!
//! The protocol: <https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md>.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod cli;
mod request;
mod run;

program_start::main!(aep_core::process::run(run::run));
