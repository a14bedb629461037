//! Windows and the rest: no modes; a rename waits a moment for readers. Written, not run.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Why a file or folder is not trusted, or could not be used.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It is there, but is not what it should be.
    Untrusted(String),
    /// The file system said no.
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Untrusted(why) => f.write_str(why),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens a folder.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        if std::fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(io::Error::from(io::ErrorKind::NotADirectory).into())
        }
    }

    /// The folder's path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file for reading.
    pub(crate) fn open_file(&self, name: &str) -> Result<File, OpenError> {
        open_regular(&self.path.join(name))
    }

    /// Opens a file for locking, made if missing and never removed.
    pub(crate) fn open_lock(&self, name: &str) -> Result<File, OpenError> {
        Ok(OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path.join(name))?)
    }

    /// Makes a new file.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        create_private_file(&self.path.join(name))
    }

    /// Renames a file within the folder, replacing what is there.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        rename(&self.path.join(from), &self.path.join(to))
    }

    /// Removes a file; says whether there was one.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        match std::fs::remove_file(self.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Makes a folder and its parents.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Nothing to check beyond the profile folder's own access list.
pub(crate) fn check_private_folder(_path: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// Makes a new file.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a regular file that the user named.
pub(crate) fn open_regular(path: &Path) -> Result<File, OpenError> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(OpenError::Untrusted("it is not a regular file".to_owned())) }
}

/// Opens a file of the private store.
pub(crate) fn open_private(path: &Path) -> Result<File, OpenError> {
    open_regular(path)
}

/// Nothing to check beyond the profile folder's own access list.
pub(crate) fn check_own(_file: &File) -> Result<(), OpenError> {
    Ok(())
}

/// Replaces `to` by `from`; a reader that has the file open makes Windows refuse for a moment.
#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds for another process's read")]
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..20 {
        match std::fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            other => return other,
        }
    }
    std::fs::rename(from, to)
}
