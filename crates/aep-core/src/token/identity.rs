//! What makes one token different from another, and the name of its cache files.
//!
//! Secrets are no part of it, so that a rotated secret keeps the cached token.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::Profile;
use crate::digest::sha256;
use crate::profile::Flow;

/// The version of the entry's format; it is part of the name, so that two versions never read each other's files.
pub const FORMAT_VERSION: u32 = 2;

/// Flow, IMS, client, organization and scopes; for a JWT also the technical account, with metascopes as the scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    flow: Flow,
    ims_url: String,
    client_id: String,
    org_id: String,
    scopes: Vec<String>,
    technical_account_id: String,
    meta_scopes: Vec<String>,
}

impl Identity {
    /// The identity of a profile's tokens.
    pub fn new(profile: &Profile) -> Self {
        let sorted = |list: &[String]| {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            sorted
        };
        let is_jwt = profile.flow == Flow::Jwt;
        let only_jwt = |text: &Option<String>| text.clone().filter(|_| is_jwt).unwrap_or_default();
        Self {
            flow: profile.flow,
            ims_url: profile.ims_url.to_string(),
            client_id: profile.client_id.clone(),
            org_id: profile.org_id.clone().unwrap_or_default(),
            scopes: if is_jwt { Vec::new() } else { sorted(&profile.scopes) },
            technical_account_id: only_jwt(&profile.technical_account_id),
            meta_scopes: if is_jwt { sorted(&profile.meta_scopes) } else { Vec::new() },
        }
    }

    /// The identity as an entry repeats it.
    pub fn to_json(&self) -> Value {
        let Self { flow, ims_url, client_id, org_id, scopes, technical_account_id, meta_scopes } = self;
        json!({
            "flow": flow.name(),
            "ims_url": ims_url,
            "client_id": client_id,
            "org_id": org_id,
            "scopes": scopes,
            "technical_account_id": technical_account_id,
            "meta_scopes": meta_scopes,
        })
    }

    /// The name that this identity's files share: SHA-256 in hexadecimal over the format's version and the identity.
    pub fn file_stem(&self) -> String {
        self.stem_in(FORMAT_VERSION)
    }

    /// The name that its files had in the first version.
    pub(crate) fn first_versions_stem(&self) -> String {
        self.stem_in(1)
    }

    fn stem_in(&self, version: u32) -> String {
        let Self { flow, ims_url, client_id, org_id, scopes, technical_account_id, meta_scopes } = self;
        // One line a field, one blank between the items of a list: a profile's values hold neither.
        let text = format!(
            "aep-token {version}\n{}\n{ims_url}\n{client_id}\n{org_id}\n{}\n{technical_account_id}\n{}\n",
            flow.name(),
            scopes.join(" "),
            meta_scopes.join(" "),
        );
        hexadecimal(&sha256(text.as_bytes()))
    }
}

/// A short name for what these texts say together.
pub fn short_digest(parts: &[&str]) -> String {
    let mut name = hexadecimal(&sha256(parts.join("\n").as_bytes()));
    name.truncate(16);
    name
}

/// Bytes as lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Environment, Folders, Log, ProfileSelection, clock::SystemClock, profile::resolve};

    const OAUTH: [(&str, &str); 4] = [
        ("AEP_CLIENT_ID", "c"),
        ("AEP_ORG_ID", "o@AdobeOrg"),
        ("AEP_SCOPES", "openid,AdobeID"),
        ("AEP_CLIENT_SECRET", "one"),
    ];
    const JWT: [(&str, &str); 5] = [
        ("AEP_CLIENT_ID", "c"),
        ("AEP_ORG_ID", "o@AdobeOrg"),
        ("AEP_TECHNICAL_ACCOUNT_ID", "t@techacct.adobe.com"),
        ("AEP_META_SCOPES", "ent_one,ent_two"),
        ("AEP_PRIVATE_KEY", "/one.pem"),
    ];

    /// The identity of these variables, but for one of them.
    fn with(variables: &[(&str, &str)], name: &str, value: &str) -> Identity {
        let others = variables.iter().filter(|(own, _)| *own != name).copied();
        let context = Context {
            environment: Environment::from_pairs(others.chain([(name, value)])),
            clock: Box::new(SystemClock::start()),
            folders: Folders::default(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        Identity::new(&resolve(&context, &ProfileSelection::default()).unwrap())
    }

    #[test]
    fn the_order_of_scopes_and_one_that_is_named_twice_make_no_other_name() {
        for (variables, name, values) in [
            (OAUTH.as_slice(), "AEP_SCOPES", ["AdobeID,openid", "openid AdobeID openid"]),
            (&JWT, "AEP_META_SCOPES", ["ent_two,ent_one", "ent_one ent_two ent_one"]),
        ] {
            let own = with(variables, "X", "");
            for value in values {
                let other = with(variables, name, value);
                assert_eq!((other.file_stem(), other.to_json()), (own.file_stem(), own.to_json()), "{value}");
            }
        }
    }

    #[test]
    fn a_secret_makes_no_other_name() {
        for (variables, name) in [(OAUTH.as_slice(), "AEP_CLIENT_SECRET"), (&JWT, "AEP_PRIVATE_KEY")] {
            assert_eq!(with(variables, name, "/two").file_stem(), with(variables, "X", "").file_stem(), "{name}");
        }
    }

    #[test]
    fn everything_else_that_makes_another_token_makes_another_name() {
        let changes = [
            (OAUTH.as_slice(), "AEP_CLIENT_ID", "d"),
            (&OAUTH, "AEP_ORG_ID", "p@AdobeOrg"),
            (&OAUTH, "AEP_ORG_ID", ""),
            (&OAUTH, "AEP_SCOPES", "openid"),
            (&OAUTH, "AEP_IMS_URL", "https://ims.example"),
            (&JWT, "AEP_CLIENT_ID", "d"),
            (&JWT, "AEP_ORG_ID", "p@AdobeOrg"),
            (&JWT, "AEP_TECHNICAL_ACCOUNT_ID", "u@techacct.adobe.com"),
            (&JWT, "AEP_META_SCOPES", "ent_one"),
            (&JWT, "AEP_IMS_URL", "https://ims.example"),
        ];
        for (variables, name, value) in changes {
            let (own, other) = (with(variables, "X", ""), with(variables, name, value));
            assert_ne!(own.file_stem(), other.file_stem(), "{name}={value}");
            assert_ne!(own.to_json(), other.to_json(), "{name}={value}");
        }
        assert_ne!(with(&OAUTH, "X", "").file_stem(), with(&JWT, "X", "").file_stem());
    }

    #[test]
    fn a_sandbox_makes_no_other_token() {
        assert_eq!(with(&OAUTH, "AEP_SANDBOX", "dev1").file_stem(), with(&OAUTH, "X", "").file_stem());
    }
}
