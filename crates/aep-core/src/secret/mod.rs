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
pub use reference::Reference;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("marker".to_owned())), "Secret(…)");
    }

    #[test]
    fn no_text_is_no_secret() {
        assert!(Secret::new(String::new()).is_empty() && !Secret::new(" ".to_owned()).is_empty());
    }
}
