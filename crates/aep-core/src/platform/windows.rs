//! Windows and the rest: no modes. What another program holds open for a moment is tried again for half a second, as a
//! reader that has the file open makes Windows refuse a rename, and a writer a read.
//!
//! Owners and access lists are not looked at; the user's own folder protects the files by the list that it hands down.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{OpenError, Rights};
use crate::trust::Distrust;

/// Pauses of 1, 2, 4, 8 and then 16 ms: half a second of them, and for a file that many look at while it is replaced two.
const TRIES: u32 = 36;
const TRIES_TO_REPLACE: u32 = 130;

/// Whether this user could put something else in the place of what is there; no list is looked at to tell.
pub(crate) fn may_replace(_path: &Path, _metadata: &Metadata) -> bool {
    true
}

/// A second name is a copy here.
pub(crate) fn is_one_file(_path: &Path, _second: &Path) -> bool {
    false
}

/// No modes, so that no owner is kept out by them.
pub(crate) fn is_closed_to_its_owner(_folder: &Path) -> bool {
    false
}

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

    /// Reads a regular file, `most` bytes of it at most. A lock keeps readers out here: that of a writer, which it holds for
    /// a moment after the file took its place, shows at the first byte.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, OpenError> {
        let path = self.path.join(name);
        patiently(|| super::read_at_most(&open_plain(&path)?, most))
    }

    /// Says who holds a lock: beside it, since nobody else can read a file that is locked.
    pub(crate) fn tell_holder(&self, _lock: &File, lock_name: &str, text: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut note = options.write(true).create(true).truncate(false).open(self.holder(lock_name))?;
        note.write_all(text.as_bytes())?;
        note.set_len(text.len() as u64)
    }

    /// What the holder of a lock says; nothing is more than `most` bytes.
    pub(crate) fn holder_text(&self, _lock: &File, lock_name: &str, most: u64) -> Option<Vec<u8>> {
        super::read_at_most(&File::open(self.holder(lock_name)).ok()?, most).ok()
    }

    /// Ends a lock that is held. Its file stays: one that waits for it could not tell that it is gone.
    pub(crate) fn remove_held_lock(&self, lock_name: &str) {
        let _ = std::fs::remove_file(self.holder(lock_name));
    }

    fn holder(&self, lock_name: &str) -> PathBuf {
        self.path.join(lock_name).with_extension("holder")
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
    patiently(|| {
        refuse_irregular(&std::fs::metadata(path)?)?;
        Ok(File::open(path)?)
    })
}

/// Opens a file of ours, which is no link.
pub(crate) fn open_private(path: &Path) -> Result<File, OpenError> {
    patiently(|| open_plain(path))
}

/// As [`open_private`], at the first try or not at all.
fn open_plain(path: &Path) -> Result<File, OpenError> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Err(Distrust::Link.into());
    }
    refuse_irregular(&metadata)?;
    Ok(File::open(path)?)
}

/// The access list is not looked at.
pub(crate) fn check_own(_file: &File) -> Result<(), OpenError> {
    Ok(())
}

/// Replaces `to` by `from`.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    with_patience(TRIES_TO_REPLACE, || std::fs::rename(from, to))
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

/// Opens a regular file to append to it, made if missing; no link.
pub(crate) fn open_appended(path: &Path) -> Result<File, OpenError> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        refuse_irregular(&found)?;
    }
    Ok(OpenOptions::new().read(true).append(true).create(true).open(path)?)
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

/// Makes a file that others can read, and that [`sweep_neighbour`] leaves alone while it is open. `None` where there is one
/// already.
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

