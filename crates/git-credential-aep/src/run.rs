//! From the request to the answer.

use aep_cli::Invocation;
use aep_cli::ask::{self, Served};
use aep_core::cache::FileStore;
use aep_core::profile::{self, Name, ProfileSelection};
use aep_core::token::AccessToken;
use aep_core::url::{Authority, BaseUrl, Scheme};
use aep_core::{Context, Profile, Result, acquire};

use crate::answer::Answer;
use crate::cli::Cli;
use crate::request::Request;

const PROGRAM: &str = "git-credential-aep";

pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let plain = aep_cli::plain(&invocation.arguments).and_then(|plain| match plain.words.as_slice() {
        [operation] => Some(Cli { selection: plain.selection, operation: (*operation).to_owned() }),
        _ => None,
    });
    let cli = match plain {
        Some(cli) => cli,
        None => match aep_cli::parse::<Cli>(PROGRAM, invocation) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let selection = cli.selection.to_selection();
    match cli.operation.as_str() {
        "get" => return get(invocation, selection),
        "erase" => erase(invocation, selection)?,
        "capability" => invocation.output.extend_from_slice(b"version 0\ncapability authtype\n"),
        // git asks that operations which a helper does not have are ignored in silence.
        _ => {}
    }
    Ok(0)
}

fn get(invocation: &mut Invocation<'_>, mut selection: ProfileSelection) -> Result<u8> {
    let Some(request) = read(invocation) else { return Ok(0) };
    let context = invocation.context;
    let Some(profile) = profile_for(context, &mut selection, &request)? else { return Ok(0) };
    let is_bearer = request.knows_authtype() && !request.is_basic_only();
    if !is_bearer && !profile.git_basic {
        let why = if request.knows_authtype() {
            "the server offers Basic alone"
        } else {
            "the caller knows no Bearer tokens (git before 2.46, git-lfs before 3.6)"
        };
        context
            .log
            .debug(format_args!("no answer: {why}, and the profile {} does not say git_basic = true", profile.name()));
        return Ok(0);
    }
    let token = match ask::token_for(invocation, &profile, &selection, |_| false)? {
        Served::Token(token) => token,
        Served::Ended(code) => return Ok(code),
    };
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
    if let Some(end) = token.advertised_expiry(context.clock.now()) {
        answer.line("password_expiry_utc", end.to_string().as_bytes())?;
    }
    if is_bearer {
        // So that git's own cache does not keep what this helper can give at any time.
        answer.line("ephemeral", b"1")?;
    }
    invocation.output = answer.into_bytes();
    Ok(0)
}

/// Drops the cached token if it is the one that was refused; git tells no other.
fn erase(invocation: &mut Invocation<'_>, mut selection: ProfileSelection) -> Result<()> {
    let Some(request) = read(invocation) else { return Ok(()) };
    let refused = request.credential.as_ref().or(request.password.as_ref());
    let Some(refused) = refused.and_then(|bytes| AccessToken::parse(String::from_utf8(bytes.clone()).ok()?)) else {
        return Ok(());
    };
    let context = invocation.context;
    let Some(profile) = profile_for(context, &mut selection, &request)? else { return Ok(()) };
    if profile.shared_cache.is_some() && ask::forget(invocation, &selection, &refused).is_ok() {
        return Ok(());
    }
    if let Some(store) = FileStore::new(context, &profile)? {
        acquire::forget(&store, context, Some(&refused))?;
    }
    Ok(())
}

fn read(invocation: &mut Invocation<'_>) -> Option<Request> {
    let request = Request::read(invocation.input);
    if request.is_none() {
        invocation.context.log.debug("no answer: standard input holds no request of git's");
    }
    request
}

/// The profile that answers for the request's host; `None` where none does. A profile that the URL names is selected.
fn profile_for(context: &Context, selection: &mut ProfileSelection, request: &Request) -> Result<Option<Profile>> {
    let Some((scheme, authority)) = place(request) else {
        context.log.debug("no answer: the request is for no https or http address");
        return Ok(None);
    };
    // Anybody on the machine can make up an address of loopback.
    if selection.profile.is_none() && !context.environment.has("AEP_PROFILE") && !authority.is_loopback() {
        selection.profile = named_by_user(context, request);
        selection.is_by_address = selection.profile.is_some();
    }
    if !profile::hosts::is_sealed(scheme, &authority) {
        context.log.debug("no answer: a token goes by https alone; http is for loopback");
        return Ok(None);
    }
    match profile::resolve_if_any(context, selection) {
        Ok(Some(profile)) if profile.hosts.allow(scheme, &authority) => {
            context.log.debug(format_args!("asked for {}:{}", authority.host, authority.port));
            Ok(Some(profile))
        }
        Ok(Some(profile)) => {
            context.log.debug(format_args!(
                "no answer: {}:{} is not one of the hosts of profile {}: {}",
                authority.host,
                authority.port,
                profile.name(),
                profile.hosts.to_texts().join(", "),
            ));
            Ok(None)
        }
        Ok(None) => {
            let folder =
                context.folders.config().map_or_else(|_| "no folder".to_owned(), |at| at.display().to_string());
            context.log.debug(format_args!(
                "no answer: no profile was named, none is the default in {folder}, and AEP_CLIENT_ID is not set"
            ));
            Ok(None)
        }
        // A helper that is asked about every site must not complain at sites that are not Adobe's.
        Err(error) if is_adobe(scheme, &authority) => Err(error),
        Err(error) => {
            context.log.debug(format_args!("no answer: {error}"));
            Ok(None)
        }
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
        .is_ok_and(|platform| profile::hosts::HostList::default_for(&platform).allow(scheme, authority))
}

/// The user name of a URL such as `https://prod@platform.adobe.io`, where a profile of that name exists.
fn named_by_user(context: &Context, request: &Request) -> Option<String> {
    let name = std::str::from_utf8(request.username.as_deref()?).ok()?;
    let name = Name::parse(name).ok()?;
    let path = profile::file::path(&context.folders, &name).ok()?;
    // What cannot be looked at is not absent: the profile is then told to be unreadable, and no other one is taken.
    let is_there = path.metadata().map_or_else(|error| !is_absence(&error), |metadata| metadata.is_file());
    if !is_there {
        context.log.debug(format_args!("the user name in the address, {name}, is no profile"));
    }
    is_there.then(|| name.to_string())
}

fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
