//! The tutorial's last step: the platform's list of standard XDM classes, and what its gateway says when it refuses.

use std::time::Duration;

use aep_core::budget::RETRIES;
use aep_core::error::Cause;
use aep_core::headers::Header;
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;

use crate::answer::short;
use crate::http::{Answer, Http};
use crate::refusal::{self, Server};
use crate::retry::RetryPolicy;

const CLASSES: &str = "/data/foundation/schemaregistry/global/classes";

/// A class of the Experience Data Model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `title`
    pub title: String,
    /// `$id`
    pub id: String,
    /// `version`
    pub version: String,
}

/// Lists the standard XDM classes.
///
/// # Errors
/// Refused, with the gateway's words and a cure; unreachable, when there is no answer or none of the platform.
pub fn list_classes(
    http: &Http<'_>,
    context: &Context,
    profile: &Profile,
    headers: &[Header],
    budget: Duration,
) -> Result<Vec<Class>> {
    let mut sent: Vec<(&str, &str)> = vec![("Accept", "application/vnd.adobe.xed-id+json")];
    sent.extend(headers.iter().map(|header| (header.name, header.value.as_str())));
    let mut patience = RetryPolicy::until(context.clock.monotonic() + budget, RETRIES, context, http.base());
    let answer = loop {
        match http.get(CLASSES, &sent, patience.budget()?) {
            Ok(answer) if answer.is_overloaded() && patience.wait(answer.asked_pause(context.clock.now())) => {}
            Ok(answer) => break answer,
            Err(no_answer) if no_answer.may_pass && patience.wait(None) => {}
            Err(no_answer) => return Err(no_answer.error),
        }
    };
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.status != 200 || body.as_ref().is_some_and(has_error) {
        return Err(explain(&answer, body.as_ref(), profile));
    }
    let results = body.as_ref().and_then(|body| body.get("results")?.as_array());
    let results = results.ok_or_else(|| {
        Error::unreachable(format!("{} answered something that is not a list of classes", http.base()))
            .with_hint("check AEP_PLATFORM_URL; a captive portal or a proxy may stand in between")
    })?;
    let text = |class: &Value, key: &str| class.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(results
        .iter()
        .map(|class| Class { title: text(class, "title"), id: text(class, "$id"), version: text(class, "version") })
        .collect())
}

/// Reads the gateway's refusal in any of the shapes that the platform's services use.
fn explain(answer: &Answer, body: Option<&Value>, profile: &Profile) -> Error {
    let status = answer.status;
    let request_id =
        answer.request_id.as_deref().map_or_else(String::new, |id| format!(" (x-request-id {})", short(id)));
    let Some(body) = body.filter(|body| body.is_object()) else {
        let message = format!("the platform answered {status} with {}{request_id}", no_object(answer));
        return Error::unreachable(message)
            .with_hint("check AEP_PLATFORM_URL; a captive portal or a proxy may stand in between");
    };
    let (code, words) = code_and_words(body);
    let mut message = format!("the platform refused profile {}: {status}", profile.name());
    for part in [&code, &words] {
        if !part.is_empty() && part != &status.to_string() {
            message.push(' ');
            message.push_str(&short(part));
        }
    }
    if code.is_empty() && words.is_empty() {
        message.push(' ');
        message.push_str(&short(&body.to_string()));
    }
    message.push_str(&request_id);
    let may_pass = answer.is_overloaded() && !has_error(body);
    let error =
        if may_pass || (300..400).contains(&status) { Error::unreachable(message) } else { Error::refused(message) };
    let known = refusal::find(Server::Platform, &code, &words);
    let error = error.with_cause(Cause::Platform(code));
    match known {
        Some(known) => error.with_hint(refusal::cure_for(&format!("{}\n{}", known.meaning, known.cure), profile)),
        None => error,
    }
}

/// What stands where a refusal in JSON was expected.
fn no_object(answer: &Answer) -> String {
    let is_page = answer.content_type.contains("html") || answer.body.trim_ascii_start().first() == Some(&b'<');
    let text = String::from_utf8_lossy(&answer.body);
    match text.trim() {
        "" => "an empty body".to_owned(),
        _ if is_page => "an HTML page".to_owned(),
        text => format!("something that is not JSON: {}", short(text)),
    }
}

/// An `error` is a refusal, whatever the status.
fn has_error(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null())
}

/// `error_code` (text or number) and `message`; `title` and `detail`; Reactor's `errors[0]`; Analytics' `errorCode`.
fn code_and_words(body: &Value) -> (String, String) {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let first = body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(&Value::Null);
    let code = ["error_code", "errorCode", "error", "title"]
        .iter()
        .find_map(|key| text(body.get(key)))
        .or_else(|| text(first.get("code")));
    let words = ["message", "errorDescription", "error_description", "detail"]
        .iter()
        .find_map(|key| text(body.get(key)))
        .or_else(|| ["title", "message", "detail"].iter().find_map(|key| text(first.get(key))));
    (code.unwrap_or_default(), words.unwrap_or_default())
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
            let (found, words) = code_and_words(&body);
            assert_eq!(found, code);
            assert!(refusal::find(Server::Platform, &found, &words).is_some(), "{code}");
        }
    }
}
