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
use aep_core::secret::{
    self,
    store::{self, SecretKind},
};
use aep_core::url::BaseUrl;
use aep_core::write_file::Transaction;
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

/// A profile that is about to go: all that can be tried was tried, and nothing has changed.
pub(crate) struct Removal<'a> {
    _lock: Option<write_file::EditLock>,
    all: Transaction<'a>,
    /// What goes beside the profile file.
    removed: Vec<String>,
}

impl<'a> Removal<'a> {
    /// Its file goes first, so that it is there whole or not at all; what a removal that was killed left goes now. `None`
    /// where there is nothing to remove.
    pub(crate) fn prepare(folders: &'a Folders, name: &Name, is_default: bool) -> Result<Option<Self>> {
        let is_there = exists(folders, name)?;
        let held = if is_there { Some(lock(folders)?) } else { None };
        let mut all = Transaction::new(folders.home());
        all.remove(&file::path(folders, name)?).map_err(|error| refused(&error))?;
        if is_default {
            all.remove(&pointer(folders)?).map_err(|error| refused(&error))?;
        }
        let stored = store::remove_but(folders, name, &[], &mut all)?;
        let mut removed: Vec<String> = stored.into_iter().map(|kind| format!("stored {}", kind.title())).collect();
        removed.extend(is_default.then(|| "default".to_owned()));
        Ok((is_there || !removed.is_empty()).then_some(Self { _lock: held, all, removed }))
    }

    /// Names what was removed.
    pub(crate) fn carry_out(self) -> Result<Vec<String>> {
        self.all.commit().map_err(|error| refused(&error))?;
        Ok(self.removed)
    }
}

/// Copies a profile file and the secrets that lie in places of ours; names what was copied beside the file.
pub(crate) fn copy(invocation: &Invocation<'_>, from: &Profile, to: &Name) -> Result<Vec<String>> {
    let folders = &invocation.context.folders;
    let _lock = lock(folders)?;
    if exists(folders, to)? {
        return Err(taken(to));
    }
    let mut all = Transaction::new(folders.home());
    let new = under(folders, from, to)?;
    let copied = stage_copy(invocation, from, &new, Kept::Copy, &mut all)?;
    commit(invocation, all, &new, &copied)?;
    Ok(in_words(&copied))
}

/// Moves a profile file, its secrets and the pointer, all or none, each written before the old one goes: whoever is killed
/// in between leaves both profiles whole, or the new one; the same once more ends it. Names what was moved beside the file.
pub(crate) fn rename(invocation: &Invocation<'_>, from: &Profile, to: &Name) -> Result<Vec<String>> {
    let context = invocation.context;
    let folders = &context.folders;
    let name = file_name(from)?;
    let _lock = lock(folders)?;
    let mut all = Transaction::new(folders.home());
    let new = under(folders, from, to)?;
    // What one that was killed made is a second name of the very file, with the same secrets.
    let is_copied = exists(folders, to)?;
    let is_begun = || {
        let is_one = write_file::is_one_file(&file::path(folders, name)?, &file::path(folders, to)?);
        Ok(is_one && name != to && SecretStore::new(invocation, from).count_copied(&new).is_some())
    };
    if is_copied && !is_begun()? {
        return Err(taken(to));
    }
    let copied = if is_copied { Vec::new() } else { stage_copy(invocation, from, &new, Kept::SecondName, &mut all)? };
    let mut moved = in_words(&copied);
    let mut stage_rest = || -> Result<()> {
        if profile::default_name(context)?.as_ref() == Some(name) {
            let staged = all.stage(&pointer(folders)?, format!("{to}\n").as_bytes());
            staged.map_err(|error| refused(&error))?;
            moved.push("default".to_owned());
        }
        all.remove(&file::path(folders, name)?).map_err(|error| refused(&error))?;
        store::remove_but(folders, name, &[], &mut all).map(drop)
    };
    if let Err(error) = stage_rest() {
        SecretStore::new(invocation, &new).take_back(&copied);
        return Err(error);
    }
    commit(invocation, all, &new, &copied)?;
    moved.extend(remove_from_keyring(invocation, from)?);
    Ok(moved)
}

/// Removes the secrets of a profile that was renamed to this one by a command that was killed; names what was removed.
/// `None` where there was none.
pub(crate) fn finish_rename(invocation: &Invocation<'_>, from: &Name, to: &Profile) -> Result<Option<Vec<String>>> {
    let folders = &invocation.context.folders;
    let old = under(folders, to, from)?;
    write_file::sweep(&store::folder(folders)?);
    if SecretStore::new(invocation, &old).count_copied(to).is_none_or(|count| count == 0) {
        return Ok(None);
    }
    let mut all = Transaction::new(folders.home());
    let stored = store::remove_but(folders, from, &[], &mut all)?;
    all.commit().map_err(|error| refused(&error))?;
    let mut removed: Vec<String> = stored.into_iter().map(|kind| format!("stored {}", kind.title())).collect();
    removed.extend(remove_from_keyring(invocation, &old)?);
    Ok(Some(removed))
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

fn taken(name: &Name) -> Error {
    Error::configuration(format!("there is a profile `{name}` already"))
        .with_hint(format!("choose another name, or remove that one first: aep-auth profile remove {name}"))
}

fn file_name(profile: &Profile) -> Result<&Name> {
    profile.file_name().ok_or_else(|| Error::fault("the environment is no profile file"))
}

/// The same profile under another name.
fn under(folders: &Folders, profile: &Profile, name: &Name) -> Result<Profile> {
    let origin = Origin::File { name: name.clone(), path: file::path(folders, name)? };
    Ok(Profile { origin, ..profile.clone() })
}

/// How a profile file comes to a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Copy,
    SecondName,
}

