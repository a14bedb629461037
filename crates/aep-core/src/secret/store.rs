//! The private store of `aep-auth`: one file a secret, in the local data folder.
//!
//! A secret lies under the IMS host and client id that it belongs to; a new one is added, the profile replaced, then the
//! old one removed, so that whichever profile stands finds its own. Files are 0600 in a 0700 folder with a `.gitignore` of
//! `*`, so that a home under version control does not take them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::Secret;
use crate::digest::sha256;
use crate::io_words::io_words;
use crate::profile::Name;
use crate::token::identity::hexadecimal;
use crate::trust::{self, OpenError};
use crate::url::BaseUrl;
use crate::write_file::{self, Transaction, WriteError};
use crate::{Error, Folders, Profile, Result, platform};

/// A secret of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// The client secret.
    ClientSecret,
    /// The second client secret, during a rotation.
    SecondClientSecret,
    /// The private key that signs assertions.
    PrivateKey,
    /// The passphrase of that key.
    Passphrase,
    /// The password of the engine that a fleet shares.
    SharedCachePassword,
}

impl SecretKind {
    /// Every item there is.
    pub const ALL: [Self; 5] =
        [Self::ClientSecret, Self::SecondClientSecret, Self::PrivateKey, Self::Passphrase, Self::SharedCachePassword];

    /// The item in the words of a message.
    pub fn title(self) -> &'static str {
        match self {
            Self::ClientSecret => "client secret",
            Self::SecondClientSecret => "second client secret",
            Self::PrivateKey => "private key",
            Self::Passphrase => "private key passphrase",
            Self::SharedCachePassword => "shared cache password",
        }
    }

    /// The command that puts it where it is missing.
    pub(super) fn cure_where_missing(self, profile: &str) -> String {
        match self {
            Self::ClientSecret => format!("aep-auth secret set {profile}"),
            Self::SecondClientSecret => format!("aep-auth secret set {profile} --second"),
            Self::PrivateKey | Self::Passphrase => {
                format!("aep-auth import FILE --private-key KEY --profile {profile} --force")
            }
            Self::SharedCachePassword => {
                format!("aep-auth profile set {profile} 'shared_cache_password={{ file = \"/run/secrets/password\" }}'")
            }
        }
    }

    /// How a file or item of it is named.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::SecondClientSecret => "client-secret-2",
            Self::PrivateKey => "private-key",
            Self::Passphrase => "passphrase",
            Self::SharedCachePassword => "shared-cache-password",
        }
    }
}

/// Where the secrets of a profile lie: under its name, and under the IMS host and client id that they belong to, so that
/// a profile that is changed to name others does not find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreKey {
    profile: Name,
    belongs_to: String,
}

impl StoreKey {
    /// The place of a profile's secrets.
    pub fn new(profile: &Name, ims_url: &BaseUrl, client_id: &str) -> Self {
        let digest = sha256(format!("{ims_url}\n{client_id}\n").as_bytes());
        Self { profile: profile.clone(), belongs_to: hexadecimal(&digest[..8]) }
    }

    /// The place of a resolved profile's secrets; `None` for the environment, which has none.
    pub fn of_profile(profile: &Profile) -> Option<Self> {
        profile.file_name().map(|name| Self::new(name, &profile.ims_url, &profile.client_id))
    }
}

/// The folder of the store.
///
/// # Errors
/// Configuration, when there is no data folder.
pub fn folder(folders: &Folders) -> Result<PathBuf> {
    Ok(folders.data()?.join("secrets"))
}

/// The file of one secret.
///
/// # Errors
/// Configuration, when there is no data folder.
pub fn path(folders: &Folders, key: &StoreKey, kind: SecretKind) -> Result<PathBuf> {
    let StoreKey { profile, belongs_to } = key;
    // `@` is in no profile name, so that the secrets of two profiles cannot meet in one file.
    Ok(folder(folders)?.join(format!("{profile}@{}.{belongs_to}", kind.suffix())))
}

