//! What the caller asks for: headers for an address.

use aep_core::url::{Authority, Scheme};
use aep_core::{Error, Result, terminal};
use serde_json::Value;

/// Reads the address of a request; unknown properties are ignored, as the specification asks.
///
/// # Errors
/// Usage, when it is no request; refused, when the address can be nobody's.
pub(crate) fn read(bytes: &[u8]) -> Result<(Scheme, Authority)> {
    let no_request = |why: &str| {
        Error::usage(format!("standard input holds no request: {why}"))
            .hint("echo '{\"uri\":\"https://platform.adobe.io/\"}' | bazel-credential-aep get")
    };
    let request: Value = serde_json::from_slice(bytes).map_err(|_| no_request("it is not valid JSON"))?;
    let uri = request.get("uri").and_then(Value::as_str).ok_or_else(|| no_request("it has no uri"))?;
    place(uri).ok_or_else(|| refuse(uri))
}

/// The refusal of an address.
pub(crate) fn refuse(uri: &str) -> Error {
    Error::refused(format!("{} is not the profile's to answer", terminal::clean_within(uri, 200))).hint(
        "the token goes to https on the profile's hosts alone; add one: aep-auth profile set NAME hosts='[\"…\"]'",
    )
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
    use aep_core::error::Kind;

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
            assert_eq!(read(text.as_bytes()).unwrap_err().kind(), Kind::Usage);
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
            assert_eq!(refusal.kind(), Kind::Refused, "{uri}");
        }
    }
}
