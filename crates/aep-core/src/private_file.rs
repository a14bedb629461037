//! Replacing a file of the user's as a whole: the reader sees the old or the new one, and nobody else sees either.

use std::io::{self, Write};
use std::path::Path;

use crate::platform;

/// Makes a folder that only the user can open, and those above it that are missing, under any umask.
///
/// # Errors
/// Whatever the file system says.
pub fn create_folders(path: &Path) -> io::Result<()> {
    platform::create_private_folders(path)
}

/// Writes `bytes` to `path` by way of a neighbour that is private (0600) from its creation, and a rename.
///
/// # Errors
/// Whatever the file system says; the old file is then untouched and the neighbour is gone.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path has no file name"))?;
    let mut neighbour = std::ffi::OsString::from(".");
    neighbour.push(name);
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = path.with_file_name(neighbour);
    // What a killed process of the same number left behind.
    let _ = std::fs::remove_file(&neighbour);
    let written = platform::create_private_file(&neighbour)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            // Unlike a cached token, this cannot be fetched again.
            file.sync_all()
        })
        .and_then(|()| platform::rename(&neighbour, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&neighbour);
    }
    written
}
