//! All pages of a list as one: the items of a page, and the query of the next.
//!
//! Of a next link only the query is taken, onto the path that was asked, so that no answer leads the token elsewhere.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use aep_core::url::Address;
use aep_core::{Error, Result, terminal};
use serde_json::Value;
use serde_json::value::RawValue;

use super::request::escape;

/// A page: its items as they came, and the query of the next one.
pub(super) struct Page<'a> {
    pub(super) items: Vec<&'a RawValue>,
    pub(super) next: Option<String>,
}

/// The pages that were asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Asked {
    /// Notes a page.
    ///
    /// # Errors
    /// Unreachable, when it was asked already: the pages lead in a circle.
    pub(super) fn note(&mut self, address: &Address) -> Result<()> {
        if self.seen.insert(self.hasher.hash_one(&address.target)) {
            return Ok(());
        }
        Err(Error::unreachable("the next page is one that was asked already; the pages lead in a circle"))
    }
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a page that was asked for at `asked`.
///
/// # Errors
/// Unreachable, when it is no JSON, when the items cannot be told, or when the next page is elsewhere.
pub(super) fn read<'a>(body: &'a [u8], asked: &Address, name: Option<&str>) -> Result<Page<'a>> {
    let no_page = || Error::unreachable("the page is not JSON; nothing more was asked for");
    let whole: &RawValue = serde_json::from_slice(body).map_err(|_| no_page())?;
    if whole.get().starts_with('[') {
        if let Some(name) = name {
            return Err(Error::unreachable(format!("the page is a list itself, and holds no list `{}`", shown(name))));
        }
        return Ok(Page { items: parse(whole).ok_or_else(no_page)?, next: None });
    }
    let top: Object<'_> = parse(whole)
        .ok_or_else(|| Error::unreachable("the page is neither a list nor an object; nothing more was asked for"))?;
    let embedded: Object<'_> = top.get("_embedded").and_then(|value| parse(value)).unwrap_or_default();
    let lists: Vec<(&String, &'a RawValue)> =
        top.iter().chain(&embedded).filter(|(_, value)| value.get().starts_with('[')).map(|(k, v)| (k, *v)).collect();
    let found: Vec<&'a RawValue> =
        lists.iter().filter(|(own, _)| name.is_none_or(|name| *own == name)).map(|(_, value)| *value).collect();
    let [items] = found.as_slice() else {
        let names: Vec<String> = lists.iter().map(|(name, _)| shown(name)).collect();
        let error = Error::unreachable(match (name, names.as_slice()) {
            (Some(name), []) => format!("the page holds no list `{}`, nor any other", shown(name)),
            (Some(name), names) => format!("the page holds no list `{}`; it holds {}", shown(name), names.join(", ")),
            (None, []) => "the page holds no list".to_owned(),
            (None, names) => format!("the page holds more than one list: {}", names.join(", ")),
        });
        return Err(match names.first() {
            Some(first) => {
                let first = crate::quote::word(std::path::Path::new(first));
                error.with_hint(format!("name the one that holds the items: --items {first}"))
            }
            None => error,
        });
    };
    Ok(Page { items: parse(items).ok_or_else(no_page)?, next: next(&top, asked)? })
}

fn parse<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

fn shown(name: &str) -> String {
    terminal::clean_within(name, 60)
}

/// The query of the next page: that of `_links.next.href`, else `_page.next` as `start`.
fn next(top: &Object<'_>, asked: &Address) -> Result<Option<String>> {
    let value = |key: &str| top.get(key).and_then(|value| parse::<Value>(value)).unwrap_or_default();
    let links = value("_links");
    // A template is no link.
    let href = links["next"]["href"].as_str().filter(|href| !href.is_empty() && !href.contains('{'));
    if let Some(href) = href {
        return query_of(href, asked).map(Some);
    }
    let start = match &value("_page")["next"] {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    let kept = asked.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("start"));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("start={}", encode(&start)));
    Ok(Some(pairs.join("&")))
}

fn query_of(href: &str, asked: &Address) -> Result<String> {
    let elsewhere = || {
        Error::unreachable(format!(
            "the next page is not at {}, and is not asked for: {}",
            asked.base,
            terminal::clean_within(href.split('?').next().unwrap_or_default(), 200)
        ))
    };
    if href.chars().any(char::is_control) || href.contains('\\') {
        return Err(Error::unreachable("the address of the next page holds a backslash or a control character"));
    }
    let before = href.split(['?', '#']).next().unwrap_or_default();
    let has_scheme = before.split('/').next().is_some_and(|first| first.contains(':'));
    let absolute = match before.strip_prefix("//") {
        Some(_) => Some(format!(
            "{}:{href}",
            if asked.base.scheme() == aep_core::url::Scheme::Https { "https" } else { "http" }
        )),
        None if has_scheme => Some(href.to_owned()),
        None => None,
    };
    if let Some(absolute) = absolute
        && Address::parse(&absolute).is_none_or(|next| next.base != asked.base)
    {
        return Err(elsewhere());
    }
    let query = href.split('#').next().unwrap_or_default().split_once('?').map_or("", |(_, query)| query);
    Ok(escape(query))
}

