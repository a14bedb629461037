//! The cache on disk: one entry file an identity, replaced by rename, with a lock file beside it.
//!
//! Readers take no lock. Writers hold the identity's lock, or say why they have none. What is not ours alone to write is
//! an error, so that the caller can warn and go without. The lock file is never locked by a child and never outlives its
//! holder's interest: the system releases it when the holder dies.

use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs4::{FileExt, TryLockError};

use super::neighbour::{self, Neighbour};
use super::{CacheEntry, Failure, Store, StoreError, Waiting, WithoutLock, entry};
use crate::platform::{self, Folder, OpenError, Rights};
use crate::token::Source;
use crate::token::identity::Identity;
use crate::{Context, Log, Profile, Result, budget, trust};

/// An entry of several kilobytes is a large one; more than this is none.
const MOST_BYTES: u64 = 256 * 1024;

/// What a holder that waits for a person writes behind its number.
const ASKING: &str = " asks a person";

/// The place of one identity in the cache folder.
#[derive(Debug)]
pub struct FileStore {
    /// The folder, or why there is none.
    path: std::result::Result<PathBuf, String>,
    folder: OnceCell<Folder>,
    identity: Identity,
    stem: String,
    lock_timeout: Option<Duration>,
}

/// The right to write, and how it was come by.
#[derive(Debug)]
pub struct FileLock(Option<File>);

impl FileStore {
    /// The place of a profile's token; `None` where the cache is off. Nothing is touched yet.
    ///
    /// # Errors
    /// Configuration: `AEP_CACHE` or `AEP_LOCK_TIMEOUT` cannot be read.
    pub fn new(context: &Context, profile: &Profile) -> Result<Option<Self>> {
        if super::is_off(&context.environment)? {
            return Ok(None);
        }
        let identity = Identity::new(profile);
        Ok(Some(Self {
            path: context.folders.cache().map(Path::to_owned).map_err(|error| error.message().to_owned()),
            folder: OnceCell::new(),
            stem: identity.file_stem(),
            identity,
            lock_timeout: budget::lock_timeout(context)?,
        }))
    }

    /// The process that fetches for this identity now; empty where its number is not known. `None` where nobody does.
    pub fn lock_holder(&self) -> Option<String> {
        let text = self.lock_text()?;
        Some(text.chars().take_while(char::is_ascii_digit).collect())
    }

    /// What the holder of the lock says; `None` where nobody holds it.
    fn lock_text(&self) -> Option<String> {
        const LONGEST: u64 = 40;
        let (folder, name) = (self.folder().ok()??, self.lock_name());
        let file = folder.open_file(&name).ok()?;
        match FileExt::try_lock_shared(&file) {
            Err(TryLockError::WouldBlock) => {
                let text = folder.holder_text(&file, &name, LONGEST).unwrap_or_default();
                Some(String::from_utf8(text).unwrap_or_default())
            }
            // Released again at once, when the file is closed.
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// The folder, if it is there.
    fn folder(&self) -> Result<Option<&Folder>, StoreError> {
        if let Some(folder) = self.folder.get() {
            return Ok(Some(folder));
        }
        let path = self.path.as_ref().map_err(|why| StoreError::Unusable(why.clone()))?;
        match Folder::open(path) {
            Ok(folder) => Ok(Some(self.folder.get_or_init(|| folder))),
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::Unusable(told(path, &error))),
        }
    }

    /// The folder, made if it is missing.
    fn folder_for_writing(&self) -> Result<&Folder, StoreError> {
        if let Some(folder) = self.folder()? {
            return Ok(folder);
        }
        let path = self.path.as_ref().map_err(|why| StoreError::Unusable(why.clone()))?;
        let unusable = |why: &dyn std::fmt::Display| StoreError::Unusable(format!("{}: {why}", path.display()));
        platform::create_private_folders(path).map_err(|error| unusable(&crate::io_words::io_words(&error)))?;
        self.folder()?.ok_or_else(|| unusable(&"the folder vanished"))
    }

    fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(folder) = self.folder()? else { return Ok(None) };
        match folder.read(name, MOST_BYTES) {
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some).map_err(|error| self.entry_error(name, &error)),
        }
    }

    /// Writes by way of a neighbour, and removes those that killed writers left.
    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.folder_for_writing()?;
        let written = Neighbour::write(folder, bytes).and_then(|neighbour| neighbour.rename_to(name));
        neighbour::sweep(folder);
        written.map_err(|error| self.entry_error(name, &error.into()))
    }

    /// Removes what killed writers left beside this entry under former names; not where a process of the first version
    /// writes now.
    fn sweep_former_names(&self, folder: &Folder) {
        let first = self.identity.first_versions_stem();
        let _ = folder.remove(&format!("{}.tmp", self.stem));
        let lock = folder.open_file(&format!("{first}.lock")).ok();
        if !lock.as_ref().is_some_and(|lock| matches!(FileExt::try_lock(lock), Err(TryLockError::WouldBlock))) {
            let _ = folder.remove(&format!("{first}.tmp"));
        }
    }

    fn entry_name(&self) -> String {
        format!("{}.json", self.stem)
    }

    fn lock_name(&self) -> String {
        format!("{}.lock", self.stem)
    }

    fn failure_name(&self) -> String {
        format!("{}.failed", self.stem)
    }

    fn entry_error(&self, name: &str, error: &OpenError) -> StoreError {
        StoreError::Entry(told(&self.path.clone().unwrap_or_default().join(name), error))
    }
}

