//! `exec`: a command with the token in its environment, and without our secrets unless they are asked for.
//!
//! On Unix this process becomes the command, so that signals, the terminal and the exit code are the command's own, and
//! what was inherited (an ignored SIGPIPE too) is passed on. On Windows it waits for the command, leaves ^C to it, and ends
//! with its exit code, all 32 bits of it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

use aep_cli::Invocation;
use aep_core::environment::{SECRET_VARIABLES, SECRETS_WITHHELD};
use aep_core::profile::ProfileSelection;
use aep_core::program::{self, NotFound};
use aep_core::{Context, Error, Profile, Result};

use super::env;
use crate::road;

/// As a shell has it: found, but cannot be run.
pub(super) const CANNOT_RUN: u8 = 126;
/// As a shell has it: not found.
const NOT_FOUND: u8 = 127;

/// What the command gets of the variables that hold our secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// None of them.
    Withheld,
    /// All of them, so that it can ask for a token itself.
    Kept,
}

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    command: &[OsString],
    secrets: Secrets,
) -> Result<u8> {
    let Some(first) = command.first() else { return Ok(2) };
    let context = invocation.context;
    let (profile, fetched) = road::acquire(context, selection)?;
    let mut prepared = match prepare(context, &profile, command, secrets) {
        Ok(prepared) => prepared,
        Err(code) => return Ok(code),
    };
    for (name, value) in env::variables(&profile, &fetched.token) {
        match value {
            Some(value) => prepared.env(name, value),
            None => prepared.env_remove(name),
        };
    }
    Ok(told(context, first, &program::in_words(&become_command(prepared, first)), CANNOT_RUN))
}

/// Finds the command, and takes our secrets out of its environment; where there is none, says so and gives the exit code.
pub(super) fn prepare(
    context: &Context,
    profile: &Profile,
    command: &[OsString],
    secrets: Secrets,
) -> std::result::Result<Command, u8> {
    let Some((first, arguments)) = command.split_first() else { return Err(2) };
    let environment = &context.environment;
    let extensions = program::path_extensions(environment);
    let found = program::find_program(first, environment.raw("PATH").as_deref(), extensions.as_deref());
    let program = match found {
        Ok(program) => program,
        Err(NotFound::Absent) => return Err(told(context, first, "there is no such program", NOT_FOUND)),
        Err(NotFound::NotExecutable(path)) => {
            let why = format!("{} is no program that you can run", path.display());
            return Err(told(context, first, &why, CANNOT_RUN));
        }
    };
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    if secrets == Secrets::Withheld {
        for variable in SECRET_VARIABLES.into_iter().chain(profile.secret_variables()) {
            prepared.env_remove(variable);
        }
        // A command that asks us for a token finds the identity without its secret, and is told why.
        prepared.env(SECRETS_WITHHELD, "1");
    }
    Ok(prepared)
}

pub(super) fn told(context: &Context, first: &OsStr, why: &str, code: u8) -> u8 {
    let error = Error::usage(format!("cannot run `{}`: {why}", first.to_string_lossy()));
    context.log.error(&error);
    code
}

/// Becomes the command; returns only where that fails.
#[cfg(unix)]
fn become_command(mut command: Command, name: &OsStr) -> io::Error {
    // It was found by its path, and is called by its name, as a shell would.
    std::os::unix::process::CommandExt::arg0(&mut command, name);
    program_start::exec(&mut command)
}

/// Runs the command and ends as it does; returns only where it cannot be run.
#[cfg(not(unix))]
fn become_command(mut command: Command, _name: &OsStr) -> io::Error {
    // The console tells everyone of ^C. Without a handler this process would end at once, and leave the command alone with
    // a shell that reads its input.
    let _ = ctrlc::set_handler(|| {});
    match command.status() {
        // `ExitCode` has eight bits, and 0xC000013A is what a script looks for.
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
