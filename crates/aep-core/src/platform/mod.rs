//! What differs between operating systems about private files; one small file for each kind.
//!
//! On Unix, modes and owners are checked on the open file, never by name. On Windows the profile folder's own access
//! list protects the files; that side has been written but not run.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::*;

#[cfg(not(unix))]
#[path = "process_other.rs"]
mod process;
#[cfg(unix)]
#[path = "process_unix.rs"]
mod process;
pub(crate) use process::output;

#[cfg(not(unix))]
#[path = "program_other.rs"]
mod program;
#[cfg(unix)]
#[path = "program_unix.rs"]
mod program;
pub(crate) use program::{check_program, is_executable};

/// Why a command gave no output.
#[derive(Debug)]
pub(crate) enum OutputError {
    /// It could not be started.
    Start(std::io::Error),
    /// Its output could not be read.
    Read(std::io::Error),
    /// The time was over.
    TooLong,
    /// There was more than was asked for.
    TooLarge,
    /// This process was told to end.
    #[cfg(unix)]
    Interrupted,
}
