//! The environment variables, handed in, so that a test can set them without touching the process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::{Error, Result};

/// A lookup of environment variables. A variable that is set but empty counts as not set.
pub struct Environment(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString>;

impl Environment {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where the process's variables enter")]
    pub fn of_process() -> Self {
        Self(Box::new(|name| std::env::var_os(name)))
    }

    /// Exactly these variables.
    pub fn of<K: Into<String>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables: BTreeMap<String, OsString> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self(Box::new(move |name| variables.get(name).cloned()))
    }

    /// The value as it is.
    pub fn raw(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// The value as text.
    ///
    /// # Errors
    /// Configuration, when the value is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        self.raw(name)
            .map(|value| value.into_string().map_err(|_| Error::configuration(format!("{name} is not valid UTF-8"))))
            .transpose()
    }

    /// The value as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    /// Whether the variable is set and not empty.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(…)")
    }
}

/// Our own variables that hold a secret; no child process gets them from us.
pub const SECRET_VARIABLES: [&str; 6] = [
    "AEP_CLIENT_SECRET",
    "AEP_PRIVATE_KEY",
    "AEP_PRIVATE_KEY_PASSPHRASE",
    "AEP_SHARED_CACHE",
    "AEP_SHARED_CACHE_PASSWORD",
    "IMS_OAUTH_S2S_CLIENT_SECRET",
];
