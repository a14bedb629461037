//! Where the files are: configuration, private data, cache.
//!
//! `AEP_CONFIG_DIR`, `AEP_DATA_DIR` and `AEP_CACHE_DIR` come first, then the platform's own folders as the `directories`
//! crate finds them. Data are local: never in a roaming folder.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::{Environment, Error, Result, trust};

/// The variable that names the home.
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// The three folders; each may be missing, for a reason.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    config: Place,
    data: Place,
    cache: Place,
    /// Where an earlier version had the data, if that is another place.
    former_data: Option<PathBuf>,
    home: Option<PathBuf>,
}

/// The name of the data folder where the settings' folder would be the same.
const PRIVATE: &str = "aep-private";

/// A folder, or why there is none.
#[derive(Clone, Debug, Default)]
enum Place {
    At(PathBuf),
    /// No home was found, and no variable names another folder.
    #[default]
    NoHome,
    /// The variable names a folder that depends on where the program is run.
    Relative,
    /// It is in the home of the account that called `sudo`, who could not use it any more.
    OfTheCaller(PathBuf),
}

impl Place {
    /// The folder that a variable names, or else the platform's own; nothing in a home that is the caller's.
    fn find(variable: Option<PathBuf>, platform: Option<PathBuf>, home: Option<&Path>, is_foreign: bool) -> Self {
        let path = match variable {
            // No shell has seen it where it comes from a file of variables.
            Some(path) => match (path.strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => home.join(rest),
                _ => path,
            },
            None => match platform {
                Some(path) => path,
                None => return Self::NoHome,
            },
        };
        match home.filter(|_| is_foreign) {
            _ if !path.is_absolute() => Self::Relative,
            Some(home) if path.starts_with(home) => Self::OfTheCaller(home.to_owned()),
            _ => Self::At(path),
        }
    }

    fn path(&self, what: &str, variable: &str) -> Result<&Path> {
        match self {
            Self::At(path) => Ok(path),
            Self::NoHome => {
                Err(Error::configuration(format!("there is no {what} folder, since no home folder was found"))
                    .with_hint(format!("set {HOME} or {variable}")))
            }
            Self::Relative => Err(Error::configuration(format!(
                "{variable} names a relative folder; expected an absolute path, or one that begins with ~/"
            ))
            .with_hint(format!("{variable}=~/aep"))),
            Self::OfTheCaller(home) => Err(Error::configuration(format!(
                "sudo runs this over the home of another account, {}, where nothing is created",
                home.display()
            ))
            .with_hint("run it without sudo, or with sudo -H")),
        }
    }
}

impl Folders {
    /// Finds the folders; the disk is touched only where `sudo` has to be told from another root.
    pub fn find(environment: &Environment) -> Self {
        let variables = ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"].map(|name| environment.path(name));
        let platform = if variables.iter().all(Option::is_some) { None } else { ProjectDirs::from("", "", "aep") };
        Self::from_parts(environment, variables, platform.as_ref())
    }

    /// Finds the folders by the environment alone. Without `HOME` the platform's own are not looked for: that would ask
    /// the system's user database, by sockets where it is a network's.
    pub fn find_quickly(environment: &Environment) -> Self {
        if cfg!(windows) || environment.has("HOME") {
            return Self::find(environment);
        }
        let variables = ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"].map(|name| environment.path(name));
        Self::from_parts(environment, variables, None)
    }

    fn from_parts(
        environment: &Environment,
        [config, data, cache]: [Option<PathBuf>; 3],
        platform: Option<&ProjectDirs>,
    ) -> Self {
        let home = trust::home(environment);
        let is_foreign = home.as_deref().is_some_and(|home| {
            let caller = environment.text("SUDO_UID").ok().flatten();
            trust::foreign_home(caller.as_deref(), home).is_some()
        });
        let (own_data, former_data) = match platform {
            Some(dirs) => apart(dirs.data_local_dir(), dirs.config_dir()),
            None => (None, None),
        };
        let platform = |pick: fn(&ProjectDirs) -> &Path| platform.map(|dirs| pick(dirs).to_owned());
        Self {
            config: Place::find(config, platform(ProjectDirs::config_dir), home.as_deref(), is_foreign),
            // Who names a folder has the data there, and nowhere else.
            former_data: former_data.filter(|_| data.is_none()),
            data: Place::find(data, own_data, home.as_deref(), is_foreign),
            cache: Place::find(cache, platform(ProjectDirs::cache_dir), home.as_deref(), is_foreign),
            home,
        }
    }

