//! Who is trusted on disk: a file counts only if nobody but the user and root could have put or changed it.
//!
//! That takes the file, every folder above it (below the home; outside it up to the root), and the same for each link on
//! the way and its target. Opening never waits for a FIFO, never takes a terminal, and reading is bounded. The usual
//! path costs one look a folder, one open and one look at the open file.
//!
//! Modes and owners are those of Unix. On Windows nothing is checked but the kind of file, and nothing more is claimed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::Cause;
use crate::io_words::{cure_of_shortage, io_words, is_beyond_the_file};
use crate::{Environment, Error};

#[cfg(unix)]
mod accounts;
mod distrust;
#[cfg(unix)]
mod walk;

pub use distrust::Distrust;
pub(crate) use distrust::quoted;
#[cfg(unix)]
pub(crate) use walk::{Strictness, Walk, check_folders, check_links, create_folders, is_owner_trusted};

/// Why a file was not opened or read.
#[derive(Debug)]
pub enum OpenError {
    /// There is no such file.
    Absent,
    /// It is there, but others could have put or changed it.
    NotTrusted {
        /// What is not trusted: the file, a link, or a folder above one of them.
        path: PathBuf,
        /// Why.
        why: Distrust,
    },
    /// It may be there, but the system did not let us see. This is not the same as absent.
    Unreadable {
        /// What could not be read: the file, or a folder above it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is there, and larger than anything that is meant to be there.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that it may have.
        limit: u64,
    },
}

impl OpenError {
    pub(crate) fn unreadable(path: &Path, error: impl Into<io::Error>) -> Self {
        Self::Unreadable { path: path.to_owned(), error: error.into() }
    }

    pub(crate) fn not_trusted(path: &Path, why: Distrust) -> Self {
        Self::NotTrusted { path: path.to_owned(), why }
    }

    /// The fact that code decides by.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Absent => Cause::Absent,
            Self::NotTrusted { .. } => Cause::NotTrusted,
            Self::Unreadable { error, .. } => Cause::Io(error.kind()),
            Self::TooLarge { .. } => Cause::Io(std::io::ErrorKind::FileTooLarge),
        }
    }

    /// The commands that cure it, one a line, if this user can carry them out here.
    pub fn cure(&self) -> Option<String> {
        match self {
            Self::NotTrusted { path, why } => why.cure(path),
            Self::Unreadable { error, .. } => cure_of_shortage(error).map(str::to_owned),
            Self::Absent | Self::TooLarge { .. } => None,
        }
    }

    /// The failure, told in this sentence: something to be configured, unless the file is not to blame.
    pub fn to_error(&self, message: impl Into<String>) -> Error {
        self.to_error_without_path(message).with_hint_if_any(self.cure())
    }

    /// The same where the path may be a secret in a path's place, so that no cure may name it.
    pub fn to_error_without_path(&self, message: impl Into<String>) -> Error {
        let (error, cure) = match self {
            Self::Unreadable { error, .. } if is_beyond_the_file(error) => {
                (Error::storage(message), cure_of_shortage(error))
            }
            _ => (Error::configuration(message), None),
        };
        error.with_cause(self.cause()).with_hint_if_any(cure)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("it does not exist"),
            Self::NotTrusted { path, why } => write!(f, "{} is not trusted: {why}", path.display()),
            Self::Unreadable { path, error } => write!(f, "{} cannot be read: {}", path.display(), io_words(error)),
            Self::TooLarge { path, limit } => match limit {
                0..1024 => write!(f, "{} is larger than {limit} bytes", path.display()),
                _ => write!(f, "{} is larger than {} KiB", path.display(), limit / 1024),
            },
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::Absent | Self::NotTrusted { .. } | Self::TooLarge { .. } => None,
        }
    }
}

/// The home that the environment names; `None` where it names none or no absolute path.
pub fn home(environment: &Environment) -> Option<PathBuf> {
    environment.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).filter(|home| home.is_absolute())
}

/// The home as the `directories` crate finds it, but that without the variable the list of accounts is read as a file: a
/// lookup by the C library ends a program that carries its own.
pub(crate) fn home_or_of_account() -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "as `directories` reads it elsewhere")]
    {
        let named = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        named.or_else(walk::home_of_account)
    }
    #[cfg(not(target_os = "linux"))]
    {
        directories::BaseDirs::new().map(|base| base.home_dir().to_owned())
    }
}

/// Whether a path leads to a socket of the user's or root's; `None` where nothing is there.
#[cfg(unix)]
pub fn is_own_socket(path: &Path) -> Option<bool> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(std::os::unix::fs::FileTypeExt::is_socket(&metadata.file_type()) && is_owner_trusted(&metadata))
}

/// Opens a trusted regular file for reading.
///
/// # Errors
/// As [`OpenError`] has it.
pub fn open(path: &Path, home: Option<&Path>) -> Result<File, OpenError> {
    open_sized(path, home).map(|(file, _)| file)
}

/// Reads a trusted regular file whole, if it has `limit` bytes at most.
///
/// # Errors
/// As [`OpenError`] has it.
pub fn read_bounded(path: &Path, home: Option<&Path>, limit: u64) -> Result<Vec<u8>, OpenError> {
    let (file, size) = open_sized(path, home)?;
    // With room for all of it at once, no copy of a secret is left behind by a growing buffer.
    let room = size.min(limit).saturating_add(64);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| OpenError::unreadable(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(OpenError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(unix)]
fn open_sized(path: &Path, home: Option<&Path>) -> Result<(File, u64), OpenError> {
    walk::open(path, home)
}

#[cfg(not(unix))]
fn open_sized(path: &Path, _home: Option<&Path>) -> Result<(File, u64), OpenError> {
    use crate::platform;
    let file = platform::open_regular(path).map_err(|error| error.at(path))?;
    let size = file.metadata().map_err(|error| OpenError::unreadable(path, error))?.len();
    Ok((file, size))
}

/// Nor whose a link is.
#[cfg(not(unix))]
pub(crate) fn check_links(_path: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// Nobody's rights are looked at here.
#[cfg(not(unix))]
pub(crate) fn check_folders(path: &Path, _home: Option<&Path>) -> Result<(), OpenError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenError::Absent),
        Err(error) => Err(OpenError::unreadable(path, error)),
        Ok(_) => Ok(()),
    }
}

/// The caller of `sudo`, if this process runs for another account over that caller's home: nothing may be created
/// there, since the caller could no longer use it. `sudo_uid` is the value of `SUDO_UID`.
///
/// A container whose home belongs to another account, as on CI runners, is no such case: nobody called `sudo`.
pub fn foreign_home(sudo_uid: Option<&str>, home: &Path) -> Option<u32> {
    let caller: u32 = sudo_uid?.trim().parse().ok()?;
    let owner = owner_of(home)?;
    (owner == caller && caller != this_user()?).then_some(caller)
}

#[cfg(unix)]
fn owner_of(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata))
}

#[cfg(unix)]
fn this_user() -> Option<u32> {
    Some(crate::platform::user())
}

#[cfg(not(unix))]
fn owner_of(_path: &Path) -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn this_user() -> Option<u32> {
    None
}

#[cfg(all(test, unix))]
mod tests;
