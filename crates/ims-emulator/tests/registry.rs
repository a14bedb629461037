//! Schema Registry: pages, resources, new ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::Headers;
use ims_emulator::{Emulator, Fault, Kind};
use serde_json::{Value, json};

const SCHEMAS: &str = "/data/foundation/schemaregistry/tenant/schemas";
const LIST: &str = "application/vnd.adobe.xed-id+json";
const ONE: &str = "application/vnd.adobe.xed+json; version=1";

/// All titles, page by page, by the link or by `start`.
fn titles(emulator: &Emulator, headers: &Headers, limit: usize, by_link: bool) -> (Vec<String>, usize) {
    let mut path = format!("{SCHEMAS}?limit={limit}&property=title");
    let (mut titles, mut pages) = (Vec::new(), 0);
    loop {
        let page = headers.get(emulator, &path).json();
        pages += 1;
        let results = page["results"].as_array().unwrap();
        assert_eq!(page["_page"]["count"], results.len());
        titles.extend(results.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let (link, start) = (&page["_links"]["next"], &page["_page"]["next"]);
        assert_eq!(link.is_null(), start.is_null());
        match (link["href"].as_str(), start.as_str()) {
            (Some(href), _) if by_link => {
                assert!(href.contains("property=title"), "{href}");
                path = href.strip_prefix(&emulator.url()).unwrap().to_owned();
            }
            (_, Some(start)) => {
                path = format!("{SCHEMAS}?limit={limit}&property=title&start={}", start.replace(' ', "+"));
            }
            _ => return (titles, pages),
        }
    }
}

#[test]
fn ten_thousand_items_are_all_told_once_and_in_order() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator).with("Accept", LIST);
    emulator.set_registry(0, 10_000);
    let (by_link, pages) = titles(&emulator, &headers, 300, true);
    assert_eq!((by_link.len(), pages), (10_000, 34));
    assert!(by_link.is_sorted() && by_link.windows(2).all(|pair| pair[0] != pair[1]));
    // 300 is the most that it gives.
    assert_eq!(titles(&emulator, &headers, 5_000, false), (by_link, 34));
    assert_eq!(headers.get(&emulator, "/data/foundation/schemaregistry/tenant/classes").json()["results"], json!([]));
}

#[test]
fn a_page_that_is_asked_for_wrongly_is_refused() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator).with("Accept", LIST);
    for query in ["limit=0", "limit=-1", "limit=x", "start=nobody", "start=Emulated+schema+99999"] {
        assert_eq!(headers.get(&emulator, &format!("{SCHEMAS}?{query}")).status, 400, "{query}");
    }
    for query in ["limit=1", "limit=300", "start=", "start=Emulated%20schema%2000002"] {
        assert_eq!(headers.get(&emulator, &format!("{SCHEMAS}?{query}")).status, 200, "{query}");
    }
    // The last page may be full.
    assert!(headers.get(&emulator, &format!("{SCHEMAS}?limit=3")).json()["_page"]["next"].is_null());
}

#[test]
fn a_schema_is_made_listed_and_read_by_either_name() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let schema = json!({"title": "My Schema", "type": "object",
                        "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}], "description": "d"});
    let made = headers.post(&emulator, SCHEMAS, &schema);
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((made["version"].as_str(), made["description"].as_str()), (Some("1.0"), Some("d")));
    let listed = headers.clone().with("Accept", LIST).get(&emulator, SCHEMAS).json();
    let last = listed["results"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["title"], &last["$id"], last.get("description")), (&json!("My Schema"), &made["$id"], None));
    let encoded: String = made["$id"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
    for id in [made["meta:altId"].as_str().unwrap(), &encoded] {
        let one = headers.clone().with("Accept", ONE).get(&emulator, &format!("{SCHEMAS}/{id}"));
        assert_eq!(one.json(), made, "{id}");
    }
    let first: &Value = &listed["results"][0];
    let first_path = format!("{SCHEMAS}/{}", first["meta:altId"].as_str().unwrap());
    assert_eq!(headers.clone().with("Accept", ONE).get(&emulator, &first_path).json()["title"], first["title"]);
    let missing = headers.clone().with("Accept", ONE).get(&emulator, &format!("{SCHEMAS}/_emulated.schemas.fff"));
    assert_eq!((missing.status, missing.json()["title"].as_str()), (404, Some("Resource Not Found")));
}

#[test]
fn a_schema_that_is_none_is_refused() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let good = json!({"title": "A", "allOf": [{"$ref": "x"}]});
    assert_eq!(headers.post(&emulator, SCHEMAS, &good).status, 201);
    for body in [
        good.clone(),
        json!({"title": "Emulated schema 00001", "allOf": [{"$ref": "x"}]}),
        json!({"allOf": [{"$ref": "x"}]}),
        json!({"title": "", "allOf": [{"$ref": "x"}]}),
        json!({"title": "B"}),
        json!({"title": "B", "allOf": []}),
        json!([]),
    ] {
        assert_eq!(headers.post(&emulator, SCHEMAS, &body).status, 400, "{body}");
    }
    // Another list, another name.
    assert_eq!(headers.post(&emulator, "/data/foundation/schemaregistry/tenant/classes", &good).status, 201);
    let global = "/data/foundation/schemaregistry/global/schemas";
    assert_eq!(headers.post(&emulator, global, &json!({"title": "C", "allOf": [1]})).status, 405);
    assert_eq!(common::post_json(&emulator, "/emulator/reset", &json!({})).status, 200);
    assert_eq!(headers.post(&emulator, SCHEMAS, &good).status, 201);
}

#[test]
fn the_way_to_the_next_page_can_lead_astray() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator).with("Accept", LIST);
    let path = format!("{SCHEMAS}?limit=1");
    for href in ["https://evil.example/next", "/x{?start,limit}", "?limit=1"] {
        emulator.fault(Fault::times(1, Kind::next_href(href)));
        let page = headers.get(&emulator, &path).json();
        assert_eq!((&page["_links"]["next"]["href"], page["results"].as_array().unwrap().len()), (&json!(href), 1));
    }
    let set = json!({"kind": "next", "times": 1, "href": null, "start": "Emulated schema 00000"});
    assert_eq!(common::post_json(&emulator, "/emulator/faults", &set).status, 200);
    let page = headers.get(&emulator, &path).json();
    assert_eq!((&page["_links"]["next"], &page["_page"]["next"]), (&Value::Null, &json!("Emulated schema 00000")));
    let page = headers.get(&emulator, &path).json();
    assert_eq!(page["_page"]["next"], "Emulated schema 00001");
}
