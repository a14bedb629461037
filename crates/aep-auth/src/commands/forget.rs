//! `forget`: drops cached tokens, here and on a shared engine, and on request revokes them at IMS.

use aep_cli::Invocation;
use aep_core::profile::{self, ProfileSelection};
use aep_core::secret::Credentials;
use aep_core::{Context, Error, Profile, Result, acquire, cache};

use super::{query, token};
use crate::profile_store;
use crate::road::{self, PROGRAM};

/// What is done beside dropping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtIms {
    Nothing,
    Revoke,
}

pub(crate) fn run_one(invocation: &mut Invocation<'_>, selection: &ProfileSelection, at_ims: AtIms) -> Result<()> {
    let profile = profile::resolve(invocation.context, selection)?;
    let credentials = Credentials::new(invocation.context, &profile);
    query::sweep(invocation.context);
    query::forget(invocation.context, &profile);
    let what = match at_ims {
        AtIms::Revoke if revoke(invocation.context, &profile)? => "revoked and forgot the token",
        _ if road::forget(&credentials, None)? => "forgot the token",
        _ => "no token was cached",
    };
    invocation.line(format_args!("{what} of profile {}", profile.name()));
    Ok(())
}

/// Drops the token on standard input from wherever it is kept, if it is kept; for the helpers, which print nothing.
pub(crate) fn run_refused(invocation: &mut Invocation<'_>, selection: &ProfileSelection) -> Result<()> {
    let refused = token::read_refused(invocation)?;
    let profile = profile::resolve(invocation.context, selection)?;
    road::forget(&Credentials::new(invocation.context, &profile), Some(&refused)).map(drop)
}

/// Drops all that is cached, also what no profile of today would find; revokes and asks engines for what profiles find.
pub(crate) fn run_all(invocation: &mut Invocation<'_>, selection: &ProfileSelection, at_ims: AtIms) -> Result<()> {
    let context = invocation.context;
    let named = profile_store::list(&context.folders)?;
    let selections =
        named.iter().map(|name| ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() });
    // A broken profile must not keep the tokens of the others.
    let profiles: Vec<Profile> = selections
        .chain([selection.clone()])
        .filter_map(|selection| profile::resolve(context, &selection).ok())
        .collect();
    let mut dropped = 0;
    for profile in &profiles {
        if at_ims == AtIms::Revoke && revoke(context, profile)? {
            invocation.line(format_args!("revoked and forgot the token of profile {}", profile.name()));
        }
        dropped += usize::from(road::forget(&Credentials::new(context, profile), None)?);
    }
    if cache::is_off(&context.environment)? {
        invocation.line("the cache is off (AEP_CACHE); nothing was dropped");
        return Ok(());
    }
    query::sweep(context);
    dropped += cache::remove_all(context.folders.cache()?)
        .map_err(|error| Error::storage(format!("cannot drop the cached tokens: {error}")).with_source(error))?;
    let _ = context.folders.cache().map(cache::remove_if_empty);
    invocation.line(format_args!("forgot {dropped} cached token{}", if dropped == 1 { "" } else { "s" }));
    Ok(())
}

/// Revokes the cached token at IMS, then drops it; a refusal leaves it. `false` where none is cached.
fn revoke(context: &Context, profile: &Profile) -> Result<bool> {
    let Some(cached) = acquire::cached(context, profile)? else { return Ok(false) };
    let credentials = Credentials::new(context, profile);
    let number = road::accepted_secret(&credentials)?;
    let secret = credentials.numbered_client_secret(number)?;
    aep_ims::revoke(context, profile, secret, &cached.token.value, PROGRAM)?;
    road::forget(&credentials, Some(&cached.token.value))?;
    Ok(true)
}
