//! Where an answer goes: standard output as it comes, made safe for a terminal; or a file, which is replaced when all is
//! there, with a bar on a terminal where it takes over a second.

use std::io::Write;
use std::time::Duration;

use aep_core::clock::Clock;
use aep_core::io_words::io_words;
use aep_core::terminal::{self, Cleaner};
use aep_core::write_file::OutputFile;
use aep_core::{Error, Result};
use aep_ims::call::Answered;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is short needs no bar.
const SHORT: Duration = Duration::from_secs(1);

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
            Self::File(file, progress) => {
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

/// How far a file is.
pub(super) struct Progress<'a> {
    clock: &'a dyn Clock,
    is_wanted: bool,
    length: Option<u64>,
    began: Duration,
    done: u64,
    bar: Option<ProgressBar>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(clock: &'a dyn Clock, is_wanted: bool, length: Option<u64>) -> Self {
        Self { clock, is_wanted, length, began: clock.monotonic(), done: 0, bar: None }
    }

    fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if self.bar.is_none() && self.is_wanted && self.clock.monotonic().saturating_sub(self.began) >= SHORT {
            self.bar = Some(bar(self.length));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}"),
        None => (ProgressBar::no_length(), "{spinner} {bytes} {bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
