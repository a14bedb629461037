//! The stored form of a token: one JSON object with a version, the identity it belongs to, the token and its times.

use serde_json::{Value, json};

use crate::identity::{FORMAT_VERSION, Identity};
use crate::token::{AccessToken, LONGEST_LIFE, Token};

/// Writes an entry.
pub(super) fn render(token: &Token, identity: &Identity) -> Vec<u8> {
    let Token { value, fetched_at, life, stale_secret } = token;
    json!({
        "version": FORMAT_VERSION,
        "identity": identity.to_json(),
        "access_token": value.expose(),
        "fetched_at": fetched_at,
        "life": life,
        "stale_secret": stale_secret,
    })
    .to_string()
    .into_bytes()
}

/// Reads an entry; `None` for anything that is not one of this version and identity.
pub(super) fn parse(bytes: &[u8], identity: &Identity) -> Option<Token> {
    let mut entry: Value = serde_json::from_slice(bytes).ok()?;
    if entry.get("version")?.as_u64()? != u64::from(FORMAT_VERSION) || *entry.get("identity")? != identity.to_json() {
        return None;
    }
    let life = entry.get("life")?.as_i64()?;
    let Value::String(value) = entry.get_mut("access_token")?.take() else { return None };
    Some(Token {
        value: AccessToken::parse(value)?,
        fetched_at: entry.get("fetched_at")?.as_i64()?,
        life: (1..=LONGEST_LIFE).contains(&life).then_some(life),
        stale_secret: entry.get("stale_secret").and_then(|number| u8::try_from(number.as_u64()?).ok()),
    })
    .filter(|token| token.life.is_some())
}
