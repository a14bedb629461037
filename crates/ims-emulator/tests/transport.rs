//! Faults of every kind, and the emulator's own safety: whom it answers, what it tells, how much it holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use common::{Headers, Reply, connect, post_json, send, token_with, variable};
use ims_emulator::{Emulator, Fault, Kind};
use serde_json::json;

const PATH: &str = "/data/foundation/sandbox-management/";

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_wait_is_told_in_seconds_or_as_a_date() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    let ask = |fault| {
        assert_eq!(post_json(&emulator, "/emulator/faults", &fault).status, 200);
        four.get(&emulator, PATH)
    };
    let reply = ask(json!({"kind": "refuse", "status": 429, "retry_after": 7, "times": 1}));
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    let before = httpdate::parse_http_date(reply.header("date").unwrap()).unwrap();
    for seconds in [60_i64, -60] {
        emulator.set_clock_offset(3_600);
        let reply = ask(json!({"kind": "refuse", "status": 503, "retry_at": seconds, "times": 1}));
        let date = |name: &str| httpdate::parse_http_date(reply.header(name).unwrap()).unwrap();
        let (early, late) = (date("date").min(date("retry-after")), date("date").max(date("retry-after")));
        let apart = late.duration_since(early).unwrap().as_secs();
        assert!((59..=61).contains(&apart), "{apart}");
        assert_eq!(date("retry-after") > date("date"), seconds > 0);
        // The server's own clock, and not the machine's.
        assert!(date("date") > before + Duration::from_secs(3_500));
    }
    assert_eq!(four.get(&emulator, PATH).header("retry-after"), None);
}

#[test]
fn an_answer_can_be_a_redirect_a_page_or_another() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    emulator.fault(Fault::times(1, Kind::Redirect { location: "https://x.example/".to_owned() }));
    let reply = four.get(&emulator, PATH);
    assert_eq!((reply.status, reply.header("location")), (302, Some("https://x.example/")));
    emulator.fault(Fault::times(1, Kind::Html { status: 200 }));
    let reply = four.get(&emulator, PATH);
    assert!(reply.header("content-type").unwrap().starts_with("text/html") && reply.body.starts_with(b"<!DOCTYPE"));
    emulator.fault(Fault::times(1, Kind::respond(418, "x")));
    assert_eq!((four.get(&emulator, PATH).status, four.get(&emulator, PATH).status), (418, 200));
}

#[test]
fn a_connection_can_be_cut_drip_and_never_end() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    let raw = |fault| {
        emulator.fault(Fault::times(1, fault));
        let mut stream = connect(&emulator);
        let lines: String = four.0.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        stream.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n").as_bytes()).unwrap();
        stream
    };
    let mut bytes = Vec::new();
    raw(Kind::Cut).read_to_end(&mut bytes).unwrap();
    assert!(bytes.is_empty());
    let cut = Reply::read(&mut raw(Kind::CutBody));
    let told: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert!(cut.body.len() < told && !cut.body.is_empty());
    assert_eq!(Reply::read(&mut raw(Kind::Drip { ms: 0 })).status, 200);
    assert_eq!(Reply::read(&mut raw(Kind::Delay { ms: 1 })).status, 200);
    assert_eq!(Reply::read(&mut raw(Kind::Huge { mib: 3 })).body.len(), 3 * 1024 * 1024);
    let mut endless = raw(Kind::Endless);
    assert_eq!(std::io::copy(&mut (&mut endless).take(64 << 20), &mut std::io::sink()).unwrap(), 64 << 20);
    let mut hanging = raw(Kind::Hang);
    hanging.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(hanging.read(&mut [0; 1]).is_err());
    // A file is not even read.
    let batches = "/data/foundation/import/batches";
    emulator.fault(Fault::times(1, Kind::Cut).at(batches));
    let mut stream = connect(&emulator);
    let head = format!("PUT {batches}/b/datasets/d/files/f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    bytes.clear();
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.is_empty());
}

#[test]
fn a_fault_strikes_its_path_its_times_and_never_the_controls() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    emulator.fault(Fault::times(2, Kind::respond(503, "")).at(PATH));
    emulator.fault(Fault::always(Kind::respond(500, "")).at("/emulator/"));
    assert_eq!(four.get(&emulator, "/api/programs").status, 200);
    assert_eq!([0; 3].map(|_| four.get(&emulator, PATH).status), [503, 503, 200]);
    assert_eq!(four.get(&emulator, "/emulator/state").status, 200);
}

