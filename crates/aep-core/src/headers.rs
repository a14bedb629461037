//! The four headers of an Experience Platform call; every tool that prints headers takes them from here.

use crate::profile::Profile;
use crate::token::AccessToken;
use crate::{Error, Result};

/// A header of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name as Adobe's documentation writes it.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

/// `Authorization`, `x-api-key`, `x-gw-ims-org-id` and, where there is a sandbox, `x-sandbox-name`.
///
/// # Errors
/// Configuration, when the profile names no organization.
pub fn of(profile: &Profile, token: &AccessToken) -> Result<Vec<Header>> {
    let header = |name, value: &str| Header { name, value: value.to_owned() };
    let mut headers = vec![
        header("Authorization", &format!("Bearer {}", token.expose())),
        header("x-api-key", &profile.client_id),
        header("x-gw-ims-org-id", organization(profile)?),
    ];
    headers.extend(profile.sandbox.iter().map(|sandbox| header("x-sandbox-name", sandbox)));
    Ok(headers)
}

/// The organization, which every call needs.
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
