//! `purge`: every file of ours is listed, then removed; the keyring's items and the shared cache's tokens too.
//!
//! Nothing is read of what is removed, a link goes and never its target, and a file that we did not make stays. What
//! remains is named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aep_cli::Invocation;
use aep_core::profile::{self, Name, ProfileSelection, file};
use aep_core::secret::keyring::{Account, KeyringError, SERVICE};
use aep_core::secret::store::{self, SecretKind};
use aep_core::secret::{Credentials, command};
use aep_core::{Error, Folders, Profile, Result, cache, terminal, write_file};

use crate::commands::query;
use crate::secret_store::{Place, reference};
use crate::{profile_store, prompt, road};

/// What a stranger to the folder may be called deep in it.
const DEEPEST: usize = 8;

/// What `query` leaves wherever it ran.
const QUERIED: &str = "certificates for Query Service";

/// Whether it may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    ToBeAsked,
}

/// What there is of ours.
#[derive(Default)]
struct Ours {
    /// Files and links, each with a word for it; the secrets first.
    files: Vec<(PathBuf, &'static str)>,
    /// Folders of ours, the inner ones first; they go when they are empty.
    folders: Vec<PathBuf>,
    /// Items of the keyring.
    accounts: BTreeSet<Account>,
    /// Profiles that share a cache.
    sharing: Vec<Profile>,
    /// What could not be looked at, or is not ours.
    left: Vec<String>,
}

pub(crate) fn run(invocation: &mut Invocation<'_>, consent: Consent) -> Result<u8> {
    let ours = find(invocation)?;
    let lines = ours.to_lines();
    if lines.is_empty() {
        invocation.line("there is nothing of ours");
        return tell_what_is_left(invocation, &ours.left).map(|()| 0);
    }
    for line in &lines {
        invocation.line(terminal::clean(line));
    }
    if consent == Consent::ToBeAsked {
        if !invocation.terminals.has_input() {
            invocation.line("nothing was removed; to remove all of it: aep-auth purge --yes");
            return Ok(2);
        }
        show(invocation)?;
        let count = lines.len();
        let answer = prompt::line(&format!("remove {}? [y/N] ", if count == 1 { "it" } else { "all of it" }))?;
        if !matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
            invocation.line("nothing was removed");
            return Ok(2);
        }
    }
    let mut failed = remove_from_afar(invocation, &ours);
    failed.extend(remove_files(&ours));
    let removed = lines.len().saturating_sub(failed.len());
    invocation.line(format_args!("removed {removed} of {}", lines.len()));
    let mut left = ours.left.clone();
    left.extend(remaining(&ours));
    tell_what_is_left(invocation, &left)?;
    for why in &failed {
        invocation.context.log.warn(why);
    }
    Ok(if failed.is_empty() { 0 } else { Error::storage("").exit_code() })
}

/// What is listed must be seen before it is asked for.
fn show(invocation: &mut Invocation<'_>) -> Result<()> {
    let shown = std::mem::take(&mut invocation.output);
    let written = invocation.stdout.write_all(&shown).and_then(|()| invocation.stdout.flush());
    written.map_err(|error| Error::storage(format!("cannot write to standard output: {}", error.kind())))
}

fn tell_what_is_left(invocation: &mut Invocation<'_>, left: &[String]) -> Result<()> {
    for line in left {
        invocation.line(terminal::clean(&format!("left: {line}")));
    }
    Ok(())
}

impl Ours {
    fn to_lines(&self) -> Vec<String> {
        let files = self.files.iter().map(|(path, what)| format!("{}  ({what})", path.display()));
        let accounts = self.accounts.iter().map(|account| format!("item {account} of {SERVICE}  (keyring)"));
        let shared = self.sharing.iter().filter_map(|profile| {
            Some(format!(
                "the token of profile {} on {}  (shared cache)",
                profile.name(),
                profile.shared_cache.as_ref()?
            ))
        });
        files.chain(accounts).chain(shared).collect()
    }
}

