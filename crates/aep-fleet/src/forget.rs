//! Dropping a token: from this machine and from the engine, lest the next fetch brings it back.

use aep_core::secret::Credentials;
use aep_core::token::{self, AccessToken};
use aep_core::{Context, Error, Profile, Result, cache};

use crate::engine::{Engine, Trouble};
use crate::{Address, quiet, road};

/// Drops the token of a profile, if `only` is not given or is that very token; says whether one was dropped.
///
/// # Errors
/// Storage, when the local one is there and cannot be removed.
pub fn forget(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> Result<bool> {
    let was_here = token::forget(context, profile, only)?;
    Ok(forget_on_engine(context, profile, only) || was_here)
}

/// The same for the engine alone. One that fails, or a secret without which the entry has no name, is told at `info`.
pub fn forget_on_engine(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> bool {
    try_forget(context, profile, only).unwrap_or_else(|Trouble(why)| {
        context.log.info(format_args!("the token may still be in the shared cache: {why}"));
        false
    })
}

fn try_forget(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> std::result::Result<bool, Trouble> {
    let fault = |error: Error| Trouble(error.message().to_owned());
    let Some(address) = Address::of(profile).map_err(fault)? else { return Ok(false) };
    if cache::is_off(&context.environment).map_err(fault)? || quiet::is_left_alone(context, &address) {
        return Ok(false);
    }
    let seals = road::seals(profile, &Credentials::of(context, profile)).map_err(fault)?;
    let password = crate::password(context, profile).map_err(fault)?;
    let engine = Engine::connect(context, &address, password.as_ref()).map_err(fault)?;
    let dropped = engine.and_then(|engine| {
        let mut dropped = false;
        for seal in &seals {
            let name = seal.entry_name(&address.prefix);
            let Some(sealed) = engine.get(&name)? else { continue };
            let found = || road::read_token(&seal.open(&name, &sealed)?);
            if only.is_none_or(|only| found().is_some_and(|token| token.value == *only)) {
                engine.remove(&name)?;
                dropped = true;
            }
        }
        Ok(dropped)
    });
    dropped.inspect_err(|_| quiet::leave_alone(context, &address))
}
