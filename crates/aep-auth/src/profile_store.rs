//! The profile files on disk: list, write, change, remove, and the pointer to the default.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aep_cli::Invocation;
use aep_core::clock::SystemClock;
use aep_core::io_words::io_words;
use aep_core::profile::file;
use aep_core::profile::hosts::HostList;
use aep_core::profile::shared_cache::SharedCacheUrl;
use aep_core::profile::{self, Name, Origin};
use aep_core::secret::store::{self, SecretKind};
use aep_core::url::BaseUrl;
use aep_core::{Error, Folders, Profile, Result, text, trust, write_file};
use toml_edit::{DocumentMut, Item as TomlItem, Value};

use crate::secret_store::{self, Place, SecretStore};

/// An edit takes milliseconds; who holds the lock for longer is stopped.
const EDIT_PATIENCE: Duration = Duration::from_secs(10);
/// As many as are read of a profile.
const MOST_BYTES: u64 = 256 * 1024;

/// The names of all profiles, in order.
pub(crate) fn list(folders: &Folders) -> Result<Vec<Name>> {
    let folder = file::folder(folders)?;
    let items = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other
            .map_err(|error| Error::configuration(format!("cannot read {}: {}", folder.display(), io_words(&error))))?,
    };
    let mut names: Vec<Name> = items
        .flatten()
        .filter_map(|kind| Name::parse(kind.file_name().to_str()?.strip_suffix(".toml")?).ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Whether there is such a profile.
pub(crate) fn exists(folders: &Folders, name: &Name) -> Result<bool> {
    store::is_there(&file::path(folders, name)?)
}

/// Writes a profile file.
pub(crate) fn write(folders: &Folders, name: &Name, text: &str) -> Result<PathBuf> {
    let path = file::path(folders, name)?;
    let written = write_file::create_folders(&file::folder(folders)?, folders.home())
        .and_then(|()| write_file::replace(&path, text.as_bytes(), folders.home()));
    written.map_err(|error| refused(&error))?;
    Ok(path)
}

pub(crate) fn refused(error: &write_file::WriteError) -> Error {
    Error::storage(error.to_string()).with_hint_if_any(error.cure())
}

/// Makes a profile the default.
pub(crate) fn make_default(folders: &Folders, name: &Name) -> Result<()> {
    let path = pointer(folders)?;
    let written = write_file::create_folders(folders.config()?, folders.home())
        .and_then(|()| write_file::replace(&path, format!("{name}\n").as_bytes(), folders.home()));
    written.map_err(|error| refused(&error))
}

/// Removes a profile file, its stored secrets, and the pointer if it is the default; names what was removed.
pub(crate) fn remove(folders: &Folders, name: &Name, is_default: bool) -> Result<Vec<String>> {
    let remove = |path: PathBuf| {
        std::fs::remove_file(&path)
            .map_err(|error| Error::storage(format!("cannot remove {}: {}", path.display(), io_words(&error))))
    };
    let mut removed = Vec::new();
    removed.extend(store::remove_but(folders, name, &[])?.into_iter().map(|kind| format!("stored {}", kind.title())));
    remove(file::path(folders, name)?)?;
    if is_default {
        remove(pointer(folders)?)?;
        removed.push("default".to_owned());
    }
    Ok(removed)
}

/// Copies a profile file and the secrets that lie in places of ours; names what was copied beside the file.
pub(crate) fn copy(invocation: &Invocation<'_>, from: &Profile, to: &Name) -> Result<Vec<String>> {
    let _lock = lock(&invocation.context.folders)?;
    copy_locked(invocation, from, to)
}

/// Moves a profile file, its secrets and the pointer, each written before the old one goes: whoever is killed in between
/// leaves the new profile whole. Names what was moved beside the file.
pub(crate) fn rename(invocation: &Invocation<'_>, from: &Profile, to: &Name) -> Result<Vec<String>> {
    let context = invocation.context;
    let folders = &context.folders;
    let name = from.file_name().ok_or_else(|| Error::fault("the environment is no profile file"))?;
    let _lock = lock(folders)?;
    let mut moved = copy_locked(invocation, from, to)?;
    if profile::default_name(context)?.as_ref() == Some(name) {
        make_default(folders, to)?;
        moved.push("default".to_owned());
    }
    moved.extend(remove_from_keyring(invocation, from)?);
    remove(folders, name, false)?;
    Ok(moved)
}

/// Removes what a profile has in the keyring; names what is left there, by a keyring that does not serve.
fn remove_from_keyring(invocation: &Invocation<'_>, profile: &Profile) -> Result<Vec<String>> {
    let store = SecretStore::new(invocation, profile);
    let mut left = Vec::new();
    for kind in SecretKind::ALL {
        let is_there = secret_store::reference(profile, kind).and_then(Place::of) == Some(Place::Keyring);
        if is_there && let Err(error) = store.remove(Place::Keyring, kind) {
            left.push(format!("left in the keyring: {}; {}", store.describe(Place::Keyring, kind)?, error.message()));
        }
    }
    Ok(left)
}

fn lock(folders: &Folders) -> Result<write_file::EditLock> {
    write_file::EditLock::take(&file::folder(folders)?, EDIT_PATIENCE, &SystemClock::start())
        .map_err(|error| refused(&error))
}

fn copy_locked(invocation: &Invocation<'_>, from: &Profile, to: &Name) -> Result<Vec<String>> {
    let folders = &invocation.context.folders;
    if exists(folders, to)? {
        return Err(Error::configuration(format!("there is a profile `{to}` already"))
            .with_hint(format!("choose another name, or remove that one first: aep-auth profile remove {to}")));
    }
    let name = from.file_name().ok_or_else(|| Error::fault("the environment is no profile file"))?;
    let text = read(folders, name)?;
    let new = Profile { origin: Origin::File { name: to.clone(), path: file::path(folders, to)? }, ..from.clone() };
    let copied = SecretStore::new(invocation, from).copy_to(&new)?;
    if let Err(error) = write(folders, to, &text) {
        SecretStore::new(invocation, &new).take_back(&copied);
        return Err(error);
    }
    let told = |(place, kind): &(Place, SecretKind)| match place {
        Place::Store => format!("stored {}", kind.title()),
        Place::Keyring => format!("{} in the keyring", kind.title()),
    };
    Ok(copied.iter().map(told).collect())
}

/// The text of a profile file.
pub(crate) fn read(folders: &Folders, name: &Name) -> Result<String> {
    let path = file::path(folders, name)?;
    let text = trust::read_bounded(&path, folders.home(), MOST_BYTES)
        .map_err(|error| error.to_error(format!("cannot read the profile `{name}`: {error}")))?;
    as_text(text, &path)
}

fn as_text(bytes: Vec<u8>, path: &Path) -> Result<String> {
    text::decode(bytes)
        .ok_or_else(|| Error::configuration(format!("{} is not text in UTF-8 or UTF-16", path.display())))
}

/// Changes keys of a profile file and keeps the rest of it as the user wrote it.
pub(crate) fn set(folders: &Folders, name: &Name, pairs: &[String]) -> Result<()> {
    let path = file::path(folders, name)?;
    let refuse = |error: trust::OpenError| error.to_error(format!("cannot read the profile `{name}`: {error}"));
    // Before anything is made in the folder.
    trust::open(&path, folders.home()).map_err(refuse)?;
    let _lock = write_file::EditLock::take(&file::folder(folders)?, EDIT_PATIENCE, &SystemClock::start())
        .map_err(|error| refused(&error))?;
    let text = trust::read_bounded(&path, folders.home(), MOST_BYTES).map_err(refuse)?;
    let text = as_text(text, &path)?;
    let mut document: DocumentMut =
        text.parse().map_err(|_| Error::configuration(format!("{} is not valid TOML", path.display())))?;
    for pair in pairs {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::usage("expected KEY=VALUE").with_hint(format!("aep-auth profile set {name} sandbox=dev1"))
        })?;
        let key = key.trim();
        if value.trim().is_empty() {
            document.remove(key);
            continue;
        }
        // The key is shown, the value never: it may be a secret in the wrong place.
        if is_secret(key) {
            return Err(Error::configuration(format!("a profile holds no secret, and {key} is one"))
                .with_hint(format!("aep-auth secret set {name}")));
        }
        document[key] = TomlItem::Value(parse_value(value.trim()));
    }
    let changed = document.to_string();
    let fields = file::parse(&changed, &path)?;
    let known_before = file::parse(&text, &path).map(|fields| fields.unknown).unwrap_or_default();
    if let Some(unknown) = fields.unknown.iter().find(|key| !known_before.contains(key)) {
        return Err(Error::configuration(format!("`{unknown}` is no key of a profile")).with_hint(
            "client_id, org_id, scopes, technical_account_id, meta_scopes, sandbox, client_secrets, private_key, \
             private_key_passphrase, ims_url, platform_url, hosts, services, headers, git_basic, ca_file, flow, shared_cache, shared_cache_password",
        ));
    }
    // Rather now than at every later command.
    for (field, url) in [("ims_url", &fields.ims_url), ("platform_url", &fields.platform_url)] {
        url.as_deref().map(|url| BaseUrl::parse(field, url)).transpose()?;
    }
    fields.hosts.as_deref().map(HostList::parse).transpose()?;
    let shared_cache = fields.shared_cache.as_deref().map(SharedCacheUrl::parse).transpose()?;
    if shared_cache.is_some_and(|address| address.password().is_some()) {
        return Err(Error::configuration("a profile holds no secret, and this shared_cache has a password in it")
            .with_hint(format!(
                "aep-auth profile set {name} {}",
                if cfg!(windows) {
                    r#""shared_cache_password={ file = 'C:\secrets\password' }""#
                } else {
                    r#"'shared_cache_password={ file = "/run/secrets/password" }'"#
                }
            )));
    }
    write(folders, name, &changed).map(drop)
}

/// A TOML value as it is, anything else as a text.
fn parse_value(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| text.into())
}

fn is_secret(key: &str) -> bool {
    matches!(key, "client_secret" | "secret" | "access_token" | "password" | "passphrase")
}

pub(crate) fn pointer(folders: &Folders) -> Result<PathBuf> {
    Ok(folders.config()?.join("default-profile"))
}
