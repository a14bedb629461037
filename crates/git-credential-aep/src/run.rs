//! From the request to the answer.

use aep_core::process::Call;
use aep_core::profile::{self, Choice, Name};
use aep_core::token::{self, AccessToken, Wish};
use aep_core::url::{Authority, BaseUrl, Scheme};
use aep_core::{Context, Profile, Result};
use aep_fleet::Fleet;

use crate::answer::Answer;
use crate::cli::Cli;
use crate::request::Request;

const TOOL: &str = "git-credential-aep";

pub(crate) fn run(call: &mut Call<'_>) -> Result<u8> {
    let plain = command_line::plain(&call.arguments).and_then(|plain| match plain.words.as_slice() {
        [operation] => Some(Cli { choice: plain.choice, operation: (*operation).to_owned() }),
        _ => None,
    });
    let cli = match plain {
        Some(cli) => cli,
        None => match command_line::parse::<Cli>(TOOL, call) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let choice = cli.choice.to_choice();
    match cli.operation.as_str() {
        "get" => get(call, choice)?,
        "erase" => erase(call, choice)?,
        "capability" => call.output.extend_from_slice(b"version 0\ncapability authtype\n"),
        // git asks that operations which a helper does not have are ignored in silence.
        _ => {}
    }
    Ok(0)
}

fn get(call: &mut Call<'_>, choice: Choice) -> Result<()> {
    let Some(request) = Request::read(call.input) else { return Ok(()) };
    let Some(profile) = profile_for(call.context, choice, &request)? else { return Ok(()) };
    let is_bearer = request.knows_authtype() && !request.is_basic_only();
    if !is_bearer && !profile.git_basic {
        return Ok(());
    }
    let token = token::obtain(call.context, &profile, &Wish::default(), &Fleet::asked_by(TOOL))?.token;
    let value = token.value.expose().as_bytes();
    let mut answer = Answer::default();
    if is_bearer {
        answer.line("capability[]", b"authtype")?;
        answer.line("authtype", b"Bearer")?;
        answer.line("credential", value)?;
    } else {
        answer.line("username", request.username.as_deref().filter(|name| !name.is_empty()).unwrap_or(b"oauth2"))?;
        answer.line("password", value)?;
    }
    if let Some(end) = token.advertised_expiry(call.context.clock.now()) {
        answer.line("password_expiry_utc", end.to_string().as_bytes())?;
    }
    if is_bearer {
        // So that git's own cache does not keep what this helper can give at any time.
        answer.line("ephemeral", b"1")?;
    }
    *call.output = answer.into_bytes();
    Ok(())
}

/// Drops the cached token if it is the one that was refused; git tells no other.
fn erase(call: &mut Call<'_>, choice: Choice) -> Result<()> {
    let Some(request) = Request::read(call.input) else { return Ok(()) };
    let refused = request.credential.as_ref().or(request.password.as_ref());
    let Some(refused) = refused.and_then(|bytes| AccessToken::parse(String::from_utf8(bytes.clone()).ok()?)) else {
        return Ok(());
    };
    if let Some(profile) = profile_for(call.context, choice, &request)? {
        aep_fleet::forget(call.context, &profile, Some(&refused))?;
    }
    Ok(())
}

/// The profile that answers for the request's host; `None` where none does.
fn profile_for(context: &Context, mut choice: Choice, request: &Request) -> Result<Option<Profile>> {
    let Some((scheme, authority)) = place(request) else { return Ok(None) };
    if choice.profile.is_none() && !context.environment.has("AEP_PROFILE") {
        choice.profile = named_by_user(context, request);
    }
    match profile::resolve_if_any(context, &choice) {
        Ok(profile) => Ok(profile.filter(|profile| profile.hosts.allow(scheme, &authority))),
        // A helper that is asked about every site must not complain at sites that are not Adobe's.
        Err(error) if is_adobe(scheme, &authority) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Scheme and host of the request, if they are of the kind that this helper may answer at all.
fn place(request: &Request) -> Option<(Scheme, Authority)> {
    let scheme = match request.protocol.to_ascii_lowercase().as_slice() {
        b"https" => Scheme::Https,
        b"http" => Scheme::Http,
        _ => return None,
    };
    let host = std::str::from_utf8(&request.host).ok()?;
    Some((scheme, Authority::parse(host, scheme.default_port())?))
}

fn is_adobe(scheme: Scheme, authority: &Authority) -> bool {
    BaseUrl::parse("platform_url", profile::DEFAULT_PLATFORM_URL)
        .is_ok_and(|platform| aep_core::hosts::HostList::default_for(&platform).allow(scheme, authority))
}

/// The user name of a URL such as `https://prod@platform.adobe.io`, where a profile of that name exists.
fn named_by_user(context: &Context, request: &Request) -> Option<String> {
    let name = std::str::from_utf8(request.username.as_deref()?).ok()?;
    let name = Name::parse(name).ok()?;
    let path = profile::file::path(&context.folders, &name).ok()?;
    path.is_file().then(|| name.to_string())
}
