//! `KEY=VALUE` lines: a `.env` file, or what `export` prints.

use serde_json::Value;

use super::{Candidate, flat};

/// Reads the lines; comments and what is no assignment are passed over.
pub(super) fn read(text: &str) -> Option<Candidate> {
    let pairs = text.lines().filter_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        if name.starts_with('#') || name.trim().contains(char::is_whitespace) {
            return None;
        }
        Some((name.trim().to_owned(), Value::String(unquote(value.trim()))))
    });
    flat::read(pairs, "KEY=VALUE lines")
}

/// Takes the quotes off; between double quotes `\n`, `\"` and `\\` are escapes.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        return inner.to_owned();
    }
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(inner) => inner.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"),
        None => value.to_owned(),
    }
}
