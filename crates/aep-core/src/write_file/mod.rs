//! Replacing a file of the user's as a whole: a reader sees the old or the new one, and nobody else sees either.
//!
//! The new content goes into a neighbour that is private (0600) from its creation, is synced, and takes the file's place
//! by a rename. A link of the user's or root's is written through, where its target's folder is trusted; another's is
//! refused. What a killed writer left is removed by the next one in that folder.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::io_words::{cure_of_shortage, io_words};
use crate::platform;
use crate::trust::Distrust;
#[cfg(unix)]
use crate::trust::OpenError;

mod edit_lock;
mod neighbour;
mod output_file;
mod passing;
mod transaction;

pub use edit_lock::EditLock;
pub use neighbour::{is_leftover, sweep};
pub use output_file::OutputFile;
pub use passing::{PassingFile, sweep_passing};
pub use transaction::Transaction;

use neighbour::Neighbour;

/// Why a file was not written; it is then as it was.
#[derive(Debug)]
pub enum WriteError {
    /// Others could have put or could change it, or it is no regular file.
    NotTrusted {
        /// What is not trusted: the file, a link, or a folder above one of them.
        path: PathBuf,
        /// Why.
        why: Distrust,
    },
    /// What output was to go to is another user's.
    Foreign {
        /// The file, FIFO or device.
        path: PathBuf,
    },
    /// The file system said no.
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file system did not let it be removed.
    NotRemoved {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process has been changing it for all of the time that we waited.
    Busy {
        /// The lock.
        path: PathBuf,
    },
}

impl WriteError {
    fn failed(path: &Path, error: impl Into<io::Error>) -> Self {
        Self::Failed { path: path.to_owned(), error: error.into() }
    }

    fn not_trusted(path: &Path, why: Distrust) -> Self {
        Self::NotTrusted { path: path.to_owned(), why }
    }

    /// The way to the file could not be gone.
    #[cfg(unix)]
    fn on_the_way(path: &Path, error: OpenError) -> Self {
        match error {
            OpenError::Absent => Self::failed(path, io::ErrorKind::NotFound),
            OpenError::NotTrusted { path, why } => Self::NotTrusted { path, why },
            OpenError::Unreadable { path, error } => Self::Failed { path, error },
            OpenError::TooLarge { path, .. } => Self::failed(&path, io::ErrorKind::FileTooLarge),
        }
    }

    /// The commands that cure it, one a line, if this user can carry them out here.
    pub fn cure(&self) -> Option<String> {
        match self {
            Self::NotTrusted { path, why } => why.cure(path),
            Self::Foreign { .. } => Some("name another file".to_owned()),
            Self::Failed { path, error } | Self::NotRemoved { path, error } => {
                cure_of_shortage(error).map(str::to_owned).or_else(|| cure_of_denial(path, error))
            }
            Self::Busy { .. } => None,
        }
    }
}

/// What helps where the user's own folder does not let the user write.
fn cure_of_denial(path: &Path, error: &io::Error) -> Option<String> {
    let folder = path.parent().filter(|_| error.kind() == io::ErrorKind::PermissionDenied)?;
    platform::is_closed_to_its_owner(folder).then(|| format!("chmod u+wx {}", crate::trust::quoted(folder)))
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTrusted { path, why } => write!(f, "{} is not trusted: {why}", path.display()),
            Self::Foreign { path } => write!(f, "{} is not written to: it belongs to another user", path.display()),
            Self::Failed { path, error } => write!(f, "cannot write {}: {}", path.display(), io_words(error)),
            Self::NotRemoved { path, error } => write!(f, "cannot remove {}: {}", path.display(), io_words(error)),
            Self::Busy { path } => write!(f, "another process holds {}", path.display()),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } | Self::NotRemoved { error, .. } => Some(error),
            Self::NotTrusted { .. } | Self::Foreign { .. } | Self::Busy { .. } => None,
        }
    }
}

/// Makes a folder that only the user can open, and those above it that are missing, under any umask; nothing in a folder
/// that is not trusted.
///
/// # Errors
/// As [`WriteError`] has it.
#[cfg(unix)]
pub fn create_folders(path: &Path, home: Option<&Path>) -> Result<(), WriteError> {
    use crate::trust::{Strictness, create_folders};
    create_folders(path, home, Strictness::All).map_err(|error| WriteError::on_the_way(path, error))
}

