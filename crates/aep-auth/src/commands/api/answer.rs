//! Where an answer goes: standard output as it comes, made safe for a terminal; or a file, which is replaced when all is
//! there, with a bar on a terminal where it takes over a second.

use std::io::Write;

use aep_core::io_words::io_words;
use aep_core::terminal::{self, Cleaner};
use aep_core::write_file::OutputFile;
use aep_core::{Error, Result};
use aep_ims::call::Answered;

use super::progress::Progress;

/// Where bytes go.
pub(super) enum Place<'a> {
    Stdout(Stdout<'a>),
    File(Box<OutputFile>, Progress<'a>),
}

/// Standard output.
pub(super) struct Stdout<'a> {
    stdout: &'a mut dyn Write,
    /// On a terminal.
    cleaner: Option<Cleaner>,
    is_closed: bool,
}

impl<'a> Stdout<'a> {
    pub(super) fn new(stdout: &'a mut dyn Write, is_terminal: bool) -> Self {
        Self { stdout, cleaner: is_terminal.then(Cleaner::default), is_closed: false }
    }
}

impl Place<'_> {
    /// Writes a piece; `false` where nobody reads any more.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<bool> {
        match self {
            Self::Stdout(stdout) => {
                let written = match &mut stdout.cleaner {
                    Some(cleaner) => stdout.stdout.write_all(cleaner.clean(piece).as_bytes()),
                    None => stdout.stdout.write_all(piece),
                };
                match written.and_then(|()| stdout.stdout.flush()) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => stdout.is_closed = true,
                    Err(error) => {
                        return Err(Error::storage(format!("cannot write to standard output: {}", io_words(&error))));
                    }
                }
                Ok(!stdout.is_closed)
            }
            Self::File(file, progress) => {
                file.write_all(piece)
                    .map_err(|error| Error::storage(format!("cannot write the answer: {}", io_words(&error))))?;
                progress.advance(piece.len() as u64);
                Ok(true)
            }
        }
    }

    /// All is there.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(_) => Ok(()),
            Self::File(file, mut progress) => {
                progress.finish();
                file.commit().map_err(|error| Error::storage(error.to_string()).with_hint_if_any(error.cure()))
            }
        }
    }
}

/// The status line and the headers.
pub(super) fn head(answered: &Answered) -> String {
    let mut head = format!("{}\n", answered.status_line.trim_end());
    for (name, value) in &answered.headers {
        head.push_str(&format!("{name}: {}\n", terminal::clean(&String::from_utf8_lossy(value))));
    }
    head.push('\n');
    head
}