#[test]
fn a_web_page_and_another_name_are_refused() {
    let emulator = Emulator::plain().unwrap();
    let own = emulator.url();
    let port = emulator.port();
    for (what, headers, status) in [
        ("none", vec![], 200),
        ("our own", vec![header("Origin", &own)], 200),
        ("another", vec![header("Origin", "https://evil.example")], 403),
        ("another port", vec![header("Origin", "http://127.0.0.1:1")], 403),
        ("a sandboxed page", vec![header("Origin", "null")], 403),
        ("a name that was turned to us", vec![header("Host", &format!("evil.example:{port}"))], 403),
        ("that and its origin", vec![header("Host", "evil.example"), header("Origin", "http://evil.example")], 403),
        ("localhost", vec![header("Host", &format!("localhost:{port}"))], 200),
        ("two hosts", vec![header("Host", "localhost"), header("Host", "evil.example")], 400),
    ] {
        for (method, path) in [("POST", "/emulator/reset"), ("GET", "/emulator/state")] {
            assert_eq!(send(&emulator, method, path, &headers, b"").status, status, "{what}: {path}");
        }
    }
    let secret = variable(&emulator, "AEP_CLIENT_SECRET");
    assert_eq!(token_with(&emulator, &secret).status, 200);
    let refused = send(&emulator, "POST", "/ims/token/v3", &[header("Origin", "https://evil.example")], b"x=y");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None));
}

#[test]
fn what_arrived_is_told_and_a_token_only_as_its_hash() {
    let emulator = Emulator::plain().unwrap();
    let token = common::token(&emulator);
    Headers::four_with(&emulator, &token).with("x-mark", "1").get(&emulator, &format!("{PATH}?a=b"));
    Headers::four_with(&emulator, &token).with("x-mark", "2").get(&emulator, PATH);
    let reply = send(&emulator, "GET", "/emulator/requests?last=2", &[], b"");
    assert!(!String::from_utf8_lossy(&reply.body).contains(&token));
    let told = reply.json();
    assert_eq!((&told[0]["query"], &told[0]["headers"]["x-mark"]), (&json!("a=b"), &json!("1")));
    assert_eq!(told[1]["headers"]["x-mark"], "2");
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told[1]["headers"]["authorization"], format!("Bearer sha256:{hex}"));
    assert_eq!(send(&emulator, "GET", "/emulator/requests", &[], b"").json().as_array().unwrap().len(), 1);
    assert_eq!(send(&emulator, "GET", "/emulator/requests?last=x", &[], b"").status, 400);
}

#[test]
fn a_body_that_is_too_long_or_has_two_lengths_is_refused() {
    let emulator = Emulator::plain().unwrap();
    let form = header("Content-Type", "application/x-www-form-urlencoded");
    let long = vec![b'x'; 1024 * 1024 + 1];
    assert_eq!(send(&emulator, "POST", "/ims/token/v3", std::slice::from_ref(&form), &long).status, 413);
    assert_eq!(send(&emulator, "POST", "/ims/token/v3", std::slice::from_ref(&form), &long[1..]).status, 400);
    let two = [form, header("Content-Length", "1"), header("Transfer-Encoding", "chunked")];
    assert_eq!(send(&emulator, "POST", "/ims/token/v3", &two, b"").status, 400);
}

#[test]
fn hanging_clients_give_their_places_back() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    emulator.fault(Fault::always(Kind::Hang).at(PATH));
    // More than are served at once, and each goes before it was answered.
    for _ in 0..3 {
        let clients: Vec<_> = (0..300)
            .map(|_| {
                let mut stream = connect(&emulator);
                stream.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
                stream
            })
            .collect();
        drop(clients);
    }
    assert_eq!(four.get(&emulator, "/api/programs").status, 200);
}

#[test]
fn it_serves_on_loopback_alone() {
    let emulator = Emulator::plain().unwrap();
    assert!(emulator.url().starts_with("http://127.0.0.1:"));
    let bound = std::net::TcpListener::bind(("127.0.0.2", emulator.port()));
    // On every address it would be taken there as well.
    assert!(bound.is_ok() || cfg!(not(target_os = "linux")), "{bound:?}");
}
