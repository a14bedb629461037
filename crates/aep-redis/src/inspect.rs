//! What `doctor` tells of the engine.

use std::time::Duration;

use aep_core::duration;
use aep_core::secret::Credentials;

use crate::engine::{Engine, EngineError};
use crate::store::{RedisStore, Tls, read_token};

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
/// Configuration, for a variable that cannot be read.
pub fn inspect(credentials: &Credentials<'_>, tls: Tls) -> aep_core::Result<Vec<Finding>> {
    let Some(url) = &credentials.profile().shared_cache else { return Ok(Vec::new()) };
    let Some(store) = RedisStore::new(credentials, tls)? else {
        return Ok(vec![Finding::Note(format!("the shared cache {url} is not used: the cache is off (AEP_CACHE)"))]);
    };
    let mut findings = Vec::new();
    let looked = store.reach().and_then(|engine| look(credentials, &store, engine, &mut findings));
    if let Err(error) = looked {
        findings.push(Finding::Bad(
            format!("the shared cache {url} does not serve: {error}"),
            "check the address, its user and password, and AEP_CA_FILE; tokens come from IMS meanwhile".to_owned(),
        ));
    }
    Ok(findings)
}

fn look(
    credentials: &Credentials<'_>,
    store: &RedisStore<'_>,
    engine: &Engine,
    findings: &mut Vec<Finding>,
) -> Result<(), EngineError> {
    let Some(url) = &credentials.profile().shared_cache else { return Ok(()) };
    let clock = &credentials.context().clock;
    let probe = format!("{}doctor:{}", url.prefix(), std::process::id());
    engine.try_lock(&probe, "doctor", Duration::from_secs(5))?;
    findings.push(Finding::Good(format!("the shared cache {url} is reached and lets us in")));
    engine.unlock(&probe, "doctor")?;
    engine.set(&probe, b"doctor", Duration::from_secs(5))?;
    engine.get(&probe)?;
    engine.remove(&probe)?;
    findings.push(Finding::Good("the shared cache allows SET, GET, DEL and EVAL under our prefix".to_owned()));
    // Allowed or not, it is only worth knowing: no rule of ours depends on the engine's clock.
    if let Ok(Some(time)) = engine.time() {
        let off = time - clock.now();
        if off.abs() > 30 {
            findings.push(Finding::Note(format!("the engine's clock is {off} s off; it only decides when entries go")));
        }
    }
    for seal in store.seals()? {
        let name = seal.entry_name(url.prefix());
        let now = clock.now();
        findings.push(match engine.get(&name)? {
            None => Finding::Good("no shared token for this secret".to_owned()),
            Some(sealed) => match seal.open(&name, &sealed).and_then(|bytes| read_token(&bytes)) {
                Some(token) if token.fetched_at > now + 60 => Finding::Bad(
                    "the shared token is from a machine whose clock is over 60 s ahead of ours".to_owned(),
                    "set the clock of both machines: timedatectl set-ntp true".to_owned(),
                ),
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
