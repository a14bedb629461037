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

/// The platform's own folders.
struct PlatformFolders {
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
}

impl PlatformFolders {
    /// `None` where no home is found; one that depends on where the program is run is none.
    fn find(environment: &Environment) -> Option<Self> {
        if environment.path(HOME).is_some_and(|home| !home.is_absolute()) {
            return None;
        }
        #[cfg(target_os = "linux")]
        if !environment.has(HOME) {
            return Some(Self::of_xdg(&trust::home_or_of_account()?, environment));
        }
        let own = ProjectDirs::from("", "", "aep")?;
        let [config, data, cache] = [own.config_dir(), own.data_local_dir(), own.cache_dir()].map(Path::to_owned);
        Some(Self { config, data, cache })
    }

    /// As `directories` has them, which has no way to be told the home.
    #[cfg(target_os = "linux")]
    fn of_xdg(home: &Path, environment: &Environment) -> Self {
        let of = |variable: &str, usual: &str| {
            let named = environment.path(variable).filter(|folder| folder.is_absolute());
            named.unwrap_or_else(|| home.join(usual)).join("aep")
        };
        Self {
            config: of("XDG_CONFIG_HOME", ".config"),
            data: of("XDG_DATA_HOME", ".local/share"),
            cache: of("XDG_CACHE_HOME", ".cache"),
        }
    }
}

impl Folders {
    /// Finds the folders; the disk is touched only where `sudo` has to be told from another root.
    pub fn find(environment: &Environment) -> Self {
        let variables = ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"].map(|name| environment.path(name));
        let platform = if variables.iter().all(Option::is_some) { None } else { PlatformFolders::find(environment) };
        Self::from_parts(environment, variables, platform)
    }

    /// Finds the folders, and asks nobody but the file system: on macOS the platform's own are not looked for without
    /// `HOME`.
    pub fn find_quickly(environment: &Environment) -> Self {
        if cfg!(any(windows, target_os = "linux")) || environment.has("HOME") {
            return Self::find(environment);
        }
        let variables = ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"].map(|name| environment.path(name));
        Self::from_parts(environment, variables, None)
    }

    fn from_parts(
        environment: &Environment,
        [config, data, cache]: [Option<PathBuf>; 3],
        platform: Option<PlatformFolders>,
    ) -> Self {
        let home = trust::home(environment);
        let is_foreign = home.as_deref().is_some_and(|home| {
            let caller = environment.text("SUDO_UID").ok().flatten();
            trust::foreign_home(caller.as_deref(), home).is_some()
        });
        let (own_data, former_data) = match &platform {
            Some(own) => apart(&own.data, &own.config),
            None => (None, None),
        };
        let (own_config, own_cache) = platform.map(|own| (own.config, own.cache)).unzip();
        Self {
            config: Place::find(config, own_config, home.as_deref(), is_foreign),
            // Who names a folder has the data there, and nowhere else.
            former_data: former_data.filter(|_| data.is_none()),
            data: Place::find(data, own_data, home.as_deref(), is_foreign),
            cache: Place::find(cache, own_cache, home.as_deref(), is_foreign),
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
    fn a_home_that_depends_on_the_current_folder_is_none() {
        let error = find(&[(HOME, "rel")]).config().unwrap_err();
        assert_eq!(error.hint(), Some(format!("set {HOME} or AEP_CONFIG_DIR").as_str()));
    }

    /// Without the variable the same places as with it.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_platforms_own_are_those_of_the_crate() {
        let home = trust::home_or_of_account().unwrap();
        let by_crate = ProjectDirs::from("", "", "aep").unwrap();
        let own = PlatformFolders::of_xdg(&home, &Environment::from_process());
        assert_eq!(
            [&own.config, &own.data, &own.cache].map(PathBuf::as_path),
            [by_crate.config_dir(), by_crate.data_local_dir(), by_crate.cache_dir()]
        );
        let own = PlatformFolders::of_xdg(
            Path::new("/h"),
            &Environment::from_pairs([("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "rel")]),
        );
        assert_eq!(
            [own.config, own.data, own.cache].map(|path| path.display().to_string()),
            ["/c/aep", "/h/.local/share/aep", "/h/.cache/aep"]
        );
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
