//! The cache: one entry file an identity, replaced by rename, with a lock file beside it.
//!
//! Readers take no lock. Writers hold the identity's lock, or say why they have none. Nothing here waits, and nothing
//! here fails a caller for a damaged entry: that is a miss. What is not ours alone to write is an error, so that the
//! caller can warn and go without.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::identity::Identity;
use crate::platform::{self, Folder, OpenError};
use crate::token::Token;
use crate::{Environment, Error};

mod entry;
mod failure;
mod lock;
mod note;

pub use failure::Failure;
pub(crate) use lock::{LockError, Turn};
pub use note::Note;

/// An entry of several kilobytes is a large one; more than this is none.
const MOST_BYTES: u64 = 256 * 1024;

/// Whether `AEP_CACHE` switches the cache off: it is then neither read nor written, here and on a shared engine.
///
/// # Errors
/// Configuration, for a variable that is not text.
pub fn is_off(environment: &Environment) -> Result<bool, Error> {
    Ok(environment.text("AEP_CACHE")?.as_deref() == Some("off"))
}

/// Why the cache could not be used; the text names the file or folder.
#[derive(Debug)]
pub struct Trouble(String);

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Trouble {
    fn at(path: &Path, why: impl std::fmt::Display) -> Self {
        Self(format!("{}: {why}", path.display()))
    }
}

/// The place of one identity in the cache folder.
#[derive(Debug)]
pub struct Slot {
    folder: Folder,
    identity: Identity,
    stem: String,
}

impl Slot {
    /// Opens the place, if the folder is there.
    ///
    /// # Errors
    /// The folder is not one, cannot be opened, or is not ours alone to write.
    pub fn open(path: &Path, identity: Identity) -> Result<Option<Self>, Trouble> {
        match Folder::open(path) {
            Ok(folder) => Ok(Some(Self { folder, stem: identity.file_stem(), identity })),
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::at(path, error)),
        }
    }

    /// Opens the place, and makes the folder if it is missing.
    ///
    /// # Errors
    /// The folder cannot be made, or as [`Slot::open`].
    pub fn create(path: &Path, identity: Identity) -> Result<Self, Trouble> {
        platform::create_private_folders(path).map_err(|error| Trouble::at(path, error))?;
        let missing = || Trouble::at(path, "the folder vanished");
        Self::open(path, identity)?.ok_or_else(missing)
    }

    /// Reads the entry. Missing, damaged, of another version or of another identity is `None`.
    ///
    /// # Errors
    /// The entry is not a file of ours alone, or cannot be read.
    pub fn read(&self) -> Result<Option<Token>, Trouble> {
        let name = self.entry_name();
        let bytes = self.read_file(&name).map_err(|error| self.trouble(&name, error))?;
        Ok(bytes.and_then(|bytes| entry::parse(&bytes, &self.identity)))
    }

    /// Replaces the entry.
    ///
    /// # Errors
    /// The file system refused; the old entry is then untouched.
    pub(crate) fn replace(&self, token: &Token, turn: &Turn) -> Result<(), Trouble> {
        self.write(&self.entry_name(), &entry::render(token, &self.identity), turn)?;
        // A new token ends what an old failure had to tell.
        let _ = self.folder.remove(&self.failure_name());
        Ok(())
    }

    /// Removes the entry; says whether there was one.
    ///
    /// # Errors
    /// The file system refused.
    pub(crate) fn remove(&self, _turn: &Turn) -> Result<bool, Trouble> {
        let name = self.entry_name();
        self.folder.remove(&name).map_err(|error| self.trouble(&name, error.into()))
    }

    /// Reads what the last failed fetch left; anything unreadable is `None`.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let bytes = self.read_file(&self.failure_name()).ok()??;
        Failure::parse(&bytes)
    }

    /// Leaves a failure for those who wait; best effort.
    pub(crate) fn leave_failure(&self, failure: &Failure, turn: &Turn) {
        let _ = self.write(&self.failure_name(), &failure.render(), turn);
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_lock(&self) -> Result<Turn, LockError> {
        let name = self.lock_name();
        lock::try_lock(&self.folder, &name).map_err(|error| match error {
            lock::Refusal::Held => LockError::Held,
            lock::Refusal::Unusable(why) => LockError::Unusable(self.trouble(&name, why)),
        })
    }

    /// The process that fetches for this identity now; empty where its number is not known. `None` where nobody does.
    pub fn lock_holder(&self) -> Option<String> {
        lock::holder(&self.folder, &self.lock_name())
    }

    fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, OpenError> {
        let file = match self.folder.open_file(name) {
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut bytes = Vec::with_capacity(4096);
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Writes by way of a neighbour. The holder of the lock uses one fixed name, so that what a killed process left is
    /// overwritten and litter cannot grow; a process without the lock uses its own and clears old ones.
    fn write(&self, name: &str, bytes: &[u8], turn: &Turn) -> Result<(), Trouble> {
        let temporary = match turn {
            Turn::Locked(_) => format!("{}.tmp", self.stem),
            Turn::WithoutLock => {
                self.sweep();
                format!("{}.{}.tmp", self.stem, std::process::id())
            }
        };
        let written = self.create_file(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            drop(file);
            self.folder.rename(&temporary, name)
        });
        written.map_err(|error| {
            let _ = self.folder.remove(&temporary);
            self.trouble(name, error.into())
        })
    }

    fn create_file(&self, name: &str) -> io::Result<File> {
        match self.folder.create_file(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.folder.remove(name)?;
                self.folder.create_file(name)
            }
            other => other,
        }
    }

    /// Clears temporary files that are older than any write could take.
    fn sweep(&self) {
        const OLD: std::time::Duration = std::time::Duration::from_secs(600);
        let Ok(items) = std::fs::read_dir(self.folder.path()) else { return };
        for item in items.flatten() {
            let name = item.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(".tmp")) else { continue };
            let age = item.metadata().ok().and_then(|data| data.modified().ok()?.elapsed().ok());
            if age.is_some_and(|age| age > OLD) {
                let _ = self.folder.remove(name);
            }
        }
    }

    fn entry_name(&self) -> String {
        format!("{}.json", self.stem)
    }

    fn lock_name(&self) -> String {
        format!("{}.lock", self.stem)
    }

    fn failure_name(&self) -> String {
        format!("{}.failed", self.stem)
    }

    fn trouble(&self, name: &str, error: OpenError) -> Trouble {
        Trouble::at(&self.folder.path().join(name), error)
    }
}

/// Removes every entry of the folder; gives their number. Lock files stay: another process may hold one.
///
/// # Errors
/// The folder is not ours alone to write, or the file system refused.
pub fn remove_all(path: &Path) -> Result<usize, Trouble> {
    let folder = match Folder::open(path) {
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(|error| Trouble::at(path, error))?,
    };
    let items = std::fs::read_dir(path).map_err(|error| Trouble::at(path, error))?;
    let mut entries = 0;
    for item in items.flatten() {
        let name = item.file_name();
        let Some(name) = name.to_str() else { continue };
        let Some((stem, kind)) = name.split_once('.') else { continue };
        let is_ours = stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_ours && kind != "lock" {
            let removed = folder.remove(name).map_err(|error| Trouble::at(&path.join(name), error))?;
            entries += usize::from(removed && kind == "json");
        }
    }
    Ok(entries)
}
