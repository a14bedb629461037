//! One run of a program, as it is handed in: arguments, streams, environment, clock and folders.
//!
//! Nothing below a `run` reads these by itself, so that a test drives a whole program in memory.

use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

use aep_core::io_words::io_words;
use aep_core::{Context, Error, Result};

/// What a program is given.
pub struct Invocation<'a> {
    /// The arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// Environment, clock, folders, and the log, which is standard error.
    pub context: &'a Context,
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// The result: written whole to standard output once the program has succeeded, and not at all if it fails.
    pub output: Vec<u8>,
    /// Standard output, for what is too large to be held.
    pub stdout: &'a mut dyn Write,
    /// Which of the streams are terminals.
    pub terminals: Terminals,
    /// The running program's own file, beside which its companions are.
    pub executable: Executable,
    /// What was wrong with the surroundings before anything was done.
    pub fault: Option<Error>,
}

/// Which of the streams are terminals; asked for when it matters, since each answer is a call of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminals {
    /// The process's own.
    OfProcess,
    /// These.
    Given {
        /// Standard input.
        input: bool,
        /// Standard output.
        output: bool,
        /// Standard error.
        errors: bool,
    },
}

impl Terminals {
    /// Whether standard input is one.
    pub fn has_input(self) -> bool {
        match self {
            Self::OfProcess => std::io::stdin().is_terminal(),
            Self::Given { input, .. } => input,
        }
    }

    /// Whether standard output is one.
    pub fn has_output(self) -> bool {
        match self {
            Self::OfProcess => std::io::stdout().is_terminal(),
            Self::Given { output, .. } => output,
        }
    }

    /// Whether standard error is one.
    pub fn has_errors(self) -> bool {
        match self {
            Self::OfProcess => std::io::stderr().is_terminal(),
            Self::Given { errors, .. } => errors,
        }
    }
}

/// The running program's own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executable {
    /// The process's own.
    OfProcess,
    /// This one.
    At(PathBuf),
}

impl Executable {
    /// Its path.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::OfProcess => std::env::current_exe().ok(),
            Self::At(path) => Some(path.clone()),
        }
    }
}

impl std::fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The arguments and the result may hold what nobody should see.
        f.debug_struct("Invocation").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Invocation<'_> {
    /// Runs a program: its result goes to standard output at once, a failure to standard error; gives the exit code.
    pub fn run(&mut self, program: impl FnOnce(&mut Self) -> Result<u8>) -> u8 {
        // A secret that was typed in the place of a path or a name is in no message.
        for word in &self.arguments {
            if let Some(secret) = aep_core::secret::in_word(&word.to_string_lossy()) {
                self.context.log.hide(secret);
            }
        }
        let result = match self.fault.take() {
            Some(fault) => Err(fault),
            None => program(self).and_then(|code| self.write_out().map(|()| code)),
        };
        for name in self.context.environment.quoted() {
            self.context.log.warn(format_args!("{name} is in quotes, which were taken off"));
        }
        match result {
            Ok(code) => code,
            Err(error) => {
                self.context.log.error(&error);
                error.exit_code()
            }
        }
    }

    /// Runs a program that must never get in the way: whatever happens, nothing is told and the exit code is 0.
    pub fn run_silently(&mut self, program: impl FnOnce(&mut Self) -> Result<u8>) -> u8 {
        let _ = program(self).and_then(|_| self.write_out());
        0
    }

    /// Writes the result in one piece; a reader that has gone away is a normal end.
    fn write_out(&mut self) -> Result<()> {
        match self.stdout.write_all(&self.output).and_then(|()| self.stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Error::storage(format!("cannot write to standard output: {}", io_words(&error)))),
        }
    }

    /// Adds a line to the result.
    pub fn line(&mut self, text: impl std::fmt::Display) {
        // Writing to memory does not fail.
        let _ = writeln!(self.output, "{text}");
    }

    /// Reads standard input, at most so many bytes; more is an error of the command line.
    ///
    /// # Errors
    /// Usage, naming `what` was expected there.
    pub fn read_input(&mut self, what: &str, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut *self.input)
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::usage(format!("cannot read {what} from standard input: {}", io_words(&error))))?;
        if bytes.len() as u64 > most {
            return Err(Error::usage(format!("{what} on standard input is larger than {most} bytes")));
        }
        Ok(bytes)
    }
}
