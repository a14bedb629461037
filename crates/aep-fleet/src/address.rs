//! Where the engine is: `rediss://[user@]host[:port][/database][?prefix=TEXT]`.

use aep_core::secret::Secret;
use aep_core::url::Authority;
use aep_core::{Error, Profile, Result};

const DEFAULT_PORT: u16 = 6379;
const DEFAULT_PREFIX: &str = "aep:";

/// An engine's address. The password is elsewhere, unless the address came from the environment and holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(crate) authority: Authority,
    pub(crate) is_tls: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) database: i64,
    pub(crate) prefix: String,
}

impl Address {
    /// The engine of a profile, if it names one.
    ///
    /// # Errors
    /// Configuration, when the address is none, or is plain text to another machine.
    pub fn of(profile: &Profile) -> Result<Option<Self>> {
        profile.shared_cache.as_deref().map(Self::parse).transpose()
    }

    /// Whether the address itself holds a password, as only one from the environment should.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Parses an address.
    ///
    /// # Errors
    /// Configuration; the message holds no password.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::configuration(format!("shared_cache cannot be used: {why}"))
                .hint("write it like rediss://cache.example:6379/0, its password as shared_cache_password")
        };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(|| refuse("expected rediss://host:port"))?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "rediss" | "valkeys" => true,
            "redis" | "valkey" => false,
            _ => return Err(refuse("the scheme must be rediss, or redis on loopback")),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (user, place),
            None => ("", place),
        };
        let authority = Authority::parse(place, DEFAULT_PORT).ok_or_else(|| refuse("expected a host name"))?;
        if !is_tls && !authority.is_loopback() {
            return Err(refuse("redis:// is plain text and for loopback only; use rediss://"));
        }
        let (user, password) = user.split_once(':').map_or((user, ""), |(user, password)| (user, password));
        let plain =
            |text: &str| percent_decoded(text).ok_or_else(|| refuse("the user or password is not well encoded"));
        let database = match database.trim_end_matches('/') {
            "" => 0,
            digits => digits.parse::<u16>().map_err(|_| refuse("the database is a number"))?.into(),
        };
        let prefix = match query {
            "" => DEFAULT_PREFIX.to_owned(),
            _ => query
                .strip_prefix("prefix=")
                .filter(|prefix| {
                    prefix.len() <= 64 && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b":._-".contains(&b))
                })
                .ok_or_else(|| refuse("after `?` only prefix=NAME is known"))?
                .to_owned(),
        };
        Ok(Self {
            authority,
            is_tls,
            user: Some(plain(user)?).filter(|user| !user.is_empty()),
            password: Some(plain(password)?).filter(|password| !password.is_empty()).map(Secret::new),
            database,
            prefix,
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_tls { "rediss" } else { "redis" };
        write!(f, "{scheme}://{}:{}/{}", self.authority.host, self.authority.port, self.database)
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for (text, shown, user) in [
            ("rediss://cache.example", "rediss://cache.example:6379/0", None),
            ("rediss://app@cache.example:6380/3", "rediss://cache.example:6380/3", Some("app")),
            ("REDISS://:word@cache.example/", "rediss://cache.example:6379/0", None),
            ("redis://127.0.0.1:7000", "redis://127.0.0.1:7000/0", None),
            ("redis://localhost/1?prefix=team:", "redis://localhost:6379/1", None),
            ("redis://[::1]:7000", "redis://[::1]:7000/0", None),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.user.as_deref()), (shown, user), "{text}");
        }
        let address = Address::parse("rediss://app:w%40rd@h").unwrap();
        assert_eq!(address.password.unwrap().expose(), "w@rd");
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
            "rediss://h?prefix=a b",
        ] {
            let refusal = Address::parse(text).unwrap_err();
            assert!(!refusal.message().contains("marker"), "{refusal}");
        }
    }
}
