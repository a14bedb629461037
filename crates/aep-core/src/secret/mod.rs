//! A secret value, and the kinds of reference that lead to one.
//!
//! A [`Secret`] has no `Display`, shows nothing in `Debug` and is wiped when dropped; it is opened by
//! [`Secret::expose`] alone, which is easy to search for.

use std::fmt;

use zeroize::Zeroizing;

pub mod command;
mod credentials;
pub mod keyring;
mod reference;
pub mod store;

pub use credentials::Credentials;
pub use keyring::Keyring;
pub use reference::{NOT_SHOWN, Reference};

/// A client secret, private key, passphrase or access token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller's copy is this one.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether a text has the form of a client secret of Adobe's.
pub fn is_adobes(text: &str) -> bool {
    text.starts_with("p8e-") || text.starts_with("s8e-")
}

/// The client secret, key or token of IMS that a typed word is or holds: as an option, as a value, in a path's place.
pub fn in_word(word: &str) -> Option<&str> {
    if word.contains("-----BEGIN") {
        return Some(word);
    }
    let is_token = |text: &str| text.starts_with("eyJ") && text.len() > 40 && !text.contains(['/', '\\']);
    let mut parts = word.split(|c: char| "=: \"'".contains(c)).map(|part| part.trim_start_matches('-'));
    parts.find(|part| is_adobes(part) || is_token(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_another_words_place_is_known() {
        let token = format!("eyJ{}", "x".repeat(40));
        for (word, secret) in [
            ("p8e-Ab", Some("p8e-Ab")),
            ("s8e-Ab", Some("s8e-Ab")),
            ("--p8e-Ab", Some("p8e-Ab")),
            ("--profile=p8e-Ab", Some("p8e-Ab")),
            ("client_id=\"p8e-Ab\"", Some("p8e-Ab")),
            ("file:p8e-Ab", Some("p8e-Ab")),
            ("p8e-Ab=x", Some("p8e-Ab")),
            ("command:echo p8e-Ab", Some("p8e-Ab")),
            ("-----BEGIN PRIVATE KEY-----", Some("-----BEGIN PRIVATE KEY-----")),
            (&token, Some(&token)),
            ("eyJ.x.y", None),
            ("https://platform.adobe.io/p8e-", None),
            ("./p8e-Ab", None),
            ("my-p8e-Ab", None),
            ("", None),
        ] {
            assert_eq!(in_word(word), secret, "{word}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("marker".to_owned())), "Secret(…)");
    }

    #[test]
    fn no_text_is_no_secret() {
        assert!(Secret::new(String::new()).is_empty() && !Secret::new(" ".to_owned()).is_empty());
    }
}
