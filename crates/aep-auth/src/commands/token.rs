//! `token`: the access token and a newline, or JSON with its times. With `--exchange` it answers the helpers beside.

use std::path::Path;

use aep_cli::Invocation;
use aep_cli::ask::EXCHANGE;
use aep_core::acquire::{Fetched, Refuse, TokenRequest};
use aep_core::profile::{Flow, ProfileSelection};
use aep_core::secret::{Credentials, Secret};
use aep_core::token::{AccessToken, Source};
use aep_core::{Error, Result, duration, profile, text};
use aep_ims::{is_valid, key};
use serde_json::json;

use crate::cli::TokenArguments;
use crate::road::{self, PROGRAM};
use crate::{companion, input};

/// A token on standard input is one line.
const LONGEST_LINE: usize = 64 * 1024;

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &TokenArguments,
) -> Result<()> {
    if let Some(version) = arguments.exchange {
        check_exchange(version)?;
    }
    if arguments.with_secret && invocation.terminals.has_output() {
        return Err(Error::usage("--with-secret would print the client secret onto the terminal")
            .with_hint("aep-postman environment --with-secret -o aep.postman_environment.json"));
    }
    let refused = match &arguments.refused {
        Some(_) => Some(read_refused(invocation)?),
        None => None,
    };
    if arguments.exchange.is_some() {
        companion::end_with_parent();
    }
    let context = invocation.context;
    let profile = profile::resolve(context, selection)?;
    let credentials = Credentials::new(context, &profile);
    let min_valid = arguments.min_valid.as_deref().map(duration::parse).transpose()?.unwrap_or(0);
    let refuse = match refused {
        Some(token) => Refuse::This(token),
        None if arguments.renew => Refuse::Cached,
        None => Refuse::Nothing,
    };
    if arguments.without_token {
        let mut answer = json!({ "exchange": EXCHANGE });
        add_secrets(&mut answer, &credentials)?;
        invocation.line(format_args!("{answer:#}"));
        return Ok(());
    }
    let fetched = match &arguments.jwt {
        Some(path) => road::exchange_assertion(&credentials, read_assertion(invocation, path)?, min_valid)?,
        None => {
            let fetched = road::acquire_with(&credentials, &TokenRequest { min_valid, refuse })?;
            if arguments.verify { verified(&credentials, fetched, min_valid)? } else { fetched }
        }
    };
    if arguments.json {
        let described = describe(&credentials, &fetched, arguments)?;
        invocation.line(format_args!("{described:#}"));
    } else {
        invocation.line(fetched.token.value.expose());
    }
    Ok(())
}

/// Both sides must speak the same; the helper that asks passes this on.
fn check_exchange(version: u32) -> Result<()> {
    if version == EXCHANGE {
        return Ok(());
    }
    Err(Error::configuration(format!(
        "a helper asked in version {version} of the exchange, and aep-auth {} speaks version {EXCHANGE}",
        env!("CARGO_PKG_VERSION")
    ))
    .with_hint("install the programs anew, all from one release"))
}

/// The token that somebody refused: the first line of standard input, which may stay open.
pub(crate) fn read_refused(invocation: &mut Invocation<'_>) -> Result<AccessToken> {
    let refuse = || {
        Error::usage("standard input holds no access token; expected the token that was refused, and a newline")
            .with_hint(if cfg!(windows) {
                "$env:AEP_ACCESS_TOKEN | aep-auth token --refused -"
            } else {
                "printf '%s\\n' \"$AEP_ACCESS_TOKEN\" | aep-auth token --refused -"
            })
    };
    let line = input::read_line(invocation.input, LONGEST_LINE).map_err(|_| refuse())?;
    let text = line.expose().trim().trim_start_matches("Bearer ").to_owned();
    AccessToken::parse(text).ok_or_else(refuse)
}

/// Asks IMS about a token that was at hand; one that it calls invalid is dropped and renewed.
pub(crate) fn verified(credentials: &Credentials<'_>, fetched: Fetched, min_valid: i64) -> Result<Fetched> {
    let (context, profile) = (credentials.context(), credentials.profile());
    if fetched.source == Source::Ims {
        return Ok(fetched);
    }
    match is_valid(context, profile, &fetched.token.value, PROGRAM) {
        Some(true) => Ok(fetched),
        None => {
            context.log.info("IMS gave no clear answer about the token; it is served as it is");
            Ok(fetched)
        }
        Some(false) => {
            // Out of the caches first: should the renewal fail, nobody is given this token again.
            road::forget(credentials, Some(&fetched.token.value))?;
            let refuse = Refuse::This(fetched.token.value);
            road::acquire_with(credentials, &TokenRequest { min_valid, refuse })
        }
    }
}

fn describe(credentials: &Credentials<'_>, fetched: &Fetched, arguments: &TokenArguments) -> Result<serde_json::Value> {
    let profile = credentials.profile();
    let Fetched { token, source, .. } = fetched;
    let now = credentials.context().clock.now();
    let mut described = json!({
        "access_token": token.value.expose(),
        "token_type": "bearer",
        "expires_at": token.expires_at().map(duration::rfc3339),
        "expires_in": token.expires_at().map(|_| token.remaining(now)),
        "profile": profile.name(),
        "source": source.name(),
    });
    if arguments.exchange.is_some() {
        described["exchange"] = EXCHANGE.into();
        // What `expires_in` counts from: the other program reads this a little later.
        described["now"] = now.into();
    }
    if arguments.with_secret {
        add_secrets(&mut described, credentials)?;
    }
    Ok(described)
}

/// The client secret that IMS accepts, and a service account's key as PEM.
fn add_secrets(answer: &mut serde_json::Value, credentials: &Credentials<'_>) -> Result<()> {
    let number = road::accepted_secret(credentials)?;
    answer["client_secret"] = credentials.numbered_client_secret(number)?.expose().into();
    if credentials.profile().flow == Flow::Jwt {
        let key = key::read(credentials.private_key()?, credentials.passphrase()?)?;
        answer["private_key"] = key.to_pem()?.expose().into();
    }
    Ok(())
}

fn read_assertion(invocation: &mut Invocation<'_>, path: &Path) -> Result<Secret> {
    let refuse = || {
        Error::configuration(format!("{} holds no assertion; expected three parts joined by dots", path.display()))
            .with_hint("copy the Generated JWT from the Developer Console, whole")
    };
    let text = text::decode(input::read(invocation, path)?).ok_or_else(refuse)?;
    let text = Secret::new(text.trim().to_owned());
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b));
    if text.expose().split('.').count() == 3 && text.expose().split('.').all(is_word) {
        Ok(text)
    } else {
        Err(refuse())
    }
}
