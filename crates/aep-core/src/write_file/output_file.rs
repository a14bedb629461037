//! Output that is too large to be held: it grows in a neighbour, and takes the file's place when it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::neighbour::Neighbour;
use super::{Output, WriteError, output_of};

/// What the user wants to have in a file of some name; see [`super::write_output`] for which files may be named. Dropped
/// before [`OutputFile::commit`], it leaves an old file as it was.
pub struct OutputFile {
    path: PathBuf,
    place: Place,
}

enum Place {
    Beside(Neighbour, PathBuf),
    Stream(File),
    Standard(Box<dyn Write>),
}

impl OutputFile {
    /// Prepares for output; a regular file does not change yet.
    ///
    /// # Errors
    /// As for [`super::write_output`].
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let place = match output_of(path)? {
            Output::File(target) => Neighbour::empty(&target).map(|neighbour| Place::Beside(neighbour, target)),
            Output::Stream(stream) => Ok(Place::Stream(stream)),
            Output::Standard(stream) => Ok(Place::Standard(stream)),
        };
        let place = place.map_err(|error| WriteError::failed(path, error))?;
        Ok(Self { path: path.to_owned(), place })
    }

    /// Whether a regular file is to be replaced.
    pub fn is_regular(&self) -> bool {
        matches!(self.place, Place::Beside(..))
    }

    /// All is there: it takes its place.
    ///
    /// # Errors
    /// What the file system says; an old file is then untouched.
    pub fn commit(self) -> Result<(), WriteError> {
        let done = match self.place {
            Place::Beside(mut neighbour, target) => neighbour.file().sync_all().and_then(|()| neighbour.put(&target)),
            Place::Stream(mut stream) => stream.flush(),
            Place::Standard(mut stream) => stream.flush(),
        };
        done.map_err(|error| WriteError::failed(&self.path, error))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Beside(neighbour, _) => neighbour.file().write(bytes),
            Place::Stream(stream) => stream.write(bytes),
            Place::Standard(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Beside(..) => Ok(()),
            Place::Stream(stream) => stream.flush(),
            Place::Standard(stream) => stream.flush(),
        }
    }
}

impl std::fmt::Debug for OutputFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputFile").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_all_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        std::fs::write(&path, "old").unwrap();
        let read = || std::fs::read_to_string(&path).unwrap();
        let mut output = OutputFile::create(&path).unwrap();
        output.write_all(b"new").unwrap();
        assert_eq!(read(), "old");
        drop(output);
        assert_eq!(read(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut output = OutputFile::create(&path).unwrap();
        output.write_all(b"new").unwrap();
        output.commit().unwrap();
        assert_eq!(read(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
