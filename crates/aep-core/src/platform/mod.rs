//! What differs between operating systems about files; one small file for each kind.
//!
//! On Unix, modes and owners are checked on the open file, never by name. On Windows the access list of the user's own
//! folder protects the files: it is not looked at, and nothing is claimed about it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::{fmt, io};

use crate::io_words::io_words;
use crate::trust::{self, Distrust};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
pub(crate) use windows::*;

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

/// Reads a file that was opened, `most` bytes of it at most.
fn read_at_most(file: &File, most: u64) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::with_capacity(4096);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

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

/// Why a file or folder is not trusted, or could not be used.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It is there, but is not what it should be, or others could have put or changed it.
    Untrusted(Distrust),
    /// The file system said no.
    Io(io::Error),
}

/// How a folder stands to this user.
#[cfg_attr(not(unix), expect(dead_code, reason = "it cannot be told there"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// The user's own, and others can write to it.
    OwnAndOpen,
    /// Another's, and the user can make folders in it, as in a container's volume.
    ForeignAndWritable,
    /// Anything else, and where it cannot be told.
    Other,
}

impl OpenError {
    /// The same, of the file or folder at this path.
    pub(crate) fn at(self, path: &Path) -> trust::OpenError {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => trust::OpenError::Absent,
            Self::Io(error) => trust::OpenError::unreadable(path, error),
            Self::Untrusted(why) => trust::OpenError::not_trusted(path, why),
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Distrust> for OpenError {
    fn from(why: Distrust) -> Self {
        Self::Untrusted(why)
    }
}

#[cfg(unix)]
impl From<rustix::io::Errno> for OpenError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Untrusted(why) => Self::new(io::ErrorKind::PermissionDenied, why),
            OpenError::Io(error) => error,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted(why) => why.fmt(f),
            Self::Io(error) => f.write_str(&io_words(error)),
        }
    }
}
