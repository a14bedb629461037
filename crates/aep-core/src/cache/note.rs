//! A small note beside the entries: one file, overwritten in place, best effort. Losing it loses no token.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use super::neighbour::Neighbour;
use crate::platform::Folder;

/// A note is a line or two.
const MOST_BYTES: u64 = 4096;

/// A note in the cache folder.
#[derive(Debug)]
pub struct Note {
    folder: PathBuf,
    name: String,
}

impl Note {
    /// The note of this name; nothing is touched yet.
    pub fn at(folder: &Path, name: String) -> Self {
        Self { folder: folder.to_owned(), name }
    }

    /// What it says; `None` where it is missing or not ours alone to write.
    pub fn read(&self) -> Option<Vec<u8>> {
        Folder::open(&self.folder).ok()?.read(&self.name, MOST_BYTES).ok()
    }

    /// Replaces it as a whole, best effort: for a note of changing size.
    pub fn replace(&self, bytes: &[u8]) {
        let Ok(folder) = Folder::open(&self.folder) else { return };
        let _ = Neighbour::write(&folder, bytes).and_then(|neighbour| neighbour.rename_to(&self.name));
    }

    /// Removes it, best effort.
    pub fn remove(&self) {
        if let Ok(folder) = Folder::open(&self.folder) {
            let _ = folder.remove(&self.name);
        }
    }

    /// Overwrites it in place. The same number of bytes each time keeps a reader from finding half of two.
    pub fn overwrite(&self, bytes: &[u8]) {
        let Ok(folder) = Folder::open(&self.folder) else { return };
        if let Ok(mut file) = folder.open_lock(&self.name) {
            let _ = file.rewind().and_then(|()| file.write_all(bytes));
        }
    }
}
