//! The address of a fleet's engine: `rediss://[user[:password]@]host[:port][/database][?prefix=TEXT]`.
//!
//! It is checked wherever a profile is read, so that an address that would be refused later is refused at once. Only one
//! from the environment should hold a password; the type shows none.

use std::fmt;

use super::url::Authority;
use crate::secret::Secret;
use crate::{Error, Result};

/// The variable that stands in the place of a profile's address, and the one for its password.
pub(super) const VARIABLE: &str = "AEP_SHARED_CACHE";
pub(super) const PASSWORD_VARIABLE: &str = "AEP_SHARED_CACHE_PASSWORD";

const DEFAULT_PORT: u16 = 6379;
const DEFAULT_PREFIX: &str = "aep:";

/// An engine's address.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedCacheUrl {
    authority: Authority,
    is_tls: bool,
    user: String,
    password: Option<Secret>,
    database: u16,
    prefix: String,
}

impl SharedCacheUrl {
    /// Parses an address; `source` names the key or the variable in errors.
    ///
    /// # Errors
    /// Configuration; the message holds no password.
    pub fn parse(source: &str, text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            let password = if source == VARIABLE { PASSWORD_VARIABLE } else { "shared_cache_password" };
            Error::configuration(format!("{source} cannot be used: {why}"))
                .with_hint(format!("write it like rediss://cache.example:6379/0, its password as {password}"))
        };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(|| refuse("expected rediss://host:port"))?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "rediss" | "valkeys" => true,
            "redis" | "valkey" => false,
            _ => return Err(refuse("the scheme must be rediss, or redis on loopback")),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = place.rsplit_once('@').unwrap_or(("", place));
        let authority = Authority::parse(place, DEFAULT_PORT).ok_or_else(|| refuse(Authority::fault(place)))?;
        if !is_tls && !authority.is_loopback() {
            return Err(refuse("redis:// is plain text and for loopback only; use rediss://"));
        }
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        if !is_encoded(user) || !is_encoded(password) {
            return Err(refuse("the user or password is not well encoded"));
        }
        let database = match database.trim_end_matches('/') {
            "" => 0,
            digits => digits.parse::<u16>().map_err(|_| refuse("the database is a number"))?,
        };
        let prefix = match query {
            "" => DEFAULT_PREFIX,
            _ => query
                .strip_prefix("prefix=")
                .filter(|prefix| prefix.len() <= 64 && prefix.bytes().all(is_plain))
                .ok_or_else(|| refuse("after `?` only prefix=NAME is known"))?,
        };
        Ok(Self {
            authority,
            is_tls,
            user: user.to_owned(),
            password: Some(password).filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned())),
            database,
            prefix: prefix.to_owned(),
        })
    }

    /// Host and port.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether the connection is TLS.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The user, percent-encoded as it was written; empty for the engine's default one.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A password in the address itself, percent-encoded as it was written.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The number of the database.
    pub fn database(&self) -> u16 {
        self.database
    }

    /// What every name of ours on the engine begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// Without user and password.
impl fmt::Display for SharedCacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "rediss" } else { "redis" };
        write!(f, "{scheme}://{}:{}/{}", self.authority.host, self.authority.port, self.database)
    }
}

impl fmt::Debug for SharedCacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":._-".contains(&byte)
}

/// Whether every `%` begins an encoded byte.
fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for (text, shown, user) in [
            ("rediss://cache.example", "rediss://cache.example:6379/0", ""),
            ("rediss://app:x@cache.example:6380/3", "rediss://cache.example:6380/3", "app"),
            ("REDISS://:word@cache.example/", "rediss://cache.example:6379/0", ""),
            ("redis://127.0.0.1:7000", "redis://127.0.0.1:7000/0", ""),
            ("redis://localhost/1?prefix=team:", "redis://localhost:6379/1", ""),
            ("redis://[::1]:7000", "redis://[::1]:7000/0", ""),
        ] {
            let address = SharedCacheUrl::parse("shared_cache", text).unwrap();
            assert_eq!((address.to_string().as_str(), address.user()), (shown, user), "{text}");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let address = SharedCacheUrl::parse("shared_cache", "rediss://app:marker%40@h").unwrap();
        assert_eq!(address.password().unwrap().expose(), "marker%40");
        assert!(!format!("{address} {address:?}").contains("marker"));
    }

    #[test]
    fn plain_text_stays_on_this_machine_and_no_refusal_shows_a_password() {
        for text in [
            "redis://cache.example",
            "redis://u:marker@10.0.0.1",
            "redis://127.0.0.1.evil.example",
            "cache.example:6379",
            "http://cache.example",
            "rediss://",
            "rediss://u:marker@",
            "rediss://h/x",
            "rediss://h?tls=no",
            "rediss://u:%zz@h",
            "rediss://u:%a@h",
            "rediss://h?prefix=a b",
        ] {
            let refusal = SharedCacheUrl::parse("shared_cache", text).unwrap_err();
            assert!(!refusal.message().contains("marker"), "{refusal}");
        }
    }

    #[test]
    fn what_an_address_says_beside_the_host() {
        let long = format!("rediss://h?prefix={}", "x".repeat(64));
        for (text, is_tls, database, prefix) in [
            ("rediss://h", true, 0, "aep:"),
            ("valkeys://h:7000/3/", true, 3, "aep:"),
            ("redis://localhost/15?prefix=team:", false, 15, "team:"),
            ("valkey://localhost/?prefix=a.b_c-1", false, 0, "a.b_c-1"),
            (long.as_str(), true, 0, &long[18..]),
        ] {
            let address = SharedCacheUrl::parse("shared_cache", text).unwrap();
            assert_eq!((address.is_tls(), address.database(), address.prefix()), (is_tls, database, prefix), "{text}");
            assert_eq!(format!("{address:?}"), address.to_string());
        }
        assert!(SharedCacheUrl::parse("shared_cache", &format!("{long}x")).is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, why) in [
            ("redis://127.0.0.1:99999", "expected a port from 1 to 65535 after the host"),
            ("rediss://[::1]:0", "expected a port from 1 to 65535 after the host"),
            ("rediss://cache.example:x", "expected a port from 1 to 65535 after the host"),
            ("rediss://:6379", "expected a host name"),
            ("rediss://::1", "expected a host name"),
        ] {
            let refusal = SharedCacheUrl::parse("shared_cache", text).unwrap_err();
            assert!(refusal.message().ends_with(why), "{text}: {refusal}");
        }
    }
}
