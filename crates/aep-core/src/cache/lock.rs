//! The lock of an identity: a neighbour file that is never removed, held only during a fetch.
//!
//! The system releases it when its holder dies, and no child inherits it. Nothing here waits.

use std::fs::File;
use std::io::{Seek, Write};

use fs4::{FileExt, TryLockError};

use super::Trouble;
use crate::platform::{Folder, OpenError};

/// The right to write, and how it was come by.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The lock is held until this is dropped.
    Locked(#[expect(dead_code, reason = "held for its lock")] File),
    /// Another process held it for too long, or the file system has no locks.
    WithoutLock,
}

/// Why there is no lock.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process holds it.
    Held,
    /// It cannot be had here.
    Unusable(Trouble),
}

/// As [`LockError`], before the file has its full name.
pub(super) enum Refusal {
    Held,
    Unusable(OpenError),
}

/// Takes the lock if it is free, and notes the holder's process number in it for `doctor`.
pub(super) fn try_lock(folder: &Folder, name: &str) -> Result<Turn, Refusal> {
    let mut file = folder.open_lock(name).map_err(Refusal::Unusable)?;
    match FileExt::try_lock(&file) {
        Ok(()) => {
            let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
            Ok(Turn::Locked(file))
        }
        Err(TryLockError::WouldBlock) => Err(Refusal::Held),
        Err(TryLockError::Error(error)) => Err(Refusal::Unusable(error.into())),
    }
}

/// The process that holds the lock now, as it wrote itself down; empty where it has not yet. `None` where nobody does.
pub(super) fn holder(folder: &Folder, name: &str) -> Option<String> {
    use std::io::Read as _;
    const LONGEST_NUMBER: u64 = 20;
    let file = folder.open_file(name).ok()?;
    match FileExt::try_lock_shared(&file) {
        Err(TryLockError::WouldBlock) => {
            let mut number = String::new();
            let _ = file.take(LONGEST_NUMBER).read_to_string(&mut number);
            Some(number.chars().filter(char::is_ascii_digit).collect())
        }
        // Released again at once, when the file is closed.
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}
