//! Several files that are replaced or removed together.
//!
//! All is checked and written beside its place before the first file changes; then come the renames and removals, in the
//! order in which the files were handed in. If one fails, the files themselves are put back, not copies of them. A process killed
//! between two of them leaves the first of them done: the order is the caller's care.

use std::io;
use std::path::{Path, PathBuf};

use super::neighbour::{Neighbour, folder_of, name_by_chance, sweep};
use super::{WriteError, own_target, target_of};
use crate::platform;

/// Files that wait to be replaced or removed together. Nothing has changed until [`Transaction::commit`].
#[derive(Debug)]
pub struct Transaction<'a> {
    home: Option<&'a Path>,
    /// What takes each file's place; nothing, where it goes.
    staged: Vec<(PathBuf, Option<Neighbour>)>,
}

impl<'a> Transaction<'a> {
    /// A transaction of no file yet.
    pub fn new(home: Option<&'a Path>) -> Self {
        Self { home, staged: Vec::new() }
    }

    /// Writes the content beside the file that it is to replace; its folder must be there, and trusted.
    ///
    /// # Errors
    /// As for [`super::replace`].
    pub fn stage(&mut self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let target = target_of(path, self.home)?;
        self.stage_at(target, bytes)
    }

    /// The same for a file of the private store: nothing is written through a link.
    ///
    /// # Errors
    /// As for [`super::replace_own`].
    pub fn stage_own(&mut self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        self.stage_at(own_target(path)?.to_owned(), bytes)
    }

    /// Has a file be found under a second name as well: itself, where the file system has that, else a copy.
    ///
    /// # Errors
    /// As for [`super::replace`].
    pub fn stage_second_name(&mut self, path: &Path, bytes: &[u8], second: &Path) -> Result<(), WriteError> {
        let target = target_of(second, self.home)?;
        match Neighbour::keep(path) {
            Ok(neighbour) => self.staged.push((target, Some(neighbour))),
            Err(_) => self.stage_at(target, bytes)?,
        }
        Ok(())
    }

    fn stage_at(&mut self, target: PathBuf, bytes: &[u8]) -> Result<(), WriteError> {
        let neighbour = Neighbour::write(&target, bytes).map_err(|error| WriteError::failed(&target, error))?;
        self.staged.push((target, Some(neighbour)));
        Ok(())
    }

    /// Has a file go, or a link and never its target; that there is none is no error.
    ///
    /// # Errors
    /// It is a folder, or one in which this user may remove nothing.
    pub fn remove(&mut self, path: &Path) -> Result<(), WriteError> {
        let failed = |error: io::Error| WriteError::NotRemoved { path: path.to_owned(), error };
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(metadata) if !platform::may_replace(path, &metadata) => {
                return Err(failed(io::ErrorKind::PermissionDenied.into()));
            }
            Ok(_) => {}
        }
        // A second name, which one that was killed left, goes with the first.
        folder_of(path).map(sweep).map_err(failed)?;
        self.staged.push((path.to_owned(), None));
        Ok(())
    }

    /// Puts all files in their places and removes those that are to go, in the order in which they were staged.
    ///
    /// # Errors
    /// What the file system says of the first that cannot be; all are then as they were.
    pub fn commit(self) -> Result<(), WriteError> {
        self.commit_with(Neighbour::put)
    }

    pub(super) fn commit_with(self, put: impl Fn(Neighbour, &Path) -> io::Result<()>) -> Result<(), WriteError> {
        let mut replaced: Vec<Replaced> = Vec::with_capacity(self.staged.len());
        for (target, neighbour) in self.staged {
            let is_to_go = neighbour.is_none();
            let done = Replaced::keeping(&target).and_then(|kept| {
                let result = match (neighbour, &kept.before) {
                    (Some(neighbour), _) => put(neighbour, &target),
                    (None, Before::Nothing | Before::Moved(_)) => Ok(()),
                    (None, _) => std::fs::remove_file(&target),
                };
                // Set aside without a second name, it must go back even now.
                if result.is_ok() || matches!(kept.before, Before::Moved(_)) {
                    replaced.push(kept);
                }
                result
            });
            if let Err(error) = done {
                replaced.into_iter().rev().for_each(Replaced::put_back);
                return Err(if is_to_go {
                    WriteError::NotRemoved { path: target, error }
                } else {
                    WriteError::failed(&target, error)
                });
            }
        }
        replaced.into_iter().for_each(Replaced::forget);
        Ok(())
    }
}

/// A file that was replaced or removed, and what was there before.
struct Replaced {
    target: PathBuf,
    before: Before,
}

enum Before {
    /// Nothing.
    Nothing,
    /// The file, under a second name.
    Linked(Neighbour),
    /// A copy of a file of ours, on a file system without second names.
    Copied(Neighbour),
    /// It, under another name: a link, or a file of another's that must have no second name.
    Moved(PathBuf),
}

impl Replaced {
    fn keeping(target: &Path) -> io::Result<Self> {
        let keep = |before| Ok(Self { target: target.to_owned(), before });
        let is_link = match std::fs::symlink_metadata(target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return keep(Before::Nothing),
            other => other?.is_symlink(),
        };
        if let Ok(neighbour) = Neighbour::keep(target) {
            return keep(Before::Linked(neighbour));
        }
        // Only of a file that is trusted, or the copy would be.
        if !is_link
            && let Ok(mut file) = platform::open_regular(target)
            && platform::check_own(&file).is_ok()
        {
            let mut bytes = zeroize::Zeroizing::new(Vec::new());
            io::Read::read_to_end(&mut file, &mut bytes)?;
            return keep(Before::Copied(Neighbour::write(target, &bytes)?));
        }
        let aside = target.with_file_name(name_by_chance());
        std::fs::rename(target, &aside)?;
        keep(Before::Moved(aside))
    }

    fn forget(self) {
        if let Before::Moved(aside) = self.before {
            let _ = std::fs::remove_file(aside);
        }
    }

    fn put_back(self) {
        let _ = match self.before {
            Before::Nothing => std::fs::remove_file(&self.target),
            Before::Linked(neighbour) | Before::Copied(neighbour) => neighbour.put(&self.target),
            Before::Moved(aside) => std::fs::rename(aside, &self.target),
        };
    }
}