/// Keeps what a file holds beside it. A copy, as the access list is the folder's: a handle on the file itself would be in
/// the way of what is to take its place. `None` where the name is taken.
pub(crate) fn link_neighbour(file: &Path, neighbour: &Path) -> io::Result<Option<File>> {
    let bytes = Zeroizing::new(patiently(|| std::fs::read(file))?);
    let Some(mut copy) = claim_neighbour(neighbour)? else { return Ok(None) };
    if let Err(error) = copy.write_all(&bytes) {
        let _ = std::fs::remove_file(neighbour);
        return Err(error);
    }
    Ok(Some(copy))
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

#[cfg(windows)]
const FILE_SHARE_READ: u32 = 1;
#[cfg(windows)]
const FILE_SHARE_DELETE: u32 = 4;

/// Others may rename or remove the file, but not open it: a lock from the moment of its creation.
#[cfg(windows)]
fn keep_to_ourselves(options: &mut OpenOptions) {
    std::os::windows::fs::OpenOptionsExt::share_mode(options, FILE_SHARE_DELETE);
}

/// Others may read the file, but not write. That its maker can remove it before it closes it takes the right to remove.
#[cfg(windows)]
fn let_read(options: &mut OpenOptions) {
    std::os::windows::fs::OpenOptionsExt::share_mode(options, FILE_SHARE_READ | FILE_SHARE_DELETE);
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
fn patiently<T, E: MayPass>(attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    with_patience(TRIES, attempt)
}

#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds for another process's read")]
fn with_patience<T, E: MayPass>(tries: u32, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for done in 0..tries {
        match attempt() {
            Err(error) if error.may_pass() => std::thread::sleep(Duration::from_millis(1 << done.min(4))),
            other => return other,
        }
    }
    attempt()
}

/// What a moment later may be gone.
trait MayPass {
    fn may_pass(&self) -> bool;
}

impl MayPass for io::Error {
    /// Access denied, sharing violation, lock violation: each may be another process's moment. That there is no such file
    /// is none, although a file that is being replaced may seem so: most that are not there are not there.
    fn may_pass(&self) -> bool {
        matches!(self.raw_os_error(), Some(5 | 32 | 33))
    }
}

impl MayPass for OpenError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Io(error) => error.may_pass(),
            Self::Untrusted(_) => false,
        }
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_told_at_once() {
        for (code, expected) in [(5, 3), (32, 3), (33, 3), (2, 1), (3, 1), (112, 1)] {
            let mut tries = 0;
            let result = patiently(|| {
                tries += 1;
                if tries < 3 { Err(io::Error::from_raw_os_error(code)) } else { Ok(()) }
            });
            assert_eq!((tries, result.is_ok()), (expected, expected == 3), "{code}");
        }
        let mut tries = 0;
        let never: Result<(), _> = patiently(|| {
            tries += 1;
            Err(OpenError::from(io::Error::from_raw_os_error(32)))
        });
        assert!(never.is_err() && tries == TRIES + 1);
    }

    #[test]
    fn a_file_that_another_has_open_is_read_once_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("entry"), "new").unwrap();
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        keep_to_ourselves(&mut options);
        let held = options.open(folder.path().join("entry")).unwrap();
        assert!(matches!(open_plain(&folder.path().join("entry")), Err(OpenError::Io(error)) if error.may_pass()));
        let reader = std::thread::spawn({
            let place = Folder::open(folder.path()).unwrap();
            move || place.read("entry", 10).unwrap()
        });
        std::thread::sleep(Duration::from_millis(20));
        drop(held);
        assert_eq!(reader.join().unwrap(), b"new");
    }

    #[test]
    fn a_file_takes_the_place_of_one_that_is_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("old"), "old").unwrap();
        std::fs::write(path("new"), "new").unwrap();
        let reader = File::open(path("old")).unwrap();
        // Windows lets it go through at once, Wine when the reader has ended.
        let ended = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            super::super::read_at_most(&reader, 10).unwrap()
        });
        rename(&path("new"), &path("old")).unwrap();
        assert_eq!(std::fs::read(path("old")).unwrap(), b"new");
        assert_eq!(ended.join().unwrap(), b"old");
    }
}
