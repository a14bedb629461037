//! What a tool is given by its surroundings: variables, time, folders, a place for warnings.

use std::cell::OnceCell;

use crate::secret::Keyring;
use crate::{Clock, Environment, Error, Folders, Log, Result};

/// Everything below a `main` takes its surroundings from here, so that a test can make them up.
pub struct Context {
    /// The environment variables.
    pub environment: Environment,
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// The folders.
    pub folders: Folders,
    /// Where warnings go.
    pub log: Log,
    /// The system's keyring, where the program has one: see [`Context::lend_keyring`].
    pub keyring: OnceCell<Box<dyn Keyring>>,
}

impl Context {
    /// Lends the system's keyring, once; only the program that has secrets does.
    pub fn lend_keyring(&self, keyring: Box<dyn Keyring>) {
        // What was lent before stays.
        let _ = self.keyring.set(keyring);
    }

    /// The keyring.
    ///
    /// # Errors
    /// A fault, where the program has none.
    pub fn keyring(&self) -> Result<&dyn Keyring> {
        self.keyring.get().map(|keyring| &**keyring).ok_or_else(|| Error::fault("this program has no keyring"))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("folders", &self.folders).field("log", &self.log).finish_non_exhaustive()
    }
}
