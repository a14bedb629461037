//! The one error type of all tools: what the caller should do now, a sentence, and a cure where one is known.
//!
//! A message is lower case, names the thing and never holds a secret. Text from a server, a file or the command line is
//! cleaned of control characters when it is printed.

use std::fmt;
use std::io::{self, Write};

use crate::terminal;

/// A result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller should do about an [`Error`]; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fault of ours: report it.
    Fault,
    /// The command line: read `--help`.
    Usage,
    /// The configuration: name a profile, add a field, mend a file or key.
    Configuration,
    /// IMS or the platform said no: change the credential or its rights.
    Refused,
    /// No answer, or one that is none: try again later, look at the network.
    Unreachable,
    /// Local storage, where nothing could be delivered: free space, mend modes.
    Storage,
}

impl Kind {
    /// The exit code of a tool that ends with this error.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fault => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::Storage => 6,
        }
    }
}

/// A failure, told to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    /// Makes an error of the given kind; `message` is lower case and names the thing.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// A fault of ours.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::new(Kind::Fault, message)
    }

    /// A command line that cannot be meant.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A profile, file, key or variable that must be changed first.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message)
    }

    /// A refusal by IMS or the platform.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Nobody answered, or the answer is none.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    /// Local storage refused, and nothing could be delivered.
    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(Kind::Storage, message)
    }

    /// Adds the cure; a command to copy is the best one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cure where one is known.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }

    /// What the caller should do.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence, as it was made: not yet cleaned for a terminal.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The cure, where one is known.
    pub fn cure(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Writes `error: …` and `hint: …`, cleaned of control characters.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut text = format!("error: {}\n", terminal::clean(&self.message));
        if let Some(hint) = &self.hint {
            for line in hint.lines() {
                text.push_str("hint: ");
                text.push_str(&terminal::clean(line));
                text.push('\n');
            }
        }
        out.write_all(text.as_bytes())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&terminal::clean(&self.message))
    }
}

impl std::error::Error for Error {}
