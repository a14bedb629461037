//! What Adobe's services want of a call: one table of hosts and headers, each fact with its source.
//!
//! The host of a call decides, and where two services share a host its path; a header of one service never goes to the
//! host of another. Hosts that are in no row are taken for Experience Platform, which they stand in for.

use super::Profile;
use super::hosts::covers;
use crate::url::Address;

/// What one service, or a part of it, wants.
#[derive(Debug)]
pub struct Service {
    /// The name in a profile.
    pub name: &'static str,
    /// Its hosts, as a profile writes them.
    hosts: &'static [&'static str],
    /// What its paths begin with, where it shares its hosts.
    below: &'static str,
    /// Whether it wants `x-api-key`.
    pub(crate) api_key: bool,
    /// The name of the organization's header.
    pub(crate) organization: Option<&'static str>,
    /// Whether it wants `x-sandbox-name`.
    pub(crate) sandbox: bool,
    /// Headers that are the same for everybody.
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    /// Headers of its own, whose values a profile tells.
    pub(crate) further: &'static [&'static str],
    /// The `Accept` of a call without one.
    accept: &'static str,
    /// Where this was learned.
    pub source: &'static str,
}

const ORGANIZATION: &str = "x-gw-ims-org-id";
const PLATFORM_HOSTS: &[&str] = &["platform.adobe.io", "platform-*.adobe.io"];
const ANY: &str = "*/*";
const JSON: &str = "application/json";

/// `x-api-key` and the organization.
const THREE_HEADERS: Service = Service {
    name: "",
    hosts: &[],
    below: "",
    api_key: true,
    organization: Some(ORGANIZATION),
    sandbox: false,
    fixed: &[],
    further: &[],
    accept: ANY,
    source: "",
};

const PLATFORM: Service = Service {
    name: "platform",
    hosts: PLATFORM_HOSTS,
    sandbox: true,
    source: "Experience League, Authenticate and access Experience Platform APIs",
    ..THREE_HEADERS
};

/// The table; of two rows that fit, the first counts.
pub static TABLE: &[Service] = &[
    Service {
        name: "privacy",
        hosts: PLATFORM_HOSTS,
        below: "/data/core/privacy/jobs",
        source: "AdobeDocs/experience-platform-apis, privacy-service.yaml",
        ..THREE_HEADERS
    },
    PLATFORM,
    Service {
        name: "edge",
        hosts: &["server.adobedc.net"],
        source: "AdobeDocs/data-collection-apis, interactive and non-interactive data collection (ee/v2)",
        ..THREE_HEADERS
    },
    Service {
        name: "streaming",
        hosts: &["dcs.adobedc.net"],
        api_key: false,
        organization: None,
        sandbox: true,
        source: "AdobeDocs/experience-platform-apis, streaming-ingestion.yaml",
        ..THREE_HEADERS
    },
    Service {
        name: "reactor",
        hosts: &["reactor.adobe.io"],
        fixed: &[("Accept", "application/vnd.api+json;revision=1")],
        accept: "application/vnd.api+json;revision=1",
        source: "AdobeDocs/experience-platform-apis, reactor.yaml; Reactor API guide, Getting started",
        ..THREE_HEADERS
    },
    Service {
        name: "analytics",
        hosts: &["analytics.adobe.io"],
        organization: None,
        further: &["x-proxy-global-company-id"],
        accept: JSON,
        source: "AdobeDocs/analytics-2.0-apis, Getting started (the company: GET /discovery/me)",
        ..THREE_HEADERS
    },
    Service {
        name: "cja",
        hosts: &["cja.adobe.io"],
        accept: JSON,
        source: "AdobeDocs/cja-apis, Getting started",
        ..THREE_HEADERS
    },
    Service {
        name: "cloudmanager",
        hosts: &["cloudmanager.adobe.io"],
        source: "AdobeDocs/cloudmanager-api-docs, Create an API integration",
        ..THREE_HEADERS
    },
    Service {
        name: "events",
        hosts: &["events-va6.adobe.io"],
        organization: Some("x-ims-org-id"),
        source: "AdobeDocs/adobe-io-events, Journaling API",
        ..THREE_HEADERS
    },
    Service {
        name: "events",
        hosts: &["eventsingress.adobe.io"],
        organization: None,
        source: "AdobeDocs/adobe-io-events, Events Publishing API",
        ..THREE_HEADERS
    },
    Service {
        name: "usermanagement",
        hosts: &["usermanagement.adobe.io"],
        organization: None,
        accept: JSON,
        source: "adobe-apiplatform/umapi-documentation, UM Authentication and API Overview (the organization is in the path)",
        ..THREE_HEADERS
    },
    Service {
        name: "mcp",
        hosts: &["aa-mcp.adobe.io"],
        further: &["x-global-company-id"],
        accept: "application/json, text/event-stream",
        source: "AdobeDocs/analytics-mcp",
        ..THREE_HEADERS
    },
    Service {
        name: "mcp",
        hosts: &["cja-mcp.adobe.io"],
        accept: "application/json, text/event-stream",
        source: "AdobeDocs/analytics-mcp",
        ..THREE_HEADERS
    },
];

