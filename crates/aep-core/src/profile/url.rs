//! The base address of IMS or of the platform: scheme, host, port and nothing else.
//!
//! `http` is accepted for loopback only, and loopback is a literal `127.0.0.0/8`, `[::1]` or exactly `localhost`, never
//! a name that merely resolves there.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Error, Result};

/// The protocol of a [`BaseUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain text; loopback only.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// The port that goes without saying.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A host and a port as a request names them: lower case, `[…]` around IPv6, the port always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The host name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Authority {
    /// Parses `host` or `host:port`. User information, an empty host or label, a trailing dot, and anything that is
    /// neither a name nor an address give `None`.
    pub fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (host, port) = if text.starts_with('[') {
            let end = text.find(']')?;
            (&text[..=end], &text[end + 1..])
        } else {
            text.split_at(text.find(':').unwrap_or(text.len()))
        };
        let port = match port {
            "" => default_port,
            _ => parse_port(port.strip_prefix(':')?)?,
        };
        is_host(host).then(|| Self { host: host.to_ascii_lowercase(), port })
    }

    /// What is wrong with a text that is none.
    pub(crate) fn fault(text: &str) -> &'static str {
        let is_host = |host: &str| Self::parse(host, 1).is_some();
        match text.rsplit_once(':') {
            Some((host, _)) if is_host(host) => "expected a port from 1 to 65535 after the host",
            _ => "expected a host name",
        }
    }

    /// As a profile's `hosts` name it: without the port of https.
    pub fn to_listed(&self) -> String {
        match self.port {
            443 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }

    /// Whether this is the machine itself, by a literal address or the name `localhost`.
    pub fn is_loopback(&self) -> bool {
        if let Some(address) = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
        }
        self.host == "localhost" || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?.filter(|port| *port != 0)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

/// `https://host[:port]`, or `http://` for loopback.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
}

impl BaseUrl {
    /// Parses an address as people write it: a bare host means https, a trailing slash is dropped. `what` names the
    /// setting in the error.
    ///
    /// # Errors
    /// Configuration, for any other scheme, `http` to anything but loopback, user information, a path or a query.
    pub fn parse(what: &str, text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::configuration(format!("{what} is `{}`: {why}", without_user(text)))
                .with_hint("write it like https://ims-na1.adobelogin.com")
        };
        let trimmed = text.trim();
        if crate::secret::is_adobes(trimmed) {
            return Err(Error::configuration(format!(
                "{what} is a client secret (not shown), where an address belongs"
            )));
        }
        let (scheme, rest) = match trimmed.split_once("://") {
            None => (Scheme::Https, trimmed),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some(_) => return Err(refuse("the scheme must be https")),
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains('@') {
            return Err(refuse("it must not hold a user name"));
        }
        if rest.contains(['/', '?', '#', '\\']) {
            return Err(refuse("expected a host without a path"));
        }
        let authority = Authority::parse(rest, scheme.default_port()).ok_or_else(|| refuse(Authority::fault(rest)))?;
        if scheme == Scheme::Http && !authority.is_loopback() {
            return Err(refuse("http is for loopback only, use https"));
        }
        Ok(Self { scheme, authority })
    }

    /// The protocol.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether this is the machine itself.
    pub fn is_loopback(&self) -> bool {
        self.authority.is_loopback()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Authority { host, port } = &self.authority;
        write!(f, "{}://{host}", self.scheme.name())?;
        if *port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{port}") }
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A web address: where it leads, and what is asked for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme, host and port.
    pub base: BaseUrl,
    /// Path and query, from the slash on.
    pub target: String,
}

impl Address {
    /// Parses `https://host[:port][/path][?query]`; a fragment is dropped. `None` for user information, a backslash
    /// before the path, or anything that is no web address. It may be of any host: whether a token may go there, the
    /// profile's hosts say.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let rest = rest.split('#').next()?;
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = Authority::parse(authority, scheme.default_port())?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        Some(Self { base: BaseUrl { scheme, authority }, target: format!("{slash}{target}") })
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// The query, without its mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.base, self.target)
    }
}

/// The address as it may be shown: what stands before an `@` could be a password.
pub(crate) fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_and_written_one_way() {
        for (text, shown) in [
            ("ims-na1.adobelogin.com", "https://ims-na1.adobelogin.com"),
            ("https://IMS-NA1.adobelogin.com/", "https://ims-na1.adobelogin.com"),
            ("https://h.example:443", "https://h.example"),
            ("https://h.example:8443/", "https://h.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            (" https://h.example ", "https://h.example"),
        ] {
            assert_eq!(BaseUrl::parse("ims_url", text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn refused_with_a_sentence() {
        for text in [
            "http://ims-na1.adobelogin.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.example",
            "http://localhost.",
            "http://0177.0.0.1",
            "ftp://h.example",
            "ftp://127.0.0.1",
            "https://user:pass@h.example",
            "https://h.example/path",
            "https://h.example?x=1",
            "https://h.example#x",
            "https://h.example\\@evil.example",
            "https://",
            "",
            "https://h..example",
            "https://h.example:0",
            "https://h.example:65536",
            "https://h.example:+80",
            "https://h.example:",
            "https://h example",
            "https://h.example\r\nX: y",
            "https://[::1",
            "javascript:alert(1)",
        ] {
            assert!(BaseUrl::parse("ims_url", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_shows_no_password() {
        let refusal = BaseUrl::parse("ims_url", "https://user:marker@h.example").unwrap_err();
        assert!(!refusal.message().contains("marker"), "{refusal}");
        assert!(refusal.message().contains("…@h.example"), "{refusal}");
        assert_eq!(without_user("h.example"), "h.example");
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for (text, is_loopback) in
            [("http://127.9.9.9:80", true), ("https://[::1]", true), ("https://h.example", false)]
        {
            let base = BaseUrl::parse("ims_url", text).unwrap();
            assert_eq!(base.is_loopback(), is_loopback, "{text}");
            assert_eq!(format!("{base:?}"), base.to_string());
        }
    }

    #[test]
    fn an_address_is_where_it_leads_and_what_is_asked_for_there() {
        for (text, shown, path, query) in [
            ("https://h.example", "https://h.example/", "/", None),
            ("HTTPS://H.example:443?a=?#b", "https://h.example/?a=?", "/", Some("a=?")),
            ("http://h.example:8080/A/@b?", "http://h.example:8080/A/@b?", "/A/@b", Some("")),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.path(), address.query()), (shown, path, query), "{text}");
        }
        for text in ["h.example/", "ftp://h.example/", "https://u@h.example/", "https://h.example\\@evil.example/"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
