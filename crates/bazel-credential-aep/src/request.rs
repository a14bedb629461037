//! What the caller asks for: headers for an address.

use aep_core::url::{Authority, Scheme};
use aep_core::{Error, Profile, Result, terminal};
use serde_json::Value;

/// Reads the address of a request; unknown properties are ignored, as the specification asks.
///
/// # Errors
/// Usage, when it is no request; refused, when the address can be nobody's.
pub fn read(bytes: &[u8]) -> Result<(Scheme, Authority)> {
    let no_request = |why: &str| {
        Error::usage(format!("standard input holds no request: {why}"))
            .with_hint("echo '{\"uri\":\"https://platform.adobe.io/\"}' | bazel-credential-aep get")
    };
    let request: Value = serde_json::from_slice(bytes).map_err(|_| no_request("it is not valid JSON"))?;
    let uri = request.get("uri").and_then(Value::as_str).ok_or_else(|| no_request("it has no uri"))?;
    place(uri).ok_or_else(|| {
        Error::refused(format!("{} is no address that a token may go to", terminal::clean_within(uri, 200)))
            .with_hint("expected https://host/…, without a user name")
    })
}

/// The refusal of an address that is not one of the profile's; the cure keeps those that are.
pub(crate) fn refuse(authority: &Authority, profile: &Profile) -> Error {
    let asked = format!("{}:{}", authority.host, authority.port);
    let error = Error::refused(format!("{asked} is not one of the hosts of profile {}", profile.name()));
    let Some(name) = profile.file_name() else {
        return error.with_hint("an identity from the environment has the hosts of AEP_PLATFORM_URL alone");
    };
    let asked = asked.strip_suffix(":443").unwrap_or(&asked);
    let hosts: Vec<String> =
        profile.hosts.to_texts().iter().map(String::as_str).chain([asked]).map(|host| format!("\"{host}\"")).collect();
    error.with_hint(format!("if the token may go there: aep-auth profile set {name} hosts='[{}]'", hosts.join(", ")))
}

/// Scheme, host and port; `None` for user information, a backslash, or anything that is no web address.
fn place(uri: &str) -> Option<(Scheme, Authority)> {
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    Some((scheme, Authority::parse(authority, scheme.default_port())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_whatever_else_stands_there() {
        for (text, host, port) in [
            (r#"{"uri":"https://platform.adobe.io/data?x=1#y"}"#, "platform.adobe.io", 443),
            (r#"{"uri":"HTTPS://Platform.Adobe.IO","new":[1]}"#, "platform.adobe.io", 443),
            (r#"{"method":"GET","uri":"http://127.0.0.1:8080?a@b","headers":{}}"#, "127.0.0.1", 8080),
        ] {
            let (_, authority) = read(text.as_bytes()).unwrap();
            assert_eq!((authority.host.as_str(), authority.port), (host, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_request_and_what_is_nobodys() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "[]", "{}", r#"{"uri":1}"#, &deep] {
            assert_eq!(read(text.as_bytes()).unwrap_err().exit_code(), 2);
        }
        for uri in [
            "",
            "platform.adobe.io",
            "ftp://platform.adobe.io",
            "https://user@platform.adobe.io/",
            "https://platform.adobe.io@evil.example/",
            "https://platform.adobe.io\\\\@evil.example/",
            "https://platform.adobe.io./",
            "https:///",
            "https://platform.adobe.io:99999/",
        ] {
            let refusal = read(format!(r#"{{"uri":"{uri}"}}"#).as_bytes()).unwrap_err();
            assert_eq!(refusal.exit_code(), 4, "{uri}");
        }
    }
}
