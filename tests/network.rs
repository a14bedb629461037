//! A hostile network, as a table of faults: each ends in time, with the contract's exit code and a sentence to act on.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ims_emulator::{Emulator, Fault, Kind, Options};
use stories::{World, assert_clean, assert_refused, text};

/// Runs `aep-auth` with a budget of two seconds; it must not take much longer.
fn in_time(world: &mut World, arguments: &[&str]) -> Output {
    world.set("AEP_TIMEOUT", "2");
    let mut command = world.command("aep-auth");
    let began = Instant::now();
    let output = command.args(arguments).output().unwrap();
    // Twice as long as a fetch may take with all its repetitions, on a machine that has other things to do.
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?}", began.elapsed());
    output
}

fn token_in_time(world: &mut World) -> Output {
    in_time(world, &["token"])
}

#[test]
fn what_servers_and_networks_do() {
    let json = |error: &str| format!(r#"{{"error":"{error}","error_description":"it said so"}}"#);
    let html = "<!DOCTYPE html><html><title>Sign in to the network</title></html>";
    let retry = |status, value| Kind::respond_with(status, ("Retry-After", value), "");
    let far = "Fri, 31 Dec 9999 23:59:59 GMT";
    for (fault, code, words) in [
        (Kind::Cut, 5, "ended its answer too early"),
        (Kind::Hang, 5, "did not answer in time"),
        (Kind::Delay { ms: 5_000 }, 5, "did not answer in time"),
        (Kind::Drip { ms: 20 }, 5, "did not answer in time"),
        (Kind::CutBody, 5, "too early"),
        (Kind::Huge { mib: 512 }, 5, "larger than 1 MiB"),
        (
            Kind::respond_with(302, ("Location", "https://login.example/?secret=marker"), ""),
            5,
            "a redirect to https://login.example/",
        ),
        (Kind::respond(200, html), 5, "an HTML page"),
        (Kind::respond(200, ""), 5, "an empty body"),
        (Kind::respond(200, "[]"), 5, "not JSON"),
        (Kind::respond(200, "{}"), 5, "without an access token"),
        (Kind::respond(200, "{\"access_token\":\"a\\r\\nX: y\",\"expires_in\":1}"), 5, "no header may hold"),
        (Kind::respond(200, &json("invalid_client")), 4, "invalid_client"),
        (Kind::respond(400, &json("brand_new_error")), 4, "brand_new_error"),
        (Kind::respond(401, &json("invalid_client")), 4, "it said so"),
        (Kind::respond(404, html), 5, "404"),
        (Kind::respond(429, ""), 5, "429"),
        (retry(429, "1"), 5, "429"),
        (retry(429, "2400"), 5, "429"),
        (retry(503, far), 5, "503"),
        (retry(503, "99999999999999999999999"), 5, "503"),
        (retry(503, "soon"), 5, "503"),
        (Kind::respond(500, ""), 5, "500"),
    ] {
        let mut world = World::oauth();
        world.emulator.fault(Fault::always(fault.clone()));
        let told = assert_refused(&token_in_time(&mut world), code);
        assert!(told.contains(words), "{fault:?}: {told}");
        assert!(!told.contains("marker"), "{told}");
        assert!(stories::files_in(&world.cache()).iter().all(|path| path.extension().unwrap() != "json"), "{fault:?}");
    }
}

/// Whoever asks a server for something else than a token.
#[test]
fn a_platform_that_hangs_holds_nobody_longer() {
    let mut world = World::oauth();
    world.token();
    world.emulator.fault(Fault::always(Kind::Hang));
    for command in [
        ["check"].as_slice(),
        &["query", "--sandbox", "prod"],
        &["api", "/data/foundation/schemaregistry/global/classes"],
    ] {
        let told = text(&in_time(&mut world, command).stderr);
        assert!(told.contains("did not answer in time"), "{command:?}: {told}");
    }
    // Whether it is valid cannot be told: the live one serves.
    assert_clean(&in_time(&mut world, &["token", "--verify"]));
}

#[test]
fn what_passes_is_asked_again() {
    for fault in [
        Kind::respond(503, ""),
        Kind::respond(429, ""),
        Kind::respond_with(429, ("Retry-After", "0"), ""),
        Kind::Cut,
        Kind::CutBody,
    ] {
        let world = World::oauth();
        world.emulator.fault(Fault::times(2, fault));
        world.token();
        assert_eq!(world.emulator.token_requests(), 3);
    }
}

#[test]
fn an_address_that_answers_nothing() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (url, words) in [
        (format!("http://127.0.0.1:{closed}"), "connection refused"),
        ("https://no-such-host.invalid".to_owned(), "no-such-host.invalid"),
    ] {
        let mut world = World::oauth();
        world.set("AEP_IMS_URL", &url);
        let told = assert_refused(&token_in_time(&mut world), 5);
        assert!(told.contains(words) && told.contains("hint: "), "{told}");
    }
}