/// A value of a query.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str, name: Option<&str>) -> Result<(Vec<String>, Option<String>)> {
        let asked = Address::parse("https://h.example/list?limit=2&start=a&x=y").unwrap();
        let page = read(body.as_bytes(), &asked, name)?;
        Ok((page.items.iter().map(|item| item.get().to_owned()).collect(), page.next))
    }

    #[test]
    fn the_items_are_the_only_list() {
        for (body, name, items) in [
            ("[1, 2.50, {\"b\":1,\"a\":2}]", None, &["1", "2.50", "{\"b\":1,\"a\":2}"][..]),
            (r#"{"results":[1],"_page":{"count":1}}"#, None, &["1"]),
            (r#"{"_embedded":{"programs":[1,2]}}"#, None, &["1", "2"]),
            (r#"{"results":[],"n":1}"#, None, &[]),
            (r#"{"a":[1],"b":[2]}"#, Some("b"), &["2"]),
            (r#"{"a":[1],"_embedded":{"b":[2]}}"#, Some("b"), &["2"]),
        ] {
            assert_eq!(page(body, name).unwrap().0, items, "{body}");
        }
        for (body, name, told) in [
            (r#"{"a":[1],"b":[2]}"#, None, "a, b"),
            (r#"{"a":[1],"_embedded":{"b":[2]}}"#, None, "a, b"),
            (r#"{"a":[1]}"#, Some("c"), "it holds a"),
            (r#"{"a":1}"#, None, "no list"),
            ("[1]", Some("a"), "a list itself"),
            ("1", None, "neither"),
            ("<html>", None, "not JSON"),
            (r#"{"a":[1}"#, None, "not JSON"),
        ] {
            let refusal = page(body, name).unwrap_err();
            assert_eq!(refusal.exit_code(), 5, "{body}");
            assert!(refusal.message().contains(told), "{refusal}");
        }
    }

    #[test]
    fn only_the_query_of_the_next_page_is_taken() {
        for (rest, next) in [
            (r#""_links":{"next":{"href":"https://h.example/other?start=b"}}"#, Some("start=b")),
            (r#""_links":{"next":{"href":"https://H.example:443/list?start=b#c"}}"#, Some("start=b")),
            (r#""_links":{"next":{"href":"//h.example/list?start=b"}}"#, Some("start=b")),
            (r#""_links":{"next":{"href":"/elsewhere?start=b c"}}"#, Some("start=b%20c")),
            (r#""_links":{"next":{"href":"?start=b:c"}}"#, Some("start=b:c")),
            (r#""_links":{"next":{"href":"/x{?start}"}}"#, None),
            (r#""_links":{"next":{"href":"/x{?start}"}},"_page":{"next":"b&c"}"#, Some("limit=2&x=y&start=b%26c")),
            (r#""_page":{"next":3}"#, Some("limit=2&x=y&start=3")),
            (r#""_page":{"next":null},"_links":{"next":null}"#, None),
            (r#""_links":{"next":{}}"#, None),
            (r#""_links":{"next":{"href":""}},"_page":{"next":""}"#, None),
        ] {
            let body = format!(r#"{{"results":[],{rest}}}"#);
            assert_eq!(page(&body, None).unwrap().1.as_deref(), next, "{rest}");
        }
        for href in [
            "https://evil.example/list?start=b",
            "http://h.example/list?start=b",
            "https://h.example:8443/list?start=b",
            "https://user@h.example/list?start=b",
            "//evil.example/list?start=b",
            "javascript:alert(1)?start=b",
            "/x\\\\y?start=b",
            "/x?start=b\\r\\nX: y",
        ] {
            let body = format!(r#"{{"results":[],"_links":{{"next":{{"href":"{href}"}}}}}}"#);
            assert_eq!(page(&body, None).unwrap_err().exit_code(), 5, "{href}");
        }
    }

    #[test]
    fn a_circle_is_told() {
        let mut asked = Asked::default();
        let at = |target: &str| Address::parse(&format!("https://h.example{target}")).unwrap();
        asked.note(&at("/a?start=1")).unwrap();
        asked.note(&at("/a?start=2")).unwrap();
        assert_eq!(asked.note(&at("/a?start=1")).unwrap_err().exit_code(), 5);
    }
}