/// The secrets before the file that names them.
fn stage_copy(
    invocation: &Invocation<'_>,
    from: &Profile,
    new: &Profile,
    kept: Kept,
    all: &mut Transaction<'_>,
) -> Result<Vec<(Place, SecretKind)>> {
    let folders = &invocation.context.folders;
    let (path, new_path) = (file::path(folders, file_name(from)?)?, file::path(folders, file_name(new)?)?);
    let text = read(folders, file_name(from)?)?;
    let copied = SecretStore::new(invocation, from).copy_to(new, all)?;
    let staged = match kept {
        Kept::Copy => all.stage(&new_path, text.as_bytes()),
        Kept::SecondName => all.stage_second_name(&path, text.as_bytes(), &new_path),
    };
    match staged {
        Ok(()) => Ok(copied),
        Err(error) => {
            SecretStore::new(invocation, new).take_back(&copied);
            Err(refused(&error))
        }
    }
}

fn commit(
    invocation: &Invocation<'_>,
    all: Transaction<'_>,
    new: &Profile,
    copied: &[(Place, SecretKind)],
) -> Result<()> {
    all.commit().map_err(|error| {
        SecretStore::new(invocation, new).take_back(copied);
        refused(&error)
    })
}

fn in_words(copied: &[(Place, SecretKind)]) -> Vec<String> {
    let told = |(place, kind): &(Place, SecretKind)| match place {
        Place::Store => format!("stored {}", kind.title()),
        Place::Keyring => format!("{} in the keyring", kind.title()),
    };
    copied.iter().map(told).collect()
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

/// Changes keys of a profile file and keeps the rest of it as the user wrote it; if what is to be done `then` fails, it is as
/// it was.
pub(crate) fn set<T>(folders: &Folders, name: &Name, pairs: &[String], then: impl FnOnce() -> Result<T>) -> Result<T> {
    let path = file::path(folders, name)?;
    let refuse = |error: trust::OpenError| error.to_error(format!("cannot read the profile `{name}`: {error}"));
    // Before anything is made in the folder.
    trust::open(&path, folders.home()).map_err(refuse)?;
    let _lock = write_file::EditLock::take(&file::folder(folders)?, EDIT_PATIENCE, &SystemClock::start())
        .map_err(|error| refused(&error))?;
    let before = trust::read_bounded(&path, folders.home(), MOST_BYTES).map_err(refuse)?;
    let text = as_text(before.clone(), &path)?;
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
        let holds_secret = value.split(|c: char| "\"'[]{}=, ".contains(c)).any(secret::is_adobes);
        if is_secret(key) || holds_secret {
            let what = if holds_secret { format!("the value for {key}") } else { key.to_owned() };
            return Err(Error::configuration(format!("a profile holds no secret, and {what} is one"))
                .with_hint(format!("aep-auth secret set {name}")));
        }
        document[key] = TomlItem::Value(parse_value(value.trim()));
    }
    let changed = document.to_string();
    let fields = file::parse(&changed, &path)?;
    let was = file::parse(&text, &path).unwrap_or_default();
    if let Some(unknown) = fields.unknown.iter().find(|key| !was.unknown.contains(key)) {
        let near = text::nearest(unknown, file::KEYS.iter().copied());
        return Err(Error::configuration(format!("`{}` is no key of a profile", file::shown_key(unknown)))
            .with_hint(near.map_or_else(|| file::KEYS.join(", "), |key| format!("did you mean `{key}`?"))));
    }
    // Rather now than at every later command.
    if let Some((field, _)) = profile::no_words(&fields).find(|new| !profile::no_words(&was).any(|old| old == *new)) {
        return Err(Error::configuration(format!("{field} was not set; {}", profile::EXPECTED_WORD)));
    }
    for (field, url) in [("ims_url", &fields.ims_url), ("platform_url", &fields.platform_url)] {
        url.as_deref().map(|url| BaseUrl::parse(field, url)).transpose()?;
    }
    fields.hosts.as_deref().map(HostList::parse).transpose()?;
    let shared_cache =
        fields.shared_cache.as_deref().map(|url| SharedCacheUrl::parse("shared_cache", url)).transpose()?;
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
    let write = |bytes: &[u8]| write_file::replace(&path, bytes, folders.home()).map_err(|error| refused(&error));
    write(changed.as_bytes())?;
    then().inspect_err(|_| drop(write(&before)))
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