/// Makes a folder, and those above it that are missing.
///
/// # Errors
/// Whatever the file system says.
#[cfg(not(unix))]
pub fn create_folders(path: &Path, _home: Option<&Path>) -> Result<(), WriteError> {
    platform::create_private_folders(path).map_err(|error| WriteError::failed(path, error))
}

/// Whether two names are of one file; what cannot be told is not so.
pub fn is_one_file(path: &Path, second: &Path) -> bool {
    platform::is_one_file(path, second)
}

/// Replaces a file of ours in a folder that must be trusted.
///
/// # Errors
/// As [`WriteError`] has it; the old file is then untouched and the neighbour is gone.
pub fn replace(path: &Path, bytes: &[u8], home: Option<&Path>) -> Result<(), WriteError> {
    let target = target_of(path, home)?;
    put(&target, bytes)
}

/// Replaces a file of the private store, whose folder must be ours alone; nothing is written through a link.
///
/// # Errors
/// As for [`replace`].
pub fn replace_own(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    put(own_target(path)?, bytes)
}

/// Writes what the user wants to have in a file of that name: a device or a FIFO with a reader is written to, a regular
/// file is replaced. It may lie in a folder shared with others, unless the name is a link; what is there must be the user's
/// or root's.
///
/// # Errors
/// As [`WriteError`] has it; an old file is then untouched. A FIFO that nobody reads is an error at once.
pub fn write_output(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    match output_of(path)? {
        Output::File(target) => put(&target, bytes),
        Output::Stream(mut stream) => stream.write_all(bytes).map_err(|error| WriteError::failed(path, error)),
        Output::Standard(mut stream) => {
            stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|error| WriteError::failed(path, error))
        }
    }
}

/// Opens the regular file that output of that name would replace; `None` where there is nothing to keep.
///
/// # Errors
/// As for [`write_output`], and what the system says of the reading.
pub fn open_existing(path: &Path) -> Result<Option<File>, WriteError> {
    match own_stream(path) {
        Some(_) => Ok(None),
        None => match existing_at(path) {
            Err(WriteError::Failed { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other,
        },
    }
}

/// Opens a regular file that is there for others' programs to read, to append to it; made, and private, if missing.
///
/// # Errors
/// It is a link or no file, or another user's (root may), or the system says no.
pub fn open_appended(path: &Path) -> Result<File, WriteError> {
    platform::open_appended(path).map_err(|error| refused_output(path, error))
}

/// The place itself, in a folder that is ours alone. A link there makes room for a file, and its target stays.
fn own_target(path: &Path) -> Result<&Path, WriteError> {
    let folder = path.parent().unwrap_or(path);
    platform::check_private_folder(folder).map_err(|error| match error {
        platform::OpenError::Untrusted(why) => WriteError::not_trusted(folder, why),
        platform::OpenError::Io(error) => WriteError::failed(path, error),
    })?;
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(WriteError::not_trusted(path, Distrust::Folder)),
        _ => Ok(path),
    }
}

fn put(target: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    Neighbour::write(target, bytes)
        .and_then(|neighbour| neighbour.put(target))
        .map_err(|error| WriteError::failed(target, error))
}

/// Where output of this name goes.
enum Output {
    /// A regular file, or none yet.
    File(PathBuf),
    /// A device or a FIFO.
    Stream(File),
    /// One of our own streams. Opened anew by its name it would begin at its start again, and a socket not at all.
    Standard(Box<dyn Write>),
}

fn own_stream(path: &Path) -> Option<Output> {
    match path.to_str()? {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Output::Standard(Box::new(io::stdout()))),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Output::Standard(Box::new(io::stderr()))),
        _ => None,
    }
}

#[cfg(unix)]
fn output_of(path: &Path) -> Result<Output, WriteError> {
    if let Some(own) = own_stream(path) {
        return Ok(own);
    }
    if is_own_descriptor(path) && std::fs::metadata(path).is_ok_and(|metadata| platform::is_stream(&metadata)) {
        return open_stream(path, platform::Links::Followed);
    }
    match own_place(path)? {
        (target, Some(metadata)) if platform::is_stream(&metadata) => open_stream(&target, platform::Links::Refused),
        (target, other) => regular(target, other).map(Output::File),
    }
}

