//! `aep-auth api` against services that are right, slow, rude and wrong: one exit code and one sentence for each.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

#[cfg(target_os = "linux")]
use std::io::Write;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use ims_emulator::{Fault, Flow, Kind};
use serde_json::{Value, json};
use stories::{World, assert_clean, assert_refused, text};

const SCHEMAS: &str = "/data/foundation/schemaregistry/tenant/schemas";
const CLASSES: &str = "/data/foundation/schemaregistry/global/classes";
const IMPORT: &str = "/data/foundation/import/batches";
#[cfg(unix)]
const EXPORT: &str = "/data/foundation/export";

fn world() -> World {
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "prod");
    world
}

fn api(world: &World, arguments: &[&str]) -> Output {
    world.run("aep-auth", &[&["api"], arguments].concat())
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

/// The last request that was no request to IMS.
fn last(world: &World) -> ims_emulator::Request {
    world.emulator.requests().into_iter().rfind(|request| !request.path.starts_with("/ims")).unwrap()
}

#[test]
fn a_call_has_the_headers_that_the_service_wants() {
    let world = world();
    let output = api(&world, &[CLASSES]);
    assert_clean(&output);
    assert_eq!(json_of(&output)["results"].as_array().unwrap().len(), 4);
    let request = last(&world);
    for (name, value) in [
        ("accept", "application/vnd.adobe.xed-id+json"),
        ("x-sandbox-name", "prod"),
        ("user-agent", concat!("aep-auth/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert!(request.header("content-type").is_none() && request.header("expect").is_none());
    // Without a slash, as a URL, and one alone with its version.
    assert_eq!(api(&world, &[&CLASSES[1..]]).stdout, output.stdout);
    assert_eq!(api(&world, &[&format!("{}{CLASSES}", world.emulator.url())]).stdout, output.stdout);
    assert_clean(&api(&world, &[&format!("{CLASSES}/_xdm.context.profile")]));
    assert_eq!(last(&world).header("accept"), Some("application/vnd.adobe.xed+json; version=1"));
    // What a person says stands.
    assert_clean(&api(
        &world,
        &[CLASSES, "-H", "ACCEPT: application/vnd.adobe.xdm+json", "-H", "x-sandbox-name:", "-H", "x-a: b"],
    ));
    let request = last(&world);
    assert_eq!(request.header("accept"), Some("application/vnd.adobe.xdm+json"));
    assert_eq!((request.header("x-sandbox-name"), request.header("x-a")), (None, Some("b")));
    assert_clean(&api(&world, &["/data/foundation/sandbox-management/", "-H", "Accept:", "-H", "User-Agent:"]));
    assert_eq!((last(&world).header("accept"), last(&world).header("user-agent")), (None, None));
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let world = world();
    for arguments in [
        &["//evil.example/x"][..],
        &["@evil.example/x"],
        &["/a\\b"],
        &["/a\nb"],
        &[""],
        &["/x", "-H", "Authorization: Bearer marker"],
        &["/x", "-H", "host: marker"],
        &["/x", "-H", "marker"],
        &["/x", "-X", "GE T"],
        &["/x", "--all", "-X", "POST"],
        &["/x", "--all", "-d", "{}"],
        &["/x", "--items", "a"],
        &["/x", "--max-time", "soon"],
        &[],
    ] {
        let output = api(&world, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
    for url in [
        "https://evil.example/x",
        "http://127.0.0.1:1/x",
        "https://user@platform.adobe.io/x",
        "ftp://platform.adobe.io/",
    ] {
        assert_refused(&api(&world, &[url]), 4);
    }
    assert_refused(&api(&world, &["/x", "-d", "@missing"]), 3);
    assert_refused(&api(&world, &["/x", "-o", "missing/file"]), 6);
    assert!(world.emulator.requests().is_empty(), "something was sent");
}

/// Status, body and everything else that servers do, with the exit code and the words for it.
#[test]
fn what_services_answer() {
    let far = Kind::Refuse { status: 429, retry_after: Some(2400), retry_at: None };
    for (fault, code, words, has_body) in [
        (Kind::respond(204, ""), 0, "", false),
        (Kind::respond(299, "fine"), 0, "", true),
        (Kind::refuse(400), 4, "400", true),
        (Kind::refuse(403), 4, "403025", true),
        (Kind::refuse(404), 4, "404", true),
        (Kind::respond(418, "no JSON"), 4, "418", true),
        (far, 5, "2400 s", true),
        (Kind::refuse(500), 5, "500", true),
        (Kind::refuse(503), 5, "503", true),
        (
            Kind::respond_with(302, ("Location", "https://login.example/?secret=marker"), "moved"),
            5,
            "a redirect to https://login.example/",
            true,
        ),
        (Kind::Html { status: 502 }, 5, "502", true),
        (Kind::Cut, 5, "ended its answer too early", false),
        (Kind::CutBody, 5, "too early", true),
        (Kind::Hang, 5, "did not answer in time", false),
        (Kind::Delay { ms: 5_000 }, 5, "did not answer in time", false),
    ] {
        let mut world = world();
        world.token();
        world.emulator.fault(Fault { path: "/data".to_owned(), times: None, kind: fault.clone() });
        let began = Instant::now();
        let output = api(world.set("AEP_TIMEOUT", "1"), &["/data/foundation/sandbox-management/"]);
        assert!(began.elapsed() < Duration::from_secs(5), "{fault:?} took {:?}", began.elapsed());
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{fault:?}: {told}");
        assert!(told.contains(words) && !told.contains("marker"), "{fault:?}: {told}");
        assert_eq!(told.is_empty(), code == 0, "{fault:?}: {told}");
        assert_eq!(!output.stdout.is_empty(), has_body, "{fault:?}: {}", text(&output.stdout));
        if matches!(fault, Kind::Refuse { .. }) {
            assert!(told.contains("x-request-id"), "{fault:?}: {told}");
        }
    }
}

#[test]
fn an_endless_answer_ends_with_its_reader_or_its_time() {
    let world = world();
    world.token();
    world.emulator.fault(Fault { path: "/data".to_owned(), times: None, kind: Kind::Endless });
    let mut child =
        world.command("aep-auth").args(["api", CLASSES]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100_000];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut some).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_clean(&output);
    let output = api(&world, &[CLASSES, "--max-time", "1", "-o", "out"]);
    assert!(assert_refused(&output, 5).contains("in time"));
    assert!(!world.path("out").exists());
    // A page is no endless one.
    let output = api(&world, &[CLASSES, "--all", "--max-time", "20"]);
    assert_refused(&output, 5);
}

#[test]
fn a_token_that_ended_is_renewed_and_the_call_repeated_once() {
    let world = world();
    for revoked in [1, 2] {
        world.emulator.revoke(&world.token());
        assert_clean(&api(&world, &[CLASSES]));
        assert_eq!(world.emulator.token_requests(), revoked + 1);
    }
    // A 401 that is not about the token costs IMS a question and no token.
    let known = world.emulator.token_requests();
    let body = r#"{"error_code":"401999","message":"something else"}"#;
    let other = || Fault { path: "/data".to_owned(), times: Some(1), kind: Kind::respond(401, body) };
    world.emulator.fault(other());
    let output = api(&world, &[CLASSES]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(4), body));
    assert_eq!(world.emulator.token_requests(), known);
    // At most once, and not at all where it is not wanted.
    world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(2), kind: Kind::refuse(401) });
    assert_eq!(api(&world, &[CLASSES]).status.code(), Some(4));
    assert_eq!(world.emulator.token_requests(), known + 1);
    world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(1), kind: Kind::refuse(401) });
    assert_eq!(api(&world, &[CLASSES, "--no-retry"]).status.code(), Some(4));
    assert_eq!(world.emulator.token_requests(), known + 1);
    world.emulator.clear_faults();
    assert_clean(&api(&world, &[CLASSES]));
}