fn find(invocation: &Invocation<'_>) -> Result<Ours> {
    let context = invocation.context;
    let folders = &context.folders;
    let mut ours = Ours::default();
    let selection = |name: &Name| ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    // A profile that is not trusted or cannot be read tells nothing; its file goes all the same.
    let profiles: Vec<Profile> = profile_store::list(folders)
        .unwrap_or_default()
        .iter()
        .filter_map(|name| profile::resolve(context, &selection(name)).ok())
        .collect();
    find_in_keyring(invocation, &profiles, &mut ours);
    ours.sharing = profiles.into_iter().filter(|profile| profile.shared_cache.is_some()).collect();
    find_secrets(folders, &mut ours);
    find_profiles(folders, &mut ours)?;
    find_cached(folders, &mut ours);
    let has_queried = ours.files.iter().any(|(_, what)| *what == QUERIED);
    if let Some(file) = query::password_file(context).filter(|_| has_queried) {
        ours.left.push(format!("{}: a token that `query --pgpass` wrote there lives until its end", file.display()));
    }
    Ok(ours)
}

fn find_in_keyring(invocation: &Invocation<'_>, profiles: &[Profile], ours: &mut Ours) {
    let kinds = |profile| SecretKind::ALL.into_iter().map(move |kind| (profile, kind));
    let named = profiles
        .iter()
        .flat_map(kinds)
        .filter(|(profile, kind)| reference(profile, *kind).and_then(Place::of) == Some(Place::Keyring));
    let named: Vec<Account> = named.filter_map(|(profile, kind)| Account::of_profile(profile, kind)).collect();
    let Ok(keyring) = invocation.context.keyring() else { return };
    match keyring.accounts(Duration::from_secs(5)) {
        Ok(found) => {
            // Where a keyring can tell what it holds, that is all; Windows does not tell.
            ours.accounts.extend(found);
            if cfg!(windows) {
                ours.accounts.extend(named);
            }
        }
        // Without a keyring there is nothing in it, unless a profile says so.
        Err(KeyringError::NoSession | KeyringError::NoService) if named.is_empty() => {}
        Err(error) => {
            ours.left
                .extend(named.iter().map(|account| format!("item {account} of {SERVICE} in the keyring: {error}")));
        }
    }
}

/// Everything in the private store: nobody else puts anything there.
fn find_secrets(folders: &Folders, ours: &mut Ours) {
    let (Ok(folder), Ok(data)) = (store::folder(folders), folders.data()) else { return };
    // A folder of ours that is a link goes, and what it leads to is not looked into.
    if data.is_symlink() {
        list(data, ours);
        return;
    }
    find_below(&folder, DEEPEST, ours);
    ours.folders.push(data.to_owned());
}

fn find_below(folder: &Path, depth: usize, ours: &mut Ours) {
    let Some(items) = list(folder, ours) else { return };
    for path in items {
        let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if is_folder && depth > 0 {
            find_below(&path, depth - 1, ours);
        } else {
            let name = path.file_name().unwrap_or_default();
            let what = if name == ".gitignore" { "private store" } else { "stored secret" };
            ours.files.push((path, what));
        }
    }
    ours.folders.push(folder.to_owned());
}

fn find_profiles(folders: &Folders, ours: &mut Ours) -> Result<()> {
    let config = folders.config()?;
    if config.is_symlink() {
        list(config, ours);
        return Ok(());
    }
    let profiles = file::folder(folders)?;
    if let Some(items) = list(&profiles, ours) {
        for path in items {
            let name = path.file_name().unwrap_or_default().to_owned();
            let is_profile =
                name.to_str().and_then(|name| name.strip_suffix(".toml")).is_some_and(|name| Name::parse(name).is_ok());
            match () {
                () if is_profile => ours.add_file(path, "profile"),
                () if name == ".lock" => ours.files.push((path, "lock")),
                () if write_file::is_leftover(&name) => ours.files.push((path, "left by a killed command")),
                () => {}
            }
        }
        ours.folders.push(profiles);
    }
    for path in list(config, ours).unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_owned();
        match name.to_str() {
            Some("default-profile") => ours.add_file(path, "default profile"),
            Some(".lock") => ours.files.push((path, "lock")),
            _ if write_file::is_leftover(&name) => ours.files.push((path, "left by a killed command")),
            _ => {}
        }
    }
    ours.folders.push(config.to_owned());
    Ok(())
}

