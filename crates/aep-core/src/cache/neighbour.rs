//! A file beside an entry, while the entry is written: private from its creation, locked while its writer lives, so that
//! what a killed one left is known for what it is and goes with the next that writes there.
//!
//! There are a few fixed names, so that looking for leftovers costs the same beside ten thousand entries.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use fs4::{FileExt, TryLockError};

use crate::platform::{Folder, OpenError};

/// More writers at once than these take names of their own.
const NAMES: u32 = 8;

/// Long enough for a writer to come from making a file to locking it.
const BEGINNING: Duration = Duration::from_secs(60);

fn name(number: u32) -> String {
    format!("writing-{number}.tmp")
}

/// A file that waits to take an entry's place; removed if it never does.
pub(super) struct Neighbour<'a> {
    folder: &'a Folder,
    name: Option<String>,
    /// Open for its lock.
    _file: File,
}

impl<'a> Neighbour<'a> {
    /// Writes the bytes beside their place.
    pub(super) fn write(folder: &'a Folder, bytes: &[u8]) -> io::Result<Self> {
        let (name, file) = claim(folder)?;
        let mut neighbour = Self { folder, name: Some(name), _file: file };
        neighbour._file.write_all(bytes)?;
        Ok(neighbour)
    }

    /// Puts it in place of what has this name.
    pub(super) fn rename_to(mut self, place: &str) -> io::Result<()> {
        let Some(name) = self.name.take() else { return Ok(()) };
        self.folder.rename(&name, place).inspect_err(|_| drop(self.folder.remove(&name)))
    }
}

impl Drop for Neighbour<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = self.folder.remove(name);
        }
    }
}

/// A new file under the first name that is free, and the lock on it.
fn claim(folder: &Folder) -> io::Result<(String, File)> {
    for name in (0..NAMES).map(name) {
        if is_left_behind(folder, &name) {
            folder.remove(&name)?;
        }
        match folder.create_file(&name) {
            Ok(file) => {
                // Where there are no locks, another could take it for left behind: then it has vanished at the rename,
                // which is an error like others.
                let _ = FileExt::try_lock(&file);
                return Ok((name, file));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let name = format!("writing-{}.tmp", std::process::id() | 0x8000_0000);
    let file = folder.create_file(&name)?;
    Ok((name, file))
}

/// Whether there is a file of this name that nobody writes any more. A writer locks its file right after it made it; a
/// new and empty one without a lock may be between the two.
fn is_left_behind(folder: &Folder, name: &str) -> bool {
    match folder.open_file(name) {
        Ok(file) => {
            let may_be_begun = file.metadata().is_ok_and(|metadata| metadata.len() == 0 && is_new(&metadata));
            !may_be_begun && !matches!(FileExt::try_lock(&file), Err(TryLockError::WouldBlock))
        }
        Err(OpenError::Untrusted(_)) => true,
        Err(OpenError::Io(_)) => false,
    }
}

fn is_new(metadata: &std::fs::Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age < BEGINNING)
}

/// Removes what killed writers left; best effort.
pub(super) fn sweep(folder: &Folder) {
    for name in (0..NAMES).map(name) {
        if is_left_behind(folder, &name) {
            let _ = folder.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_writer_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let place = Folder::open(folder.path()).unwrap();
        for number in [0, 3, 7] {
            std::fs::write(path(&name(number)), "eyJleft").unwrap();
        }
        let alive = Neighbour::write(&place, b"eyJalive").unwrap();
        sweep(&place);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
        assert_eq!(left.len(), 1, "{left:?}");
        alive.rename_to("entry.json").unwrap();
        assert_eq!(std::fs::read(path("entry.json")).unwrap(), b"eyJalive");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_one_is_let_be_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let place = Folder::open(folder.path()).unwrap();
        let file = std::fs::File::create(folder.path().join(name(0))).unwrap();
        sweep(&place);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let times =
            std::fs::FileTimes::new().set_modified(file.metadata().unwrap().modified().unwrap() - 2 * BEGINNING);
        file.set_times(times).unwrap();
        drop(file);
        sweep(&place);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn many_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = Folder::open(folder.path()).unwrap();
        let all: Vec<_> = (0..=NAMES).map(|_| Neighbour::write(&place, b"x").unwrap()).collect();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), all.len());
        drop(all);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
