//! A profile: who asks for a token, where, and where the secrets are. It holds no secret of a profile file.
//!
//! [`resolve`] decides by command line, environment, profile file and defaults, in that order, which profile is meant.
//! A [`mod@file`] is the readable form on disk, a [`Name`] is checked before any path is built from it.

use std::fmt;
use std::path::PathBuf;

use self::hosts::HostList;
use self::shared_cache::SharedCacheUrl;
use self::url::BaseUrl;
use crate::secret::{Reference, Secret};
use crate::token::Mark;

pub mod file;
pub mod hosts;
mod name;
mod resolve;
pub mod services;
pub mod shared_cache;
pub mod url;

pub use name::Name;
pub use resolve::{
    EXPECTED_WORD, IMPORT_HINT, ProfileSelection, default_name, environment_identity, named, no_words, resolve,
    resolve_if_any,
};

/// The scopes of Experience Platform, as Adobe's own Postman environment lists them.
pub const DEFAULT_SCOPES: [&str; 5] =
    ["openid", "session", "AdobeID", "read_organizations", "additional_info.projectedProductContext"];

/// The metascope of Experience Platform.
pub const DEFAULT_META_SCOPE: &str = "ent_dataservices_sdk";

/// The production IMS host.
pub const DEFAULT_IMS_URL: &str = "https://ims-na1.adobelogin.com";

/// The production platform host.
pub const DEFAULT_PLATFORM_URL: &str = "https://platform.adobe.io";

/// How a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// OAuth Server-to-Server: client id and secret.
    Oauth,
    /// The service account of the tutorial: a signed assertion, exchanged.
    Jwt,
}

impl Flow {
    /// The word in a profile file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::Jwt => "jwt",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "oauth" => Some(Self::Oauth),
            "jwt" => Some(Self::Jwt),
            _ => None,
        }
    }
}

/// Where a profile comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A profile file.
    File {
        /// The profile's name.
        name: Name,
        /// The file.
        path: PathBuf,
    },
    /// The environment variables, as one set.
    Environment {
        /// The variable that started the set, such as `AEP_CLIENT_ID`.
        variable: &'static str,
    },
}

impl Origin {
    /// How the variables of the identity's set begin: `AEP_` or `IMS_OAUTH_S2S_`.
    pub fn variable_prefix(&self) -> &'static str {
        match self {
            Self::Environment { variable } => variable.strip_suffix("CLIENT_ID").unwrap_or("AEP_"),
            Self::File { .. } => "AEP_",
        }
    }
}

/// Everything that decides what token is asked for, where, and who may get it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where the profile comes from.
    pub origin: Origin,
    /// How a token is asked for.
    pub flow: Flow,
    /// The client id, which is the API key.
    pub client_id: String,
    /// The organization, `…@AdobeOrg`.
    pub org_id: Option<String>,
    /// The scopes of OAuth Server-to-Server.
    pub scopes: Vec<String>,
    /// The technical account, `…@techacct.adobe.com`.
    pub technical_account_id: Option<String>,
    /// The metascopes of an assertion: a name, `/s/name` or a full URL.
    pub meta_scopes: Vec<String>,
    /// The sandbox for `x-sandbox-name`.
    pub sandbox: Option<String>,
    /// Adobe IMS.
    pub ims_url: BaseUrl,
    /// Experience Platform.
    pub platform_url: BaseUrl,
    /// Where helpers may send the token.
    pub hosts: HostList,
    /// The services whose hosts the token may go to, beside Experience Platform's own.
    pub services: Vec<String>,
    /// Further headers, for the hosts of the services.
    pub headers: Vec<(String, Secret)>,
    /// Whether git may get the token as a Basic password.
    pub git_basic: bool,
    /// Certificates in PEM that are trusted beside the system's; `AEP_CA_FILE` stands in its place.
    pub ca_file: Option<PathBuf>,
    /// One or two client secrets.
    pub client_secrets: Vec<Reference>,
    /// The key that signs assertions.
    pub private_key: Option<Reference>,
    /// The passphrase of that key.
    pub private_key_passphrase: Option<Reference>,
    /// The engine behind the local cache.
    pub shared_cache: Option<SharedCacheUrl>,
    /// The password of that engine.
    pub shared_cache_password: Option<Reference>,
}

impl Profile {
    /// The profile's name; `env` for the environment variables.
    pub fn name(&self) -> &str {
        match &self.origin {
            Origin::File { name, .. } => name.as_str(),
            Origin::Environment { .. } => "env",
        }
    }