fn find_cached(folders: &Folders, ours: &mut Ours) {
    let Ok(folder) = folders.cache() else { return };
    for path in list(folder, ours).unwrap_or_default() {
        let kind = path.file_name().and_then(|name| name.to_str()).and_then(cache::what_is);
        if let Some(what) = kind {
            ours.files.push((path, what));
        }
    }
    let query = folder.join(query::FOLDER);
    for path in list(&query, ours).unwrap_or_default() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let what = match name {
            _ if name.starts_with(".aep-") => "left by a command that was killed",
            _ if name.starts_with("roots-") && name.ends_with(".pem") => QUERIED,
            _ => continue,
        };
        ours.files.push((path, what));
    }
    ours.folders.push(query);
    ours.folders.push(folder.to_owned());
}

/// What is in a folder of ours, in order; a link in its place is ours, and what it leads to is not.
fn list(folder: &Path, ours: &mut Ours) -> Option<Vec<PathBuf>> {
    let metadata = folder.symlink_metadata().ok()?;
    if metadata.is_symlink() {
        ours.add_file(folder.to_owned(), "link");
        return None;
    }
    match std::fs::read_dir(folder) {
        Ok(items) => {
            let mut paths: Vec<PathBuf> = items.flatten().map(|item| item.path()).collect();
            paths.sort();
            Some(paths)
        }
        Err(error) => {
            ours.left.push(format!("{}: {}", folder.display(), aep_core::io_words::io_words(&error)));
            None
        }
    }
}

impl Ours {
    fn add_file(&mut self, path: PathBuf, what: &'static str) {
        if let Ok(target) = std::fs::read_link(&path) {
            let target = path.parent().unwrap_or(Path::new("")).join(target);
            self.left.push(format!("{}, which a link led to", target.display()));
        }
        self.files.push((path, what));
    }
}

/// The tokens on engines and the items of the keyring; they need the profiles, which go last.
fn remove_from_afar(invocation: &Invocation<'_>, ours: &Ours) -> Vec<String> {
    let context = invocation.context;
    let mut failed = Vec::new();
    for profile in &ours.sharing {
        let why = match road::forget_in_each(&Credentials::new(context, profile), None) {
            Ok((_, Ok(_))) => continue,
            Ok((_, Err(error))) => error.to_string(),
            Err(error) => error.to_string(),
        };
        failed.push(format!("the token of profile {} in the shared cache may stay: {why}", profile.name()));
    }
    let limit = command::time_limit(&context.environment, invocation.terminals.has_errors());
    for account in &ours.accounts {
        let removed = context.keyring().map(|keyring| keyring.remove(account, limit));
        if let Ok(Err(error)) = removed {
            failed.push(format!("item {account} of {SERVICE} in the keyring stays: {error}"));
        }
    }
    failed
}

fn remove_files(ours: &Ours) -> Vec<String> {
    let mut failed = Vec::new();
    for (path, _) in &ours.files {
        match std::fs::remove_file(path) {
            // What a killed command left may go with the removal of its neighbour.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                failed.push(format!("{} stays: {}", path.display(), aep_core::io_words::io_words(&error)));
            }
            _ => {}
        }
    }
    for folder in &ours.folders {
        let is_removed = std::fs::remove_dir(folder).is_ok();
        // On Windows each of our folders lies in one of our name.
        if is_removed && cfg!(windows) && folder.parent().is_some_and(|above| above.ends_with("aep")) {
            let _ = folder.parent().map(std::fs::remove_dir);
        }
    }
    failed
}

/// What is still in our folders.
fn remaining(ours: &Ours) -> Vec<String> {
    let is_ours = |path: &Path| ours.folders.iter().any(|folder| folder == path);
    let items = ours.folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let others = items.map(|item| item.path()).filter(|path| !is_ours(path));
    let is_listed = |path: &Path| ours.files.iter().any(|(own, _)| own == path);
    others.filter(|path| !is_listed(path)).map(|path| format!("{}, which is not ours", path.display())).collect()
}