/// A descriptor that we were given, by the number that a shell has for it: what `>(command)` is. The system's link leads to
/// it and no path does.
#[cfg(unix)]
fn is_own_descriptor(path: &Path) -> bool {
    let number = path.strip_prefix("/dev/fd").or_else(|_| path.strip_prefix("/proc/self/fd"));
    number.is_ok_and(|number| number.to_str().is_some_and(|number| number.parse::<u32>().is_ok()))
}

#[cfg(unix)]
fn open_stream(path: &Path, links: platform::Links) -> Result<Output, WriteError> {
    platform::open_stream(path, links).map(Output::Stream).map_err(|error| refused_output(path, error))
}

fn refused_output(path: &Path, error: platform::OpenError) -> WriteError {
    match error {
        platform::OpenError::Untrusted(Distrust::ForeignOwner) => WriteError::Foreign { path: path.to_owned() },
        platform::OpenError::Untrusted(why) => WriteError::not_trusted(path, why),
        platform::OpenError::Io(error) => WriteError::failed(path, error),
    }
}

/// Where output of this name goes, and what is there: nothing, or something that is the user's or root's.
#[cfg(unix)]
fn own_place(path: &Path) -> Result<(PathBuf, Option<std::fs::Metadata>), WriteError> {
    let (target, metadata) = resolve(path, None, crate::trust::Strictness::Links)?;
    if metadata.as_ref().is_some_and(|metadata| !platform::may_take_output(metadata)) {
        return Err(WriteError::Foreign { path: target });
    }
    Ok((target, metadata))
}

#[cfg(unix)]
fn existing_at(path: &Path) -> Result<Option<File>, WriteError> {
    match own_place(path)? {
        (target, Some(metadata)) if metadata.is_file() => {
            platform::open_existing(&target).map(Some).map_err(|error| refused_output(&target, error))
        }
        _ => Ok(None),
    }
}

#[cfg(not(unix))]
fn existing_at(path: &Path) -> Result<Option<File>, WriteError> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => Ok(None),
        Ok(_) => File::open(path).map(Some).map_err(|error| WriteError::failed(path, error)),
        Err(error) => Err(WriteError::failed(path, error)),
    }
}

/// The regular file, or the place for one, that a path leads to.
#[cfg(unix)]
fn target_of(path: &Path, home: Option<&Path>) -> Result<PathBuf, WriteError> {
    let (target, metadata) = resolve(path, home, crate::trust::Strictness::All)?;
    regular(target, metadata)
}

#[cfg(unix)]
fn resolve(
    path: &Path,
    home: Option<&Path>,
    strictness: crate::trust::Strictness,
) -> Result<(PathBuf, Option<std::fs::Metadata>), WriteError> {
    let refuse = |error| WriteError::on_the_way(path, error);
    let mut walk = crate::trust::Walk::new(path, home, strictness).map_err(refuse)?;
    loop {
        let target = walk.reach_last().map_err(refuse)?;
        match std::fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => walk.follow_last(&target).map_err(refuse)?,
            Ok(metadata) => return Ok((target, Some(metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((target, None)),
            Err(error) => return Err(WriteError::failed(&target, error)),
        }
    }
}

#[cfg(not(unix))]
fn output_of(path: &Path) -> Result<Output, WriteError> {
    if let Some(own) = own_stream(path) {
        return Ok(own);
    }
    if platform::is_stream_name(path) {
        platform::open_stream(path).map(Output::Stream).map_err(|error| WriteError::failed(path, error))
    } else {
        target_of(path, None).map(Output::File)
    }
}

/// The regular file, or the place for one, that a path leads to.
#[cfg(not(unix))]
fn target_of(path: &Path, _home: Option<&Path>) -> Result<PathBuf, WriteError> {
    let failed = |error| WriteError::failed(path, error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(failed(error)),
        Ok(metadata) if metadata.is_symlink() => {
            let target = std::fs::canonicalize(path).map_err(failed)?;
            let metadata = std::fs::metadata(&target).map_err(failed)?;
            regular(target, Some(metadata))
        }
        Ok(metadata) => regular(path.to_owned(), Some(metadata)),
    }
}

fn regular(target: PathBuf, metadata: Option<std::fs::Metadata>) -> Result<PathBuf, WriteError> {
    match metadata.map(|metadata| platform::refuse_irregular(&metadata)) {
        Some(Err(why)) => Err(WriteError::not_trusted(&target, why)),
        Some(Ok(())) | None => Ok(target),
    }
}

#[cfg(all(test, unix))]
mod tests;
