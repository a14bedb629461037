//! The profile files on disk: list, write, change, remove, and the pointer to the default.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aep_core::clock::SystemClock;
use aep_core::io_words::io_words;
use aep_core::profile::file::{self, Fields};
use aep_core::profile::hosts::HostList;
use aep_core::profile::shared_cache::SharedCacheUrl;
use aep_core::profile::{self, Name, ProfileSelection};
use aep_core::secret::Reference;
use aep_core::secret::store::{self, SecretKind, StoreKey};
use aep_core::url::BaseUrl;
use aep_core::{Context, Error, Folders, Result, text, trust, write_file};
use toml_edit::{DocumentMut, Item as TomlItem, Value};

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
    Ok(file::path(folders, name)?.symlink_metadata().is_ok())
}

/// Writes a profile file.
pub(crate) fn write(folders: &Folders, name: &Name, text: &str) -> Result<PathBuf> {
    let path = file::path(folders, name)?;
    let written = write_file::create_folders(&file::folder(folders)?)
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
    let written = write_file::create_folders(folders.config()?)
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

/// Copies a profile file and its stored secrets; names what was copied beside the file.
pub(crate) fn copy(context: &Context, from: &Name, to: &Name) -> Result<Vec<String>> {
    let folders = &context.folders;
    let _lock = lock(folders)?;
    copy_locked(context, from, to)
}

/// Moves a profile file, its stored secrets and the pointer, each written before the old one goes: whoever is killed in
/// between leaves two whole profiles. Names what was moved beside the file.
pub(crate) fn rename(context: &Context, from: &Name, to: &Name) -> Result<Vec<String>> {
    let folders = &context.folders;
    let _lock = lock(folders)?;
    let mut moved = copy_locked(context, from, to)?;
    if profile::default_name(context)?.as_ref() == Some(from) {
        make_default(folders, to)?;
        moved.push("default".to_owned());
    }
    remove(folders, from, false)?;
    Ok(moved)
}

fn lock(folders: &Folders) -> Result<write_file::EditLock> {
    write_file::EditLock::take(&file::folder(folders)?, EDIT_PATIENCE, &SystemClock::start())
        .map_err(|error| refused(&error))
}

fn copy_locked(context: &Context, from: &Name, to: &Name) -> Result<Vec<String>> {
    let folders = &context.folders;
    if exists(folders, to)? {
        return Err(Error::configuration(format!("there is a profile `{to}` already"))
            .with_hint(format!("choose another name, or remove that one first: aep-auth profile remove {to}")));
    }
    let selection = ProfileSelection { profile: Some(from.to_string()), ..ProfileSelection::default() };
    let profile = profile::resolve(context, &selection)?;
    let path = file::path(folders, from)?;
    let text = trust::read_bounded(&path, folders.home(), MOST_BYTES)
        .map_err(|error| Error::configuration(format!("cannot read the profile `{from}`: {error}")))?;
    let text = as_text(text, &path)?;
    let stored = stored(&file::read(context, from)?.0);
    let key = StoreKey::new(to, &profile.ims_url, &profile.client_id);
    let written = stored
        .iter()
        .try_for_each(|kind| store::write(folders, &key, *kind, &Reference::Store.read(context, &profile, *kind)?))
        .and_then(|()| write(folders, to, &text));
    if let Err(error) = written {
        let _ = store::remove_but(folders, to, &[]);
        return Err(error);
    }
    Ok(stored.iter().map(|kind| format!("stored {}", kind.title())).collect())
}

/// The secrets of a profile that lie in the private store.
fn stored(fields: &Fields) -> Vec<SecretKind> {
    let nth = |number: usize| fields.client_secrets.get(number);
    [
        (SecretKind::ClientSecret, nth(0)),
        (SecretKind::SecondClientSecret, nth(1)),
        (SecretKind::PrivateKey, fields.private_key.as_ref()),
        (SecretKind::Passphrase, fields.private_key_passphrase.as_ref()),
        (SecretKind::SharedCachePassword, fields.shared_cache_password.as_ref()),
    ]
    .into_iter()
    .filter_map(|(kind, reference)| (reference == Some(&Reference::Store)).then_some(kind))
    .collect()
}

/// The text of a profile file.
pub(crate) fn read(folders: &Folders, name: &Name) -> Result<String> {
    let path = file::path(folders, name)?;
    let text = trust::read_bounded(&path, folders.home(), MOST_BYTES).map_err(|error| {
        Error::configuration(format!("cannot read the profile `{name}`: {error}")).with_hint_if_any(error.cure())
    })?;
    as_text(text, &path)
}

fn as_text(bytes: Vec<u8>, path: &Path) -> Result<String> {
    text::decode(bytes)
        .ok_or_else(|| Error::configuration(format!("{} is not text in UTF-8 or UTF-16", path.display())))
}

/// Changes keys of a profile file and keeps the rest of it as the user wrote it.
pub(crate) fn set(folders: &Folders, name: &Name, pairs: &[String]) -> Result<()> {
    let path = file::path(folders, name)?;
    let refuse = |error: trust::OpenError| {
        Error::configuration(format!("cannot read the profile `{name}`: {error}")).with_hint_if_any(error.cure())
    };
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
             private_key_passphrase, ims_url, platform_url, hosts, services, headers, git_basic, flow, shared_cache, shared_cache_password",
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
