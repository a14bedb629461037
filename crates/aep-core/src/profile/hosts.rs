//! Which hosts a helper may send the token to.
//!
//! A global helper is asked about every site there is; the token must reach the profile's own hosts and no other.

use super::url::{Authority, BaseUrl, Scheme};
use crate::{Error, Result};

/// How a profile writes the platform's regions.
const REGIONAL: &str = "platform-*.adobe.io";

/// Names of two labels and more below which anybody can have one. The whole list (<https://publicsuffix.org>) is larger
/// than a helper; these are the ones that a company's developer meets.
const PUBLIC_SUFFIXES: [&str; 40] = [
    "ac.uk",
    "appspot.com",
    "azureedge.net",
    "azurewebsites.net",
    "blob.core.windows.net",
    "cloudapp.net",
    "cloudfront.net",
    "co.in",
    "co.jp",
    "co.kr",
    "co.nz",
    "co.uk",
    "co.za",
    "com.au",
    "com.br",
    "com.cn",
    "com.mx",
    "com.sg",
    "com.tr",
    "elb.amazonaws.com",
    "execute-api.amazonaws.com",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "gov.uk",
    "herokuapp.com",
    "netlify.app",
    "ngrok.io",
    "ngrok-free.app",
    "onrender.com",
    "org.uk",
    "pages.dev",
    "run.app",
    "s3.amazonaws.com",
    "trafficmanager.net",
    "trycloudflare.com",
    "vercel.app",
    "web.app",
    "workers.dev",
];

/// The hosts of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostList {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exact(Authority),
    /// Any name that ends in this suffix, which starts with a dot.
    Below {
        suffix: String,
        port: u16,
    },
    /// `platform-va7.adobe.io` and its kind: two or three letters and a number name a region.
    RegionalPlatform,
}

impl HostList {
    /// The hosts of a profile that lists none: its platform, Experience Platform everywhere, and the Reactor API.
    pub fn default_for(platform: &BaseUrl) -> Self {
        let https = |host: &str| Pattern::Exact(Authority { host: host.to_owned(), port: 443 });
        let mut patterns = vec![https("platform.adobe.io"), Pattern::RegionalPlatform, https("reactor.adobe.io")];
        let own = Pattern::Exact(platform.authority().clone());
        if !patterns.contains(&own) {
            patterns.insert(0, own);
        }
        Self { patterns }
    }

    /// The hosts that a profile lists: `host`, `host:port` or `*.suffix` with at least two labels after the star.
    ///
    /// # Errors
    /// Configuration, when an item is none of these.
    pub fn parse(items: &[String]) -> Result<Self> {
        items.iter().map(|item| Pattern::parse(item)).collect::<Result<_>>().map(|patterns| Self { patterns })
    }

    /// Adds hosts that are written as a profile writes them; what is there already stays alone.
    pub(super) fn add<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for pattern in texts.into_iter().filter_map(|text| Pattern::parse(text).ok()) {
            if !self.patterns.contains(&pattern) {
                self.patterns.push(pattern);
            }
        }
    }

    /// Whether the token may go to this address: a listed host and port, by https; on loopback, which anybody on the
    /// machine can listen at, `http` will do, but it must be listed like any other.
    pub fn allow(&self, scheme: Scheme, authority: &Authority) -> bool {
        is_sealed(scheme, authority) && self.patterns.iter().any(|pattern| pattern.matches(authority))
    }

    /// The hosts as a profile writes them, in order; `platform-*` stands for the platform's regions.
    pub fn to_texts(&self) -> Vec<String> {
        self.patterns.iter().map(ToString::to_string).collect()
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(authority) => f.write_str(&authority.to_listed()),
            Self::Below { suffix, port } => {
                f.write_str(&Authority { host: format!("*{suffix}"), port: *port }.to_listed())
            }
            Self::RegionalPlatform => f.write_str(REGIONAL),
        }
    }
}

impl Pattern {
    fn parse(item: &str) -> Result<Self> {
        // What stands before an `@` could be a password.
        let shown = item.rsplit_once('@').map_or_else(|| item.to_owned(), |(_, host)| format!("…@{host}"));
        let refuse = |why: &str| {
            Error::configuration(format!("hosts: `{shown}`: {why}"))
                .with_hint("write a host, host:port, or *.corp.example")
        };
        if item == REGIONAL {
            return Ok(Self::RegionalPlatform);
        }
        let (name, wildcard) = match item.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (item, false),
        };
        let authority = Authority::parse(name, Scheme::Https.default_port())
            .ok_or_else(|| refuse("expected a host without scheme or path"))?;
        if !wildcard {
            return Ok(Self::Exact(authority));
        }
        if !authority.host.contains('.') || authority.host.ends_with(|c: char| c.is_ascii_digit()) {
            return Err(refuse("`*.` needs at least two labels after it"));
        }
        if PUBLIC_SUFFIXES.contains(&authority.host.as_str()) {
            return Err(refuse("anybody can have a name below it; name your own domain"));
        }
        Ok(Self::Below { suffix: format!(".{}", authority.host), port: authority.port })
    }

    fn matches(&self, asked: &Authority) -> bool {
        match self {
            Self::Exact(own) => own == asked,
            Self::Below { suffix, port } => {
                asked.port == *port && asked.host.len() > suffix.len() && asked.host.ends_with(suffix.as_str())
            }
            Self::RegionalPlatform => asked.port == 443 && is_regional_platform(&asked.host),
        }
    }
}

