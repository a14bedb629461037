//! Reads what IMS answered to a request for a token: a token and its life, a refusal in IMS's own words, or neither.

use aep_core::profile::Flow;
use aep_core::token::AccessToken;
use aep_core::{Error, terminal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::hide::Hidden;
use crate::http::Answer;

/// What an answer turned out to be.
#[derive(Debug)]
pub(crate) enum Reading {
    /// A token, and its life in seconds where IMS said it.
    Token(AccessToken, Option<i64>),
    /// IMS said no, whatever the status.
    Refusal(Refusal),
    /// No answer from IMS at all.
    InvalidResponse(Error),
}

/// The unit of `expires_in`, which the endpoint decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LifeUnit {
    /// `token/v3`
    Seconds,
    /// `exchange/jwt`
    Milliseconds,
}

/// A refusal in IMS's own words.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// `error`
    pub(crate) code: String,
    /// `error_description`
    pub(crate) description: String,
}

/// Reads the answer of a token endpoint.
pub(crate) fn read(answer: &Answer, unit: LifeUnit, hidden: &Hidden<'_>) -> Reading {
    let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(&answer.body) else {
        return Reading::InvalidResponse(no_json(answer));
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let code = text(body.get("error"));
    if !code.is_empty() {
        let description = hidden.text(&text(body.get("error_description")));
        return Reading::Refusal(Refusal { code: hidden.text(&code), description });
    }
    if (300..400).contains(&answer.status) {
        return Reading::InvalidResponse(no_json(answer));
    }
    if !(200..300).contains(&answer.status) {
        let words = [text(body.get("error_code")), text(body.get("message")), text(body.get("title"))];
        let words = words.iter().filter(|words| !words.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        let message = format!("IMS answered {} {}", answer.status, short(&hidden.text(&words)));
        let is_no = answer.status < 500 && answer.status != 429;
        return Reading::InvalidResponse(if is_no { Error::refused(message) } else { Error::unreachable(message) });
    }
    let Some(Value::String(token)) = body.remove("access_token") else {
        return Reading::InvalidResponse(Error::unreachable("IMS answered without an access token"));
    };
    let life = life(&token, body.get("expires_in"), unit);
    match AccessToken::parse(token) {
        Some(token) => Reading::Token(token, life),
        None => Reading::InvalidResponse(Error::unreachable(
            "IMS answered with an access token that holds bytes no header may hold",
        )),
    }
}

/// The token in the body that a flow's endpoint answered with 200, and its life in seconds where it is told; `None` for
/// anything else.
pub fn token_in(body: &[u8], flow: Flow) -> Option<(AccessToken, Option<i64>)> {
    let unit = if flow == Flow::Jwt { LifeUnit::Milliseconds } else { LifeUnit::Seconds };
    match read(&Answer::with_body(body), unit, &Hidden::default()) {
        Reading::Token(token, life) => Some((token, life)),
        Reading::Refusal(_) | Reading::InvalidResponse(_) => None,
    }
}

/// The life of a token in seconds: its own claim `expires_in`, in milliseconds; else the answer's `expires_in`.
fn life(token: &str, expires_in: Option<&Value>, unit: LifeUnit) -> Option<i64> {
    let from_claims = claims(token).and_then(|claims| integer(claims.get("expires_in")));
    from_claims.map(|milliseconds| milliseconds / 1000).or_else(|| {
        integer(expires_in).map(|life| match unit {
            LifeUnit::Milliseconds => life / 1000,
            LifeUnit::Seconds => life,
        })
    })
}

/// The claims of a token, not verified: they are only read to tell its times and scopes. `None` for an opaque token.
pub fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?)
        .ok()
        .filter(Value::is_object)
}

fn integer(value: Option<&Value>) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range saturates, and the life is capped")]
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        _ => None,
    }
}

/// Something answered that is not IMS: a captive portal, a proxy, an empty body.
fn no_json(answer: &Answer) -> Error {
    let Answer { status, body, content_type, location, .. } = answer;
    if (300..400).contains(status) {
        let place =
            location.as_deref().map_or_else(String::new, |place| format!(" to {}", short(without_query(place))));
        return Error::unreachable(format!("IMS answered {status}, a redirect{place}, which is not followed"))
            .with_hint(
                "check AEP_IMS_URL and the profile's ims_url; a captive portal or a proxy may stand in between",
            );
    }
    if body.is_empty() {
        return Error::unreachable(format!("IMS answered {status} with an empty body"));
    }
    let is_page = content_type.contains("html") || body.trim_ascii_start().first() == Some(&b'<');
    let what = if is_page { "an HTML page" } else { "something that is not JSON" };
    let error = Error::unreachable(format!("IMS answered {status} with {what}"));
    if is_page {
        error.with_hint(
            "a captive portal or a proxy may stand in between; open the network's sign-in page, or set HTTPS_PROXY",
        )
    } else {
        error
    }
}

/// A query may hold what nobody should see.
fn without_query(place: &str) -> &str {
    place.split(['?', '#']).next().unwrap_or(place)
}

/// A server's text, as long as a person reads it.
pub(crate) fn short(text: &str) -> String {
    terminal::clean_within(text, 300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token_with(claims: &Value) -> String {
        format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn the_claims_decide_then_the_endpoint() {
        let day = json!({"expires_in": "86400000"});
        for (claims, answered, unit, seconds) in [
            (&day, json!(86399), LifeUnit::Seconds, Some(86_400)),
            (&day, json!(86_399_992), LifeUnit::Milliseconds, Some(86_400)),
            (&json!({}), json!(86399), LifeUnit::Seconds, Some(86_399)),
            (&json!({}), json!(86_399_992), LifeUnit::Milliseconds, Some(86_399)),
            (&json!({}), json!("3599"), LifeUnit::Seconds, Some(3_599)),
            (&json!({}), json!(-5), LifeUnit::Seconds, Some(-5)),
            (&json!({}), json!(60.9), LifeUnit::Seconds, Some(60)),
            (&json!({}), Value::Null, LifeUnit::Seconds, None),
            (&json!({"expires_in": "soon"}), json!(60), LifeUnit::Seconds, Some(60)),
            (&json!({"expires_in": "999"}), json!(60), LifeUnit::Seconds, Some(0)),
        ] {
            assert_eq!(life(&token_with(claims), Some(&answered), unit), seconds, "{claims} {answered}");
        }
        assert_eq!(life("opaque", Some(&json!(60)), LifeUnit::Seconds), Some(60));
    }
}