impl Store for FileStore {
    type LockGuard = FileLock;

    const SOURCE: Source = Source::Cache;

    fn read(&self) -> Result<Option<CacheEntry>, StoreError> {
        Ok(self.read_file(&self.entry_name())?.and_then(|bytes| entry::parse(&bytes, &self.identity)))
    }

    fn try_lock(&self) -> Result<Option<FileLock>, StoreError> {
        let name = self.lock_name();
        let folder = self.folder_for_writing()?;
        let file = folder.open_lock(&name).map_err(|error| self.entry_error(&name, &error))?;
        match FileExt::try_lock(&file) {
            // Its holder has removed it: the next look finds the one that counts.
            Ok(()) if platform::is_passed(&file) => Ok(None),
            Ok(()) => {
                // For `doctor`, and for those who wait.
                let _ = folder.tell_holder(&file, &name, &std::process::id().to_string());
                Ok(Some(FileLock(Some(file))))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.entry_error(&name, &error.into())),
        }
    }

    fn without_lock(&self, _: WithoutLock) -> FileLock {
        FileLock(None)
    }

    fn write(&self, entry: &CacheEntry, _: &FileLock) -> Result<Option<String>, StoreError> {
        let Some(bytes) = entry::render(entry, &self.identity) else { return Ok(None) };
        self.write_file(&self.entry_name(), &bytes)?;
        let folder = self.folder_for_writing()?;
        let _ = folder.remove(&self.failure_name());
        self.sweep_former_names(folder);
        Ok(None)
    }

    /// What the first version kept for this identity goes as well. The lock goes too, while it is held, where who waits for
    /// it can see that and opens a new one.
    fn remove(&self, guard: &FileLock) -> Result<bool, StoreError> {
        let Some(folder) = self.folder()? else { return Ok(false) };
        let _ = folder.remove(&self.failure_name());
        neighbour::sweep(folder);
        let name = self.entry_name();
        let mut removed = folder.remove(&name).map_err(|error| self.entry_error(&name, &error.into()))?;
        removed |= folder.remove(&format!("{}.json", self.identity.first_versions_stem())).unwrap_or(false);
        self.sweep_former_names(folder);
        if guard.0.is_some() {
            folder.remove_held_lock(&self.lock_name());
        }
        Ok(removed)
    }

    fn failure(&self) -> Option<Failure> {
        Failure::from_bytes(&self.read_file(&self.failure_name()).ok()??)
    }

    fn leave_failure(&self, failure: &Failure, _: &FileLock) {
        let _ = self.write_file(&self.failure_name(), &failure.to_bytes());
    }

    fn tell_that_a_person_is_asked(&self, guard: &FileLock) {
        if let (Some(lock), Ok(Some(folder))) = (&guard.0, self.folder()) {
            let _ = folder.tell_holder(lock, &self.lock_name(), &format!("{}{ASKING}", std::process::id()));
        }
    }

    fn is_a_person_asked(&self) -> bool {
        self.lock_text().is_some_and(|text| text.ends_with(ASKING))
    }