/// Whether nobody on the way can read what is sent there; where this is false, no list of hosts helps.
pub fn is_sealed(scheme: Scheme, authority: &Authority) -> bool {
    scheme == Scheme::Https || authority.is_loopback()
}

/// Whether a host, written as a profile writes it, covers this one.
pub(super) fn covers(text: &str, asked: &Authority) -> bool {
    Pattern::parse(text).is_ok_and(|pattern| pattern.matches(asked))
}

fn is_regional_platform(host: &str) -> bool {
    host.strip_prefix("platform-").and_then(|rest| rest.strip_suffix(".adobe.io")).is_some_and(|region| {
        let letters = region.bytes().take_while(u8::is_ascii_lowercase).count();
        let digits = region[letters..].bytes().take_while(u8::is_ascii_digit).count();
        (2..=3).contains(&letters) && (1..=2).contains(&digits) && letters + digits == region.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &HostList, url: &str) -> bool {
        let (scheme, rest) = url.split_once("://").unwrap();
        let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
        Authority::parse(rest, scheme.default_port()).is_some_and(|authority| list.allow(scheme, &authority))
    }

    #[test]
    fn the_default_is_experience_platform() {
        let platform = BaseUrl::parse("platform_url", "https://gateway.example:8443").unwrap();
        let list = HostList::default_for(&platform);
        for url in [
            "https://platform.adobe.io",
            "https://PLATFORM.adobe.io:443",
            "https://platform-va7.adobe.io",
            "https://platform-nld2.adobe.io",
            "https://platform-aus5.adobe.io",
            "https://platform-can2.adobe.io",
            "https://platform-gbr9.adobe.io",
            "https://reactor.adobe.io",
            "https://gateway.example:8443",
        ] {
            assert!(allows(&list, url), "{url}");
        }
        for url in [
            "http://platform.adobe.io",
            "https://platform.adobe.io:8443",
            "https://platform.adobe.io.evil.example",
            "https://platform.adobe.io.",
            "https://user@platform.adobe.io",
            "https://evil-platform.adobe.io",
            "https://platform-stage.adobe.io",
            "https://platform-int.adobe.io",
            "https://platform-va7.adobe.io:444",
            "https://platform-nld2.evil.adobe.io",
            "https://gateway.example",
            "https://adobe.io",
            "https://",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:9",
            "http://localhost",
            "http://localhost:18181",
            "https://[::1]:8443",
        ] {
            assert!(!allows(&list, url), "{url}");
        }
    }

    #[test]
    fn loopback_is_a_host_like_others() {
        let platform = BaseUrl::parse("platform_url", "http://127.0.0.1:8080").unwrap();
        for list in [HostList::default_for(&platform), HostList::parse(&["127.0.0.1:8080".to_owned()]).unwrap()] {
            assert!(allows(&list, "http://127.0.0.1:8080") && allows(&list, "https://127.0.0.1:8080"));
            for url in ["http://127.0.0.1:8081", "http://localhost:8080", "http://127.0.0.1", "https://127.0.0.1"] {
                assert!(!allows(&list, url), "{url}");
            }
        }
    }

    #[test]
    fn a_star_covers_names_below_and_nothing_else() {
        let list = HostList::parse(&["*.corp.example".to_owned(), "one.example:8443".to_owned()]).unwrap();
        for url in
            ["https://a.corp.example", "https://a.b.corp.example", "https://A.CORP.example", "https://one.example:8443"]
        {
            assert!(allows(&list, url), "{url}");
        }
        for url in [
            "https://corp.example",
            "https://evilcorp.example",
            "https://a.corp.example:8443",
            "http://a.corp.example",
            "https://.corp.example",
            "https://one.example",
            "https://platform.adobe.io",
        ] {
            assert!(!allows(&list, url), "{url}");
        }
    }

    #[test]
    fn what_is_added_counts_and_stands_there_once() {
        let mut list = HostList::parse(&["one.example".to_owned(), "*.corp.example:8443".to_owned()]).unwrap();
        assert!(!allows(&list, "https://two.example"));
        list.add(["two.example", "one.example:443", "two.example", "not a host", "platform-*.adobe.io"]);
        assert!(allows(&list, "https://two.example") && allows(&list, "https://platform-va7.adobe.io"));
        let texts = ["one.example", "*.corp.example:8443", "two.example", "platform-*.adobe.io"];
        assert_eq!(list.to_texts(), texts, "as a profile writes them: no port where it is the usual one");
    }

    #[test]
    fn a_list_must_name_hosts() {
        for item in [
            "*",
            "*.",
            "*.com",
            "*.*.example",
            "a.*.example",
            "https://a.example",
            "a.example/x",
            "",
            "u@a.example",
            "*.0.1",
            "*.co.uk",
            "*.GitHub.io",
        ] {
            assert!(HostList::parse(&[item.to_owned()]).is_err(), "{item}");
        }
    }

    #[test]
    fn no_listed_port_makes_http_safe() {
        let platform = BaseUrl::parse("platform_url", "https://gateway.example:8443").unwrap();
        let mut list = HostList::default_for(&platform);
        list.add(["*.corp.example:8080", "one.example:80"]);
        for host in ["gateway.example:8443", "a.corp.example:8080", "one.example:80", "platform.adobe.io:443"] {
            assert!(allows(&list, &format!("https://{host}")), "{host}");
            assert!(!allows(&list, &format!("http://{host}")), "{host}");
        }
    }
}