/// The file in which the first version kept it, whoever it belonged to.
fn first_versions_path(folders: &Folders, profile: &Name, kind: SecretKind) -> Result<PathBuf> {
    Ok(folder(folders)?.join(format!("{profile}@{}", kind.suffix())))
}

/// Moves what an earlier version stored in the folder of the settings, once: not where there is a store already, and
/// nothing that is a link or that others could have put there.
///
/// # Errors
/// Storage, when it is there and cannot be moved.
pub(crate) fn settle(folders: &Folders) -> Result<()> {
    let Some(former) = folders.former_data().map(|folder| folder.join("secrets")) else { return Ok(()) };
    let folder = folder(folders)?;
    if is_there(&folder)? {
        return Ok(());
    }
    match platform::check_private_folder(&former).map_err(|error| error.at(&former)) {
        Ok(()) => {}
        Err(OpenError::Absent | OpenError::NotTrusted { .. }) => return Ok(()),
        Err(error) => return Err(error.to_error(format!("cannot look for a private store of before: {error}"))),
    }
    let failed = |why: &dyn std::fmt::Display| {
        Error::storage(format!("cannot move the private store {} to {}: {why}", former.display(), folder.display()))
    };
    let home = folders.home();
    write_file::create_folders(folders.data()?, home).map_err(|error| failed(&error).with_hint_if_any(error.cure()))?;
    match platform::rename(&former, &folder) {
        // Another process was quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.exists() => Ok(()),
        other => other.map_err(|error| failed(&io_words(&error))),
    }
}

/// Moves what the first version stored to where it belongs; says whether there was something.
///
/// # Errors
/// Configuration, when there is no data folder.
pub(crate) fn adopt(folders: &Folders, key: &StoreKey, kind: SecretKind) -> Result<bool> {
    let (old, new) = (first_versions_path(folders, &key.profile, kind)?, path(folders, key, kind)?);
    check(folders)?;
    match platform::open_private(&old).map_err(|error| error.at(&old)) {
        Ok(_) => {}
        // One that others could have put there is left where it is, and is not found.
        Err(OpenError::Absent | OpenError::NotTrusted { .. }) => return Ok(false),
        Err(error) => return Err(error.to_error(format!("cannot look for the {}: {error}", kind.title()))),
    }
    Ok(!is_there(&new)? && std::fs::rename(&old, &new).is_ok())
}

/// Opens a secret of the store.
///
/// # Errors
/// As [`OpenError`] has it.
pub(super) fn open(folders: &Folders, path: &Path) -> std::result::Result<File, OpenError> {
    if let Some(folder) = path.parent() {
        trust::check_folders(folder, folders.home())?;
    }
    platform::open_private(path).map_err(|error| error.at(path))
}

/// Whether there is something, whatever it is.
///
/// # Errors
/// The system did not let us see, which is not the same as nothing.
pub fn is_there(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => {
            let error = OpenError::unreadable(path, error);
            Err(error.to_error(error.to_string()))
        }
    }
}

/// Whether there can be nothing of this name.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Makes the store ready for writing: its folder, private, and what keeps git from it.
///
/// # Errors
/// Storage, when the store cannot be written; configuration, when others could change it.
pub fn prepare(folders: &Folders) -> Result<()> {
    settle(folders)?;
    let folder = folder(folders)?;
    let refuse = |error: WriteError| {
        Error::storage(format!("cannot make the private store: {error}")).with_hint_if_any(error.cure())
    };
    if let Err(error) = write_file::create_folders(&folder, folders.home()) {
        return Err(match error {
            WriteError::NotTrusted { path, why } => not_private(&folder, &OpenError::not_trusted(&path, why)),
            error => refuse(error),
        });
    }
    check(folders)?;
    sweep(&folder);
    ignore_for_git(&folder).map_err(refuse)
}

