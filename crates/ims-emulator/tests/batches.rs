//! Batches: made, filled with files of any size, completed, followed; files that are downloaded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{Read, Write};

use common::{Headers, Reply, connect, send};
use ims_emulator::{Emulator, Fault, Kind, file_content};
use serde_json::json;

const BATCHES: &str = "/data/foundation/import/batches";

fn new_batch(emulator: &Emulator, headers: &Headers) -> String {
    let made = headers.post(emulator, BATCHES, &json!({"datasetId": "d1", "inputFormat": {"format": "json"}}));
    assert_eq!((made.status, made.json()["status"].as_str()), (201, Some("loading")));
    made.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_batch_from_its_making_to_its_end() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let id = new_batch(&emulator, &headers);
    let status =
        || headers.get(&emulator, &format!("/data/foundation/catalog/batches/{id}")).json()[&id]["status"].clone();
    let binary = headers.clone().with("Content-Type", "application/octet-stream");
    let file = format!("{BATCHES}/{id}/datasets/d1/files/a/b.json");
    for expected in [201, 200] {
        assert_eq!(send(&emulator, "PUT", &file, &binary.0, b"{}\n").status, expected);
    }
    assert_eq!(status(), "loading");
    let act =
        |action: &str| send(&emulator, "POST", &format!("{BATCHES}/{id}?action={action}"), &headers.0, b"").status;
    assert_eq!((act("complete"), act(""), act("COMPLETE"), act("COMPLETE")), (400, 400, 200, 400));
    assert_eq!((status(), status()), (json!("processing"), json!("success")));
    // Nothing is added to what is complete.
    assert_eq!(send(&emulator, "PUT", &file, &binary.0, b"{}\n").status, 400);
    let files = headers.get(&emulator, &format!("/data/foundation/export/batches/{id}/files")).json();
    let link = files["data"][0]["_links"]["self"]["href"].as_str().unwrap().to_owned();
    let inside = headers.get(&emulator, link.strip_prefix(&emulator.url()).unwrap()).json();
    assert_eq!((&inside["data"][0]["name"], &inside["data"][0]["length"]), (&json!("a/b.json"), &json!("3")));
    let link = inside["data"][0]["_links"]["self"]["href"].as_str().unwrap().to_owned();
    assert_eq!(headers.get(&emulator, link.strip_prefix(&emulator.url()).unwrap()).body.len(), 3);
    assert!(headers.get(&emulator, "/data/foundation/catalog/batches").json()[&id].is_object());
}

#[test]
fn what_does_not_fit_the_batch_is_refused() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let id = new_batch(&emulator, &headers);
    let binary = headers.clone().with("Content-Type", "application/octet-stream");
    for (path, headers, status) in [
        (format!("{BATCHES}/{id}/datasets/d1/files/x"), headers.clone().with("Content-Type", "application/json"), 415),
        (format!("{BATCHES}/{id}/datasets/other/files/x"), binary.clone(), 404),
        (format!("{BATCHES}/other/datasets/d1/files/x"), binary.clone(), 404),
        (format!("{BATCHES}/{id}/datasets/d1/files/x"), binary.clone().without("x-api-key"), 403),
        (format!("{BATCHES}/{id}/datasets/d1/files/{}", "x".repeat(2_000)), binary.clone(), 414),
        (format!("{BATCHES}/{id}/datasets/d1/files/x"), binary, 201),
    ] {
        assert_eq!(send(&emulator, "PUT", &path, &headers.0, b"x").status, status, "{path}");
    }
    for body in [
        json!({"inputFormat": {"format": "json"}}),
        json!({"datasetId": "d"}),
        json!({"datasetId": "d", "inputFormat": {}}),
        json!({"datasetId": "d", "inputFormat": {"format": "json", "x": "x".repeat(16 * 1024)}}),
    ] {
        assert_eq!(headers.post(&emulator, BATCHES, &body).status, 400, "{body}");
    }
}

