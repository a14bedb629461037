//! Query Service: where its Postgres is, as the platform tells it to the holder of a token.
//!
//! The answer names the server that the token is sent to next, so that it is believed only for Adobe's own hosts.

use std::time::Duration;

use aep_core::headers::Header;
use aep_core::url::{Authority, BaseUrl};
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::answer::short;
use crate::gateway;
use crate::http::Http;

const PATH: &str = "/data/foundation/query/connection_parameters";
/// Where nothing better is known.
const PERMISSIONS: &str = "aep-auth check; the credential needs the permissions of Query Service in this sandbox";
/// Below these Adobe's Query Service answers.
const ADOBE: [&str; 2] = [".adobe.io", ".adobe.net"];
/// Longer names are none.
const LONGEST: usize = 255;

/// Where an organization's Query Service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryParameters {
    /// The host; an IPv6 address without brackets, as libpq has it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database, such as `prod:all`.
    pub database: String,
    /// The user, which is the organization.
    pub user: String,
}

/// What the platform answered.
pub struct Answered {
    /// Where Query Service is.
    pub parameters: QueryParameters,
    /// The token in a shorter form, where there is one.
    pub compressed_token: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

impl QueryParameters {
    /// Reads them from an answer or from a note of ours; both are believed alike.
    ///
    /// # Errors
    /// Unreachable, for a host that is none of Adobe's (loopback only where the platform is), a missing value, and one
    /// with control characters.
    pub fn from_json(value: &Value, platform: &BaseUrl) -> Result<Self> {
        let text = |name: &str| match value.get(name).and_then(Value::as_str) {
            None | Some("") => Err(nonsense(platform, &format!("without `{name}`"))),
            Some(text) if text.chars().any(char::is_control) => {
                Err(nonsense(platform, &format!("with control characters in `{name}`")))
            }
            Some(text) if text.len() > LONGEST => Err(nonsense(platform, &format!("with an endless `{name}`"))),
            Some(text) => Ok(text),
        };
        let host = host(text("host")?, platform)?;
        let port = match value.get("port") {
            Some(Value::String(digits)) => digits.parse().ok(),
            Some(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
            None => None,
        };
        let port = port.filter(|port| *port != 0).ok_or_else(|| nonsense(platform, "without a `port`"))?;
        // libpq and its kin take a name with these for a whole connection, to another host.
        let database = text("dbName")?;
        if database.contains('=') || database.contains("://") {
            return Err(nonsense(platform, "whose `dbName` is no name"));
        }
        Ok(Self { host, port, database: database.to_owned(), user: text("username")?.to_owned() })
    }

    /// Writes them as [`Self::from_json`] reads them.
    pub fn to_json(&self) -> Value {
        let Self { host, port, database, user } = self;
        serde_json::json!({"host": host, "port": port, "dbName": database, "username": user})
    }
}

/// The host, if the token may go there.
fn host(text: &str, platform: &BaseUrl) -> Result<String> {
    let refuse = || {
        nonsense(platform, &format!("with the host {}, which is none of Adobe's", short(text)))
            .with_hint("the token is sent to *.adobe.io and *.adobe.net alone; aep-auth doctor")
    };
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let written = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let authority = Authority::parse(&written, 1).ok_or_else(refuse)?;
    let is_adobes = ADOBE.iter().any(|suffix| authority.host.ends_with(suffix));
    if is_adobes || (authority.is_loopback() && platform.is_loopback()) {
        Ok(authority.host.trim_matches(['[', ']']).to_owned())
    } else {
        Err(refuse())
    }
}

fn nonsense(platform: &BaseUrl, what: &str) -> Error {
    Error::unreachable(format!("{platform} answered connection parameters {what}"))
        .with_hint("check that the organization has Query Service; aep-auth doctor looks at the address")
}

/// Asks the platform where Query Service is.
///
/// # Errors
/// Refused, with the gateway's words and a cure; unreachable, when there is no answer or none of the platform.
pub fn query_parameters(
    http: &Http<'_>,
    context: &Context,
    profile: &Profile,
    headers: &[Header],
    budget: Duration,
) -> Result<Answered> {
    let body = gateway::get(http, context, profile, PATH, "application/json", headers, budget);
    let body = body.map_err(|error| match (&error, error.hint()) {
        (Error::Refused(_), None) => error.with_hint(PERMISSIONS),
        _ => error,
    })?;
    let parameters = QueryParameters::from_json(&body, http.base())?;
    let compressed = body.get("compressedToken").and_then(Value::as_str);
    let compressed = compressed.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    Ok(Answered { parameters, compressed_token: compressed.map(|token| Zeroizing::new(token.to_owned())) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn platform(loopback: bool) -> BaseUrl {
        let url = if loopback { "http://127.0.0.1:8080" } else { "https://platform.adobe.io" };
        BaseUrl::parse("platform_url", url).unwrap()
    }

    fn read(change: &Value, loopback: bool) -> Result<QueryParameters> {
        let mut answer =
            json!({"host": "acme.platform-query.adobe.io", "port": 80, "dbName": "prod:all", "username": "A@AdobeOrg"});
        for (name, value) in change.as_object().unwrap() {
            answer[name] = value.clone();
        }
        QueryParameters::from_json(&answer, &platform(loopback))
    }

    #[test]
    fn what_is_read_is_written_and_read_again() {
        let parameters = read(&json!({}), false).unwrap();
        assert_eq!(parameters.host, "acme.platform-query.adobe.io");
        assert_eq!(QueryParameters::from_json(&parameters.to_json(), &platform(false)).unwrap(), parameters);
        for (port, number) in [(json!(1), 1), (json!(65535), 65535), (json!("5432"), 5432)] {
            assert_eq!(read(&json!({"port": port}), false).unwrap().port, number);
        }
    }

    #[test]
    fn the_token_goes_to_adobe_alone() {
        for host in ["a.adobe.io", "A.B.Adobe.Net", "x.platform-query-va7.adobe.io"] {
            assert!(read(&json!({"host": host}), false).is_ok(), "{host}");
        }
        for host in [
            "adobe.io",
            "adobe.net",
            ".adobe.io",
            "evil-adobe.io",
            "a.adobe.io.evil.example",
            "a.adobe.io.",
            "a.adobe.io:80",
            "a.adobe.io,evil.example",
            "/tmp/.adobe.io",
            "u@a.adobe.io",
            "a b.adobe.io",
            "a.adobe.com",
            "10.0.0.1",
            "127.0.0.1",
            "localhost",
            "::1",
        ] {
            assert_eq!(read(&json!({"host": host}), false).unwrap_err().exit_code(), 5, "{host}");
        }
        for (host, read_as) in
            [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "::1"), ("[::1]", "::1")]
        {
            assert_eq!(read(&json!({"host": host}), true).unwrap().host, read_as);
        }
        for host in ["10.0.0.1", "evil.example", "127.0.0.1.evil.example"] {
            assert_eq!(read(&json!({"host": host}), true).unwrap_err().exit_code(), 5, "{host}");
        }
    }

    #[test]
    fn nonsense_is_no_answer() {
        for change in [
            json!({"host": null}),
            json!({"host": ""}),
            json!({"host": 5}),
            json!({"port": null}),
            json!({"port": 0}),
            json!({"port": 65536}),
            json!({"port": -1}),
            json!({"port": "x"}),
            json!({"dbName": ""}),
            json!({"dbName": "a\nb"}),
            json!({"dbName": "postgresql://127.0.0.1:26001/x?sslmode=disable"}),
            json!({"dbName": "host=127.0.0.1"}),
            json!({"username": "a\u{0}b"}),
            json!({"username": "a\u{7f}b"}),
            json!({"dbName": "x".repeat(300)}),
        ] {
            assert_eq!(read(&change, false).unwrap_err().exit_code(), 5, "{change}");
        }
    }
}
