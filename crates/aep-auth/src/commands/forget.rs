//! `forget`: drops cached tokens, and on request revokes one at IMS.

use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::{Error, Result, cache, token};

use super::TOOL;
use crate::run;

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice) -> Result<()> {
    let profile = profile::resolve(call.context, choice)?;
    let what = if token::forget(call.context, &profile, None)? { "forgot the token" } else { "no token was cached" };
    run::line(call.output, format_args!("{what} of profile {}", profile.name()));
    Ok(())
}

/// Revokes this token at IMS, then drops it; a refusal leaves it.
pub(crate) fn run_and_revoke(call: &mut Call<'_>, choice: &Choice) -> Result<()> {
    let profile = profile::resolve(call.context, choice)?;
    let cached = token::cached(call.context, &profile)
        .map_err(|trouble| Error::storage(format!("the token cache is not used as it should be: {trouble}")))?;
    let Some(cached) = cached else {
        run::line(call.output, format_args!("no token was cached of profile {}", profile.name()));
        return Ok(());
    };
    aep_ims::revoke(call.context, &profile, &cached.value, TOOL)?;
    token::forget(call.context, &profile, Some(&cached.value))?;
    run::line(call.output, format_args!("revoked and forgot the token of profile {}", profile.name()));
    Ok(())
}

pub(crate) fn run_all(call: &mut Call<'_>) -> Result<()> {
    let dropped = cache::remove_all(call.context.folders.cache()?)
        .map_err(|trouble| Error::storage(format!("cannot drop the cached tokens: {trouble}")))?;
    run::line(call.output, format_args!("forgot {dropped} cached token{}", if dropped == 1 { "" } else { "s" }));
    Ok(())
}
