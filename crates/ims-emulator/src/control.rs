//! The emulator's own paths under `/emulator/`, by which a test in any language drives it.

use serde_json::{Map, Value, json};

use crate::body::sha256;
use crate::faults::Fault;
use crate::http::{Answer, Request};
use crate::state::State;

/// Answers `GET /emulator/state` and `/emulator/requests`, and the `POST`s that change something.
pub(crate) fn answer(state: &State, request: &Request) -> Answer {
    let answered = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/emulator/state") => Ok(Some(counts(state))),
        ("GET", "/emulator/requests") => last_requests(state, request).map(Some),
        ("DELETE", "/emulator/faults") => {
            state.clear_faults();
            Ok(None)
        }
        ("POST", path) => change(state, path, &request.body).map(|()| None),
        _ => Err(None),
    };
    match answered {
        Ok(shown) => Answer::json(200, &shown.unwrap_or_else(|| json!({"ok": true}))),
        Err(None) => Answer::json(404, &json!({"error": "not_found"})),
        Err(Some(why)) => Answer::json(400, &json!({"error": "bad_request", "error_description": why})),
    }
}

/// No such path, or what is wrong with the request.
type Refused = Option<String>;

fn counts(state: &State) -> Value {
    let counters = state.counters();
    let mut shown = json!(counters);
    shown["token_requests"] = (counters.token + counters.exchange).into();
    shown["endpoints"] = json!(state.endpoints());
    shown
}

/// What arrived last, oldest first (`?last=N`, one by default). Of a token or secret, the SHA-256 alone is shown, so that a
/// test can compare it and nobody can use it.
fn last_requests(state: &State, request: &Request) -> Result<Value, Refused> {
    let last = match request.parameter("last") {
        None => 1,
        Some(last) => last.parse().map_err(|_| Some("last: expected a number".to_owned()))?,
    };
    let shown: Vec<Value> = state.last_requests(last).iter().map(shown).collect();
    Ok(Value::Array(shown))
}

fn shown(request: &Request) -> Value {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "authorization" | "proxy-authorization" | "cookie" => hashed(value),
                _ => value.clone(),
            };
            (name.clone(), value.into())
        })
        .collect();
    let (bytes, digest) = match &request.file {
        Some(file) => (file.bytes, file.sha256.clone()),
        None => (request.body.len() as u64, sha256(&request.body)),
    };
    json!({"method": request.method, "path": request.path, "query": request.query, "headers": headers,
           "body_bytes": bytes, "body_sha256": digest})
}

/// The scheme as it is, what follows hashed.
fn hashed(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, token)) => format!("{scheme} sha256:{}", sha256(token.as_bytes())),
        None => format!("sha256:{}", sha256(value.as_bytes())),
    }
}

fn change(state: &State, path: &str, body: &[u8]) -> Result<(), Refused> {
    let body: Value = match body {
        [] => Value::Null,
        body => serde_json::from_slice(body).map_err(|error| Some(error.to_string()))?,
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    let expected = |what: &str| Some(format!("expected {what}"));
    match path {
        "/emulator/reset" => state.reset(),
        "/emulator/faults" => {
            let faults: Result<Vec<Fault>, _> = match body {
                Value::Array(items) => items.into_iter().map(serde_json::from_value).collect(),
                one => serde_json::from_value(one).map(|fault| vec![fault]),
            };
            faults.map_err(|error| Some(error.to_string()))?.into_iter().for_each(|fault| state.add_fault(fault));
        }
        "/emulator/clock" => {
            state.set_clock_offset(number("offset").ok_or_else(|| expected("{\"offset\": SECONDS}"))?);
        }
        "/emulator/life" => state.set_life(number("ms").ok_or_else(|| expected("{\"ms\": MILLISECONDS}"))?),
        "/emulator/revoke" => match (text("token"), text("client_id"), text("secret")) {
            (Some(token), None, None) => state.revoke(token),
            (None, Some(client_id), Some(secret)) => state.revoke_secret(client_id, secret),
            _ => return Err(expected("{\"token\": …} or {\"client_id\": …, \"secret\": …}")),
        },
        "/emulator/secrets" => {
            let secrets: Option<Vec<String>> =
                body.get("secrets").and_then(|secrets| serde_json::from_value(secrets.clone()).ok());
            let (Some(id), Some(secrets)) = (text("client_id"), secrets) else {
                return Err(expected("{\"client_id\": …, \"secrets\": [\"…\"]}"));
            };
            if !state.set_secrets(id, secrets) {
                return Err(Some("client_id: no such client".to_owned()));
            }
        }
        "/emulator/registry" => {
            let read = |key: &str| number(key).and_then(|count| usize::try_from(count).ok());
            let (classes, schemas) = (read("classes"), read("schemas"));
            if classes.is_none() && schemas.is_none() {
                return Err(expected("{\"classes\": N, \"schemas\": N}"));
            }
            state.set_made_up(classes, schemas);
        }
        "/emulator/query" => {
            let Value::Object(parameters) = body else { return Err(expected("{\"host\": …, \"port\": …}")) };
            state.platform().query = parameters;
        }
        _ => return Err(None),
    }
    Ok(())
}
