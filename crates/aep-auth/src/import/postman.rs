//! A Postman environment, as the Developer Console offers it and as `aep-postman` writes it.

use serde_json::Value;

use super::{Candidate, flat};

/// Reads `values`; a disabled one counts as not there.
pub(super) fn read(json: &Value) -> Option<Candidate> {
    let values = json.get("values")?.as_array()?;
    let pairs = values.iter().filter(|item| item.get("enabled") != Some(&Value::Bool(false))).filter_map(|item| {
        let value = item.get("value")?.clone();
        Some((item.get("key")?.as_str()?.to_owned(), value))
    });
    flat::read(pairs, "a Postman environment")
}
