//! `forget`: drops cached tokens, here and on a shared engine, and on request revokes them at IMS.

use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::{Context, Error, Profile, Result, cache, token};

use super::TOOL;
use crate::{profile_store, run};

/// What is done beside dropping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtIms {
    Nothing,
    Revoke,
}

pub(crate) fn run_one(call: &mut Call<'_>, choice: &Choice, at_ims: AtIms) -> Result<()> {
    let profile = profile::resolve(call.context, choice)?;
    let what = match at_ims {
        AtIms::Revoke if revoke(call.context, &profile)? => "revoked and forgot the token",
        _ if aep_fleet::forget(call.context, &profile, None)? => "forgot the token",
        _ => "no token was cached",
    };
    run::line(call.output, format_args!("{what} of profile {}", profile.name()));
    Ok(())
}

/// Drops all that is cached, also what no profile of today would find; revokes and asks engines for what profiles find.
pub(crate) fn run_all(call: &mut Call<'_>, choice: &Choice, at_ims: AtIms) -> Result<()> {
    let context = call.context;
    let named = profile_store::list(&context.folders)?;
    let choices = named.iter().map(|name| Choice { profile: Some(name.to_string()), ..Choice::default() });
    // A broken profile must not keep the tokens of the others.
    let profiles = choices.chain([choice.clone()]).filter_map(|choice| profile::resolve(context, &choice).ok());
    for profile in profiles {
        if at_ims == AtIms::Revoke && revoke(context, &profile)? {
            run::line(call.output, format_args!("revoked and forgot the token of profile {}", profile.name()));
        }
        aep_fleet::forget_on_engine(context, &profile, None);
    }
    if cache::is_off(&context.environment)? {
        run::line(call.output, "the cache is off (AEP_CACHE); nothing was dropped");
        return Ok(());
    }
    let dropped = cache::remove_all(context.folders.cache()?)
        .map_err(|trouble| Error::storage(format!("cannot drop the cached tokens: {trouble}")))?;
    run::line(call.output, format_args!("forgot {dropped} cached token{}", if dropped == 1 { "" } else { "s" }));
    Ok(())
}

/// Revokes the cached token at IMS, then drops it; a refusal leaves it. `false` where none is cached.
fn revoke(context: &Context, profile: &Profile) -> Result<bool> {
    let cached = token::cached(context, profile)
        .map_err(|trouble| Error::storage(format!("the token cache is not used as it should be: {trouble}")))?;
    let Some(cached) = cached else { return Ok(false) };
    aep_ims::revoke(context, profile, &cached.value, TOOL)?;
    aep_fleet::forget(context, profile, Some(&cached.value))?;
    Ok(true)
}
