//! Query Service: when it was last asked where its database is.

use aep_core::{Context, Profile, duration};

use super::Findings;
use crate::commands::query;

pub(super) fn look(context: &Context, profile: &Profile, findings: &mut Findings) {
    let Some(sandbox) = &profile.sandbox else {
        return findings.note("Query Service needs a sandbox: aep-auth query --sandbox prod");
    };
    // The host names the organization, and is left out.
    match query::kept(context, profile) {
        Some((_, asked_at)) => {
            let ago = duration::brief((context.clock.now() - asked_at).max(0));
            findings.good(format!("Query Service of sandbox {sandbox}, asked {ago} ago"));
        }
        None => {
            findings.note(format!("Query Service of sandbox {sandbox} was not asked within a day (aep-auth query)"));
        }
    }
}
