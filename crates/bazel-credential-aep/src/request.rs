//! What the caller asks for: headers for an address.

use aep_core::url::Address;
use aep_core::{Error, Result, headers};
use serde_json::Value;

/// Reads the address of a request; unknown properties are ignored, as the specification asks.
///
/// # Errors
/// Usage, when it is no request; refused, when the address can be nobody's.
pub fn read(bytes: &[u8]) -> Result<Address> {
    let no_request = |why: &str| {
        Error::usage(format!("standard input holds no request: {why}")).with_hint(if cfg!(windows) {
            r#"'{"uri":"https://platform.adobe.io/"}' | bazel-credential-aep get"#
        } else {
            r#"echo '{"uri":"https://platform.adobe.io/"}' | bazel-credential-aep get"#
        })
    };
    let request: Value = serde_json::from_slice(bytes).map_err(|_| no_request("it is not valid JSON"))?;
    let uri = request.get("uri").and_then(Value::as_str).ok_or_else(|| no_request("it has no uri"))?;
    Address::parse(uri).ok_or_else(|| headers::no_address(uri))
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
            let address = read(text.as_bytes()).unwrap();
            let authority = address.base.authority();
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
