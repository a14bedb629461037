//! `headers`: the four headers, or those of the service at an address, for curl or as JSON.

use aep_cli::{Invocation, caller};
use aep_core::acquire::{Fetched, TokenRequest};
use aep_core::cache::{self, Repeats};
use aep_core::profile::ProfileSelection;
use aep_core::secret::Credentials;
use aep_core::token::Source;
use aep_core::url::Address;
use aep_core::{Context, Profile, Result, headers};
use serde_json::{Map, Value};

use super::token::verified;
use crate::cli::{HeaderFormat, HeadersArguments};
use crate::{quote, road};

/// Who was given the headers of which address.
const NOTE: &str = "header-callers";

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &HeadersArguments,
) -> Result<()> {
    let context = invocation.context;
    let address = match &arguments.address {
        Some(text) => Some(Address::parse(text).ok_or_else(|| headers::no_address(text))?),
        None => None,
    };
    let profile = aep_core::profile::resolve(context, selection)?;
    // Before anything is fetched: without these there are no headers.
    match &address {
        Some(address) => headers::check(&profile, address)?,
        None => headers::organization(&profile).map(drop)?,
    }
    let fetched = match &address {
        Some(address) if arguments.repeats => {
            acquire_for_repeat(context, &profile, address, caller::mark().as_deref())?
        }
        _ => road::acquire_for(context, &profile, &TokenRequest::default())?,
    };
    let headers = match &address {
        Some(address) => headers::for_address(&profile, &fetched.token.value, address)?,
        None => headers::for_platform(&profile, &fetched.token.value)?,
    };
    match arguments.format {
        HeaderFormat::Http => {
            for header in &headers {
                invocation.line(format_args!("{}: {}", header.name, header.value));
            }
        }
        HeaderFormat::Curl => {
            for header in &headers {
                let text = format!("{}: {}", header.name, header.value);
                invocation.line(format_args!("header = {}", quote::curl(&text)));
            }
        }
        HeaderFormat::Json => {
            let map: Map<String, Value> =
                headers.into_iter().map(|header| (header.name.to_owned(), header.value.into())).collect();
            invocation.line(format_args!("{:#}", Value::Object(map)));
        }
    }
    Ok(())
}

/// A token for a caller that may repeat itself: then IMS is asked about it first.
fn acquire_for_repeat(
    context: &Context,
    profile: &Profile,
    address: &Address,
    caller: Option<&str>,
) -> Result<Fetched> {
    let credentials = Credentials::new(context, profile);
    let request = TokenRequest::default();
    let fetched = road::acquire_with(&credentials, &request)?;
    let repeats = if cache::is_off(&context.environment)? {
        None
    } else {
        Repeats::open(context, NOTE, caller, &address.to_string())
    };
    let Some(mut repeats) = repeats else { return Ok(fetched) };
    let now = context.clock.now();
    let is_due = fetched.source != Source::Ims && repeats.is_question_due(&fetched.token, now, &context.log);
    let fetched = if is_due { verified(&credentials, fetched, request.min_valid)? } else { fetched };
    repeats.answered(&fetched.token, fetched.token.advertised_expiry(now), now);
    Ok(fetched)
}