    fn waiting(&self, fetch_budget: Duration) -> Waiting {
        Waiting {
            at_most: self.lock_timeout.unwrap_or(fetch_budget + Duration::from_secs(1)),
            for_a_person: Duration::from_secs(60),
            shortest_pause: Duration::from_millis(2),
            // Where no open file can be replaced, those who look keep the holder from writing.
            longest_pause: Duration::from_millis(if cfg!(windows) { 100 } else { 20 }),
        }
    }

    /// The whole of it: waiting for another process takes nothing from this one's own request.
    fn fetch_budget(&self, budget: Duration, _: Duration) -> Duration {
        budget
    }

    fn report(&self, log: &Log, error: &StoreError) {
        match (error, &self.path) {
            (StoreError::Unusable(_), Ok(path)) => log
                .warn(format_args!("the token cache is not used as it should be: {error}; {}", cure_for_folder(path))),
            (StoreError::Unusable(_), Err(_)) => log.warn(format_args!(
                "the token cache is not used as it should be: {error}; set AEP_CACHE_DIR to a folder of your own, or turn \
                 the cache off: AEP_CACHE=off"
            )),
            _ => log.warn(format_args!("the token cache is not used as it should be: {error}")),
        }
    }
}

/// What this user can do here about a cache folder that cannot be used.
pub fn cure_for_folder(path: &Path) -> String {
    match platform::rights(path) {
        Rights::OwnAndOpen => format!("make it yours alone: chmod 700 {}", trust::quoted(path)),
        Rights::ForeignAndWritable => {
            format!("name a folder of your own below it: AEP_CACHE_DIR={}", trust::quoted(&path.join("aep")))
        }
        Rights::Other => {
            "name a folder of your own: AEP_CACHE_DIR=DIR; or turn the cache off: AEP_CACHE=off".to_owned()
        }
    }
}

fn told(path: &Path, error: &OpenError) -> String {
    format!("{}: {error}", path.display())
}

/// What a file of this name in the cache folder is, in a word; `None` where it is not ours.
pub fn what_is(name: &str) -> Option<&'static str> {
    let (stem, kind) = name.split_once('.').unwrap_or((name, ""));
    let is_digest = |length| stem.len() == length && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        "json" if is_digest(64) => Some("cached token"),
        "lock" if is_digest(64) => Some("lock"),
        "engine" if is_digest(32) => Some("note"),
        _ if is_digest(64) && !kind.is_empty() => Some("note"),
        _ if is_digest(32) && kind.starts_with("engine.") && kind.ends_with(".tmp") => Some("note"),
        _ if ["kubernetes-callers", "header-callers"].contains(&stem) && (kind.is_empty() || kind.ends_with("tmp")) => {
            Some("note")
        }
        "tmp"
            if stem.strip_prefix("writing-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            Some("note")
        }
        _ => None,
    }
}

/// Removes the folder of the cache where nothing is in it; a link to it stays.
pub fn remove_if_empty(path: &Path) {
    let _ = std::fs::remove_dir(path);
}

/// Removes every entry of the folder and every lock that nobody holds; gives the number of entries.
///
/// # Errors
/// The folder is not ours alone to write, or the file system refused.
pub fn remove_all(path: &Path) -> Result<usize, StoreError> {
    let folder = match Folder::open(path) {
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(|error| StoreError::Unusable(told(path, &error)))?,
    };
    neighbour::sweep(&folder);
    let items = std::fs::read_dir(path).map_err(|error| StoreError::Unusable(told(path, &error.into())))?;
    let mut entries = 0;
    for item in items.flatten() {
        let name = item.file_name();
        let Some(name) = name.to_str() else { continue };
        let Some((stem, kind)) = name.split_once('.') else { continue };
        let is_ours = stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_ours && kind == "lock" {
            remove_free_lock(&folder, name);
        } else if is_ours {
            let removed =
                folder.remove(name).map_err(|error| StoreError::Entry(told(&path.join(name), &error.into())))?;
            entries += usize::from(removed && kind == "json");
        }
    }
    Ok(entries)
}

/// While it is held, so that nobody else holds it.
fn remove_free_lock(folder: &Folder, name: &str) {
    let Ok(lock) = folder.open_lock(name) else { return };
    if matches!(FileExt::try_lock(&lock), Ok(())) && !platform::is_passed(&lock) {
        let _ = folder.remove(name);
    }
}
