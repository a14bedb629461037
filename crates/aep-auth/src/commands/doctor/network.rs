//! The way to IMS and to the platform: name, proxy, TLS, and the server's clock.

use aep_core::url::BaseUrl;
use aep_core::{Context, Profile};

use super::{Findings, Kind};
use crate::road::PROGRAM;

/// IMS refuses an assertion whose times are off by more.
const TOLERATED_CLOCK_ERROR: i64 = 30;

/// Looks at both servers; says whether IMS was reached.
pub(super) fn look(context: &Context, profile: &Profile, findings: &mut Findings) -> bool {
    let ims = look_at(context, profile, "IMS", &profile.ims_url, findings);
    if let Some(ahead) = ims.flatten() {
        look_at_clock(ahead, findings);
    }
    if profile.platform_url != profile.ims_url {
        look_at(context, profile, "the platform", &profile.platform_url, findings);
    }
    ims.is_some()
}

/// Says whether the server was reached, and how far its clock is ahead.
fn look_at(
    context: &Context,
    profile: &Profile,
    name: &str,
    server: &BaseUrl,
    findings: &mut Findings,
) -> Option<Option<i64>> {
    match aep_ims::proxy_for(context, server) {
        Ok(Some(proxy)) => findings.note(format!("{name} is reached through the proxy {proxy}")),
        Ok(None) => {}
        Err(error) => {
            findings.error(&error);
            return None;
        }
    }
    match aep_ims::reach(context, server, profile.ca_file.as_deref(), PROGRAM) {
        Ok(reached) => {
            findings.good(format!("{name} answers at {server}"));
            Some(reached.clock_ahead)
        }
        Err(error) => {
            findings.error(&error);
            None
        }
    }
}

fn look_at_clock(ahead: i64, findings: &mut Findings) {
    if ahead.abs() <= TOLERATED_CLOCK_ERROR {
        return findings.good("the clock agrees with IMS");
    }
    let way = if ahead > 0 { "behind" } else { "ahead of" };
    findings.bad(
        Kind::Configuration,
        format!("the clock of this machine is {} s {way} the clock of IMS", ahead.abs()),
        "set the clock: timedatectl set-ntp true",
    );
}
