//! Questions to a person, on the terminal that controls the process, whatever standard input and output are.
//!
//! A secret is not echoed. However a question ends, by an answer, by a key (^C, ^\\, ^Z) or by a signal from elsewhere,
//! the terminal is as it was before, and the shell sees how it ended; after ^Z and `fg` it is asked again. An answer is one
//! line, as the terminal's own editing gives it, and what was read is wiped.

use aep_core::secret::Secret;
use aep_core::{Error, Result};
use zeroize::Zeroizing;

#[cfg(not(unix))]
#[path = "prompt/other.rs"]
mod terminal;
#[cfg(unix)]
#[path = "prompt/unix.rs"]
mod terminal;

/// Whether what is typed is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

/// Why there is no answer.
#[derive(Debug)]
enum NoAnswer {
    /// There is no terminal, or it broke.
    Io(std::io::Error),
    /// The input ended (^D) before anything was typed.
    End,
    /// The terminal cuts a line of this many bytes.
    TooLong(usize),
}

/// Asks for a secret: not echoed, without the blanks around it; it may be empty.
pub(crate) fn secret(question: &str) -> Result<Secret> {
    let answer = terminal::ask(question, Echo::Off).map_err(into_error)?;
    text(&answer).map(|text| Secret::new(text.to_owned()))
}

/// Asks for something that may be seen; without the blanks around it; it may be empty.
pub(crate) fn line(question: &str) -> Result<String> {
    let answer = terminal::ask(question, Echo::On).map_err(into_error)?;
    text(&answer).map(str::to_owned)
}

fn text(answer: &Zeroizing<Vec<u8>>) -> Result<&str> {
    std::str::from_utf8(answer)
        .map(str::trim)
        .map_err(|_| Error::configuration("what was typed is not text in UTF-8").with_hint("set the terminal to UTF-8"))
}

fn into_error(no_answer: NoAnswer) -> Error {
    match no_answer {
        NoAnswer::Io(error) if is_without_terminal(&error) => {
            Error::configuration("there is no terminal to ask on").with_hint("give it on standard input")
        }
        NoAnswer::Io(error) => Error::configuration(format!("cannot ask on the terminal: {}", error.kind())),
        NoAnswer::End => Error::configuration("nothing was typed"),
        NoAnswer::TooLong(limit) => {
            Error::configuration(format!("what was typed is longer than a line of the terminal ({limit} bytes)"))
                .with_hint("give it on standard input")
        }
    }
}

fn is_without_terminal(error: &std::io::Error) -> bool {
    // `ENXIO`, which has no kind: the process has no controlling terminal.
    const NO_SUCH_DEVICE: i32 = 6;
    error.kind() == std::io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_DEVICE)
}
