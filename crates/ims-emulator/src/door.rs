//! The door: requests for this machine's own names alone, and none that a web page makes.
//!
//! A page in a browser can send a POST to any port of the machine, and by a name of its own that it points at 127.0.0.1
//! it could read the answers too. So the `Host` must be loopback (or a name that was given at start), and an `Origin`, which
//! browsers add and other clients do not, must be our own.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;

use crate::http::{Answer, Request};

/// Refuses what comes from elsewhere.
pub(crate) fn refuse(request: &Request, names: &[String]) -> Option<Answer> {
    let no = |status, why: &str| Some(Answer::json(status, &json!({"error": "refused", "error_description": why})));
    let mut hosts = request.headers.iter().filter(|(name, _)| name == "host").map(|(_, value)| value.as_str());
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return no(400, "expected one Host header") };
    if !is_ours(host, names) {
        return no(403, "the Host is not this machine");
    }
    if request.headers.iter().any(|(name, value)| name == "origin" && *value != request.base()) {
        return no(403, "requests of other origins are refused");
    }
    None
}

fn is_ours(host: &str, names: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_loopback = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        None => name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback()),
    };
    is_loopback || name.eq_ignore_ascii_case("localhost") || names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_given_names_are_ours_and_no_other() {
        let names = ["ims.example".to_owned()];
        for host in ["127.0.0.1", "127.0.0.1:80", "127.9.9.9:1", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8080"] {
            assert!(is_ours(host, &names), "{host}");
        }
        assert!(is_ours("ims.example:443", &names) && !is_ours("ims.example:443", &[]));
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "10.0.0.1",
            "0.0.0.0",
            "127.1",
            "::1",
            "[::2]",
            "localhost:x",
            "x@localhost",
        ] {
            assert!(!is_ours(host, &names), "{host}");
        }
    }
}
