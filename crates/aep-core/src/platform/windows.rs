//! Windows and the rest: no modes. What another program holds open for a moment is tried again for half a second, as a
//! reader that has the file open makes Windows refuse a rename, and a writer a read.
//!
//! Owners and access lists are not looked at; the user's own folder protects the files by the list that it hands down.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{OpenError, Rights};
use crate::trust::Distrust;

/// 1, 2, 4 … 256 ms.
const TRIES: u32 = 9;

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens a folder.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        check_private_folder(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Opens a regular file for reading; never follows a link.
    pub(crate) fn open_file(&self, name: &str) -> Result<File, OpenError> {
        open_private(&self.path.join(name))
    }

    /// Opens a file for locking, made if missing and never removed.
    pub(crate) fn open_lock(&self, name: &str) -> Result<File, OpenError> {
        open_passing_lock(&self.path.join(name))
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
        match patiently(|| std::fs::remove_file(self.path.join(name))) {
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

/// Checks that it is a folder; its access list is not looked at.
pub(crate) fn check_private_folder(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path)?.is_dir() {
        true => Ok(()),
        false => Err(Distrust::NotFolder.into()),
    }
}

/// Makes a new file.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a regular file that the user named.
pub(crate) fn open_regular(path: &Path) -> Result<File, OpenError> {
    refuse_irregular(&std::fs::metadata(path)?)?;
    Ok(patiently(|| File::open(path))?)
}

/// Opens a file of ours, which is no link.
pub(crate) fn open_private(path: &Path) -> Result<File, OpenError> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Err(Distrust::Link.into());
    }
    refuse_irregular(&metadata)?;
    Ok(patiently(|| File::open(path))?)
}

/// The access list is not looked at.
pub(crate) fn check_own(_file: &File) -> Result<(), OpenError> {
    Ok(())
}

/// Replaces `to` by `from`.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| std::fs::rename(from, to))
}

/// Refuses everything but a regular file.
pub(crate) fn refuse_irregular(metadata: &Metadata) -> Result<(), Distrust> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(Distrust::Folder)
    } else {
        Err(Distrust::NotRegular)
    }
}

/// Nothing is told about it here.
pub(crate) fn rights(_path: &Path) -> Rights {
    Rights::Other
}

/// Whether the name is a device's or a pipe's: `NUL`, `CON`, `\\.\…`.
pub(crate) fn is_stream_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_uppercase();
    let is_device = ["NUL", "CON", "CONOUT$", "PRN", "AUX"].contains(&name.as_str());
    is_device || path.to_str().is_some_and(|path| path.starts_with(r"\\.\") || path.starts_with("//./"))
}

/// Opens a device or pipe for writing.
pub(crate) fn open_stream(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// Makes a file that [`sweep_neighbour`] leaves alone while it is open. `None` where there is one already.
pub(crate) fn claim_neighbour(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    keep_to_ourselves(&mut options);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        // One that is being removed denies access, until its last user closes it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a file that others can read, and not remove while it is open. `None` where there is one already.
pub(crate) fn claim_shown(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let_read(&mut options);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a second name to a file, and holds it. `None` where the name is taken.
pub(crate) fn link_neighbour(file: &Path, neighbour: &Path) -> io::Result<Option<File>> {
    let handle = File::open(file)?;
    match std::fs::hard_link(file, neighbour) {
        Ok(()) => Ok(Some(handle)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what a writer that died left behind; while a writer lives, the file cannot be opened.
pub(crate) fn sweep_neighbour(path: &Path) {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    keep_to_ourselves(&mut options);
    if let Ok(_held) = options.open(path) {
        let _ = std::fs::remove_file(path);
    }
}

/// Others may rename or remove the file, but not open it: a lock from the moment of its creation.
#[cfg(windows)]
fn keep_to_ourselves(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_SHARE_DELETE: u32 = 4;
    options.share_mode(FILE_SHARE_DELETE);
}

/// Others may read the file and nothing else.
#[cfg(windows)]
fn let_read(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_SHARE_READ: u32 = 1;
    options.share_mode(FILE_SHARE_READ);
}

#[cfg(not(windows))]
fn let_read(_options: &mut OpenOptions) {}

#[cfg(not(windows))]
fn keep_to_ourselves(_options: &mut OpenOptions) {}

/// Opens a file for a lock, made if missing.
pub(crate) fn open_passing_lock(path: &Path) -> Result<File, OpenError> {
    Ok(patiently(|| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path))?)
}

/// It stays: here a file that is open cannot make room for another of its name.
pub(crate) fn remove_passing_lock(_path: &Path) {}

/// The file of a lock stays here.
pub(crate) fn is_passed(_lock: &File) -> bool {
    false
}

/// Tries again while another program has the file open.
#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds for another process's read")]
fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for doubling in 0..TRIES {
        match attempt() {
            Err(error) if is_passing(&error) => std::thread::sleep(Duration::from_millis(1 << doubling)),
            other => return other,
        }
    }
    attempt()
}

/// Access denied, sharing violation, lock violation: each may be another process's moment.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(5 | 32 | 33))
}