impl Service {
    /// The service that lies at an address, of those that have hosts of their own; an address of the profile's platform
    /// counts as Experience Platform's.
    pub fn at(profile: &Profile, address: &Address) -> Option<&'static Self> {
        let authority = address.base.authority();
        let is_here = |row: &&Self| is_below(address.path(), row.below);
        let named = TABLE.iter().filter(is_here).find(|row| row.hosts.iter().any(|host| covers(host, authority)));
        named.or_else(|| {
            let is_platform = authority == profile.platform_url.authority();
            TABLE.iter().filter(is_here).find(|row| is_platform && row.hosts == PLATFORM_HOSTS)
        })
    }

    /// The `Accept` that a call without one gets.
    pub fn accept(&self, method: &str, path: &str) -> &'static str {
        if self.name == PLATFORM.name && method == "GET" { registry_accept(path).unwrap_or(ANY) } else { self.accept }
    }
}

/// What is taken for an address that is no service's.
pub(crate) static STAND_IN: Service = PLATFORM;

/// The hosts of these services.
pub(crate) fn hosts_of(names: &[String]) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|row| names.iter().any(|name| name == row.name)).flat_map(|row| row.hosts).copied()
}

/// The service to which a host belongs, for a cure.
pub(crate) fn name_for(address: &Address) -> Option<&'static str> {
    let authority = address.base.authority();
    TABLE.iter().find(|row| row.hosts.iter().any(|host| covers(host, authority))).map(|row| row.name)
}

/// Whether a header of the profile goes to this service: one that a service has as its own goes to no other.
pub(crate) fn takes_header(service: &Service, name: &str) -> bool {
    let is_in = |row: &Service| row.further.iter().any(|own| own.eq_ignore_ascii_case(name));
    is_in(service) || !TABLE.iter().any(is_in)
}

/// Whether a service of this name is known; else the names that there are. The name is not told.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), String> {
    if TABLE.iter().any(|row| row.name == name) {
        return Ok(());
    }
    let mut names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    Err(format!("one of these services is unknown; there are {}", names.join(", ")))
}

/// Whether this may stand in `headers`; else why not. The value is not told.
pub(crate) fn check_header(name: &str, value: &str) -> std::result::Result<(), &'static str> {
    const OWN: [&str; 9] = [
        "authorization",
        "proxy-authorization",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "x-api-key",
        "x-gw-ims-org-id",
        "x-sandbox-name",
    ];
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err("one of these headers is not set here: it has a key of its own, or is made for each call");
    }
    if !is_header_name(name) {
        return Err("expected names of headers: letters, digits and hyphens");
    }
    let is_visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if value.trim().is_empty() || value.len() > 1024 || !value.bytes().all(is_visible) {
        return Err("expected values of visible characters and blanks, 1024 at most");
    }
    Ok(())
}

/// Whether this is the name of a header (RFC 9110, section 5.6.2).
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 256
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The Schema Registry wants an `Accept` of its own for every GET: without a version for a list, with one for a resource.
/// Source: Schema Registry API, Getting started ("Accept header"); descriptors: `schema-registry.yaml`.
fn registry_accept(path: &str) -> Option<&'static str> {
    let below = path.strip_prefix("/data/foundation/schemaregistry/")?;
    let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["global" | "tenant", "descriptors"] => Some("application/vnd.adobe.xdm-v2+json"),
        ["global" | "tenant", "descriptors", _] => Some("application/vnd.adobe.xdm+json"),
        ["global" | "tenant", _, _] => Some("application/vnd.adobe.xed+json; version=1"),
        _ => Some("application/vnd.adobe.xed-id+json"),
    }
}

