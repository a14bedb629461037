//! From the process to an [`Invocation`]: the one place where arguments, streams and environment enter.

use std::io::{self, Write};

use aep_core::clock::SystemClock;
use aep_core::log::Level;
use aep_core::{Context, Environment, Folders, Log};

use crate::{Executable, Invocation, Terminals};

/// Runs a program as the whole process, and gives its exit code.
///
/// A panic prints no payload, since that may hold anything, and ends with exit code 1.
pub fn main(run: fn(&mut Invocation<'_>) -> u8) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        // A place in a library of others says nothing to who reads it, and has the path of another machine.
        let own = panic.location().filter(|place| place.file().starts_with("crates"));
        let place = own.map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let _ = writeln!(io::stderr(), "error: internal fault{place}\nhint: please report it");
        std::process::exit(1);
    }));
    let environment = Environment::from_process();
    let folders = Folders::find(&environment);
    let (level, fault) = match Level::from_environment(&environment) {
        Ok(level) => (level, None),
        Err(error) => (Level::Error, Some(error)),
    };
    invoke(environment, folders, Log::new(level, io::stderr()), fault, run)
}

/// As [`main`], for a program that tells nothing, whatever happens, and asks nobody but the file system.
pub fn main_silently(run: fn(&mut Invocation<'_>) -> u8) -> u8 {
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let environment = Environment::from_process();
    let folders = Folders::find_quickly(&environment);
    invoke(environment, folders, Log::silent(), None, run)
}

/// Standard output where there is none: what cannot be delivered is not a success.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("it is closed"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn is_output_closed() -> bool {
    aep_core::signals::is_output_closed()
}

#[cfg(not(unix))]
fn is_output_closed() -> bool {
    false
}

fn invoke(
    environment: Environment,
    folders: Folders,
    log: Log,
    fault: Option<aep_core::Error>,
    run: fn(&mut Invocation<'_>) -> u8,
) -> u8 {
    let context =
        Context { folders, environment, clock: Box::new(SystemClock::start()), log, keyring: Default::default() };
    let mut stdout: Box<dyn Write> = if is_output_closed() { Box::new(Closed) } else { Box::new(io::stdout()) };
    run(&mut Invocation {
        arguments: std::env::args_os().skip(1).collect(),
        context: &context,
        input: &mut io::stdin(),
        output: Vec::new(),
        stdout: &mut *stdout,
        terminals: Terminals::OfProcess,
        executable: Executable::OfProcess,
        fault,
    })
}
