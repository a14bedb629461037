//! The assertion of the service account flow: five claims, signed RS256.
//!
//! `exp` is an integer five minutes ahead; `aud` and the metascope claims carry the IMS host that is asked, without a
//! trailing slash. `iat`, `nbf` and `jti` are left out, since IMS needs none and a wrong clock makes them harmful.
//! Source: Adobe Developer Console, "Service Account (JWT) Authentication".

use aep_core::secret::{Credentials, Secret};
use aep_core::{Error, Profile, Result};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};

use crate::key;

/// Seconds from the signature to the end of the assertion; Adobe recommends a few minutes.
const LIFE: i64 = 300;

/// Signs the assertion of a profile as of `now`, Unix time in seconds.
///
/// # Errors
/// Configuration, when the private key is missing, unreadable or no RSA key.
pub fn sign(profile: &Profile, credentials: &Credentials<'_>, now: i64) -> Result<Secret> {
    let key = key::read(credentials.private_key()?, credentials.passphrase()?)?;
    let claims = claims(profile, now)?;
    jwt_ring::install();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &EncodingKey::from_rsa_der(key.as_pkcs1()))
        .map(Secret::new)
        .map_err(|error| Error::configuration(format!("the private key cannot sign: {error}")))
}

fn claims(profile: &Profile, now: i64) -> Result<Value> {
    let missing = |field: &str| Error::configuration(format!("{field} is missing in {}", profile.origin));
    let ims = &profile.ims_url;
    let mut claims = Map::new();
    claims.insert("exp".to_owned(), (now + LIFE).into());
    claims.insert("iss".to_owned(), profile.org_id.clone().ok_or_else(|| missing("org_id"))?.into());
    claims.insert(
        "sub".to_owned(),
        profile.technical_account_id.clone().ok_or_else(|| missing("technical_account_id"))?.into(),
    );
    claims.insert("aud".to_owned(), format!("{ims}/c/{}", profile.client_id).into());
    for scope in &profile.meta_scopes {
        claims.insert(meta_scope_claim(&ims.to_string(), scope), true.into());
    }
    Ok(Value::Object(claims))
}

/// A metascope is written as a name, as `/s/name` or as the whole claim.
fn meta_scope_claim(ims: &str, scope: &str) -> String {
    if scope.contains("://") {
        scope.to_owned()
    } else {
        format!("{ims}/s/{}", scope.trim_start_matches('/').trim_start_matches("s/"))
    }
}

#[cfg(test)]
mod tests {
    use super::{claims, meta_scope_claim};
    use aep_core::clock::SystemClock;
    use aep_core::profile::{ProfileSelection, resolve};
    use aep_core::{Context, Environment, Folders, Log};

    #[test]
    fn five_claims_and_an_end_in_five_minutes() {
        let context = Context {
            environment: Environment::from_pairs([
                ("AEP_CLIENT_ID", "c"),
                ("AEP_ORG_ID", "o@AdobeOrg"),
                ("AEP_TECHNICAL_ACCOUNT_ID", "t@techacct.adobe.com"),
                ("AEP_PRIVATE_KEY", "/key.pem"),
                ("AEP_IMS_URL", "https://ims.example/"),
            ]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::default(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default()).unwrap();
        let claims = claims(&profile, 1_800_000_000).unwrap();
        let expected = serde_json::json!({
            // An integer, and never more than a few minutes: an assertion is as good as a token until then.
            "exp": 1_800_000_300,
            "iss": "o@AdobeOrg",
            "sub": "t@techacct.adobe.com",
            "aud": "https://ims.example/c/c",
            "https://ims.example/s/ent_dataservices_sdk": true,
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn metascopes_as_people_write_them() {
        let claim = "https://ims.example/s/ent_dataservices_sdk";
        for scope in ["ent_dataservices_sdk", "/s/ent_dataservices_sdk", "s/ent_dataservices_sdk", claim] {
            assert_eq!(meta_scope_claim("https://ims.example", scope), claim);
        }
    }
}
