//! `--client-secret-from`: where the client secret is, if not in the private store.
//!
//! The user types it; nothing of an imported file ever becomes such a reference.

use std::path::{Path, PathBuf};

use aep_core::secret::{Reference, in_word};
use aep_core::{Error, Result};
use toml_edit::{Array, InlineTable, Value};

/// Understands `keyring`, `file:PATH`, `env:NAME` and `command:WORDS…`.
pub(super) fn parse(text: &str) -> Result<Reference> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match (kind, rest) {
        (_, rest) if in_word(rest).is_some() => Err(refuse("where the client secret is, not a secret itself")),
        ("keyring", "") => Ok(Reference::Keyring),
        ("file", path) if !path.is_empty() => file(path),
        ("env", name) if is_variable(name) => Ok(Reference::Env(name.to_owned())),
        ("command", words) => match split(words) {
            Some(words) if !words.is_empty() => Ok(Reference::Command(words)),
            _ => Err(refuse("its words, such as command:op read 'op://vault/item/field'")),
        },
        // Not shown: it may be the secret itself.
        _ => Err(refuse("keyring, file:PATH, env:NAME or command:WORDS")),
    }
}

fn refuse(expected: &str) -> Error {
    Error::usage(format!("--client-secret-from: expected {expected}")).with_hint("aep-auth import --help")
}

/// A relative path is meant from here, where it is typed; in a profile it would be meant from there.
fn file(path: &str) -> Result<Reference> {
    let path = if path.starts_with("~/") {
        PathBuf::from(path)
    } else {
        std::path::absolute(path).map_err(|error| refuse(&format!("a path ({})", error.kind())))?
    };
    Ok(Reference::File(path))
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Words as a shell has them, with quotes and nothing more; `None` where a quote is open.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// As a profile has it.
pub(super) fn to_toml(reference: &Reference) -> InlineTable {
    let (key, value): (&str, Value) = match reference {
        Reference::Keyring => ("keyring", true.into()),
        Reference::File(path) => ("file", path.display().to_string().into()),
        Reference::Env(name) => ("env", name.into()),
        Reference::Command(words) => ("command", words.iter().collect::<Array>().into()),
        Reference::Credential(id) => ("credential", id.into()),
        Reference::Store | Reference::Given(_) | Reference::FileIn { .. } => ("store", true.into()),
    };
    InlineTable::from_iter([(key, value)])
}

/// How it is told to the user.
pub(super) fn describe(reference: &Reference) -> String {
    match reference {
        Reference::Command(words) => {
            format!("command {}", words.first().map_or("", |word| Path::new(word).to_str().unwrap_or_default()))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_a_profile_has() {
        for (typed, toml) in [
            ("keyring", "{ keyring = true }"),
            #[cfg(unix)]
            ("file:/run/secrets/aep", "{ file = \"/run/secrets/aep\" }"),
            ("file:~/secret", "{ file = \"~/secret\" }"),
            ("env:AEP_SECRET", "{ env = \"AEP_SECRET\" }"),
            ("command:op read op://v/i/f", "{ command = [\"op\", \"read\", \"op://v/i/f\"] }"),
            ("command:a 'b c' \"d\" ''", "{ command = [\"a\", \"b c\", \"d\", \"\"] }"),
        ] {
            assert_eq!(to_toml(&parse(typed).unwrap()).to_string(), toml, "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused_and_not_shown() {
        for typed in [
            "",
            "marker",
            "keyring:marker",
            "file:",
            "env:",
            "env:a marker",
            "command:",
            "command:'marker",
            "file:p8e-marker",
            "command:echo p8e-marker",
        ] {
            let refusal = parse(typed).unwrap_err();
            assert_eq!(refusal.exit_code(), 2, "{typed}");
            assert!(!refusal.message().contains("marker"), "{typed}: {refusal}");
        }
    }
}