#[test]
fn a_certificate_that_is_unknown_old_or_another_hosts() {
    let unknown = World::tls();
    let mut unknown_world = unknown;
    unknown_world.unset("AEP_CA_FILE");
    let told = assert_refused(&token_in_time(&mut unknown_world), 5);
    assert!(told.contains("TLS") && told.contains("AEP_CA_FILE"), "{told}");

    let old = Emulator::start(Options { tls: true, ended_in: Some(2020), ..Options::default() }).unwrap();
    let told = assert_refused(&token_in_time(&mut World::oauth_at(old)), 5);
    assert!(told.contains("TLS") && told.contains("xpired") && told.contains("clock"), "{told}");

    // Behind a proxy every name leads to the emulator, whose certificate knows `ims.example` alone.
    let mut other = behind_a_proxy();
    let proxy = Proxy::to(other.emulator.port(), None);
    other.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", proxy.port)).set("AEP_IMS_URL", "https://other.example");
    let told = assert_refused(&token_in_time(&mut other), 5);
    assert!(told.contains("TLS") && told.contains("other.example"), "{told}");

    let mut missing = World::tls();
    missing.set("AEP_CA_FILE", "/nowhere/ca.pem");
    assert!(assert_refused(&token_in_time(&mut missing), 3).contains("AEP_CA_FILE"));
}

#[test]
fn a_profile_brings_its_own_authority() {
    let mut world = World::tls();
    let ca = world.variable("AEP_CA_FILE").to_owned();
    world.unset("AEP_CA_FILE").unset("AEP_CLIENT_ID");
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    for name in ["dev", "other"] {
        assert_clean(&world.import(file.to_str().unwrap(), &["--profile", name]));
    }
    let set =
        |value: &str| assert_clean(&world.run("aep-auth", &["profile", "set", "dev", &format!("ca_file={value}")]));
    let of = |name: &str| world.run("aep-auth", &["token", "--renew", "--profile", name]);
    assert!(assert_refused(&of("dev"), 5).contains("TLS"));
    set(&ca);
    assert_clean(&of("dev"));
    // What calls the platform, tells of the way or shows the profile knows it too; the other profile does not.
    for command in [
        ["check"].as_slice(),
        &["token", "--verify"],
        &["headers"],
        &["api", "/data/foundation/schemaregistry/global/classes"],
    ] {
        assert_clean(&world.run("aep-auth", &[command, &["--profile", "dev"]].concat()));
    }
    let told = text(&world.run("aep-auth", &["doctor", "--profile", "dev"]).stdout);
    assert!(told.contains("IMS answers at https://"), "{told}");
    let shown = text(&world.run("aep-auth", &["profile", "show", "dev"]).stdout);
    assert!(shown.lines().any(|line| line.starts_with("ca_file ") && line.ends_with("ca.pem")), "{shown}");
    assert!(assert_refused(&of("other"), 5).contains("TLS"));
    // Beside the profile, and from the home.
    std::fs::copy(&ca, world.path("config/profiles/own.pem")).unwrap();
    set("own.pem");
    assert_clean(&of("dev"));
    // It is read like the profile, and the variable stands in its place.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        set("/nosuch/ca.pem");
        assert!(assert_refused(&of("dev"), 3).contains("ca_file names /nosuch/ca.pem: it is not there"));
        set("own.pem");
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(world.path("config/profiles/own.pem"), open).unwrap();
        assert!(assert_refused(&of("dev"), 3).contains("not trusted"));
    }
    // A shell leaves a `~` in quotes as it is.
    std::fs::copy(&ca, world.path("company.pem")).unwrap();
    for file in [&ca, "~/company.pem"] {
        world.set("AEP_CA_FILE", file);
        assert_clean(&world.run("aep-auth", &["token", "--renew", "--profile", "dev"]));
    }
    // Another authority's is told of, with what it stands in the place of; and one that is no PEM.
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap().cert;
    let file = world.write("other.pem", &other.pem());
    world.set("AEP_CA_FILE", file.to_str().unwrap());
    let told = assert_refused(&world.run("aep-auth", &["token", "--renew", "--profile", "dev"]), 5);
    assert!(
        told.contains("; beside the system's, AEP_CA_FILE was read: /") && told.contains("unset AEP_CA_FILE"),
        "{told}"
    );
    std::fs::write(&file, other.der()).unwrap();
    let told = assert_refused(&world.run("aep-auth", &["token", "--renew", "--profile", "dev"]), 3);
    assert!(told.contains("hint: openssl x509 -inform der -in /"), "{told}");
}