    /// The variables that the profile's own references name, and that a called program must not inherit.
    pub fn secret_variables(&self) -> impl Iterator<Item = &str> {
        let references = [&self.private_key, &self.private_key_passphrase, &self.shared_cache_password];
        self.client_secrets.iter().chain(references.into_iter().flatten()).filter_map(|reference| match reference {
            Reference::Env(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether a secret comes from somebody who may ask a person for it.
    pub fn asks_somebody(&self) -> bool {
        let references = [&self.private_key, &self.private_key_passphrase];
        self.client_secrets.iter().chain(references.into_iter().flatten()).any(Reference::asks_somebody)
    }

    /// Whether a secret lies in the private store.
    pub fn uses_store(&self) -> bool {
        let references = [&self.private_key, &self.private_key_passphrase, &self.shared_cache_password];
        self.client_secrets.iter().chain(references.into_iter().flatten()).any(|one| matches!(one, Reference::Store))
    }

    /// What the profile says of itself, for a cached token to know it again: its name and place, where its secrets come
    /// from, and where its token may go. `None` for the environment, which has its secret alone to show.
    pub fn mark(&self) -> Option<Mark> {
        let Origin::File { name, path } = &self.origin else { return None };
        let mut parts = vec![name.to_string(), path.display().to_string()];
        let references = [&self.private_key, &self.private_key_passphrase].into_iter().flatten();
        parts.extend(self.client_secrets.iter().chain(references).filter_map(Reference::to_mark));
        parts.extend(self.hosts.to_texts());
        parts.push(self.platform_url.to_string());
        Some(Mark::new(parts.iter().map(String::as_str)))
    }

    /// The name of the profile file, where there is one.
    pub fn file_name(&self) -> Option<&Name> {
        match &self.origin {
            Origin::File { name, .. } => Some(name),
            Origin::Environment { .. } => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "{}", path.display()),
            Self::Environment { variable } => write!(f, "the environment ({variable})"),
        }
    }
}

/// Splits a list as people write it: separated by commas or blanks, or a JSON array of strings.
pub fn split_list(text: &str) -> Vec<String> {
    if text.trim_start().starts_with('[')
        && let Ok(items) = serde_json::from_str::<Vec<String>>(text)
    {
        return items.iter().flat_map(|item| split_list(item)).collect();
    }
    // A shell that read a JSON array has taken its quotes.
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::resolve::tests::of_file;
    use super::{Flow, split_list};

    #[test]
    fn lists_as_people_write_them() {
        for text in ["a,b", "a b", "a, b", " a ,\tb ,", r#"["a","b"]"#, r#"["a, b"]"#, "[a,b]"] {
            assert_eq!(split_list(text), ["a", "b"], "{text}");
        }
        assert!(split_list(" , ").is_empty());
    }

    #[test]
    fn a_flow_is_the_word_of_its_file() {
        for (flow, word) in [(Flow::Oauth, "oauth"), (Flow::Jwt, "jwt")] {
            assert_eq!((flow.name(), Flow::parse(word)), (word, Some(flow)));
        }
        assert_eq!(Flow::parse("OAuth"), None);
    }

    #[test]
    fn each_secret_counts_by_where_it_is() {
        const OTHERS: &str = "client_id = \"c\"\nclient_secrets = [{ store = true }]\n";
        for (key, may_ask) in [
            ("client_secrets", true),
            ("private_key", true),
            ("private_key_passphrase", true),
            // Whoever waits for the engine's is no person.
            ("shared_cache_password", false),
        ] {
            let with = |reference: &str| {
                let value = if key == "client_secrets" { format!("[{reference}]") } else { reference.to_owned() };
                let others = if key == "client_secrets" { "client_id = \"c\"\n" } else { OTHERS };
                let scopes = "scopes = [\"openid\"]\n";
                of_file(&format!("{others}{scopes}{key} = {value}\n"), &[]).unwrap()
            };
            let of_variable = with("{ env = \"OWN\" }");
            assert_eq!(of_variable.secret_variables().collect::<Vec<_>>(), ["OWN"], "{key}");
            assert!(!of_variable.asks_somebody());
            for reference in ["{ keyring = true }", "{ command = [\"op\"] }"] {
                assert_eq!(with(reference).asks_somebody(), may_ask, "{key} = {reference}");
                assert_eq!(with(reference).secret_variables().count(), 0);
            }
        }
    }
}
