//! `jwt`: the signed assertion of a service account.

use aep_cli::Invocation;
use aep_core::profile::{self, Flow, ProfileSelection};
use aep_core::secret::Credentials;
use aep_core::{Error, Result};

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection) -> Result<()> {
    let profile = profile::resolve(invocation.context, selection)?;
    if profile.flow != Flow::Jwt {
        return Err(Error::configuration(format!(
            "profile {} uses OAuth Server-to-Server, which signs no assertion",
            profile.name()
        ))
        .with_hint("aep-auth token"));
    }
    let credentials = Credentials::new(invocation.context, &profile);
    let assertion = aep_ims::sign_assertion(&profile, &credentials, invocation.context.clock.now())?;
    invocation.line(assertion.expose());
    Ok(())
}
