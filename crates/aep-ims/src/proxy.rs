//! Which proxy a request goes through, as curl reads the variables.
//!
//! ureq takes any of the variables for any scheme and reads `NO_PROXY` differently, so the choice is made here. Loopback
//! is never proxied. See <https://curl.se/docs/manpage.html#ENVIRONMENT>.

use aep_core::url::{Authority, BaseUrl, Scheme};
use aep_core::{Environment, Error, Result};

/// The proxy for a request to `target`, if any.
///
/// # Errors
/// Configuration, when the variable holds no address of an HTTP proxy; the message holds no password.
pub(crate) fn choose(environment: &Environment, target: &BaseUrl) -> Result<Option<ureq::Proxy>> {
    if target.is_loopback() || target.scheme() == Scheme::Http {
        return Ok(None);
    }
    let Some((variable, address)) = first_set(environment, &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?
    else {
        return Ok(None);
    };
    if let Some((_, list)) = first_set(environment, &["no_proxy", "NO_PROXY"])?
        && is_excepted(&list, target.authority())
    {
        return Ok(None);
    }
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", &address));
    let scheme = scheme.to_ascii_lowercase();
    let refuse = |why: &str| {
        let like = format!("write it like {variable}=http://proxy.example:3128");
        let encoded = "in a user's name or password write @ as %40, / as %2F, # as %23, ? as %3F and \\ as %5C";
        let hint = if address.contains('@') { format!("{like}; {encoded}") } else { like };
        Error::configuration(format!("{variable} cannot be used: {why}")).with_hint(hint)
    };
    if scheme != "http" && scheme != "https" {
        return Err(refuse("only http and https proxies are supported"));
    }
    // What stands before such an `@` is a password that was cut, and would be taken for a host and shown.
    if rest.split_once(['/', '?', '#']).is_some_and(|(_, beyond)| beyond.contains('@')) {
        return Err(refuse("a user's name or password in it is not percent-encoded"));
    }
    ureq::Proxy::new(&format!("{scheme}://{rest}")).map(Some).map_err(|_| refuse("it is no address of a proxy"))
}

fn first_set(environment: &Environment, names: &[&'static str]) -> Result<Option<(&'static str, String)>> {
    for &name in names {
        if let Some(value) = environment.text(name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// Entries are separated by commas or blanks; each is `*`, a name (which covers the names below it), an address, or one
/// of these with a port.
fn is_excepted(list: &str, target: &Authority) -> bool {
    list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let entry = entry.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
        let Some(excepted) = Authority::parse(entry, target.port) else { return false };
        let is_below = || {
            // The end of an address is no domain: `0.0.1` covers nothing below it.
            target.host.strip_suffix(excepted.host.as_str()).is_some_and(|left| left.ends_with('.'))
                && target.host.parse::<std::net::IpAddr>().is_err()
        };
        excepted.port == target.port && (excepted.host == target.host || is_below())
    })
}

/// Whether a proxy is set, and the user's list of exceptions names the target.
pub(crate) fn is_passed_by(environment: &Environment, target: &BaseUrl) -> bool {
    let first = |names: &[&'static str]| first_set(environment, names).ok().flatten();
    !target.is_loopback()
        && first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]).is_some()
        && first(&["no_proxy", "NO_PROXY"]).is_some_and(|(_, list)| is_excepted(&list, target.authority()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_proxied(target: &str, variables: &[(&str, &str)]) -> bool {
        let target = BaseUrl::parse("target", target).unwrap();
        choose(&Environment::from_pairs(variables.iter().copied()), &target).unwrap().is_some()
    }

    #[test]
    fn the_variables_of_curl() {
        let target = "https://ims.example.com";
        for variable in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            for address in ["http://p:3128", "p:3128", "http://user:word@p:3128"] {
                assert!(is_proxied(target, &[(variable, address)]), "{variable} {address}");
            }
        }
        assert!(!is_proxied(target, &[]));
        assert!(!is_proxied(target, &[("HTTP_PROXY", "http://p:3128")]));
    }

    #[test]
    fn loopback_is_never_proxied() {
        for target in ["https://localhost:8443", "http://127.0.0.1:80", "https://[::1]"] {
            assert!(!is_proxied(target, &[("ALL_PROXY", "http://p:3128")]), "{target}");
        }
    }

    #[test]
    fn exceptions_as_people_write_them() {
        let with = |list| is_proxied("https://ims.example.com", &[("HTTPS_PROXY", "p:1"), ("NO_PROXY", list)]);
        for list in [
            "*",
            "ims.example.com",
            "example.com",
            ".example.com",
            "*.example.com",
            "a, example.com",
            "a example.com",
            "IMS.example.com:443",
            "example.com:443",
        ] {
            assert!(!with(list), "{list}");
        }
        for list in ["s.example.com", "ample.com", "example.com:8443", "com.example", "10.0.0.0/8", "ims.example.org"] {
            assert!(with(list), "{list}");
        }
    }

    #[test]
    fn the_end_of_an_address_is_no_exception() {
        let with = |list| is_proxied("https://10.0.0.1", &[("HTTPS_PROXY", "p:1"), ("NO_PROXY", list)]);
        for list in ["10.0.0.1", "10.0.0.1:443", "192.0.2.1,10.0.0.1"] {
            assert!(!with(list), "{list}");
        }
        for list in ["0.0.1", ".0.0.1", "*.0.0.1", "0.1", "1", "0.0.0.1", "110.0.0.1", "10.0.0.1:8443", "10.0.0.10"] {
            assert!(with(list), "{list}");
        }
    }

    #[test]
    fn a_refusal_shows_no_password() {
        let target = BaseUrl::parse("target", "https://h.example").unwrap();
        for address in [
            "socks5://user:marker@p:1",
            "http://user:marker@ p",
            "ftp://user:marker@p",
            "http://user:word@marker/x@p:1",
            "http://user:7/marker@p:1",
            "user:7#marker@p:1",
            "http://user:7?marker@p:1",
            "http://CORP\\user:marker@p:1",
        ] {
            let refusal = choose(&Environment::from_pairs([("HTTPS_PROXY", address)]), &target).unwrap_err();
            let told = format!("{refusal} {:?}", refusal.hint());
            assert!(!told.contains("marker") && !told.contains("user:") && told.contains("%40"), "{told}");
        }
        for address in ["http://user:w%2Frd@p:1", "HTTP://p:1", "Https://p:1/", "http://CORP%5Cuser:w@p:1"] {
            assert!(is_proxied("https://h.example", &[("HTTPS_PROXY", address)]), "{address}");
        }
    }
}
