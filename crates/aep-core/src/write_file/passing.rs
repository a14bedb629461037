//! A file that holds a secret for as long as another program runs, and goes with its writer.
//!
//! It is private (0600) from its creation and lies in a folder that is ours alone. Its writer holds a lock on it: what a
//! killed one left is told apart from what is in use, and is removed by the next that comes there.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::neighbour::name_by_chance;
use super::{WriteError, own_target};
use crate::platform;

const TRIES: usize = 16;
const SUFFIX: &str = ".pass";

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub struct PassingFile {
    path: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl PassingFile {
    /// Writes a file of its own into a folder of ours, which must be there.
    ///
    /// # Errors
    /// The folder is not ours alone, or the file system refused; nothing is then left.
    pub fn write(folder: &Path, bytes: &[u8]) -> Result<Self, WriteError> {
        sweep_passing(folder);
        for _ in 0..TRIES {
            let path = folder.join(name_by_chance().replace(".tmp", SUFFIX));
            own_target(&path)?;
            let claimed = platform::claim_shown(&path).map_err(|error| WriteError::failed(&path, error))?;
            let Some(file) = claimed else { continue };
            let mut passing = Self { path, _file: file };
            return match passing._file.write_all(bytes) {
                Ok(()) => Ok(passing),
                Err(error) => Err(WriteError::failed(&passing.path, error)),
            };
        }
        Err(WriteError::failed(folder, std::io::ErrorKind::AlreadyExists))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PassingFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes the passing files that killed writers left in a folder; one in use is never touched.
pub fn sweep_passing(folder: &Path) {
    let is_passing = |name: &OsStr| name.to_str().is_some_and(|name| name.ends_with(SUFFIX));
    let Ok(items) = std::fs::read_dir(folder) else { return };
    for item in items.flatten().filter(|item| is_passing(&item.file_name())) {
        platform::sweep_neighbour(&item.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_by_others_and_goes_with_its_writer_alone() {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let passing = PassingFile::write(folder.path(), b"secret").unwrap();
        assert_eq!(std::fs::read(passing.path()).unwrap(), b"secret");
        sweep_passing(folder.path());
        assert!(passing.path().exists(), "it is in use");
        let path = passing.path().to_owned();
        drop(passing);
        assert!(!path.exists());
        // What a killed one left.
        std::fs::write(&path, "secret").unwrap();
        sweep_passing(folder.path());
        assert!(!path.exists());
    }
}
