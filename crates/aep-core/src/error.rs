//! The one error type of all programs: an enum whose variants say what the caller does next.
//!
//! Code decides by the variant and by [`Cause`], never by the words. The words are for a person: lower case, naming the
//! thing, without a secret; they are cleaned of control characters where they leave, in [`Error::write_to`].

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use crate::terminal;

/// A result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure. The variant decides the exit code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A fault of ours: report it.
    Fault(Box<Report>),
    /// The command line: read `--help`.
    Usage(Box<Report>),
    /// The configuration: name a profile, add a field, mend a file or key.
    Configuration(Box<Report>),
    /// IMS or the platform said no: change the credential or its rights.
    Refused(Box<Report>),
    /// No answer, or one that is none: try again later, look at the network.
    Unreachable(Box<Report>),
    /// Local storage, where nothing could be delivered: free space, mend modes.
    Storage(Box<Report>),
}

/// What is told of a failure, and the facts behind it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    message: String,
    hint: Option<String>,
    cause: Option<Cause>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// A fact that code may decide by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// What is named is not there.
    Absent,
    /// It is there, but others could have put or changed it.
    NotTrusted,
    /// It is there and could not be read or written.
    Io(io::ErrorKind),
    /// IMS refused, with this `error`.
    Ims(String),
    /// The platform refused, with this code or title.
    Platform(String),
    /// The name of a server was not found.
    NameNotFound,
    /// The time was used up.
    TimedOut,
    /// The proxy would not pass the request on.
    Proxy,
    /// A server's certificate was not accepted.
    Certificate(CertificateFault),
    /// Whoever keeps a secret (a command, a keyring) did not give it.
    SecretSource,
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No trusted authority has signed it.
    UnknownIssuer,
    /// It has ended.
    Expired,
    /// It does not hold yet.
    NotYetValid,
    /// It is for another name.
    OtherName,
    /// It is an authority's own certificate, used as a server's.
    AuthorityAsServer,
    /// Something else.
    Other,
}

/// The constructors and the reading of a variant, by its kind.
macro_rules! kinds {
    ($($variant:ident, $make:ident, $code:literal, $what:literal;)*) => {
        impl Error {
            $(
                #[doc = $what]
                pub fn $make(message: impl Into<String>) -> Self {
                    Self::$variant(Box::new(Report { message: message.into(), ..Report::default() }))
                }
            )*

            /// The exit code of a program that ends with this error.
            pub fn exit_code(&self) -> u8 {
                match self { $(Self::$variant(_) => $code,)* }
            }

            fn report(&self) -> &Report {
                match self { $(Self::$variant(report) => report,)* }
            }

            fn report_mut(&mut self) -> &mut Report {
                match self { $(Self::$variant(report) => report,)* }
            }
        }
    };
}

kinds! {
    Fault, fault, 1, "A fault of ours.";
    Usage, usage, 2, "A command line that cannot be meant.";
    Configuration, configuration, 3, "A profile, file, key or variable that must be changed first.";
    Refused, refused, 4, "A refusal by IMS or the platform.";
    Unreachable, unreachable, 5, "Nobody answered, or the answer is none.";
    Storage, storage, 6, "Local storage refused, and nothing could be delivered.";
}

impl Error {
    /// Adds the cure; a command to copy is the best one.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.report_mut().hint = Some(hint.into());
        self
    }

    /// Adds the cure where one is known.
    #[must_use]
    pub fn with_hint_if_any(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.with_hint(hint),
            None => self,
        }
    }

    /// Adds the fact that code decides by.
    #[must_use]
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.report_mut().cause = Some(cause);
        self
    }

    /// Keeps the error below this one.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.report_mut().source = Some(Arc::new(source));
        self
    }

    /// The same failure, told in other words.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.report_mut().message = message.into();
        self
    }

    /// The sentence, as it was made: not yet cleaned for a terminal.
    pub fn message(&self) -> &str {
        &self.report().message
    }

    /// The cure, where one is known.
    pub fn hint(&self) -> Option<&str> {
        self.report().hint.as_deref()
    }

    /// The fact behind it, where one is known.
    pub fn cause(&self) -> Option<&Cause> {
        self.report().cause.as_ref()
    }

    /// Writes `error: …` and `hint: …`, cleaned of control characters.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut text = format!("error: {}\n", terminal::clean(self.message()));
        for line in self.hint().into_iter().flat_map(str::lines) {
            text.push_str("hint: ");
            text.push_str(&terminal::clean(line));
            text.push('\n');
        }
        out.write_all(text.as_bytes())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&terminal::clean(self.message()))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.report().source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_decides_the_exit_code() {
        let made = [
            Error::fault("x"),
            Error::usage("x"),
            Error::configuration("x"),
            Error::refused("x"),
            Error::unreachable("x"),
            Error::storage("x"),
        ];
        assert_eq!(made.map(|error| error.exit_code()), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn foreign_text_cannot_start_a_line() {
        let error = Error::refused("a\nerror: b\u{1b}[2J").with_hint("one\ntwo\u{7}");
        let mut told = Vec::new();
        error.write_to(&mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(!told.contains('\u{1b}') && !told.contains('\u{7}'), "{told}");
    }

    #[test]
    fn the_source_and_the_fact_are_kept() {
        let error = Error::unreachable("down").with_cause(Cause::TimedOut).with_source(io::Error::other("below"));
        assert_eq!(error.cause(), Some(&Cause::TimedOut));
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(error.with_message("other words").cause(), Some(&Cause::TimedOut));
    }
}
