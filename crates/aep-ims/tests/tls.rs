//! Whose certificate is believed, and who sees what is sent through a proxy.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use aep_core::clock::SystemClock;
use aep_core::error::{Cause, CertificateFault};
use aep_core::url::BaseUrl;
use aep_core::{Context, Environment, Folders, Log, Result};
use aep_ims::Reached;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server's certificate, and how it is spoken with.
struct Server {
    pem: String,
    config: Arc<ServerConfig>,
}

/// A certificate for this name and year; `of_an_authority` that nobody knows, else signed by itself.
fn server(name: &str, year: i32, is_authority: bool, of_an_authority: bool) -> Server {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    if is_authority {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = if of_an_authority {
        let mut theirs = CertificateParams::new(Vec::new()).unwrap();
        theirs.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        theirs.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        parameters.signed_by(&key, &Issuer::new(theirs, KeyPair::generate().unwrap())).unwrap()
    } else {
        parameters.self_signed(&key).unwrap()
    };
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    Server { pem: certificate.pem(), config: Arc::new(config) }
}

/// Answers one connection; gives what was read before the answer.
fn answer_once(config: &Arc<ServerConfig>, answers: &'static [&'static str]) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let thread = spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(StreamOwned::new(connection, tcp));
        let mut seen = Vec::new();
        for answer in answers {
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|count| count > 2) {
                line.clear();
            }
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return seen;
            }
        }
        let mut first = [0];
        if stream.read_exact(&mut first).is_ok() {
            seen.push(first[0]);
        }
        seen
    });
    (port, thread)
}

/// Asks a server with an authority's file of this content.
fn ask(url: &str, pem: &str, further: &[(&str, &str)]) -> Result<Reached> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let mut variables = vec![("AEP_CA_FILE", file.to_str().unwrap())];
    variables.extend_from_slice(further);
    let context = Context {
        environment: Environment::from_pairs(variables),
        clock: Box::new(SystemClock::start()),
        folders: Folders::at(home.path(), home.path(), home.path()),
        log: Log::silent(),
        keyring: Default::default(),
    };
    aep_ims::reach(&context, &BaseUrl::parse("server", url).unwrap(), None, "tests")
}

#[test]
fn a_certificate_that_is_named_itself_is_believed_for_its_name_and_time_alone() {
    let other = server("localhost", 2090, true, false).pem;
    for (name, year, is_authority, of_an_authority, is_named, expected) in [
        ("localhost", 2090, true, false, true, None),
        ("localhost", 2090, false, false, true, None),
        ("localhost", 2090, false, true, true, None),
        ("localhost", 2090, true, true, true, None),
        ("localhost", 2090, true, false, false, Some(CertificateFault::AuthorityAsServer)),
        ("localhost", 2090, false, true, false, Some(CertificateFault::UnknownIssuer)),
        ("other.example", 2090, true, false, true, Some(CertificateFault::OtherName)),
        ("other.example", 2090, false, true, true, Some(CertificateFault::OtherName)),
        ("localhost", 2021, true, false, true, Some(CertificateFault::Expired)),
        ("localhost", 2021, false, true, true, Some(CertificateFault::Expired)),
    ] {
        let server = server(name, year, is_authority, of_an_authority);
        let (port, thread) = answer_once(&server.config, &["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
        let pem = if is_named { &server.pem } else { &other };
        let found = ask(&format!("https://localhost:{port}"), pem, &[]);
        let fault = found.err().map(|error| match error.cause() {
            Some(Cause::Certificate(fault)) => *fault,
            other => panic!("{other:?}: {}", error.message()),
        });
        assert_eq!(fault, expected, "{name} {year} {is_authority} {of_an_authority} {is_named}");
        thread.join().unwrap();
    }
}

#[test]
fn a_proxy_over_tls_sees_no_more_than_another() {
    let proxy = server("localhost", 2090, false, false);
    let (port, thread) = answer_once(&proxy.config, &["HTTP/1.1 200 Connected\r\n\r\n"]);
    let proxy_url = format!("https://localhost:{port}");
    let found = ask("https://ims.example", &proxy.pem, &[("HTTPS_PROXY", &proxy_url)]);
    assert!(found.is_err());
    // The first byte of a handshake, not of a request.
    assert_eq!(thread.join().unwrap(), [0x16]);
}
