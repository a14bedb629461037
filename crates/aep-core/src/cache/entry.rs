//! The stored form of a token: one JSON object with a version, the identity it belongs to, the token, its times, and
//! digests that tell who earned it.

use serde_json::{Value, json};

use super::CacheEntry;
use crate::token::identity::{FORMAT_VERSION, Identity};
use crate::token::{AccessToken, Earners, Token};

/// Writes an entry; `None` for one without earners, which nobody could be given again.
pub(super) fn render(entry: &CacheEntry, identity: &Identity) -> Option<Vec<u8>> {
    let CacheEntry { token: Token { value, fetched_at, life, stale_secret }, earners, accepted: _, shared_name } =
        entry;
    let value = json!({
        "version": FORMAT_VERSION,
        "identity": identity.to_json(),
        "access_token": value.expose(),
        "fetched_at": fetched_at,
        "life": life,
        "stale_secret": stale_secret,
        "earned_by": earners.as_ref()?.to_json(),
        "shared_name": shared_name,
    });
    Some(value.to_string().into_bytes())
}

/// Reads an entry; `None` for anything that is not one of this version and identity.
pub(super) fn parse(bytes: &[u8], identity: &Identity) -> Option<CacheEntry> {
    let mut entry: Value = serde_json::from_slice(bytes).ok()?;
    if entry.get("version")?.as_u64()? != u64::from(FORMAT_VERSION) || *entry.get("identity")? != identity.to_json() {
        return None;
    }
    let Value::String(value) = entry.get_mut("access_token")?.take() else { return None };
    let stale_secret = entry.get("stale_secret").and_then(|number| u8::try_from(number.as_u64()?).ok());
    let (fetched_at, life) = (entry.get("fetched_at")?.as_i64()?, entry.get("life")?.as_i64()?);
    // No life of ours is longer: one that is was not written by this program.
    let token = Token::new(AccessToken::parse(value)?, fetched_at, Some(life)).filter_life(life)?;
    Some(CacheEntry {
        token: Token { stale_secret, ..token },
        earners: Some(Earners::from_json(entry.get("earned_by")?)?),
        accepted: None,
        shared_name: entry.get("shared_name").and_then(Value::as_str).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Environment, Folders, Log, ProfileSelection, clock::SystemClock, profile::resolve};

    fn identity() -> Identity {
        let context = Context {
            environment: Environment::from_pairs([("AEP_CLIENT_ID", "c"), ("AEP_ORG_ID", "o@AdobeOrg")]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::default(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        Identity::new(&resolve(&context, &ProfileSelection::default()).unwrap())
    }

    fn entry() -> CacheEntry {
        let value = AccessToken::parse("eyJ.a.b".to_owned()).unwrap();
        let mut earners = Earners::nobody();
        earners.add_mark(&crate::token::Mark::new(["prod"]));
        CacheEntry {
            token: Token { stale_secret: Some(1), ..Token::new(value, 1_000, Some(3_600)) },
            earners: Some(earners),
            accepted: None,
            shared_name: Some("aep:0123".to_owned()),
        }
    }

    #[test]
    fn written_and_read_it_is_the_same() {
        let bytes = render(&entry(), &identity()).unwrap();
        assert_eq!(parse(&bytes, &identity()), Some(entry_of(&bytes)));
        assert_eq!(entry_of(&bytes).token, entry().token);
    }

    fn entry_of(bytes: &[u8]) -> CacheEntry {
        parse(bytes, &identity()).unwrap()
    }

    #[test]
    fn an_entry_without_earners_is_not_written() {
        assert!(render(&CacheEntry { earners: None, ..entry() }, &identity()).is_none());
    }

    #[test]
    fn every_part_that_is_missing_or_strange_makes_it_none() {
        let good: Value = serde_json::from_slice(&render(&entry(), &identity()).unwrap()).unwrap();
        // A field that is new is refused where it is missing, or is one of those that may be.
        for key in good.as_object().unwrap().keys().filter(|key| !["stale_secret", "shared_name"].contains(&&***key)) {
            let mut bad = good.clone();
            bad.as_object_mut().unwrap().remove(key);
            assert!(parse(bad.to_string().as_bytes(), &identity()).is_none(), "without {key}");
        }
        for (key, value) in [
            ("version", json!(1)),
            ("life", json!(0)),
            ("life", json!(-1)),
            ("life", json!(86_401)),
            ("access_token", json!("a b")),
            ("earned_by", json!({})),
            ("identity", json!({})),
        ] {
            let mut bad = good.clone();
            bad[key] = value.clone();
            assert!(parse(bad.to_string().as_bytes(), &identity()).is_none(), "{key}: {value}");
        }
        assert!(parse(good.to_string().as_bytes(), &identity()).is_some());
    }
}
