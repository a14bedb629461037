//! What a failed fetch leaves for those who waited for it, so that they share it instead of repeating it one by one.
//!
//! It tells secrets apart by a digest keyed with a random number of its own, never by the secret.

use serde_json::{Value, json};

use crate::Error;
use crate::error::Kind;

const VERSION: u64 = 1;

/// A failure, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A random number, new for each failure: the key of the digest, and how a waiter knows that it is new.
    pub nonce: String,
    /// How many client secrets had been tried.
    pub tried: usize,
    /// The keyed digest of the secrets.
    pub digest: String,
    /// What the caller is told.
    pub error: Error,
}

impl Failure {
    pub(super) fn render(&self) -> Vec<u8> {
        let Self { nonce, tried, digest, error } = self;
        json!({
            "version": VERSION,
            "nonce": nonce,
            "tried": tried,
            "digest": digest,
            "refused": error.kind() == Kind::Refused,
            "message": error.message(),
            "hint": error.cure(),
        })
        .to_string()
        .into_bytes()
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let note: Value = serde_json::from_slice(bytes).ok()?;
        let text = |key: &str| note.get(key)?.as_str().map(str::to_owned);
        if note.get("version")?.as_u64()? != VERSION {
            return None;
        }
        let kind = if note.get("refused")?.as_bool()? { Kind::Refused } else { Kind::Unreachable };
        Some(Self {
            nonce: text("nonce")?,
            tried: usize::try_from(note.get("tried")?.as_u64()?).ok()?,
            digest: text("digest")?,
            error: Error::new(kind, text("message")?).maybe_hint(text("hint")),
        })
    }
}
