//! The headers of a call: the four of Experience Platform, or those of the service at an address; every tool that prints
//! headers takes them from here.

use crate::profile::Profile;
use crate::profile::hosts::is_sealed;
use crate::profile::services::{self, Service};
use crate::secret::Secret;
use crate::token::AccessToken;
use crate::url::{Address, Authority};
use crate::{Error, Result};

/// A header of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name as Adobe's documentation writes it.
    pub name: &'a str,
    /// The value.
    pub value: String,
}

impl std::fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Header({}: …)", self.name)
    }
}

/// `Authorization`, `x-api-key`, `x-gw-ims-org-id` and, where there is a sandbox, `x-sandbox-name`.
///
/// # Errors
/// Configuration, when the profile names no organization.
pub fn for_platform(profile: &Profile, token: &AccessToken) -> Result<Vec<Header<'static>>> {
    wanted(profile, token, &services::STAND_IN)
}

/// The headers for an address: those that its service wants, and the profile's own for it. Whether the token may go there
/// is asked before, by [`check`].
///
/// # Errors
/// As [`check_organization`].
pub fn for_address<'a>(profile: &'a Profile, token: &AccessToken, address: &Address) -> Result<Vec<Header<'a>>> {
    let Some(service) = Service::at(profile, address) else { return for_platform(profile, token) };
    let own: Vec<&(String, Secret)> =
        profile.headers.iter().filter(|(name, _)| services::takes_header(service, name)).collect();
    let mut headers: Vec<Header<'a>> = wanted(profile, token, service)?;
    headers.retain(|header| !own.iter().any(|(name, _)| name.eq_ignore_ascii_case(header.name)));
    headers.extend(own.into_iter().map(|(name, value)| Header { name, value: value.expose().to_owned() }));
    Ok(headers)
}

/// Whether the token may go to an address, and all that its service wants is there; before anything is fetched.
///
/// # Errors
/// Refused, when it is not one of the profile's hosts, or by http; configuration, when the profile names no organization
/// and the service wants it.
pub fn check(profile: &Profile, address: &Address) -> Result<()> {
    let (scheme, authority) = (address.base.scheme(), address.base.authority());
    if !is_sealed(scheme, authority) {
        let host = &authority.host;
        return Err(Error::refused(format!("a token goes by https alone, and not to {host} by http"))
            .with_hint("write the address with https://; http is for loopback"));
    }
    if !profile.hosts.allow(scheme, authority) {
        return Err(not_ours(profile, address));
    }
    check_organization(profile, address)
}

/// Whether the organization is there, if the service at an address wants it.
///
/// # Errors
/// Configuration, when it wants it and the profile names none.
pub fn check_organization(profile: &Profile, address: &Address) -> Result<()> {
    match Service::at(profile, address).unwrap_or(&services::STAND_IN).organization {
        Some(_) => organization(profile).map(drop),
        None => Ok(()),
    }
}

/// The refusal of what is no address that a token may go to.
pub fn no_address(text: &str) -> Error {
    Error::refused(format!(
        "{} is no address that a token may go to",
        crate::terminal::clean_within(&crate::url::without_user(text), 200)
    ))
    .with_hint("expected https://host/…, without a user name")
}

/// The cure keeps the hosts that are there.
fn not_ours(profile: &Profile, address: &Address) -> Error {
    let authority = address.base.authority();
    let asked = format!("{}:{}", authority.host, authority.port);
    let error = Error::refused(format!("{asked} is not one of the hosts of profile {}", profile.name()));
    let Some(name) = profile.file_name() else {
        return error.with_hint("an identity from the environment has the hosts of AEP_PLATFORM_URL alone");
    };
    if let Some(service) = services::name_for(address) {
        let names: Vec<&str> = profile.services.iter().map(String::as_str).chain([service]).collect();
        return error.with_hint(set_list(name, "services", &names));
    }
    error.with_hint(format!("if the token may go there: {}", list_host(name, profile, authority)))
}

/// The command that adds a host to those of a profile: those of its services are there anyhow.
pub fn list_host(name: impl std::fmt::Display, profile: &Profile, asked: &Authority) -> String {
    let of_services: Vec<&str> = services::hosts_of(&profile.services).collect();
    let (own, asked) = (profile.hosts.to_texts(), asked.to_listed());
    let own = own.iter().map(String::as_str).filter(|host| !of_services.contains(host));
    set_list(name, "hosts", &own.chain([asked.as_str()]).collect::<Vec<_>>())
}

/// The command that gives a key of a profile these words, which hold no quotes. On Windows between quotes that `cmd` and
/// PowerShell both take; a double quote within single ones reaches no program there.
pub fn set_list(profile: impl std::fmt::Display, key: &str, words: &[&str]) -> String {
    let quote = if cfg!(windows) { '\'' } else { '"' };
    let once = words.iter().enumerate().filter(|(at, word)| !words[..*at].contains(word));
    let words = once.map(|(_, word)| format!("{quote}{word}{quote}")).collect::<Vec<_>>().join(", ");
    if cfg!(windows) {
        format!("aep-auth profile set {profile} \"{key}=[{words}]\"")
    } else {
        format!("aep-auth profile set {profile} {key}='[{words}]'")
    }
}

fn wanted(profile: &Profile, token: &AccessToken, service: &Service) -> Result<Vec<Header<'static>>> {
    let header = |name, value: &str| Header { name, value: value.to_owned() };
    let mut headers = vec![header("Authorization", &format!("Bearer {}", token.expose()))];
    headers.extend(service.api_key.then(|| header("x-api-key", &profile.client_id)));
    if let Some(name) = service.organization {
        headers.push(header(name, organization(profile)?));
    }
    if service.sandbox {
        headers.extend(profile.sandbox.iter().map(|sandbox| header("x-sandbox-name", sandbox)));
    }
    headers.extend(service.fixed.iter().map(|(name, value)| header(name, value)));
    Ok(headers)
}

/// The organization, which every call of Experience Platform needs.
///
/// # Errors
/// Configuration, when the profile names none.
pub fn organization(profile: &Profile) -> Result<&str> {
    profile.org_id.as_deref().ok_or_else(|| {
        let error = Error::configuration(format!("org_id is missing in {}; the headers need it", profile.origin));
        match profile.file_name() {
            Some(name) => error.with_hint(format!("aep-auth profile set {name} org_id=…@AdobeOrg")),
            None => error.with_hint("set AEP_ORG_ID"),
        }
    })
}
