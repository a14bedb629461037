//! Access tokens of the real shape and size: a JWT of over 1 KB, with its times as millisecond strings and no `exp`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

use crate::clients::Client;
use crate::state::State;

/// What a token turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    BadSignature,
    Expired,
    Revoked,
}

impl Verdict {
    /// The `reason` of `validate_token`.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Valid => "",
            Self::BadSignature => "bad_signature",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
        }
    }
}

/// Issues a token for who showed this secret; `tells_life` is whether its claims hold its life.
pub(crate) fn issue(state: &State, client: &Client, secret: &str, scope: &str, tells_life: bool) -> String {
    let now = state.now_millis();
    let id = random_hex(16);
    let mut claims = json!({
        "id": format!("{now}_{id}_va6c2"),
        "type": "access_token",
        "client_id": client.id,
        "user_id": client.technical_account_id,
        "state": "",
        "as": "ims-na1",
        "aa_id": client.technical_account_id,
        "ctp": 0,
        "fg": state.secret_mark(&client.id, secret),
        "sid": format!("{now}_{}_va6c2", random_hex(16)),
        "moi": random_hex(4),
        "pac": format!("{}_prod", random_hex(96)),
        "org": client.org_id,
        "scope": scope,
    });
    if tells_life {
        claims["created_at"] = now.to_string().into();
        claims["expires_in"] = state.life().to_string().into();
    }
    let header = json!({"alg": "RS256", "x5u": "ims_na1-key-at-1.cer", "kid": "ims_na1-key-at-1", "itt": "at"});
    sign(&header, &claims).unwrap_or_default()
}

/// jsonwebtoken's header has no room for Adobe's `itt`, so that the parts are put together here.
fn sign(header: &Value, claims: &Value) -> Option<String> {
    let key = EncodingKey::from_rsa_pem(include_bytes!("../fixtures/ims.key")).ok()?;
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::RS256).ok()?;
    Some(format!("{message}.{signature}"))
}

/// Judges a token by signature, revocation and the server's clock.
pub(crate) fn judge(state: &State, token: &str) -> (Verdict, Option<Value>) {
    let Some(claims) = verified_claims(token) else { return (Verdict::BadSignature, None) };
    let number = |key: &str| claims.get(key)?.as_str()?.parse::<i64>().ok();
    let mark = claims.get("fg").and_then(Value::as_str).unwrap_or_default();
    let verdict = if state.is_revoked(token, mark) {
        Verdict::Revoked
    } else if number("created_at").zip(number("expires_in")).is_some_and(|(at, life)| state.now_millis() >= at + life) {
        Verdict::Expired
    } else {
        Verdict::Valid
    };
    (verdict, Some(claims))
}

fn verified_claims(token: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let key = DecodingKey::from_rsa_pem(include_bytes!("../fixtures/ims.pub")).ok()?;
    if !jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).ok()? {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(message.split('.').nth(1)?).ok()?).ok()
}

pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    let _ = SystemRandom::new().fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
