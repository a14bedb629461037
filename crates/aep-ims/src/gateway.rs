//! The gateway before the platform's services: a question with its retries, and what it says when it refuses.

use std::time::Duration;

use aep_core::budget::RETRIES;
use aep_core::error::Cause;
use aep_core::headers::Header;
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;

use crate::answer::short;
use crate::hide::Hidden;
use crate::http::{Answer, Http};
use crate::refusal::{self, Server};
use crate::retry::RetryPolicy;

pub(crate) const CHECK_PLATFORM: &str = "check the platform's URL (AEP_PLATFORM_URL, or the profile's platform_url); a captive portal or a proxy may stand in \
     between";

/// Asks the platform for a small object in JSON.
///
/// # Errors
/// Refused, with the gateway's words and a cure; unreachable, when there is no answer or none of the platform.
pub(crate) fn get(
    http: &Http<'_>,
    context: &Context,
    profile: &Profile,
    path: &str,
    accept: &str,
    headers: &[Header],
    budget: Duration,
) -> Result<Value> {
    let mut sent: Vec<(&str, &str)> = vec![("Accept", accept)];
    sent.extend(headers.iter().map(|header| (header.name, header.value.as_str())));
    let mut patience = RetryPolicy::until(context.clock.monotonic() + budget, RETRIES, context, http.base());
    let answer = loop {
        match http.get(path, &sent, patience.budget()?) {
            Ok(answer) if answer.is_overloaded() && patience.wait(answer.asked_pause(context.clock.now())) => {}
            Ok(answer) => break answer,
            Err(no_answer) if no_answer.may_pass && patience.wait(None) => {}
            Err(no_answer) => return Err(no_answer.error),
        }
    };
    let hidden = Hidden::in_headers(sent.iter().copied());
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) if answer.status == 200 && !has_error(&body) => Ok(body),
        Ok(body) if body.is_object() => Err(explain(&answer, &body, profile, &hidden)),
        _ => {
            let id = request_id(answer.request_id.as_deref());
            let message = format!("the platform answered {} with {}{id}", answer.status, no_object(&answer, &hidden));
            Err(Error::unreachable(message).with_hint(CHECK_PLATFORM))
        }
    }
}

fn explain(answer: &Answer, body: &Value, profile: &Profile, hidden: &Hidden<'_>) -> Error {
    let status = answer.status;
    let words = Words::of(body).without(hidden);
    let mut told = words.told(status);
    if told.is_empty() {
        told = format!(" {}", short(&hidden.text(&body.to_string())));
    }
    let id = request_id(answer.request_id.as_deref());
    let message = format!("the platform refused profile {}: {status}{told}{id}", profile.name());
    let may_pass = answer.is_overloaded() && !has_error(body);
    let is_unreachable = may_pass || (300..400).contains(&status);
    let error = if is_unreachable { Error::unreachable(message) } else { Error::refused(message) };
    words.cure(error, profile)
}

/// What a refusal says of itself, in any of the shapes that Adobe's services use.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) code: String,
    words: String,
}

impl Words {
    /// `error_code` (text or number) and `message`; `title` and `detail`, or a `report`; Reactor's `errors[0]`; Analytics'
    /// `errorCode`.
    pub(crate) fn of(body: &Value) -> Self {
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let first = body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(&Value::Null);
        let report = body.get("report").unwrap_or(&Value::Null);
        let code = ["error_code", "errorCode", "error", "code", "title"].iter().find_map(|key| text(body.get(key)));
        let words = ["message", "errorMessage", "errorDescription", "error_description", "detail"];
        let words = words.iter().find_map(|key| text(body.get(key)).or_else(|| text(report.get(key))));
        let of_first = |keys: &[&str]| keys.iter().find_map(|key| text(first.get(key)));
        Self {
            code: code.or_else(|| of_first(&["code"])).unwrap_or_default(),
            words: words.or_else(|| of_first(&["title", "message", "detail"])).unwrap_or_default(),
        }
    }

    /// Without what was sent in confidence.
    pub(crate) fn without(self, hidden: &Hidden<'_>) -> Self {
        Self { code: hidden.text(&self.code), words: hidden.text(&self.words) }
    }

    /// Both with a blank before each, cleaned; without what is the status anyway.
    pub(crate) fn told(&self, status: u16) -> String {
        let status = status.to_string();
        let parts = [&self.code, &self.words].into_iter().filter(|part| !part.is_empty() && **part != status);
        parts.map(|part| format!(" {}", short(part))).collect()
    }

    /// The error with the code, and with a cure where one is known.
    pub(crate) fn cure(self, error: Error, profile: &Profile) -> Error {
        let known = refusal::find(Server::Platform, &self.code, &self.words);
        let error = error.with_cause(Cause::Platform(self.code));
        match known {
            Some(known) => error.with_hint(refusal::cure_for(&format!("{}\n{}", known.meaning, known.cure), profile)),
            None => error,
        }
    }
}

/// The gateway's name for a request, for whom support is asked.
pub(crate) fn request_id(id: Option<&str>) -> String {
    id.map_or_else(String::new, |id| format!(" (x-request-id {})", short(id)))
}

/// What stands where a refusal in JSON was expected.
fn no_object(answer: &Answer, hidden: &Hidden<'_>) -> String {
    let is_page = answer.content_type.contains("html") || answer.body.trim_ascii_start().first() == Some(&b'<');
    let text = String::from_utf8_lossy(&answer.body);
    match text.trim() {
        "" => "an empty body".to_owned(),
        _ if is_page => "an HTML page".to_owned(),
        text => format!("something that is not JSON: {}", short(&hidden.text(text))),
    }
}

/// An `error` is a refusal, whatever the status.
fn has_error(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_of_a_refusal_is_read() {
        for (body, code) in [
            (json!({"error_code": "403003", "message": "Api Key is invalid"}), "403003"),
            (json!({"error_code": 401_013, "message": "Oauth token is not valid"}), "401013"),
            (
                json!({"type": "https://ns.adobe.com/aep/errors/UIS-4064-403", "status": 403,
                       "title": "Insufficient permissions", "detail": "…"}),
                "Insufficient permissions",
            ),
            (
                json!({"errors": [{"status": "401", "code": "oauth-token-invalid", "title": "Oauth token is not valid"}]}),
                "oauth-token-invalid",
            ),
            (json!({"errorCode": "invalid_token", "errorDescription": "IMS token failed"}), "invalid_token"),
        ] {
            let found = Words::of(&body);
            assert_eq!(found.code, code);
            assert!(refusal::find(Server::Platform, &found.code, &found.words).is_some(), "{code}");
        }
    }
}