/// Writes a secret, private from its creation.
///
/// # Errors
/// Storage, when the store cannot be written; configuration, when others could change it.
pub fn write(folders: &Folders, key: &StoreKey, kind: SecretKind, secret: &Secret) -> Result<()> {
    prepare(folders)?;
    let written = write_file::replace_own(&path(folders, key, kind)?, secret.expose().as_bytes());
    written.map_err(|error| not_stored(kind, &error))
}

/// Writes a secret beside its place, into which it comes with the rest of the transaction.
///
/// # Errors
/// As for [`write()`].
pub fn stage(
    folders: &Folders,
    key: &StoreKey,
    kind: SecretKind,
    secret: &Secret,
    all: &mut Transaction<'_>,
) -> Result<()> {
    prepare(folders)?;
    let staged = all.stage_own(&path(folders, key, kind)?, secret.expose().as_bytes());
    staged.map_err(|error| not_stored(kind, &error))
}

fn not_stored(kind: SecretKind, error: &WriteError) -> Error {
    Error::storage(format!("cannot store the {}: {error}", kind.title())).with_hint_if_any(error.cure())
}

/// Checks that the store, if there is one, is ours alone.
///
/// # Errors
/// Configuration, saying what is wrong with it.
pub fn check(folders: &Folders) -> Result<()> {
    settle(folders)?;
    let folder = folder(folders)?;
    let checked = trust::check_folders(&folder, folders.home())
        .and_then(|()| platform::check_private_folder(&folder).map_err(|error| error.at(&folder)));
    match checked {
        Ok(()) | Err(OpenError::Absent) => Ok(()),
        Err(error) => Err(not_private(&folder, &error)),
    }
}

/// What is wrong with the store or a folder above it, with a cure that this user can carry out.
fn not_private(folder: &Path, error: &OpenError) -> Error {
    let shown = folder.display();
    match error {
        OpenError::NotTrusted { path, why } if path == folder => {
            Error::configuration(format!("the private store {shown} is not private: {why}"))
        }
        _ => error.to_error(format!("the private store {shown} cannot be used: {error}")),
    }
    .with_cause(error.cause())
    .with_hint(error.cure().unwrap_or_else(|| ELSEWHERE.to_owned()))
}

/// The cure for a folder that this user cannot mend.
pub(super) const ELSEWHERE: &str = "let AEP_DATA_DIR name a folder that is yours alone, or unset it";

