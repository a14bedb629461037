//! What a failed fetch leaves for those who waited for it, so that they share it instead of repeating it one by one.
//!
//! It tells secrets and profiles apart by digests keyed with a random number of its own, never by a secret.

use serde_json::{Value, json};

use crate::Error;
use crate::error::Cause;
use crate::token::{Earners, Mark, Proof};

const VERSION: u64 = 2;

/// A failure, and whose it was.
#[derive(Clone, Debug)]
pub struct Failure {
    earners: Earners,
    error: Error,
}

impl Failure {
    /// The failure of a profile and of what it showed to IMS.
    pub fn new(error: &Error, mark: Option<&Mark>, proof: Option<&Proof>) -> Self {
        let mut earners = Earners::nobody();
        mark.into_iter().for_each(|mark| earners.add_mark(mark));
        proof.into_iter().for_each(|proof| earners.add_proof(proof));
        Self { earners, error: error.clone() }
    }

    /// The same failure, met by what else was shown.
    #[must_use]
    pub fn and_of(mut self, proof: &Proof) -> Self {
        self.earners.add_proof(proof);
        self
    }

    /// Whether a failure is one that others need not meet for themselves.
    pub fn is_shared(error: &Error) -> bool {
        match error {
            Error::Refused(_) | Error::Unreachable(_) => true,
            Error::Configuration(_) => error.cause() == Some(&Cause::SecretSource),
            _ => false,
        }
    }

    /// Whether it is another one than this.
    pub fn is_other_than(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| known.earners != self.earners)
    }

    /// Whether this profile met it.
    pub fn is_of_mark(&self, mark: &Mark) -> bool {
        self.earners.has_mark(mark)
    }

    /// Whether this was shown to IMS.
    pub fn is_of_proof(&self, proof: &Proof) -> bool {
        self.earners.has_proof(proof)
    }

    /// What the caller is told.
    pub fn into_error(self) -> Error {
        self.error
    }

    /// Writes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { earners, error } = self;
        let kind = match error {
            Error::Refused(_) => "refused",
            Error::Configuration(_) => "no secret",
            _ => "unreachable",
        };
        json!({
            "version": VERSION,
            "of": earners.to_json(),
            "kind": kind,
            "message": error.message(),
            "hint": error.hint(),
        })
        .to_string()
        .into_bytes()
    }

    /// Reads it; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let note: Value = serde_json::from_slice(bytes).ok()?;
        let text = |key: &str| note.get(key)?.as_str().map(str::to_owned);
        if note.get("version")?.as_u64()? != VERSION {
            return None;
        }
        let message = text("message")?;
        let error = match text("kind")?.as_str() {
            "refused" => Error::refused(message),
            "no secret" => Error::configuration(message).with_cause(Cause::SecretSource),
            "unreachable" => Error::unreachable(message),
            _ => return None,
        };
        Some(Self { earners: Earners::from_json(note.get("of")?)?, error: error.with_hint_if_any(text("hint")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_it_says_the_same_of_the_same() {
        let (mark, proof) = (Mark::new(["prod"]), Proof::new(["secret"]));
        for error in [
            Error::refused("no").with_hint("a cure"),
            Error::unreachable("down"),
            Error::configuration("locked").with_cause(Cause::SecretSource),
        ] {
            assert!(Failure::is_shared(&error));
            let failure = Failure::new(&error, Some(&mark), Some(&proof));
            let read = Failure::from_bytes(&failure.to_bytes()).unwrap();
            assert!(!read.is_other_than(Some(&failure)));
            assert!(read.is_of_mark(&mark) && read.is_of_proof(&proof));
            assert!(!read.is_of_mark(&Mark::new(["dev"])) && !read.is_of_proof(&Proof::new(["other"])));
            let other = read.clone().and_of(&Proof::new(["other"]));
            assert!(other.is_of_proof(&proof) && other.is_of_proof(&Proof::new(["other"])));
            let told = read.into_error();
            assert_eq!(
                (told.exit_code(), told.message(), told.hint()),
                (error.exit_code(), error.message(), error.hint())
            );
        }
    }

    #[test]
    fn what_each_must_find_out_is_not_shared() {
        for error in [Error::fault("x"), Error::usage("x"), Error::configuration("x"), Error::storage("x")] {
            assert!(!Failure::is_shared(&error), "{error}");
        }
    }

    #[test]
    fn a_second_failure_is_another() {
        let failure = || Failure::new(&Error::refused("no"), None, None);
        assert!(failure().is_other_than(Some(&failure())) && failure().is_other_than(None));
    }

    #[test]
    fn anything_else_is_none() {
        for bytes in ["", "{}", "[]", r#"{"version":1}"#, r#"{"version":2,"of":{},"kind":"refused","message":"x"}"#] {
            assert!(Failure::from_bytes(bytes.as_bytes()).is_none(), "{bytes}");
        }
    }
}