/// A proxy that knows one name, which is the emulator; keeps the heads of what it was asked.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn to(target: u16, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let head = read_head(&client);
                kept.lock().unwrap().push(head);
                match refusal {
                    Some(answer) => drop((&client).write_all(answer.as_bytes())),
                    None => tunnel(client, target),
                }
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn read_head(mut client: &TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    text(&head)
}

fn tunnel(client: TcpStream, target: u16) {
    let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
    (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let both = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
    for (mut from, mut to) in both {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

/// IMS under a name that only the proxy can reach.
fn behind_a_proxy() -> World {
    let options = Options { tls: true, names: vec!["ims.example".to_owned()], ..Options::default() };
    let mut world = World::oauth_at(Emulator::start(options).unwrap());
    world.set("AEP_IMS_URL", "https://ims.example");
    world
}

#[test]
fn a_proxy_with_and_without_credentials() {
    let mut world = behind_a_proxy();
    let proxy = Proxy::to(world.emulator.port(), None);
    world.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", proxy.port));
    assert_clean(&world.run("aep-auth", &["token"]));
    assert!(proxy.heads()[0].starts_with("CONNECT ims.example:443 "), "{:?}", proxy.heads());
    assert!(!proxy.heads()[0].to_lowercase().contains("proxy-authorization"));
    world.set("HTTPS_PROXY", &format!("http://user:word@127.0.0.1:{}", proxy.port));
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
    // `user:word` in base64 (RFC 7617).
    assert!(proxy.heads()[1].contains("Basic dXNlcjp3b3Jk"), "{:?}", proxy.heads());
}

#[test]
fn a_proxy_that_refuses_and_one_that_is_not_there() {
    let mut world = behind_a_proxy();
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let proxy = Proxy::to(world.emulator.port(), Some(refusal));
    world.set("HTTPS_PROXY", &format!("http://user:proxy-password-marker@127.0.0.1:{}", proxy.port));
    let told = assert_refused(&token_in_time(&mut world), 5);
    assert!(told.contains("refused to connect to it (407)\n") && !told.contains("marker"), "{told}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    world.set("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
    let told = assert_refused(&token_in_time(&mut world), 5);
    assert!(told.contains(&format!("did not answer in time (through the proxy 127.0.0.1:{port})")), "{told}");
    world.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_refused(&token_in_time(&mut world), 5);
}

#[test]
fn exceptions_from_the_proxy() {
    // The name does not resolve, so that going past the proxy is unreachable, and the proxy hears nothing.
    for list in ["ims.example", "a, ims.example", ".example", "ims.example:443", "*"] {
        let mut world = behind_a_proxy();
        let proxy = Proxy::to(world.emulator.port(), None);
        world.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", proxy.port)).set("NO_PROXY", list);
        let told = assert_refused(&token_in_time(&mut world), 5);
        assert!(proxy.heads().is_empty() && told.contains("NO_PROXY names it"), "{list}: {told}");
    }
    let mut world = World::tls();
    world.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_clean(&world.run("aep-auth", &["token"]));
}

#[test]
fn a_server_that_repeats_the_request_shows_no_secret() {
    const SECRET: &str = "p8e-marker/with+more";
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", SECRET).set("AEP_LOG", "debug");
    let said = format!("got client_secret={SECRET} and client_secret=p8e-marker%2Fwith%2Bmore");
    let body = format!(r#"{{"error":"bad","error_description":"{said}"}}"#);
    world.emulator.fault(Fault::always(Kind::respond(400, &body)));
    let told = assert_refused(&token_in_time(&mut world), 4);
    assert!(told.contains("got client_secret=(not shown) and client_secret=(not shown)"), "{told}");
    for file in stories::files_in(&world.cache()) {
        assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains("p8e-marker"), "{}", file.display());
    }
}

#[test]
fn nothing_a_server_sends_reaches_the_terminal_raw() {
    let body = "{\"error\":\"invalid_client\",\"error_description\":\"\\u001b]0;title\\u0007\\u001b[31mred\\u202e\\u0000\\n\\nerror: fake\"}";
    let mut world = World::oauth();
    world.emulator.fault(Fault::always(Kind::respond(400, body)));
    let told = assert_refused(&token_in_time(&mut world), 4);
    let is_tame = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
    assert!(told.chars().all(is_tame), "{told:?}");
}
