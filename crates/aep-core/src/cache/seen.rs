//! What this machine knows of an identity's tokens on a shared engine, so that the engine cannot bring an old one back:
//! when the newest was fetched, and digests of those that were refused, each kept until its token has ended.
//!
//! One small file beside the entry, only where a shared engine is used. Losing it loses no token.

use serde_json::{Value, json};

use super::Note;
use crate::Context;
use crate::digest::sha256;
use crate::token::identity::{Identity, hexadecimal};
use crate::token::{LONGEST_LIFE, Token};

/// More refused tokens than these within a day are not remembered.
const MOST_REFUSED: usize = 16;

const VERSION: u64 = 1;

/// The memory of one identity.
#[derive(Debug)]
pub struct Seen {
    note: Note,
    newest: i64,
    refused: Vec<(String, i64)>,
}

impl Seen {
    /// Reads what is known; nothing, where there is no cache folder.
    pub fn open(context: &Context, identity: &Identity) -> Option<Self> {
        let note = Note::at(context.folders.cache().ok()?, format!("{}.seen", identity.file_stem()));
        let (newest, refused) = note.read().and_then(|bytes| parse(&bytes)).unwrap_or((i64::MIN, Vec::new()));
        Some(Self { note, newest, refused })
    }

    /// Whether a token of the engine is older than one that was here, or was refused here.
    pub fn rules_out(&self, token: &Token) -> bool {
        let own = digest_of(token);
        token.fetched_at < self.newest || self.refused.iter().any(|(digest, _)| *digest == own)
    }

    /// Remembers a token that is here now.
    pub fn has_come(&mut self, token: &Token) {
        if token.fetched_at > self.newest {
            self.newest = token.fetched_at;
            self.write(token.fetched_at);
        }
    }

    /// Remembers that a token was refused or dropped.
    pub fn was_refused(&mut self, token: &Token, now: i64) {
        let own = digest_of(token);
        self.refused.retain(|(digest, end)| *digest != own && *end > now);
        self.refused.push((own, token.expires_at().unwrap_or(now + LONGEST_LIFE)));
        if self.refused.len() > MOST_REFUSED {
            self.refused.remove(0);
        }
        self.newest = self.newest.max(token.fetched_at);
        self.write(now);
    }

    fn write(&self, now: i64) {
        let refused: Vec<Value> =
            self.refused.iter().filter(|(_, end)| *end > now).map(|(digest, end)| json!([digest, end])).collect();
        let text = json!({ "version": VERSION, "newest": self.newest, "refused": refused }).to_string();
        self.note.replace(text.as_bytes());
    }
}

fn parse(bytes: &[u8]) -> Option<(i64, Vec<(String, i64)>)> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if value.get("version")?.as_u64()? != VERSION {
        return None;
    }
    let refused = value.get("refused")?.as_array()?.iter().filter_map(|pair| {
        let digest = pair.get(0)?.as_str()?.to_owned();
        Some((digest, pair.get(1)?.as_i64()?))
    });
    Some((value.get("newest")?.as_i64()?, refused.take(MOST_REFUSED).collect()))
}

/// A token is random enough that its digest tells nothing of it.
fn digest_of(token: &Token) -> String {
    hexadecimal(&sha256(token.value.expose().as_bytes()))
}
