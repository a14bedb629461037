//! `inspect`: a token's claims and when it ends; never the signature.

use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::{self, ProfileSelection};
use aep_core::secret::Secret;
use aep_core::{Error, Result, acquire, duration, terminal, text};
use serde_json::Value;

use crate::input;

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection, file: Option<&Path>) -> Result<()> {
    let (text, local_end) = match file {
        Some(path) => {
            let text = text::decode(input::read(invocation, path)?)
                .ok_or_else(|| Error::configuration(format!("{} is not text", path.display())))?;
            (Secret::new(text.trim().trim_start_matches("Bearer ").to_owned()), None)
        }
        None => {
            let profile = profile::resolve(invocation.context, selection)?;
            let cached = acquire::cached(invocation.context, &profile)?.ok_or_else(|| {
                Error::configuration(format!("no token is cached for profile {}", profile.name()))
                    .with_hint("aep-auth token")
            })?;
            (Secret::new(cached.token.value.expose().to_owned()), cached.token.expires_at())
        }
    };
    let claims = aep_ims::claims(text.expose()).ok_or_else(|| {
        Error::configuration("this is not a JSON Web Token: expected three parts joined by dots")
            .with_hint("an access token of IMS and an assertion are both such tokens")
    })?;
    let ends_at = local_end.or_else(|| end(&claims));
    // serde_json escapes ASCII control characters only.
    for shown in format!("{claims:#}").lines() {
        invocation.line(terminal::clean(shown));
    }
    let now = invocation.context.clock.now();
    match ends_at {
        Some(end) if end > now => {
            invocation.line(format_args!("ends at {}, in {}", duration::rfc3339(end), duration::brief(end - now)));
        }
        Some(end) => invocation.line(format_args!("ended at {}", duration::rfc3339(end))),
        None => invocation.line("tells no end"),
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
