//! The private store and the token cache: whose they are, what is cached, who fetches now.

use aep_core::cache::Slot;
use aep_core::identity::Identity;
use aep_core::secret::store;
use aep_core::{Context, Profile, duration, token};

use super::{Findings, Kind};

pub(super) fn look(context: &Context, profile: &Profile, findings: &mut Findings) {
    if let Err(error) = store::check(&context.folders) {
        findings.error(&error);
    }
    let folder = match context.folders.cache() {
        Ok(folder) => folder,
        Err(error) => return findings.error(&error),
    };
    let slot = match Slot::open(folder, Identity::of(profile)) {
        Ok(None) => return findings.good(format!("cache {} (not made yet)", folder.display())),
        Ok(Some(slot)) => slot,
        Err(trouble) => {
            let cure = format!("make it yours alone: chmod 700 {0}; or remove it: rm -r {0}", folder.display());
            return findings.bad(Kind::Storage, format!("the token cache is not trusted: {trouble}"), cure);
        }
    };
    findings.good(format!("cache {}, yours alone", folder.display()));
    if let Some(process) = slot.lock_holder() {
        findings.note(format!("process {process} holds the lock and fetches a token now"));
    }
    match slot.read() {
        Ok(None) => findings.good("no token is cached"),
        Ok(Some(cached)) => {
            let now = context.clock.now();
            let left = duration::brief(cached.remaining(now));
            findings.good(format!("a cached token, {}, {left} left", cached.state(now).name()));
            if cached.fetched_at > now + 60 {
                let cure = "set the clock of this machine; the token is fetched anew";
                findings.bad(Kind::Configuration, "the cached token is from the future: the clock was set back", cure);
            }
            if let Some(number) = cached.stale_secret {
                let second = if number == 2 { " --second" } else { "" };
                findings.bad(
                    Kind::Refused,
                    token::stale_secret_message(profile, number),
                    format!("aep-auth secret set {}{second}", profile.name()),
                );
            }
        }
        Err(trouble) => findings.bad(
            Kind::Storage,
            format!("the cached token is not trusted: {trouble}"),
            "remove that file; the token is fetched anew",
        ),
    }
}
