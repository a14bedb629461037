//! `jwt`: the signed assertion of a service account.

use aep_core::process::Call;
use aep_core::profile::{self, Choice, Flow};
use aep_core::secret::Credentials;
use aep_core::{Error, Result};

use crate::run;

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice) -> Result<()> {
    let profile = profile::resolve(call.context, choice)?;
    if profile.flow != Flow::Jwt {
        return Err(Error::configuration(format!(
            "profile {} uses OAuth Server-to-Server, which signs no assertion",
            profile.name()
        ))
        .hint("aep-auth token"));
    }
    let credentials = Credentials::of(call.context, &profile);
    let assertion = aep_ims::sign_assertion(&profile, &credentials, call.context.clock.now())?;
    run::line(call.output, assertion.expose());
    Ok(())
}
