//! `inspect`: a token's claims and when it ends; never the signature.

use std::path::Path;

use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::secret::Secret;
use aep_core::{Error, Result, duration, terminal, token};
use serde_json::Value;

use crate::run;

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice, file: Option<&Path>) -> Result<()> {
    let (text, local_end) = match file {
        Some(path) => {
            let text = String::from_utf8(run::read_input(call, path)?)
                .map_err(|_| Error::configuration(format!("{} is not text", path.display())))?;
            (Secret::new(text.trim().trim_start_matches("Bearer ").to_owned()), None)
        }
        None => {
            let profile = profile::resolve(call.context, choice)?;
            let cached = token::cached(call.context, &profile)
                .map_err(|trouble| Error::storage(format!("the token cache is not used as it should be: {trouble}")))?
                .ok_or_else(|| {
                    Error::configuration(format!("no token is cached for profile {}", profile.name()))
                        .hint("aep-auth token")
                })?;
            (Secret::new(cached.value.expose().to_owned()), cached.expires_at())
        }
    };
    let claims = aep_ims::claims(text.expose()).ok_or_else(|| {
        Error::configuration("this is not a JSON Web Token: expected three parts joined by dots")
            .hint("an access token of IMS and an assertion are both such tokens")
    })?;
    let ends_at = local_end.or_else(|| end(&claims));
    // serde_json escapes ASCII control characters only.
    for shown in format!("{claims:#}").lines() {
        run::line(call.output, terminal::clean(shown));
    }
    let now = call.context.clock.now();
    match ends_at {
        Some(end) if end > now => {
            run::line(
                call.output,
                format_args!("ends at {}, in {}", duration::rfc3339(end), duration::brief(end - now)),
            );
        }
        Some(end) => run::line(call.output, format_args!("ended at {}", duration::rfc3339(end))),
        None => run::line(call.output, "tells no end"),
    }
    Ok(())
}

/// `exp` in seconds (RFC 7519), else Adobe's `created_at` and `expires_in`, texts in milliseconds.
fn end(claims: &Value) -> Option<i64> {
    let number = |key: &str| match claims.get(key)? {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    number("exp").or_else(|| Some(number("created_at")?.checked_add(number("expires_in")?)? / 1000))
}
