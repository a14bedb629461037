//! What a tool is given by its surroundings: variables, time, folders, a place for warnings.

use crate::{Clock, Environment, Folders, Log};

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
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("folders", &self.folders).field("log", &self.log).finish_non_exhaustive()
    }
}
