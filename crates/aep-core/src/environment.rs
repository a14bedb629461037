//! The environment variables, handed in, so that a test can set them without touching the process.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::{Error, Result};

/// A lookup of environment variables. A value is trimmed of blanks and line ends, a pair of quotes around the whole of it
/// is taken off (files for containers keep both), and one that is empty counts as not set.
pub struct Environment {
    lookup: Box<Lookup>,
    /// The variables whose quotes were taken off.
    quoted: RefCell<BTreeSet<String>>,
}

type Lookup = dyn Fn(&str) -> Option<OsString>;

impl Environment {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where the process's variables enter")]
    pub fn from_process() -> Self {
        Self::new(|name| std::env::var_os(name))
    }

    /// Exactly these variables.
    pub fn from_pairs<K: Into<String>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables: BTreeMap<String, OsString> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::new(move |name| variables.get(name).cloned())
    }

    fn new(lookup: impl Fn(&str) -> Option<OsString> + 'static) -> Self {
        Self { lookup: Box::new(lookup), quoted: RefCell::default() }
    }

    /// The variables that were read and had a pair of quotes around their value, in order.
    pub fn quoted(&self) -> Vec<String> {
        self.quoted.borrow().iter().cloned().collect()
    }

    /// The value as it is.
    pub fn raw(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The value as text.
    ///
    /// # Errors
    /// Configuration, when the value is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let value = value.into_string().map_err(|_| Error::configuration(format!("{name} is not valid UTF-8")))?;
        let trimmed = value.trim();
        let inner = ['"', '\'']
            .into_iter()
            .find_map(|quote| trimmed.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote)));
        if inner.is_some() {
            self.quoted.borrow_mut().insert(name.to_owned());
        }
        let plain = inner.unwrap_or(trimmed).trim();
        Ok((!plain.is_empty()).then(|| plain.to_owned()))
    }

    /// The value as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        match self.text(name) {
            Ok(text) => text.map(PathBuf::from),
            // A path need not be text.
            Err(_) => self.raw(name).map(PathBuf::from),
        }
    }

    /// Whether the variable is there and holds nothing: often a secret that a pipeline did not hand on.
    pub fn is_empty(&self, name: &str) -> bool {
        (self.lookup)(name).is_some() && matches!(self.text(name), Ok(None))
    }

    /// Whether the variable is set and not empty.
    pub fn has(&self, name: &str) -> bool {
        match self.text(name) {
            Ok(text) => text.is_some(),
            Err(_) => true,
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(…)")
    }
}

/// Set by `aep-auth exec` for its command: the secret variables were taken out.
pub const SECRETS_WITHHELD: &str = "AEP_EXEC_WITHHELD_SECRETS";

/// Our own variables that hold a secret; no child process gets them from us.
pub const SECRET_VARIABLES: [&str; 6] = [
    "AEP_CLIENT_SECRET",
    "AEP_PRIVATE_KEY",
    "AEP_PRIVATE_KEY_PASSPHRASE",
    "AEP_SHARED_CACHE",
    "AEP_SHARED_CACHE_PASSWORD",
    "IMS_OAUTH_S2S_CLIENT_SECRET",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// By name: a list that lost one would still agree with itself.
    #[test]
    fn every_variable_of_ours_that_can_hold_a_secret_is_kept_from_children() {
        for name in [
            "AEP_CLIENT_SECRET",
            "AEP_PRIVATE_KEY",
            "AEP_PRIVATE_KEY_PASSPHRASE",
            // An address may hold a password.
            "AEP_SHARED_CACHE",
            "AEP_SHARED_CACHE_PASSWORD",
            "IMS_OAUTH_S2S_CLIENT_SECRET",
        ] {
            assert!(SECRET_VARIABLES.contains(&name), "{name}");
        }
        assert!(!SECRET_VARIABLES.contains(&"AEP_CLIENT_ID"));
    }

    #[test]
    fn a_value_is_what_stands_between_blanks_and_quotes() {
        for (value, text, is_quoted) in [
            ("a", Some("a"), false),
            (" a\r\n", Some("a"), false),
            ("\"a b\"", Some("a b"), true),
            ("'a'", Some("a"), true),
            ("\"a'", Some("\"a'"), false),
            ("a\"b\"", Some("a\"b\""), false),
            ("\"[\"a\"]\"", Some("\"[\"a\"]\""), false),
            ("", None, false),
            ("  ", None, false),
            ("''", None, true),
        ] {
            let environment = Environment::from_pairs([("X", value)]);
            assert_eq!(environment.text("X").unwrap().as_deref(), text, "{value:?}");
            assert_eq!(!environment.quoted().is_empty(), is_quoted, "{value:?}");
        }
    }
}
