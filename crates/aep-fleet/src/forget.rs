//! Dropping a token: from this machine and from the engine, lest the next fetch brings it back.

use aep_core::secret::Credentials;
use aep_core::token::{self, AccessToken};
use aep_core::{Context, Profile, Result, cache};

use crate::engine::{Engine, Trouble};
use crate::{Address, quiet, road};

/// Drops the token of a profile, if `only` is not given or is that very token; says whether one was dropped.
///
/// # Errors
/// Storage, when the local one is there and cannot be removed; configuration, for settings of the engine that cannot be
/// used. An engine that fails is told at `info`.
pub fn forget(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> Result<bool> {
    let was_here = token::forget(context, profile, only)?;
    Ok(forget_on_engine(context, profile, only)? || was_here)
}

/// The same for the engine alone.
///
/// # Errors
/// Configuration, for settings of the engine that cannot be used.
pub fn forget_on_engine(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> Result<bool> {
    let Some(address) = Address::of(profile)? else { return Ok(false) };
    if cache::is_off(&context.environment)? || quiet::is_left_alone(context, &address) {
        return Ok(false);
    }
    let seals = road::seals(profile, &Credentials::of(context, profile))?;
    let password = crate::password(context, profile)?;
    let dropped = Engine::connect(context, &address, password.as_ref())?.and_then(|engine| {
        let mut dropped = false;
        for seal in &seals {
            let name = format!("{}{}", address.prefix, seal.name());
            let Some(sealed) = engine.get(&name)? else { continue };
            let found = || road::read_token(&seal.open(&name, &sealed)?);
            if only.is_none_or(|only| found().is_some_and(|token| token.value == *only)) {
                engine.remove(&name)?;
                dropped = true;
            }
        }
        Ok(dropped)
    });
    Ok(dropped.unwrap_or_else(|Trouble(why)| {
        context.log.info(format_args!("the token may still be in the shared cache {address}: {why}"));
        quiet::leave_alone(context, &address);
        false
    }))
}
