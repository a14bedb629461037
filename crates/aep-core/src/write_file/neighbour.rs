//! The file beside another that is about to take its place.
//!
//! Neighbours have a few fixed names in each folder, so that the next writer finds what a killed one left without
//! reading the folder, which may be large. A writer holds a lock on its neighbour, so that nobody takes it for abandoned.

use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::platform;

/// More writers at once in one folder use names by chance.
const SLOTS: u32 = 16;

/// A neighbour that goes with this value, unless it took its place.
#[derive(Debug)]
pub(super) struct Neighbour {
    path: PathBuf,
    /// Held for its lock.
    file: File,
    is_there: bool,
}

impl Neighbour {
    /// Writes the content that is to take the place of `target`, and waits until it is on the disk.
    pub(super) fn write(target: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut neighbour = Self::empty(target)?;
        neighbour.file.write_all(bytes)?;
        // Unlike a cached token, this cannot be fetched again.
        neighbour.file.sync_all()?;
        Ok(neighbour)
    }

    /// An empty one, to be filled by and by.
    pub(super) fn empty(target: &Path) -> io::Result<Self> {
        let folder = folder_of(target)?;
        sweep(folder);
        Self::claim(folder, platform::claim_neighbour)
    }

    /// The file itself.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Keeps the file at `target` under a second name: itself, and no copy, so that its owner and mode are kept too.
    pub(super) fn keep(target: &Path) -> io::Result<Self> {
        Self::claim(folder_of(target)?, |neighbour| platform::link_neighbour(target, neighbour))
    }

    /// Takes the place of `target`.
    pub(super) fn put(mut self, target: &Path) -> io::Result<()> {
        platform::rename(&self.path, target)?;
        // From now on the name may be another writer's.
        self.is_there = false;
        Ok(())
    }

    fn claim(folder: &Path, claim: impl Fn(&Path) -> io::Result<Option<File>>) -> io::Result<Self> {
        let fixed = (0..SLOTS).map(|slot| folder.join(name_of_slot(slot)));
        let by_chance = (0..SLOTS).map(|_| folder.join(name_by_chance()));
        for path in fixed.chain(by_chance) {
            if let Some(file) = claim(&path)? {
                return Ok(Self { path, file, is_there: true });
            }
        }
        Err(io::Error::other("too many files are being written in the folder at once"))
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        if self.is_there {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what killed writers left in a folder; a live writer's file is never touched.
pub fn sweep(folder: &Path) {
    for slot in 0..SLOTS {
        platform::sweep_neighbour(&folder.join(name_of_slot(slot)));
    }
}

fn name_of_slot(slot: u32) -> String {
    format!(".aep-{slot}.tmp")
}

/// A name that nobody has.
pub(super) fn name_by_chance() -> String {
    format!(".aep-{:016x}.tmp", RandomState::new().hash_one(std::process::id()))
}

/// Whether a file of this name is one of ours on its way to its place, or left there; the first version's too.
pub fn is_leftover(name: &OsStr) -> bool {
    let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".tmp")) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The first version wrote `.NAME.PID.tmp`.
    let is_first =
        || name.strip_prefix('.').and_then(|name| name.rsplit_once('.')).is_some_and(|(_, pid)| is_number(pid));
    name.strip_prefix(".aep-").is_some_and(is_word) || is_first()
}

pub(super) fn folder_of(target: &Path) -> io::Result<&Path> {
    match target.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(folder) => Ok(folder),
        None => Err(io::ErrorKind::IsADirectory.into()),
    }
}
