//! The emulator's own paths under `/emulator/`, by which a test in any language drives it.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::http::{Answer, Request};
use crate::state::State;

/// Answers `GET /emulator/state` and the `POST`s that change it.
pub(crate) fn answer(state: &State, request: &Request) -> Answer {
    let bad = |why: &str| Answer::json(400, &json!({"error": "bad_request", "error_description": why}));
    let body: Value = match (request.method.as_str(), request.body.is_empty()) {
        ("GET", _) | (_, true) => Value::Null,
        _ => match serde_json::from_slice(&request.body) {
            Ok(body) => body,
            Err(error) => return bad(&error.to_string()),
        },
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/emulator/state") => {
            let counters = state.counters();
            let mut shown = json!(counters);
            shown["token_requests"] = (counters.token + counters.exchange).into();
            return Answer::json(200, &shown);
        }
        ("POST", "/emulator/reset") => state.reset(),
        ("POST", "/emulator/faults") => {
            let faults: Result<Vec<Fault>, _> = match body {
                Value::Array(items) => items.into_iter().map(serde_json::from_value).collect(),
                one => serde_json::from_value(one).map(|fault| vec![fault]),
            };
            match faults {
                Ok(faults) => faults.into_iter().for_each(|fault| state.add_fault(fault)),
                Err(error) => return bad(&error.to_string()),
            }
        }
        ("DELETE", "/emulator/faults") => state.clear_faults(),
        ("POST", "/emulator/clock") => match number("offset") {
            Some(seconds) => state.set_clock_offset(seconds),
            None => return bad("expected {\"offset\": SECONDS}"),
        },
        ("POST", "/emulator/life") => match number("ms") {
            Some(milliseconds) => state.set_life(milliseconds),
            None => return bad("expected {\"ms\": MILLISECONDS}"),
        },
        ("POST", "/emulator/revoke") => state.revoke(text("token")),
        ("POST", "/emulator/secrets") => {
            let secrets = body.get("secrets").and_then(Value::as_array).into_iter().flatten();
            state.set_secrets(text("client_id"), secrets.filter_map(Value::as_str).map(str::to_owned).collect());
        }
        _ => return Answer::json(404, &json!({"error": "not_found"})),
    }
    Answer::json(200, &json!({"ok": true}))
}
