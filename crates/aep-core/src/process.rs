//! The shell around every tool: collect the surroundings, run, write the result at once, turn a failure into words and
//! an exit code.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use crate::clock::SystemClock;
use crate::error::Kind;
use crate::log::Level;
use crate::{Context, Environment, Error, Folders, Log, Result};

/// What a tool receives.
pub struct Call<'a> {
    /// The arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// The surroundings.
    pub context: &'a Context,
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// The result: printed whole once the tool has succeeded, and not at all if it fails.
    pub output: &'a mut Vec<u8>,
}

/// Runs a tool as the whole process, and gives its exit code; the tool's own value is the one after success.
///
/// A panic prints no payload, since that may hold anything, and ends with exit code 1.
pub fn run(tool: impl FnOnce(&mut Call<'_>) -> Result<u8>) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        let _ = writeln!(io::stderr(), "error: internal fault{place}\nhint: please report it");
        std::process::exit(1);
    }));
    match try_run(tool) {
        Ok(code) => code,
        Err(error) => {
            let _ = error.write_to(&mut io::stderr());
            error.kind().exit_code()
        }
    }
}

/// Runs a tool that must never get in the way: whatever happens, nothing is told, the exit code is 0, and nobody but the
/// file system is asked for anything.
pub fn run_silently(tool: impl FnOnce(&mut Call<'_>) -> Result<u8>) -> u8 {
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let environment = Environment::of_process();
    let folders = Folders::find_quickly(&environment);
    let _ = run_in(&context(environment, folders, Log::silent()), tool);
    0
}

fn try_run(tool: impl FnOnce(&mut Call<'_>) -> Result<u8>) -> Result<u8> {
    let environment = Environment::of_process();
    let level = Level::of(&environment)?;
    let folders = Folders::find(&environment);
    run_in(&context(environment, folders, Log::new(level, io::stderr())), tool)
}

fn context(environment: Environment, folders: Folders, log: Log) -> Context {
    Context { folders, environment, clock: Box::new(SystemClock::start()), log }
}

fn run_in(context: &Context, tool: impl FnOnce(&mut Call<'_>) -> Result<u8>) -> Result<u8> {
    let mut output = Vec::new();
    let code = tool(&mut Call {
        arguments: std::env::args_os().skip(1).collect(),
        context,
        input: &mut io::stdin(),
        output: &mut output,
    })?;
    write_out(&output)?;
    Ok(code)
}

/// Writes to standard output in one piece; a reader that has gone away is a normal end.
///
/// # Errors
/// Storage, when the output cannot be written, for instance onto a full disk.
pub fn write_out(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::new(Kind::Storage, format!("cannot write to standard output: {error}"))),
    }
}