fn is_below(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| beginning.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_can_be_reached() {
        for row in TABLE {
            assert!(!row.name.is_empty() && !row.source.is_empty() && !row.hosts.is_empty(), "{row:?}");
            for host in row.hosts {
                let host = host.replace('*', "va7");
                let address = Address::parse(&format!("https://{host}{}", row.below)).unwrap();
                let found = TABLE
                    .iter()
                    .find(|row| {
                        row.hosts.iter().any(|host| covers(host, address.base.authority()))
                            && is_below(address.path(), row.below)
                    })
                    .unwrap();
                assert!(std::ptr::eq(found, row), "{host} is hidden");
            }
            for name in row.further {
                assert!(is_header_name(name) && TABLE.iter().filter(|other| other.further.contains(name)).count() == 1);
            }
        }
    }

    #[test]
    fn the_registry_wants_an_accept_of_its_own() {
        let base = "/data/foundation/schemaregistry/";
        for (path, accept) in [
            ("global/classes", "application/vnd.adobe.xed-id+json"),
            ("tenant/schemas/", "application/vnd.adobe.xed-id+json"),
            ("tenant/schemas/_x.schemas.1", "application/vnd.adobe.xed+json; version=1"),
            ("tenant/descriptors", "application/vnd.adobe.xdm-v2+json"),
        ] {
            assert_eq!(PLATFORM.accept("GET", &format!("{base}{path}")), accept, "{path}");
        }
        assert_eq!(PLATFORM.accept("POST", &format!("{base}tenant/schemas")), ANY);
        assert_eq!(PLATFORM.accept("GET", "/data/foundation/schemaregistryx/a"), ANY);
    }

    #[test]
    fn an_unknown_service_is_told_the_known_ones() {
        let refusal = check_name("cjaa").unwrap_err();
        for name in
            ["platform", "edge", "streaming", "reactor", "privacy", "analytics", "cja", "cloudmanager", "events"]
        {
            assert!(refusal.contains(name), "{refusal}");
            assert!(check_name(name).is_ok());
        }
    }

    fn at(url: &str) -> Address {
        Address::parse(url).unwrap()
    }

    #[test]
    fn the_host_decides_and_where_it_is_shared_the_path() {
        let own = "client_id = \"c\"\nplatform_url = \"https://gateway.example\"\n";
        let profile = crate::profile::resolve::tests::of_file(own, &[]).unwrap();
        let jobs = "/data/core/privacy/jobs";
        for (url, name, by_host) in [
            ("https://platform.adobe.io/data", Some("platform"), true),
            (&*format!("https://platform-va7.adobe.io{jobs}"), Some("privacy"), true),
            (&*format!("https://platform.adobe.io{jobs}/1?a=b"), Some("privacy"), true),
            (&*format!("https://platform.adobe.io{jobs}x"), Some("platform"), true),
            ("https://cja.adobe.io/", Some("cja"), true),
            ("https://cja.adobe.io:8443/", None, false),
            // The profile's platform stands in for Experience Platform, and for nothing else.
            ("https://gateway.example/data", Some("platform"), false),
            (&*format!("https://gateway.example{jobs}"), Some("privacy"), false),
            ("https://other.example/", None, false),
        ] {
            assert_eq!(Service::at(&profile, &at(url)).map(|service| service.name), name, "{url}");
            assert_eq!(name_for(&at(url)).is_some(), by_host, "{url}");
        }
        assert_eq!(name_for(&at("https://cja.adobe.io/")), Some("cja"));
        let hosts: Vec<_> = hosts_of(&["events".to_owned(), "cja".to_owned()]).collect();
        assert_eq!(hosts, ["cja.adobe.io", "events-va6.adobe.io", "eventsingress.adobe.io"]);
    }

    #[test]
    fn a_header_of_one_service_goes_to_no_other() {
        let service = |name: &str| TABLE.iter().find(|row| row.name == name).unwrap();
        for (name, header, is_taken) in [
            ("analytics", "x-proxy-global-company-id", true),
            ("analytics", "X-Proxy-Global-Company-Id", true),
            ("cja", "x-proxy-global-company-id", false),
            ("platform", "X-Proxy-Global-Company-Id", false),
            ("mcp", "x-global-company-id", true),
            ("analytics", "x-global-company-id", false),
            ("platform", "x-own", true),
            ("analytics", "x-own", true),
        ] {
            assert_eq!(takes_header(service(name), header), is_taken, "{name}: {header}");
        }
    }

    #[test]
    fn what_may_stand_in_headers() {
        for (name, value, is_fine) in [
            ("x-own", "a b", true),
            ("x!#$%&'*+-.^_`|~9", "~", true),
            (&*"x".repeat(256), &*"v".repeat(1024), true),
            (&*"x".repeat(257), "v", false),
            ("x", &*"v".repeat(1025), false),
            ("", "v", false),
            ("x y", "v", false),
            ("x:", "v", false),
            ("x", "", false),
            ("x", " ", false),
            ("x", "a\tb", false),
            ("x", "é", false),
            ("X-API-Key", "v", false),
            ("Proxy-Authorization", "v", false),
        ] {
            assert_eq!(check_header(name, value).is_ok(), is_fine, "{name}: {value}");
        }
    }

    #[test]
    fn each_service_has_its_accept() {
        let registry = "/data/foundation/schemaregistry/";
        for (name, method, path, accept) in [
            ("analytics", "GET", "/api", JSON),
            ("platform", "GET", "/data/foundation/catalog", ANY),
            ("platform", "GET", &*format!("{registry}global/descriptors/1"), "application/vnd.adobe.xdm+json"),
            ("platform", "GET", &*format!("{registry}tenant/schemas/a/b"), "application/vnd.adobe.xed-id+json"),
            ("privacy", "GET", &*format!("{registry}tenant/schemas/a"), ANY),
        ] {
            let service = TABLE.iter().find(|row| row.name == name).unwrap();
            assert_eq!(service.accept(method, path), accept, "{name}: {path}");
        }
    }
}
