//! What a token was fetched for, as the script notes it in `ACCESS_TOKEN_FOR`.
//!
//! The script reads that from the token's own claims, so an environment needs the note only where IMS granted other scopes
//! than were asked for: by its claims alone such a token would be taken for one of other `SCOPES`.

use std::collections::BTreeSet;

use aep_core::Profile;
use aep_core::profile::Flow;
use aep_core::token::Token;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The note for a token whose claims tell other scopes than the profile's.
pub(super) fn note(profile: &Profile, token: &Token) -> Option<String> {
    let granted = granted(token.value.expose())?;
    let asked: BTreeSet<&str> = profile.scopes.iter().map(String::as_str).collect();
    if profile.flow != Flow::Oauth || granted.iter().map(String::as_str).eq(asked.iter().copied()) {
        return None;
    }
    let asked: Vec<&str> = asked.into_iter().collect();
    Some(format!(
        "{:08x} {} {} {} {} {}",
        digest(token.value.expose()),
        token.life.unwrap_or(0),
        profile.client_id,
        profile.ims_url.to_string().to_lowercase(),
        profile.org_id.as_deref().unwrap_or("-"),
        asked.join(",")
    ))
}

fn granted(token: &str) -> Option<BTreeSet<String>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let scope = claims.get("scope")?.as_str()?;
    Some(
        scope
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

/// FNV-1a, as the script has it.
fn digest(token: &str) -> u32 {
    token.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_fnv_1a() {
        assert_eq!((digest(""), digest("foobar")), (0x811c_9dc5, 0xbf9c_f968));
    }

    #[test]
    fn scopes_are_those_that_the_token_tells() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        let told =
            |claims: &str| granted(&token(claims)).map(|scopes| scopes.into_iter().collect::<Vec<_>>().join("+"));
        assert_eq!(told(r#"{"scope":"b,a b"}"#).as_deref(), Some("a+b"));
        assert_eq!(told("{}"), None);
        assert_eq!(granted("opaque"), None);
    }
}