/// 64 MiB in small chunks, whose size nobody told beforehand.
#[test]
fn a_large_file_without_a_length_is_counted_and_hashed() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let id = new_batch(&emulator, &headers);
    let mut stream = connect(&emulator);
    let mut head = format!("PUT {BATCHES}/{id}/datasets/d1/files/big HTTP/1.1\r\nHost: localhost\r\n");
    let chunked = headers.clone().with("Content-Type", "application/octet-stream").with("Transfer-Encoding", "chunked");
    for (name, value) in &chunked.0 {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut chunk = format!("{:x}\r\n", 1024 * 1024).into_bytes();
    file_content(1024 * 1024).read_to_end(&mut chunk).unwrap();
    chunk.extend_from_slice(b"\r\n");
    for _ in 0..64 {
        stream.write_all(&chunk).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let reply = Reply::read(&mut stream);
    assert_eq!((reply.status, reply.json()["sizeInBytes"].as_u64()), (201, Some(64 * 1024 * 1024)));
    let told = headers.get(&emulator, "/emulator/requests").json();
    assert_eq!(told[0]["body_bytes"], 64 * 1024 * 1024);
    assert_eq!(told[0]["body_sha256"], reply.json()["sha256"]);
}

#[test]
fn a_file_that_breaks_off_is_none() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let id = new_batch(&emulator, &headers);
    let binary = headers.clone().with("Content-Type", "application/octet-stream").with("Content-Length", "100");
    let path = format!("{BATCHES}/{id}/datasets/d1/files/x");
    let mut stream = connect(&emulator);
    let mut head = format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in &binary.0 {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\nonly this").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(String::from_utf8_lossy(&answer), "");
    let files = headers.get(&emulator, &format!("/data/foundation/export/batches/{id}/files")).json();
    assert_eq!(files["data"], json!([]));
}

#[test]
fn who_asks_before_sending_is_answered_before_sending() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let id = new_batch(&emulator, &headers);
    let ask = |headers: &Headers| {
        let mut stream = connect(&emulator);
        let mut head =
            format!("PUT {BATCHES}/{id}/datasets/d1/files/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n");
        for (name, value) in &headers.clone().with("Expect", "100-continue").0 {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        (stream, String::from_utf8(line.to_vec()).unwrap())
    };
    let binary = headers.with("Content-Type", "application/octet-stream");
    let (mut stream, line) = ask(&binary);
    assert_eq!(line, "HTTP/1.1 100");
    stream.write_all(b"hello").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("HTTP/1.1 201"), "{rest}");
    assert_eq!(ask(&binary.with("Authorization", "Bearer x")).1, "HTTP/1.1 401");
}

#[test]
fn a_download_has_the_size_that_is_asked_for() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    let size = 100 * 1024 * 1024 + 7;
    let mut stream = connect(&emulator);
    let mut head =
        format!("GET /data/foundation/export/files/f?path=data.json&size={size} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in &headers.0 {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut start = Vec::new();
    (&mut stream).take(4096).read_to_end(&mut start).unwrap();
    let end = start.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(start[..end].to_vec()).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains(&format!("Content-Length: {size}\r\n")), "{head}");
    assert!(start[end..].starts_with(b"{\"emulated\":true"));
    let rest = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert_eq!(rest + (start.len() - end) as u64, size);
    for query in ["path=other&size=1", "path=data.json&size=x"] {
        assert!(headers.get(&emulator, &format!("/data/foundation/export/files/f?{query}")).status >= 400, "{query}");
    }
}

#[test]
fn a_download_that_is_cut_lacks_its_end() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator);
    emulator.fault(Fault::times(1, Kind::CutBody));
    let path = "/data/foundation/export/files/f?path=data.json&size=1000000";
    let cut = headers.get(&emulator, path);
    assert_eq!((cut.status, cut.header("content-length"), cut.body.len()), (200, Some("1000000"), 500_000));
    assert_eq!(headers.get(&emulator, path).body.len(), 1_000_000);
}
