//! `token`: the access token and a newline, or JSON with its times.

use std::path::Path;

use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::secret::Secret;
use aep_core::token::{self, Obtained, Refuse, Wish};
use aep_core::{Context, Error, Profile, Result, duration};
use aep_fleet::Fleet;
use aep_ims::Ims;
use serde_json::json;

use super::TOOL;
use crate::cli::TokenArguments;
use crate::run;

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice, arguments: &TokenArguments) -> Result<()> {
    let profile = profile::resolve(call.context, choice)?;
    let min_valid = arguments.min_valid.as_deref().map(duration::parse).transpose()?.unwrap_or(0);
    let mut wish = Wish { min_valid, refuse: if arguments.renew { Refuse::Cached } else { Refuse::Nothing } };
    let obtained = match &arguments.jwt {
        Some(path) => {
            let ims = Ims::asked_by(TOOL).with_assertion(read_assertion(call, path)?);
            // The user pasted it to have it exchanged.
            wish.refuse = Refuse::Cached;
            token::obtain(call.context, &profile, &wish, &ims)?
        }
        None => token::obtain(call.context, &profile, &wish, &Fleet::asked_by(TOOL))?,
    };
    if arguments.json {
        let described = describe(call.context, &profile, &obtained);
        run::line(call.output, format_args!("{described:#}"));
    } else {
        run::line(call.output, obtained.token.value.expose());
    }
    Ok(())
}

fn describe(context: &Context, profile: &Profile, obtained: &Obtained) -> serde_json::Value {
    let Obtained { token, source } = obtained;
    json!({
        "access_token": token.value.expose(),
        "token_type": "bearer",
        "expires_at": token.expires_at().map(duration::rfc3339),
        "expires_in": token.expires_at().map(|_| token.remaining(context.clock.now())),
        "profile": profile.name(),
        "source": source.name(),
    })
}

fn read_assertion(call: &mut Call<'_>, path: &Path) -> Result<Secret> {
    let refuse = || {
        Error::configuration(format!("{} holds no assertion; expected three parts joined by dots", path.display()))
            .hint("copy the Generated JWT from the Developer Console, whole")
    };
    let text = String::from_utf8(run::read_input(call, path)?).map_err(|_| refuse())?;
    let text = Secret::new(text.trim().to_owned());
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b));
    if text.expose().split('.').count() == 3 && text.expose().split('.').all(is_word) {
        Ok(text)
    } else {
        Err(refuse())
    }
}
