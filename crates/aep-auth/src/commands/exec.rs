//! `exec`: a command with the token in its environment, and without our secrets.
//!
//! On Unix this process becomes the command, so that signals, the terminal and the exit code are the command's own.

use std::ffi::OsString;
use std::process::Command;

use aep_cli::Invocation;
use aep_core::environment::SECRET_VARIABLES;
use aep_core::profile::ProfileSelection;
use aep_core::{Error, Result};

use super::env;
use crate::road;

/// As a shell has it: found, but cannot be run.
const CANNOT_RUN: u8 = 126;
/// As a shell has it: not found.
const NOT_FOUND: u8 = 127;

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection, command: &[OsString]) -> Result<u8> {
    let (profile, fetched) = road::acquire(invocation.context, selection)?;
    let Some((program, arguments)) = command.split_first() else { return Ok(2) };
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    for variable in SECRET_VARIABLES {
        prepared.env_remove(variable);
    }
    for variable in profile.secret_variables() {
        prepared.env_remove(variable);
    }
    for (name, value) in env::variables(&profile, &fetched.token) {
        match value {
            Some(value) => prepared.env(name, value),
            None => prepared.env_remove(name),
        };
    }
    match become_or_run(&mut prepared) {
        Ok(code) => Ok(code),
        Err(error) => {
            let name = program.to_string_lossy();
            let told = Error::usage(format!("cannot run `{name}`: {error}"));
            let _ = told.write_to(&mut std::io::stderr());
            Ok(if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN })
        }
    }
}

#[cfg(unix)]
fn become_or_run(command: &mut Command) -> std::io::Result<u8> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_or_run(command: &mut Command) -> std::io::Result<u8> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(1))
}