    /// Exactly these folders.
    pub fn at(config: impl Into<PathBuf>, data: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            config: Place::At(config.into()),
            data: Place::At(data.into()),
            cache: Place::At(cache.into()),
            former_data: None,
            home: None,
        }
    }

    /// With data that an earlier version may have left elsewhere.
    #[must_use]
    pub fn with_former_data(self, folder: impl Into<PathBuf>) -> Self {
        Self { former_data: Some(folder.into()), ..self }
    }

    /// Where an earlier version had the data, if that is another place.
    pub fn former_data(&self) -> Option<&Path> {
        self.former_data.as_deref()
    }

    /// The home, below which folders must be trusted; `None` where the environment names none.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Whether nothing names a configuration folder at all, so that there can be no profile.
    pub fn has_no_home(&self) -> bool {
        matches!(self.config, Place::NoHome)
    }

    /// The folder of the profiles.
    ///
    /// # Errors
    /// Configuration: there is no home, the variable names a relative folder, or the home is a `sudo` caller's.
    pub fn config(&self) -> Result<&Path> {
        self.config.path("configuration", "AEP_CONFIG_DIR")
    }

    /// The folder of the private store.
    ///
    /// # Errors
    /// As [`Self::config`].
    pub fn data(&self) -> Result<&Path> {
        self.data.path("data", "AEP_DATA_DIR")
    }

    /// The folder of the cached tokens.
    ///
    /// # Errors
    /// As [`Self::config`].
    pub fn cache(&self) -> Result<&Path> {
        self.cache.path("cache", "AEP_CACHE_DIR")
    }

    /// Refuses a variable that names a relative folder, also where the folder would not be needed: what is kept must not
    /// depend on where a program is run.
    ///
    /// # Errors
    /// Configuration, naming the variable.
    pub fn refuse_relative(&self) -> Result<()> {
        let all = [self.config(), self.data(), self.cache()];
        let relative = [&self.config, &self.data, &self.cache].map(|place| matches!(place, Place::Relative));
        all.into_iter().zip(relative).filter(|(_, is_relative)| *is_relative).try_for_each(|(found, _)| found.map(drop))
    }
}

/// The folder of the data, which is never that of the settings; and where they were before that was so.
fn apart(data: &Path, config: &Path) -> (Option<PathBuf>, Option<PathBuf>) {
    if data == config {
        (Some(data.with_file_name(PRIVATE)), Some(data.to_owned()))
    } else {
        (Some(data.to_owned()), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_lie_in_no_folder_of_settings() {
        let (config, data) = (Path::new("/u/config/aep"), Path::new("/u/share/aep"));
        assert_eq!(apart(data, config), (Some(data.to_owned()), None));
        let both = Path::new("/Users/ada/Library/Application Support/aep");
        let beside = PathBuf::from("/Users/ada/Library/Application Support/aep-private");
        assert_eq!(apart(both, both), (Some(beside), Some(both.to_owned())));
    }

    /// A folder below no home.
    const ELSEWHERE: &str = if cfg!(windows) { r"C:\x\y" } else { "/x/y" };

    fn find(pairs: &[(&str, &str)]) -> Folders {
        Folders::find(&Environment::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn a_variable_names_an_absolute_folder_or_one_in_the_home() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().to_str().unwrap();
        let below = Path::new(home).join("x");
        for (value, path) in [(ELSEWHERE, Path::new(ELSEWHERE)), ("~/x", &below), ("'~/x'", &below)] {
            let folders = find(&[(HOME, home), ("AEP_CONFIG_DIR", value)]);
            assert_eq!(folders.config().unwrap(), path, "{value}");
        }
        // On Windows the second is on whichever drive is the current one.
        let of_a_drive = if cfg!(windows) { "/x" } else { "./x" };
        for value in ["x", of_a_drive, "./x", "../x", "~other/x"] {
            let error = find(&[(HOME, home), ("AEP_CONFIG_DIR", value)]).config().unwrap_err();
            assert_eq!(error.exit_code(), 3, "{value}");
            assert!(error.message().contains("AEP_CONFIG_DIR"), "{error}");
        }
    }

    #[test]
    fn a_home_that_is_a_callers_is_left_alone_and_every_other_is_used() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().to_str().unwrap();
        // Whoever runs the tests owns it, so that a caller of that number is the same account.
        assert!(find(&[(HOME, home), ("SUDO_UID", "4294967294")]).config().is_ok());
        assert!(find(&[(HOME, home)]).config().is_ok());
    }
}
