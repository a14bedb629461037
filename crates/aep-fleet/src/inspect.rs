//! What `doctor` tells of the engine.

use std::time::Duration;

use aep_core::secret::Credentials;
use aep_core::{Context, Profile, Result, duration};

use crate::Address;
use crate::engine::{Engine, Trouble};
use crate::road;

/// A line of what was found.
#[derive(Debug)]
pub enum Finding {
    /// As it should be.
    Good(String),
    /// Worth knowing, and nothing to cure.
    Note(String),
    /// Wrong, and the cure.
    Bad(String, String),
}

/// Looks at the engine of a profile: reached, signed in, allowed, its clock, the entry, the lock. Empty where the profile
/// names none.
///
/// # Errors
/// Configuration, for an address, password or certificate file that cannot be used.
pub fn inspect(context: &Context, profile: &Profile) -> Result<Vec<Finding>> {
    let Some(address) = Address::of(profile)? else { return Ok(Vec::new()) };
    let password = crate::password(context, profile)?;
    let mut findings = Vec::new();
    let looked = Engine::connect(context, &address, password.as_ref())?
        .and_then(|engine| look(context, profile, &address, &engine, &mut findings));
    if let Err(Trouble(why)) = looked {
        findings.push(Finding::Bad(
            format!("the shared cache {address} does not serve: {why}"),
            "check the address, its user and password, and AEP_CA_FILE; tokens come from IMS meanwhile".to_owned(),
        ));
    }
    Ok(findings)
}

fn look(
    context: &Context,
    profile: &Profile,
    address: &Address,
    engine: &Engine,
    findings: &mut Vec<Finding>,
) -> std::result::Result<(), Trouble> {
    findings.push(Finding::Good(format!("the shared cache {address} is reached and lets us in")));
    let probe = format!("{}doctor:{}", address.prefix, std::process::id());
    engine.try_lock(&probe, "doctor", Duration::from_secs(5))?;
    engine.unlock(&probe, "doctor")?;
    engine.set(&probe, b"doctor", Duration::from_secs(5))?;
    engine.get(&probe)?;
    engine.remove(&probe)?;
    findings.push(Finding::Good("the shared cache allows SET, GET, DEL and EVAL under our prefix".to_owned()));
    // Allowed or not, it is only worth knowing: no rule of ours depends on the engine's clock.
    if let Ok(Some(time)) = engine.time() {
        let off = time - context.clock.now();
        if off.abs() > 30 {
            findings.push(Finding::Note(format!("the engine's clock is {off} s off; it only decides when entries go")));
        }
    }
    let credentials = Credentials::of(context, profile);
    let Ok(seals) = road::seals(profile, &credentials) else { return Ok(()) };
    for seal in seals {
        let name = seal.entry_name(&address.prefix);
        let now = context.clock.now();
        findings.push(match engine.get(&name)? {
            None => Finding::Good("no shared token for this secret".to_owned()),
            Some(sealed) => match seal.open(&name, &sealed).and_then(|bytes| road::read_token(&bytes)) {
                Some(token) => Finding::Good(format!("a shared token, {} left", duration::brief(token.remaining(now)))),
                None => Finding::Note("the shared entry does not open; it is replaced at the next fetch".to_owned()),
            },
        });
        if let Some(left) = engine.remaining(&format!("{name}:lock"))? {
            findings.push(Finding::Note(format!("a machine holds the engine's lock, for {left} ms at most")));
        }
    }
    Ok(())
}