#[test]
fn what_came_from_a_pipe_is_not_sent_twice() {
    let world = world();
    world.token();
    let body = br#"{"title":"T","allOf":[{"$ref":"x"}]}"#;
    let refuse = || Fault { path: SCHEMAS.to_owned(), times: Some(1), kind: Kind::refuse(401) };
    world.emulator.fault(refuse());
    let output = world.run_with_input("aep-auth", &["api", SCHEMAS, "-d", "@-"], body);
    assert_eq!(output.status.code(), Some(4));
    let told = text(&output.stderr);
    assert!(told.contains("cannot be sent again") && told.contains("run it again"), "{told}");
    // As it says.
    let output = world.run_with_input("aep-auth", &["api", SCHEMAS, "-d", "@-"], body);
    assert_clean(&output);
    // A file is sent again by itself.
    world.write("schema.json", r#"{"title":"U","allOf":[{"$ref":"x"}]}"#);
    world.emulator.fault(refuse());
    // The token is one that IMS gave to another process.
    assert_clean(&api(&world, &[SCHEMAS, "-d", "@schema.json"]));
    assert_eq!(last(&world).header("content-type"), Some("application/json"));
}

#[test]
fn a_wait_that_is_asked_for_is_kept_within_the_time() {
    let refuse = |times, status, seconds| Fault {
        path: "/data".to_owned(),
        times: Some(times),
        kind: Kind::Refuse { status, retry_after: Some(seconds), retry_at: None },
    };
    for (fault, method, code, requests) in [
        (refuse(2, 429, 0), "GET", 0, 3),
        (refuse(1, 429, 1), "GET", 0, 2),
        (refuse(1, 503, 0), "GET", 0, 2),
        (refuse(1, 429, 3), "GET", 5, 1),
        (refuse(1, 503, 0), "POST", 5, 1),
        (refuse(1, 503, 0), "PATCH", 5, 1),
        (refuse(1, 429, 0), "POST", 0, 2),
        (refuse(1, 500, 0), "GET", 5, 1),
        (refuse(9, 429, 0), "GET", 5, 4),
    ] {
        let mut world = world();
        world.token();
        world.emulator.fault(fault.clone());
        let path = if method == "GET" { CLASSES } else { SCHEMAS };
        let body = r#"{"title":"T","allOf":[{"$ref":"x"}]}"#;
        let arguments: &[&str] = if method == "GET" { &[path] } else { &[path, "-X", method, "-d", body] };
        let output = api(world.set("AEP_TIMEOUT", "2"), arguments);
        assert_eq!(output.status.code(), Some(code), "{fault:?} {method}: {}", text(&output.stderr));
        let sent = world.emulator.requests().iter().filter(|request| request.path == path).count();
        assert_eq!(sent, requests, "{fault:?} {method}");
    }
    let world = world();
    world.emulator.fault(refuse(1, 429, 0));
    assert_eq!(api(&world, &[CLASSES, "--no-retry"]).status.code(), Some(5));
}

#[test]
fn all_pages_are_asked_once_and_their_order_is_kept() {
    let world = world();
    world.emulator.set_registry(3, 10_000);
    let output = api(&world, &[SCHEMAS, "--all"]);
    assert_clean(&output);
    let items = json_of(&output);
    let titles: Vec<&str> = items.as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect();
    assert_eq!(titles, (0..10_000).map(|number| format!("Emulated schema {number:05}")).collect::<Vec<_>>());
    let asked: Vec<String> =
        world.emulator.requests().into_iter().filter(|r| r.path == SCHEMAS).map(|r| r.query).collect();
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!((asked.len(), once.len()), (34, 34));
    // Into a file too; an item's own text stays as it came.
    assert_clean(&api(&world, &[&format!("{SCHEMAS}?limit=250"), "--all", "-o", "all.json"]));
    assert_eq!(
        serde_json::from_str::<Value>(&std::fs::read_to_string(world.path("all.json")).unwrap()).unwrap(),
        items
    );
}

#[test]
fn pages_that_lead_astray_end_it() {
    let href = |href: &str| Kind::next_href(href);
    for (kind, code, words) in [
        (href("https://evil.example/x?start=a"), 5, "https://evil.example/x"),
        (href("https://user@evil.example/?start=a"), 5, "not asked for"),
        (href("//evil.example/x?start=a"), 5, "//evil.example/x"),
        (href("?limit=2"), 5, "circle"),
        (Kind::Next { href: Some("/x{?start}".into()), start: Some(Value::Null) }, 0, ""),
        (Kind::Next { href: Some(Value::Null), start: Some(Value::Null) }, 0, ""),
        (Kind::Next { href: Some(Value::Null), start: None }, 0, ""),
        (Kind::respond(200, r#"{"a":[],"b":[]}"#), 5, "a, b"),
        (Kind::respond(200, "<html>"), 5, "not JSON"),
        (Kind::refuse(403), 4, "403025"),
        (Kind::CutBody, 5, "too early"),
        (Kind::respond_with(302, ("Location", "/y"), ""), 5, "redirect"),
    ] {
        let world = world();
        world.token();
        world.write("out", "old");
        let told = format!("{kind:?}");
        world.emulator.fault(Fault { path: SCHEMAS.to_owned(), times: None, kind });
        let output = api(&world, &[&format!("{SCHEMAS}?limit=2"), "--all", "-o", "out"]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}: {stderr}");
        assert!(stderr.contains(words), "{told}: {stderr}");
        let out = std::fs::read_to_string(world.path("out")).unwrap();
        assert_eq!(out == "old", code != 0, "{told}: {out}");
        let foreign = world.emulator.requests().iter().filter(|request| request.path == "/x").count();
        assert_eq!(foreign, 0, "{told}");
    }
    // A list that ends in a refusal has no end.
    let world = world();
    world.token();
    world.emulator.set_registry(1, 5);
    world.emulator.fault(Fault { path: SCHEMAS.to_owned(), times: Some(1), kind: Kind::Delay { ms: 0 } });
    world.emulator.fault(Fault { path: SCHEMAS.to_owned(), times: None, kind: Kind::refuse(403) });
    let output = api(&world, &[&format!("{SCHEMAS}?limit=2"), "--all"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(!text(&output.stdout).contains(']'), "{}", text(&output.stdout));
}

#[test]
fn a_named_list_is_taken_and_an_array_is_its_own() {
    let world = world();
    world.token();
    for (body, arguments, items) in [
        (r#"{"a":[1],"b":[2.50]}"#, &["--items", "b"][..], "[\n2.50\n]\n"),
        ("[1, {\"b\":1,  \"a\":2}]", &[], "[\n1,\n{\"b\":1,  \"a\":2}\n]\n"),
        (r#"{"_embedded":{"x":[]}}"#, &[], "[]\n"),
    ] {
        world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(1), kind: Kind::respond(200, body) });
        let output = api(&world, &[&["/data/x", "--all"], arguments].concat());
        assert_clean(&output);
        assert_eq!(text(&output.stdout), items, "{body}");
    }
}

#[test]
fn a_file_is_replaced_on_success_alone_and_whole() {
    let world = world();
    world.write("out", "old");
    let read = || std::fs::read_to_string(world.path("out")).unwrap();
    for kind in [Kind::refuse(404), Kind::CutBody, Kind::respond(302, "x")] {
        world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(1), kind: kind.clone() });
        let output = api(&world, &[CLASSES, "-o", "out"]);
        assert!(!output.status.success());
        assert_eq!(read(), "old", "{kind:?}");
        // What is no result is still to be seen.
        assert_eq!(output.stdout.is_empty(), matches!(kind, Kind::CutBody), "{kind:?}");
        let left: Vec<_> = stories::files_in(world.home.path())
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "tmp"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let output = api(&world, &[CLASSES, "-o", "out"]);
    assert_clean(&output);
    assert!(output.stdout.is_empty() && read().contains("\"results\""));
    #[cfg(unix)]
    assert_clean(&api(&world, &[CLASSES, "-o", "/dev/null"]));
}

#[test]
fn the_head_of_an_answer_is_shown_on_request() {
    let world = world();
    let output = api(&world, &[CLASSES, "-i"]);
    assert_clean(&output);
    let shown = text(&output.stdout);
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("x-request-id: "), "{head}");
    assert!(serde_json::from_str::<Value>(body).is_ok());
}

/// The most memory that a child has had, in MiB.
#[cfg(target_os = "linux")]
fn peak(child: &std::process::Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// As large as `AEP_TEST_MIB` says; two thousand pass as well as these, and only take longer.
#[cfg(target_os = "linux")]
fn mebibytes() -> u64 {
    std::env::var("AEP_TEST_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(192)
}

/// Waits for the end of a child and gives the most memory that it was seen to have.
#[cfg(target_os = "linux")]
fn watch(mut child: std::process::Child) -> (Output, u64) {
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(&child).unwrap_or(0).max(most);
        std::thread::yield_now();
    }
    (child.wait_with_output().unwrap(), most)
}

fn new_batch(world: &World) -> String {
    let made = api(world, &[IMPORT, "-d", r#"{"datasetId":"d1","inputFormat":{"format":"json"}}"#]);
    assert_clean(&made);
    json_of(&made)["id"].as_str().unwrap().to_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn large_files_go_both_ways_in_little_memory() {
    const MOST_MIB: u64 = 20;
    let mut world = World::tls();
    world.set("AEP_SANDBOX", "prod");
    let size = mebibytes() * 1024 * 1024;
    let batch = new_batch(&world);
    let path = |name: &str| format!("{IMPORT}/{batch}/datasets/d1/files/{name}");
    let large = std::fs::File::create(world.path("large")).unwrap();
    large.set_len(size).unwrap();
    drop(large);
    for (name, data) in [("file", "@large"), ("pipe", "@-")] {
        let mut command = world.command("aep-auth");
        command.args(["api", "-X", "PUT", &path(name), "-d", data]).stdout(Stdio::piped()).stderr(Stdio::piped());
        if data == "@-" {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        let feeder = child.stdin.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let piece = vec![0; 1024 * 1024];
                (0..size / piece.len() as u64).for_each(|_| pipe.write_all(&piece).unwrap());
            })
        });
        let (output, most) = watch(child);
        feeder.into_iter().for_each(|feeder| feeder.join().unwrap());
        assert_clean(&output);
        assert_eq!(json_of(&output)["sizeInBytes"], size, "{name}");
        assert!((1..MOST_MIB).contains(&most), "{name}: {most} MiB");
        let sent = last(&world);
        let length = size.to_string();
        assert_eq!(sent.header("content-length"), (data != "@-").then_some(length.as_str()));
        assert_eq!(sent.header("content-type"), Some("application/octet-stream"));
    }
    let url = format!("{EXPORT}/files/{batch}-0?path=file&size={size}");
    for arguments in [&["-o", "down"][..], &[]] {
        let mut command = world.command("aep-auth");
        let stdout = std::fs::File::create(world.path("stdout")).unwrap();
        let (output, most) =
            watch(command.args(["api", &url]).args(arguments).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap());
        assert_clean(&output);
        let name = if arguments.is_empty() { "stdout" } else { "down" };
        assert_eq!(std::fs::metadata(world.path(name)).unwrap().len(), size);
        assert!((1..MOST_MIB).contains(&most), "{arguments:?}: {most} MiB");
    }
}

#[test]
fn an_upload_that_is_refused_for_its_headers_is_not_sent() {
    let world = world();
    let batch = new_batch(&world);
    let path = format!("{IMPORT}/{batch}/datasets/d1/files/a");
    world.emulator.revoke(&world.token());
    // The token had ended; nothing of the pipe was taken, so that it can be sent with a new one.
    let output = world.run_with_input("aep-auth", &["api", "-X", "PUT", &path, "-d", "@-"], &[0; 300_000]);
    assert_clean(&output);
    assert_eq!(json_of(&output)["sizeInBytes"], 300_000);
}

#[test]
fn a_killed_download_leaves_the_old_file() {
    let world = world();
    world.token();
    world.write("out", "old");
    world.emulator.fault(Fault { path: "/data".to_owned(), times: None, kind: Kind::Endless });
    let mut child = world.command("aep-auth").args(["api", CLASSES, "-o", "out"]).spawn().unwrap();
    let left = || -> Vec<_> {
        let files = stories::files_in(world.home.path()).into_iter();
        files.filter(|path| path.extension().is_some_and(|extension| extension == "tmp")).collect()
    };
    stories::wait_until(|| left().first().is_some_and(|file| file.metadata().is_ok_and(|data| data.len() > 100_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read_to_string(world.path("out")).unwrap(), "old");
    // What it left goes with the next one.
    world.emulator.clear_faults();
    assert_clean(&api(&world, &[CLASSES, "-o", "out"]));
    assert!(left().is_empty());
}

#[test]
#[cfg(unix)]
fn a_terminal_gets_a_bar_for_what_takes_long_and_no_control_characters() {
    let mut world = world();
    world.set("TERM", "xterm");
    world.token();
    let shell = stories::pty::Shell::start(&world);
    let run = |line: &str| shell.run(&format!("{line}; echo \"ended:$?\""));
    let body = "\x1b[2Jone\ttwo\n\u{9b}three";
    world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(1), kind: Kind::respond(200, body) });
    let shown = run(&format!("aep-auth api {CLASSES}"));
    assert!(shown.contains("\u{fffd}[2Jone"), "{shown:?}");
    assert!(!shown.contains("\x1b[2J") && !shown.contains('\u{9b}') && shown.contains("\u{fffd}three"), "{shown:?}");
    let file = format!("{EXPORT}/files/x?path=data.json");
    // A bar shows its pace, and is gone at the end.
    let bar = |shown: &str| shown.contains("B/s");
    assert!(!bar(&run(&format!("aep-auth api '{file}&size=100000' -o quick"))));
    world.emulator.fault(Fault { path: "/data".to_owned(), times: Some(1), kind: Kind::Drip { ms: 1 } });
    let shown = run(&format!("aep-auth api '{file}&size=1500' -o slow"));
    assert!(bar(&shown), "{shown:?}");
    assert_eq!(std::fs::metadata(world.path("slow")).unwrap().len(), 1500);
}

/// As `--help` and the page have it.
#[test]
fn a_day_of_a_data_engineer() {
    let world = world();
    let before = json_of(&api(&world, &[SCHEMAS, "--all"])).as_array().unwrap().len();
    world.write("schema.json", &json!({"title": "Orders", "type": "object", "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}]}).to_string());
    let made = api(&world, &[SCHEMAS, "-d", "@schema.json"]);
    assert_clean(&made);
    let id = json_of(&made)["meta:altId"].as_str().unwrap().to_owned();
    assert_eq!(json_of(&api(&world, &[&format!("{SCHEMAS}/{id}")]))["title"], "Orders");
    assert_eq!(json_of(&api(&world, &[SCHEMAS, "--all"])).as_array().unwrap().len(), before + 1);
    let batch = json_of(&api(&world, &[IMPORT, "-d", r#"{"datasetId":"d1","inputFormat":{"format":"json"}}"#]));
    let batch = batch["id"].as_str().unwrap();
    world.write("orders.json", "{\"a\":1}\n{\"a\":2}\n");
    // Lines of JSON begin like JSON; the service wants bytes.
    let put = format!("{IMPORT}/{batch}/datasets/d1/files/orders.json");
    let refused = api(&world, &["-X", "PUT", &put, "-d", "@orders.json"]);
    assert_eq!(refused.status.code(), Some(4));
    let put = ["-X", "PUT", &put, "-d", "@orders.json", "-H", "Content-Type: application/octet-stream"];
    assert_clean(&api(&world, &put));
    assert_clean(&api(&world, &["-X", "POST", &format!("{IMPORT}/{batch}?action=COMPLETE")]));
    let status =
        || json_of(&api(&world, &[&format!("/data/foundation/catalog/batches/{batch}")]))[batch]["status"].clone();
    assert_eq!((status(), status()), (json!("processing"), json!("success")));
}

#[test]
fn a_profile_names_services_and_their_headers() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "prod", "--sandbox", "dev1", "--default"]));
    let headers = |url: &str| world.run("aep-auth", &["headers", "--format", "json", "--for", url]);
    // Not before it is named, with a cure that cures.
    let refused = assert_refused(&headers("https://cja.adobe.io/data"), 4);
    let cure = refused.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap().to_owned();
    assert_clean_set(&world.type_line(&cure));
    assert_clean(&headers("https://cja.adobe.io/data"));
    let set = |pair: &str| world.run("aep-auth", &["profile", "set", "prod", pair]);
    let all = "services=[\"cja\", \"analytics\", \"events\", \"edge\", \"streaming\", \"cloudmanager\", \"usermanagement\", \"mcp\"]";
    assert_clean_set(&set(all));
    assert_clean_set(&set("headers={ \"x-proxy-global-company-id\" = \"company\", \"x-team\" = \"blue\" }"));
    let organization = "x-gw-ims-org-id";
    for (url, has, lacks) in [
        (
            "https://platform.adobe.io/data",
            &[organization, "x-sandbox-name", "x-team"][..],
            &["x-proxy-global-company-id"][..],
        ),
        ("https://platform-va7.adobe.io/data", &[organization, "x-sandbox-name"], &["x-ims-org-id"]),
        ("https://platform.adobe.io/data/core/privacy/jobs", &[organization], &["x-sandbox-name"]),
        ("https://reactor.adobe.io/companies", &[organization, "Accept"], &["x-sandbox-name"]),
        ("https://cja.adobe.io/data", &[organization, "x-api-key"], &["x-sandbox-name", "x-proxy-global-company-id"]),
        (
            "https://analytics.adobe.io/api/c",
            &["x-proxy-global-company-id", "x-team"],
            &[organization, "x-sandbox-name"],
        ),
        ("https://events-va6.adobe.io/events", &["x-ims-org-id"], &[organization, "x-proxy-global-company-id"]),
        ("https://eventsingress.adobe.io/", &["x-api-key"], &[organization, "x-ims-org-id"]),
        ("https://server.adobedc.net/ee/v2/interact", &[organization], &["x-sandbox-name"]),
        ("https://dcs.adobedc.net/collection/1", &["x-sandbox-name"], &[organization, "x-api-key"]),
        ("https://aa-mcp.adobe.io/mcp", &[organization], &["x-proxy-global-company-id"]),
    ] {
        let output = headers(url);
        assert_clean(&output);
        let given = json_of(&output);
        assert!(given["Authorization"].as_str().unwrap().starts_with("Bearer "));
        has.iter().for_each(|name| assert!(given[*name].is_string(), "{url}: {name}: {given}"));
        lacks.iter().for_each(|name| assert!(given.get(*name).is_none(), "{url}: {name}: {given}"));
        // Bazel and git by the same rule.
        let bazel = world.run_with_input("bazel-credential-aep", &["get"], json!({"uri": url}).to_string().as_bytes());
        assert_clean(&bazel);
        let host = url.split('/').nth(2).unwrap();
        let asked = format!("capability[]=authtype\nprotocol=https\nhost={host}\n\n");
        let git = world.run_with_input("git-credential-aep", &["get"], asked.as_bytes());
        assert!(text(&git.stdout).contains("authtype=Bearer"), "{url}");
        let bazel = json_of(&bazel)["headers"].as_object().unwrap().clone();
        assert_eq!(bazel.keys().collect::<Vec<_>>(), given.as_object().unwrap().keys().collect::<Vec<_>>(), "{url}");
    }
    for url in [
        "https://cx-coworker-gateway.adobe.io/mcp",
        "http://cja.adobe.io/",
        "https://cja.adobe.io:444/",
        "cja.adobe.io",
    ] {
        assert_refused(&headers(url), 4);
    }
    assert_refused(&set("services=[\"cjaa\"]"), 3);
    for pair in ["headers={ Authorization = \"marker\" }", "headers={ \"a b\" = \"marker\" }", "headers=marker"] {
        let told = assert_refused(&set(pair), 3);
        assert!(!told.contains("marker"), "{told}");
    }
}

/// `profile set` may tell what it did.
fn assert_clean_set(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_repeat_is_looked_into_where_that_is_wanted() {
    let world = world();
    let url = world.emulator.url();
    let ask = |arguments: &[&str]| {
        let output = world.run("aep-auth", &[&["headers", "--format", "json", "--for", &url], arguments].concat());
        assert_clean(&output);
        json_of(&output)["Authorization"].as_str().unwrap().to_owned()
    };
    let token = ask(&[]);
    let note = world.cache().join("header-callers");
    assert!(!note.exists(), "something was written");
    assert_eq!(ask(&["--repeats"]), token);
    assert!(note.exists());
    let validations = || world.emulator.counters().validate;
    assert_eq!(validations(), 0);
    // Where nobody can tell who asks, a question that comes at once may be another's.
    let later = || world.age_answers("header-callers", 4);
    later();
    assert_eq!(ask(&["--repeats"]), token);
    assert_eq!(validations(), 1);
    // Once a minute for a token; and never where it is not wanted.
    assert_eq!(ask(&["--repeats"]), token);
    assert_eq!(ask(&[]), token);
    assert_eq!(validations(), 1);
    std::fs::remove_file(&note).unwrap();
    world.emulator.revoke(token.strip_prefix("Bearer ").unwrap());
    assert_eq!(ask(&[]), token);
    assert_eq!(ask(&["--repeats"]), token);
    later();
    assert_ne!(ask(&["--repeats"]), token);
    let output = world.run("aep-auth", &["headers", "--repeats"]);
    assert_eq!(output.status.code(), Some(2));
}
