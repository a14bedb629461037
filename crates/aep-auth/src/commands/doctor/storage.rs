//! The private store and the token cache: whose they are, what is cached, who fetches now.

use std::path::Path;

use aep_core::cache::{self, FileStore, Store as _, StoreError};
use aep_core::secret::store;
use aep_core::token::State;
use aep_core::{Context, Profile, acquire, duration};

use super::{Findings, Kind};

pub(super) fn look(context: &Context, profile: &Profile, findings: &mut Findings) {
    match context.folders.data() {
        // A pod without a home needs none, as long as its secrets are elsewhere.
        Err(error) if !profile.uses_store() => findings.note(format!("no secret can be stored: {error}")),
        Err(error) => findings.error(&error),
        Ok(_) => {
            if let Err(error) = store::check(&context.folders) {
                findings.error(&error);
            }
        }
    }
    let folder = match context.folders.cache() {
        Ok(folder) => folder,
        Err(error) => return findings.error(&error),
    };
    let store = match FileStore::new(context, profile) {
        Ok(None) => return findings.note("the cache is off (AEP_CACHE): every call fetches a token"),
        Ok(Some(store)) => store,
        Err(error) => return findings.error(&error),
    };
    if !folder.exists() {
        return findings.good(format!("cache {} (not made yet)", folder.display()));
    }
    let read = store.read();
    if let Err(error @ StoreError::Unusable(_)) = &read {
        let (what, cure) = if is_open_to_others(folder) {
            ("is not trusted", cache::cure_for_folder(folder))
        } else {
            let shown = folder.display();
            let look = if cfg!(windows) { "dir" } else { "ls -ld" };
            ("cannot be used", format!("see what stands there: {look} {shown}; or set AEP_CACHE_DIR to another folder"))
        };
        return findings.bad(Kind::Storage, format!("the token cache {what}: {error}"), cure);
    }
    // Where owners and access lists are not looked at, nothing is claimed about them.
    findings.good(format!("cache {}{}", folder.display(), if cfg!(unix) { ", yours alone" } else { "" }));
    if let Some(process) = store.lock_holder() {
        findings.note(format!("process {process} holds the lock and fetches a token now"));
    }
    match read.map(|entry| entry.map(|entry| entry.token)) {
        Ok(None) => findings.good("no token is cached"),
        Ok(Some(cached)) => {
            let now = context.clock.now();
            let left = duration::brief(cached.remaining(now));
            findings.good(match cached.state(now) {
                State::Expired => "a cached token that has ended; it is fetched anew".to_owned(),
                state => format!("a cached token, {}, {left} left", state.name()),
            });
            if cached.fetched_at > now + 60 {
                let cure = "set the clock of this machine; the token is fetched anew";
                findings.bad(Kind::Configuration, "the cached token is from the future: the clock was set back", cure);
            }
            if let Some(number) = cached.stale_secret {
                let name = profile.name();
                // The other one serves.
                let cure = match (profile.client_secrets.len(), number) {
                    (2, 1) => format!("if the rotation is over: aep-auth secret drop {name} first"),
                    (2, _) => format!("if the rotation is over: aep-auth secret drop {name} second"),
                    _ => format!("aep-auth secret set {name}"),
                };
                findings.bad(Kind::Refused, acquire::stale_secret_message(profile, number), cure);
            }
        }
        Err(trouble) => findings.bad(
            Kind::Storage,
            format!("the cached token is not used: {trouble}"),
            "remove that file; the token is fetched anew",
        ),
    }
}

/// Whether others can write it, which its owner can change.
#[cfg(unix)]
fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = folder.symlink_metadata();
    metadata.is_ok_and(|metadata| metadata.is_dir() && metadata.permissions().mode() & 0o022 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
