//! The road of this program to a token: the cache on disk, a fleet's engine where a profile names one, Adobe IMS.

use aep_core::acquire::{self, Cached, Fetched, Refuse, TokenRequest};
use aep_core::cache::{self, FileStore, Store as _, StoreError};
use aep_core::profile::Name;
use aep_core::secret::{Credentials, Secret};
use aep_core::token::{AccessToken, Source};
use aep_core::{Context, Profile, ProfileSelection, Result, profile};
use aep_ims::Ims;
use aep_redis::RedisStore;

use crate::commands::query;

/// The name under which this program asks a server.
pub(crate) const PROGRAM: &str = "aep-auth";

/// A profile and a token for it: what most commands begin with.
pub(crate) fn acquire(context: &Context, selection: &ProfileSelection) -> Result<(Profile, Fetched)> {
    let profile = profile::resolve(context, selection)?;
    let fetched = acquire_for(context, &profile, &TokenRequest::default())?;
    Ok((profile, fetched))
}

/// A token for this profile.
pub(crate) fn acquire_for(context: &Context, profile: &Profile, request: &TokenRequest) -> Result<Fetched> {
    acquire_with(&Credentials::new(context, profile), request)
}

/// A token for the profile of these secrets.
pub(crate) fn acquire_with(credentials: &Credentials<'_>, request: &TokenRequest) -> Result<Fetched> {
    let disk = FileStore::new(credentials.context(), credentials.profile())?;
    let engine = RedisStore::new(credentials, aep_ims::tls_config)?;
    let road = Cached::new(disk, Cached::new(engine, Ims::asked_by(PROGRAM)));
    let fetched = acquire::acquire(credentials, request, &road)?;
    // Who writes here clears away what a killed one left; a hit does not.
    if fetched.source == Source::Ims {
        query::sweep(credentials.context());
    }
    Ok(fetched)
}

/// Asks IMS, past every cache: for a secret that has to show whether it is one.
pub(crate) fn ask_ims(credentials: &Credentials<'_>) -> Result<Fetched> {
    acquire::acquire(credentials, &TokenRequest::default(), &Ims::asked_by(PROGRAM))
}

/// Takes a profile's mark off the cached token: what it shows from now on did not earn it.
pub(crate) fn disown(context: &Context, profile: &Profile) -> Result<()> {
    match (FileStore::new(context, profile)?, profile.mark()) {
        (Some(store), Some(mark)) => acquire::disown(&store, context, &mark),
        _ => Ok(()),
    }
}

/// Exchanges a ready-made assertion. It is this person's own, and goes past the engine that others share.
pub(crate) fn exchange_assertion(credentials: &Credentials<'_>, assertion: Secret, min_valid: i64) -> Result<Fetched> {
    let disk = FileStore::new(credentials.context(), credentials.profile())?;
    let road = Cached::new(disk, Ims::asked_by(PROGRAM).with_assertion(assertion));
    // The user pasted it to have it exchanged.
    acquire::acquire(credentials, &TokenRequest { min_valid, refuse: Refuse::Cached }, &road)
}

/// Drops the cached token here and on the engine, if `only` is not given or is that very token; says whether one was
/// dropped. An engine that does not serve is told at `info`.
pub(crate) fn forget(credentials: &Credentials<'_>, only: Option<&AccessToken>) -> Result<bool> {
    let (was_there, on_engine) = forget_in_each(credentials, only)?;
    Ok(was_there
        | on_engine.unwrap_or_else(|error| {
            credentials.context().log.info(format_args!("the token may still be in the shared cache: {error}"));
            false
        }))
}

/// The same for each of the two: whether one was dropped here, and whether on the engine, or why that is not known.
pub(crate) fn forget_in_each(
    credentials: &Credentials<'_>,
    only: Option<&AccessToken>,
) -> Result<(bool, Result<bool, StoreError>)> {
    let (context, profile) = (credentials.context(), credentials.profile());
    let Some(disk) = FileStore::new(context, profile)? else { return Ok((false, Ok(false))) };
    let local = acquire::forget(&disk, context, only)?;
    let _ = context.folders.cache().map(cache::remove_if_empty);
    let Some(engine) = RedisStore::new(credentials, aep_ims::tls_config)? else {
        return Ok((local.was_there, Ok(false)));
    };
    Ok((local.was_there, engine.forget(local.entry.as_ref(), only)))
}

/// Takes a profile's mark off the cached token that it earned, if it can be resolved: what it has from now on is another
/// secret, or leads to other hosts.
///
/// # Errors
/// Storage, when the entry is there and cannot be changed.
pub(crate) fn disown_named(context: &Context, name: &Name) -> Result<()> {
    let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    // One that cannot be resolved is given no token.
    profile::resolve(context, &selection).map_or(Ok(()), |profile| disown(context, &profile))
}

/// The number of the client secret that IMS accepts, counted from zero: the one that earned the cached token; where that
/// is not known, IMS is asked.
pub(crate) fn accepted_secret(credentials: &Credentials<'_>) -> Result<usize> {
    let (context, profile) = (credentials.context(), credentials.profile());
    if profile.client_secrets.len() < 2 {
        return Ok(0);
    }
    let entry = FileStore::new(context, profile)?.and_then(|store| store.read().unwrap_or_default());
    if let Some(number) = entry.and_then(|entry| credentials.accepted_by(&entry.earners?)) {
        return Ok(number);
    }
    let request = TokenRequest { refuse: Refuse::Cached, ..TokenRequest::default() };
    Ok(acquire_with(credentials, &request)?.accepted.map_or(0, |accepted| accepted.client_secret))
}
