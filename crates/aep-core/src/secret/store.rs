//! The private store of `aep-auth`: one file a secret, in the local data folder.
//!
//! Files are 0600 in a 0700 folder with a `.gitignore` of `*`, so that a home under version control does not take them.

use std::io;
use std::path::{Path, PathBuf};

use super::Secret;
use crate::profile::Name;
use crate::write_file::{self, WriteError};
use crate::{Error, Folders, Result, platform};

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

    fn suffix(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::SecondClientSecret => "client-secret-2",
            Self::PrivateKey => "private-key",
            Self::Passphrase => "passphrase",
            Self::SharedCachePassword => "shared-cache-password",
        }
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
pub fn path(folders: &Folders, profile: &Name, kind: SecretKind) -> Result<PathBuf> {
    // `@` is in no profile name, so that the secrets of two profiles cannot meet in one file.
    Ok(folder(folders)?.join(format!("{profile}@{}", kind.suffix())))
}

/// Writes a secret, private from its creation.
///
/// # Errors
/// Storage, when the store cannot be written; configuration, when others could change it.
pub fn write(folders: &Folders, profile: &Name, kind: SecretKind, secret: &Secret) -> Result<()> {
    let folder = folder(folders)?;
    let refuse = |error: WriteError| {
        Error::storage(format!("cannot store the {}: {error}", kind.title())).with_hint_if_any(error.cure())
    };
    write_file::create_folders(&folder).map_err(refuse)?;
    check(folders)?;
    ignore_for_git(&folder).map_err(refuse)?;
    write_file::replace_own(&path(folders, profile, kind)?, secret.expose().as_bytes()).map_err(refuse)
}

/// Checks that the store, if there is one, is ours alone.
///
/// # Errors
/// Configuration, saying what is wrong with it.
pub fn check(folders: &Folders) -> Result<()> {
    let folder = folder(folders)?;
    if std::fs::symlink_metadata(&folder).is_err() {
        return Ok(());
    }
    platform::check_private_folder(&folder).map_err(|why| {
        Error::configuration(format!("the private store {} is not private: {why}", folder.display()))
            .with_hint(format!("chmod 700 {}", folder.display()))
    })
}

/// Removes a secret; says whether there was one.
///
/// # Errors
/// Storage, when it is there and cannot be removed.
pub fn remove(folders: &Folders, profile: &Name, kind: SecretKind) -> Result<bool> {
    let path = path(folders, profile, kind)?;
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::storage(format!("cannot remove {}: {error}", path.display()))),
    }
}

fn ignore_for_git(folder: &Path) -> Result<(), WriteError> {
    let path = folder.join(".gitignore");
    if path.exists() { Ok(()) } else { write_file::replace_own(&path, b"*\n") }
}
