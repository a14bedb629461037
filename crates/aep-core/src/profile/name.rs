//! The name of a profile, checked before any path is built from it, wherever it comes from.

use std::fmt;

use crate::{Error, Result};

/// `[a-z0-9][a-z0-9._-]{0,63}`, without `..`, no Windows device name, not `env`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// Configuration, saying what a name may hold.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            // A secret may have been typed in a name's place.
            let has_form = text.len() <= 24 && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
            let shown = if has_form { text } else { "(not shown)" };
            Error::configuration(format!("`{shown}` cannot be a profile name: {why}"))
                .with_hint("a name is 1 to 64 of a-z, 0-9, dot, dash and underscore, and starts with a letter or digit")
        };
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        match text.as_bytes() {
            [] => return Err(refuse("it is empty")),
            [first, ..] if !(first.is_ascii_lowercase() || first.is_ascii_digit()) => {
                return Err(refuse("it must start with a lower-case letter or a digit"));
            }
            bytes if bytes.len() > 64 => return Err(refuse("it is longer than 64 characters")),
            bytes if !bytes.iter().copied().all(is_inner) => {
                return Err(refuse("it holds a character that is not allowed"));
            }
            _ => {}
        }
        if text.contains("..") {
            return Err(refuse("it holds `..`"));
        }
        if text == "env" {
            return Err(refuse("it stands for the environment variables"));
        }
        if is_windows_device(text) {
            return Err(refuse("it is a device on Windows"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Windows opens the device for `con.toml` as well as for `con`.
fn is_windows_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or(text);
    match stem {
        "con" | "prn" | "aux" | "nul" => true,
        _ => matches!(stem.as_bytes(), [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] if digit.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_fine() {
        for name in ["prod", "0", "a.b-c_d", "com", "comet", "nullable", "environment", &"a".repeat(64)] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_would_do_harm() {
        for name in [
            "",
            "Prod",
            ".hidden",
            "-x",
            "_x",
            "a..b",
            "../x",
            "a/b",
            "a\\b",
            "a b",
            "a\0b",
            "a\nb",
            "prød",
            "env",
            "con",
            "con.txt",
            "nul",
            "com1",
            "lpt9.x",
            "aux",
            "prn",
            "$(id)",
            "~",
            "%2e",
            &"a".repeat(65),
        ] {
            assert!(Name::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_may_be_a_secret_in_a_names_place_is_not_shown() {
        for (typed, is_shown) in [
            ("My Profile", true),
            ("P-1234567890123456789012", true),
            ("P-12345678901234567890123", false),
            ("prød", false),
            ("a\u{7}", false),
        ] {
            let refusal = Name::parse(typed).unwrap_err();
            assert_eq!(refusal.message().starts_with(&format!("`{typed}` ")), is_shown, "{refusal}");
            assert_eq!(refusal.message().starts_with("`(not shown)` "), !is_shown, "{refusal}");
        }
    }
}