/// What is removed may lie where others can write, but not where another's link leads.
fn refuse_anothers_link(folder: &Path) -> Result<()> {
    match trust::check_links(folder) {
        Err(error @ OpenError::NotTrusted { .. }) => Err(not_private(folder, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Has a profile's secrets go, whatever they belong to, but for those to be kept; gives the kinds of those that are
/// there.
///
/// # Errors
/// Storage, when one is there and cannot be removed.
pub fn remove_but(
    folders: &Folders,
    profile: &Name,
    kept: &[PathBuf],
    all: &mut Transaction<'_>,
) -> Result<Vec<SecretKind>> {
    settle(folders)?;
    let folder = folder(folders)?;
    refuse_anothers_link(&folder)?;
    sweep(&folder);
    let failed =
        |error: &io::Error| Error::storage(format!("cannot look into {}: {}", folder.display(), io_words(error)));
    let items = match std::fs::read_dir(&folder) {
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        other => other.map_err(|error| failed(&error))?,
    };
    let mut removed = Vec::new();
    for item in items {
        let item = item.map_err(|error| failed(&error))?;
        let name = item.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(profile.as_str())?.strip_prefix('@')) else {
            continue;
        };
        let suffix = rest.split('.').next().unwrap_or(rest);
        let Some(kind) = SecretKind::ALL.into_iter().find(|kind| kind.suffix() == suffix) else { continue };
        let path = folder.join(&name);
        if kept.contains(&path) {
            continue;
        }
        all.remove(&path).map_err(|error| not_removed(&error))?;
        if !removed.contains(&kind) {
            removed.push(kind);
        }
    }
    removed.sort_by_key(|kind| SecretKind::ALL.iter().position(|own| own == kind));
    Ok(removed)
}

fn not_removed(error: &WriteError) -> Error {
    Error::storage(error.to_string()).with_hint_if_any(error.cure())
}

/// Has a secret go; says whether there is one.
///
/// # Errors
/// Storage, when it is there and cannot be removed.
pub fn remove(folders: &Folders, key: &StoreKey, kind: SecretKind, all: &mut Transaction<'_>) -> Result<bool> {
    settle(folders)?;
    let folder = folder(folders)?;
    refuse_anothers_link(&folder)?;
    sweep(&folder);
    let mut is_any = false;
    for path in [path(folders, key, kind)?, first_versions_path(folders, &key.profile, kind)?] {
        all.remove(&path).map_err(|error| not_removed(&error))?;
        is_any |= is_there(&path)?;
    }
    Ok(is_any)
}

/// Removes what killed writers left; best effort. The first version wrote `.NAME@KIND.PID.tmp` and held no lock on it, so
/// that one which writes at this very moment is told that it could not; what was stored is then as it was.
fn sweep(folder: &Path) {
    write_file::sweep(folder);
    for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = item.file_name();
        let is_first = name.to_str().is_some_and(|name| name.contains('@') && name.starts_with('.'));
        if is_first && write_file::is_leftover(&name) {
            let _ = std::fs::remove_file(item.path());
        }
    }
}

fn ignore_for_git(folder: &Path) -> Result<(), WriteError> {
    let path = folder.join(".gitignore");
    if path.exists() { Ok(()) } else { write_file::replace_own(&path, b"*\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_version_stored_is_moved_once_and_read_on() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let former = Folders::at(at("aep"), at("aep"), at("cache"));
        let folders = Folders::at(at("aep"), at("aep-private"), at("cache")).with_former_data(at("aep"));
        let (name, kind) = (Name::parse("dev").unwrap(), SecretKind::ClientSecret);
        let ims = BaseUrl::parse("ims_url", crate::profile::DEFAULT_IMS_URL).unwrap();
        let key = StoreKey::new(&name, &ims, "client");
        let read = |folders: &Folders| std::fs::read_to_string(path(folders, &key, kind).unwrap());

        settle(&folders).unwrap();
        assert!(!at("aep-private").exists(), "nothing was there, nothing is made");

        write(&former, &key, kind, &Secret::new("old".to_owned())).unwrap();
        settle(&folders).unwrap();
        assert_eq!(read(&folders).unwrap(), "old");
        assert!(!at("aep/secrets").exists() && at("aep").is_dir());

        // A store that is there is never replaced by an older one.
        write(&former, &key, kind, &Secret::new("older".to_owned())).unwrap();
        settle(&folders).unwrap();
        assert_eq!((read(&folders).unwrap(), read(&former).unwrap()), ("old".to_owned(), "older".to_owned()));

        // One that cannot be moved is told, and stays.
        #[cfg(target_os = "linux")]
        if let Ok(far) = tempfile::tempdir_in("/dev/shm") {
            use std::os::unix::fs::MetadataExt;
            let device = |path: &Path| std::fs::metadata(path).unwrap().dev();
            let moved = Folders::at(at("aep"), far.path().join("x"), at("cache")).with_former_data(at("aep"));
            if device(far.path()) != device(home.path()) {
                assert!(settle(&moved).unwrap_err().message().ends_with("on different file systems"));
                assert_eq!(read(&former).unwrap(), "older");
            }
        }

        // Without a former place nothing is looked for.
        let elsewhere = Folders::at(at("aep"), at("other"), at("cache"));
        settle(&elsewhere).unwrap();
        assert!(!at("other").exists() && at("aep/secrets").exists());
    }
}
