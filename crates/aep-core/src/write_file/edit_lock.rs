//! The lock of those who read a file, change it and write it back, so that two at once both count.
//!
//! One file a folder, which goes with the last of them. The wait is bounded; where the file system has no locks, an edit
//! goes without.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::WriteError;
use crate::Clock;
use crate::clock::jittered;
use crate::platform::{self, OpenError};

const NAME: &str = ".lock";
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The right to change the files of a folder, until this is dropped.
#[derive(Debug)]
pub struct EditLock {
    /// `None` where the file system has no locks.
    held: Option<(PathBuf, File)>,
}

impl EditLock {
    /// Waits at most `patience` for the lock of a folder, which must be there.
    ///
    /// # Errors
    /// Another process held it all the time, or the folder cannot be written.
    pub fn take(folder: &Path, patience: Duration, clock: &dyn Clock) -> Result<Self, WriteError> {
        let path = folder.join(NAME);
        let deadline = clock.monotonic() + patience;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let file = platform::open_passing_lock(&path).map_err(|error| match error {
                OpenError::Untrusted(why) => WriteError::not_trusted(&path, why),
                OpenError::Io(error) => WriteError::failed(&path, error),
            })?;
            match file.try_lock() {
                Ok(()) if platform::is_passed(&file) => {}
                Ok(()) => return Ok(Self { held: Some((path, file)) }),
                Err(TryLockError::Error(_)) => {
                    platform::remove_passing_lock(&path);
                    return Ok(Self { held: None });
                }
                Err(TryLockError::WouldBlock) => {
                    let now = clock.monotonic();
                    if now >= deadline {
                        return Err(WriteError::Busy { path });
                    }
                    clock.sleep(jittered(pause).min(deadline - now));
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Whether it keeps others out; not so where the file system has no locks.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

impl Drop for EditLock {
    fn drop(&mut self) {
        if let Some((path, _file)) = &self.held {
            // While it is held: whoever gets the lock on this file afterwards sees that it is gone.
            platform::remove_passing_lock(path);
        }
    }
}
