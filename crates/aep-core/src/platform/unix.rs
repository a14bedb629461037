//! Unix: modes, owners, and files opened relative to a folder that was checked once.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a file or folder is not trusted, or could not be used.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It is there, but others could have put or changed it.
    Untrusted(String),
    /// The file system said no.
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for OpenError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
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

/// A folder held open, so that what was checked is what is used.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
}

impl Folder {
    /// Opens a folder that is ours alone to write.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let handle = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let folder = File::from(handle);
        refuse_foreign(&folder.metadata()?)?;
        Ok(Self { path: path.to_owned(), handle: folder.into() })
    }

    /// The folder's path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file of ours for reading; never waits for a FIFO, never follows a link.
    pub(crate) fn open_file(&self, name: &str) -> Result<File, OpenError> {
        let file = self.open_at(name, OFlags::RDONLY, Mode::empty())?;
        let metadata = file.metadata()?;
        refuse_irregular(&metadata)?;
        refuse_foreign(&metadata)?;
        Ok(file)
    }

    /// Opens a file of ours for locking, made if missing and never removed.
    pub(crate) fn open_lock(&self, name: &str) -> Result<File, OpenError> {
        // Read and write, since NFS refuses an exclusive lock on a file that is open for reading alone.
        let file = self.open_at(name, OFlags::RDWR | OFlags::CREATE, Mode::from_raw_mode(PRIVATE_FILE))?;
        let metadata = file.metadata()?;
        refuse_irregular(&metadata)?;
        refuse_foreign(&metadata)?;
        // It opened, so that it is new, or was private already.
        Ok(exactly_private(file)?)
    }

    /// Makes a new file, private from its creation under any umask.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        match self.open_at(name, flags, Mode::from_raw_mode(PRIVATE_FILE)) {
            Ok(file) => exactly_private(file),
            Err(OpenError::Io(error)) => Err(error),
            Err(OpenError::Untrusted(why)) => Err(io::Error::other(why)),
        }
    }

    /// Renames a file within the folder, replacing what is there.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match rustix::fs::renameat(&self.handle, from, &self.handle, to) {
            // A folder in the entry's place: out of the way with it, if it is empty.
            Err(rustix::io::Errno::ISDIR) => {
                rustix::fs::unlinkat(&self.handle, to, AtFlags::REMOVEDIR)?;
                Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
            }
            other => Ok(other?),
        }
    }

    /// Removes a file; says whether there was one.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn open_at(&self, name: &str, flags: OFlags, mode: Mode) -> Result<File, OpenError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.handle, name, flags, mode) {
            Ok(handle) => Ok(handle.into()),
            Err(rustix::io::Errno::LOOP) => Err(OpenError::Untrusted("it is a symbolic link".to_owned())),
            Err(rustix::io::Errno::ISDIR) => Err(OpenError::Untrusted("it is a folder".to_owned())),
            // A FIFO or socket in a file's place, opened for writing.
            Err(rustix::io::Errno::NXIO) => Err(OpenError::Untrusted("it is not a regular file".to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}

/// Makes a folder and its parents, each private.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private_folders(parent)?;
    }
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        // The umask may have taken away more than others' rights.
        Ok(()) => std::fs::set_permissions(path, std::fs::Permissions::from_mode(PRIVATE_FOLDER)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks that nobody else can write to a folder, and that the name is no link.
pub(crate) fn check_private_folder(path: &Path) -> Result<(), OpenError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
            return Err(OpenError::Untrusted("it is a symbolic link or no folder".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    refuse_foreign(&folder.metadata()?)
}

/// Makes a new file, private from its creation under any umask.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    exactly_private(OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?)
}

/// Opens a regular file that the user named; a link is followed, a FIFO is refused.
pub(crate) fn open_regular(path: &Path) -> Result<File, OpenError> {
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    refuse_irregular(&file.metadata()?)?;
    Ok(file)
}

/// Opens a file of the private store: ours, closed to others, no link.
pub(crate) fn open_private(path: &Path) -> Result<File, OpenError> {
    if let Some(folder) = path.parent().filter(|folder| folder.exists()) {
        check_private_folder(folder)?;
    }
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| {
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            OpenError::Untrusted("it is a symbolic link".to_owned())
        } else {
            OpenError::Io(error)
        }
    })?;
    let metadata = file.metadata()?;
    refuse_irregular(&metadata)?;
    refuse_foreign(&metadata)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(OpenError::Untrusted(format!("others can read it (mode {:03o})", metadata.mode() & 0o777)));
    }
    Ok(file)
}

/// Whether the open file is ours and nobody else can write to it; says why not.
pub(crate) fn check_own(file: &File) -> Result<(), OpenError> {
    refuse_foreign(&file.metadata()?)
}

/// Replaces `to` by `from`.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

fn exactly_private(file: File) -> io::Result<File> {
    if file.metadata()?.mode() & 0o777 != PRIVATE_FILE {
        file.set_permissions(std::fs::Permissions::from_mode(PRIVATE_FILE))?;
    }
    Ok(file)
}

fn refuse_irregular(metadata: &Metadata) -> Result<(), OpenError> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(OpenError::Untrusted("it is a folder".to_owned()))
    } else {
        Err(OpenError::Untrusted("it is not a regular file".to_owned()))
    }
}

fn refuse_foreign(metadata: &Metadata) -> Result<(), OpenError> {
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(OpenError::Untrusted("it belongs to another user".to_owned()));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(OpenError::Untrusted(format!("others can write to it (mode {:03o})", metadata.mode() & 0o777)));
    }
    Ok(())
}
