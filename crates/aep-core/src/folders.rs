//! Where the files are: configuration, private data, cache.
//!
//! `AEP_CONFIG_DIR`, `AEP_DATA_DIR` and `AEP_CACHE_DIR` come first, then the platform's own folders as the `directories`
//! crate finds them. Data are local: never in a roaming folder.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::{Environment, Error, Result, trust};

/// The three folders; each may be missing where there is no home.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    cache: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Folders {
    /// Finds the folders without touching the disk.
    pub fn find(environment: &Environment) -> Self {
        let own = |name| environment.path(name);
        let (config, data, cache) = (own("AEP_CONFIG_DIR"), own("AEP_DATA_DIR"), own("AEP_CACHE_DIR"));
        if config.is_some() && data.is_some() && cache.is_some() {
            return Self { config, data, cache, home: trust::home(environment) };
        }
        let platform = ProjectDirs::from("", "", "aep");
        Self { home: trust::home(environment), ..Self::or_platform(config, data, cache, platform.as_ref()) }
    }

    /// Finds the folders by the environment alone. Without `HOME` the platform's own are not looked for: that would ask
    /// the system's user database, by sockets where it is a network's.
    pub fn find_quickly(environment: &Environment) -> Self {
        if cfg!(windows) || environment.has("HOME") {
            return Self::find(environment);
        }
        let own = |name| environment.path(name);
        Self { config: own("AEP_CONFIG_DIR"), data: own("AEP_DATA_DIR"), cache: own("AEP_CACHE_DIR"), home: None }
    }

    fn or_platform(
        config: Option<PathBuf>,
        data: Option<PathBuf>,
        cache: Option<PathBuf>,
        platform: Option<&ProjectDirs>,
    ) -> Self {
        let platform = |pick: fn(&ProjectDirs) -> &Path| platform.map(|dirs| pick(dirs).to_owned());
        Self {
            config: config.or_else(|| platform(ProjectDirs::config_dir)),
            data: data.or_else(|| platform(ProjectDirs::data_local_dir)),
            cache: cache.or_else(|| platform(ProjectDirs::cache_dir)),
            home: None,
        }
    }

    /// Exactly these folders.
    pub fn at(config: impl Into<PathBuf>, data: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self { config: Some(config.into()), data: Some(data.into()), cache: Some(cache.into()), home: None }
    }

    /// The home, below which folders must be trusted; `None` where the environment names none.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The folder of the profiles.
    ///
    /// # Errors
    /// Configuration, when there is no home and `AEP_CONFIG_DIR` is not set.
    pub fn config(&self) -> Result<&Path> {
        named(self.config.as_deref(), "configuration", "AEP_CONFIG_DIR")
    }

    /// The folder of the private store.
    ///
    /// # Errors
    /// Configuration, when there is no home and `AEP_DATA_DIR` is not set.
    pub fn data(&self) -> Result<&Path> {
        named(self.data.as_deref(), "data", "AEP_DATA_DIR")
    }

    /// The folder of the cached tokens.
    ///
    /// # Errors
    /// Configuration, when there is no home and `AEP_CACHE_DIR` is not set.
    pub fn cache(&self) -> Result<&Path> {
        named(self.cache.as_deref(), "cache", "AEP_CACHE_DIR")
    }
}

fn named<'a>(folder: Option<&'a Path>, what: &str, variable: &str) -> Result<&'a Path> {
    folder.ok_or_else(|| {
        Error::configuration(format!("there is no {what} folder, since no home folder was found"))
            .with_hint(format!("set HOME or {variable}"))
    })
}
