//! Loopback, a thread for each connection, TLS under an authority made at start.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::faults::Kind;
use crate::http::{Answer, Request};
use crate::state::State;
use crate::{Options, Service, control, gateway, ims, tokens};

/// Longer than any client waits; a hanging connection ends with the emulator in any case.
const FOR_EVER: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    ca_pem: Option<String>,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(options: Options, state: Arc<State>) -> io::Result<Self> {
        let Options { port, tls, names, ended_in, service, clients: _ } = options;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let (config, ca_pem) = if tls {
            let (config, ca_pem) = make_tls(names, ended_in).map_err(io::Error::other)?;
            (Some(Arc::new(config)), Some(ca_pem))
        } else {
            (None, None)
        };
        let acceptor = {
            let state = Arc::clone(&state);
            std::thread::spawn(move || accept(&listener, config.as_ref(), service.as_ref(), &state))
        };
        Ok(Self { address, ca_pem, state, acceptor: Some(acceptor) })
    }

    pub(crate) fn url(&self) -> String {
        match self.ca_pem {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://127.0.0.1:{}", self.address.port()),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop();
        // A connection of our own wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(
    listener: &TcpListener,
    config: Option<&Arc<ServerConfig>>,
    service: Option<&Arc<Service>>,
    state: &Arc<State>,
) {
    for stream in listener.incoming() {
        if state.wait(Duration::ZERO) {
            return;
        }
        let Ok(stream) = stream else { continue };
        state.count(|counters| counters.connections += 1);
        let (state, config, service) = (Arc::clone(state), config.cloned(), service.cloned());
        let serve = move || {
            let _ = stream.set_nodelay(true);
            // A client that goes away in the middle is no fault of the emulator.
            let _ = match config {
                None => serve(stream, "http", service.as_deref(), &state),
                Some(config) => ServerConnection::new(config).map_err(io::Error::other).and_then(|connection| {
                    serve(StreamOwned::new(connection, stream), "https", service.as_deref(), &state)
                }),
            };
        };
        let _ = std::thread::Builder::new().stack_size(256 * 1024).spawn(serve);
    }
}

/// What a connection needs beyond reading and writing.
trait Connection: Read + Write {
    /// Ends it in good order.
    fn close(&mut self) -> io::Result<()>;
}

impl Connection for TcpStream {
    fn close(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.shutdown(std::net::Shutdown::Write)
    }
}

fn serve(
    mut stream: impl Connection,
    scheme: &'static str,
    service: Option<&Service>,
    state: &State,
) -> io::Result<()> {
    let Some(request) = Request::read(&mut stream, scheme)? else { return Ok(()) };
    let is_control = request.path.starts_with("/emulator/");
    if !is_control {
        state.remember(&request);
        count(state, &request.path);
    }
    let fault = if is_control { None } else { state.take_fault(&request.path) };
    let is_valid = |token: &str| matches!(tokens::judge(state, token), (tokens::Verdict::Valid, _));
    let right = |told| {
        let own = service.filter(|_| !is_control).and_then(|service| service(&request, &is_valid));
        own.unwrap_or_else(|| answer(state, &request, told)).to_bytes(server_time(state), &debug_id())
    };
    match fault.map(|fault| fault.kind) {
        None => stream.write_all(&right(None))?,
        Some(Kind::Delay { ms }) => {
            state.wait(Duration::from_millis(ms));
            stream.write_all(&right(None))?;
        }
        Some(Kind::Hang) => {
            state.wait(FOR_EVER);
            return Ok(());
        }
        Some(Kind::Cut) => return Ok(()),
        Some(Kind::CutBody) => {
            let bytes = right(None);
            stream.write_all(&bytes[..bytes.len() - 20])?;
            stream.flush()?;
            return Ok(());
        }
        Some(Kind::Drip { ms }) => {
            for byte in right(None) {
                stream.write_all(&[byte])?;
                stream.flush()?;
                if state.wait(Duration::from_millis(ms)) {
                    return Ok(());
                }
            }
        }
        Some(Kind::Huge { mib }) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")?;
            let chunk = vec![b' '; 1024 * 1024];
            for _ in 0..mib {
                stream.write_all(&chunk)?;
            }
        }
        Some(Kind::Respond { status, headers, body }) => {
            let answer = Answer { status, headers: headers.into_iter().collect(), body: body.into_bytes() };
            stream.write_all(&answer.to_bytes(server_time(state), &debug_id()))?;
        }
        Some(Kind::Life { expires_in }) => stream.write_all(&right(Some(expires_in)))?,
    }
    stream.flush()?;
    stream.close()?;
    // Wait for the client's end, so that closing with unread bytes does not reset the connection.
    let _ = stream.read(&mut [0; 256]);
    Ok(())
}

fn count(state: &State, path: &str) {
    state.count(|counters| match path.trim_end_matches('/') {
        "/ims/token/v3" => counters.token += 1,
        "/ims/exchange/jwt" | "/ims/exchange/v1/jwt" => counters.exchange += 1,
        "/ims/validate_token/v1" => counters.validate += 1,
        "/ims/invalidate_token/v2" => counters.invalidate += 1,
        path if path.starts_with("/data/") => counters.platform += 1,
        _ => {}
    });
}

fn answer(state: &State, request: &Request, told: ims::ToldLife) -> Answer {
    let path = request.path.as_str();
    if path.starts_with("/emulator/") {
        return control::answer(state, request);
    }
    let wanted = if path.starts_with("/data/") { "GET" } else { "POST" };
    if request.method != wanted {
        return Answer::json(405, &json!({"error": "method_not_allowed"}));
    }
    match path {
        "/ims/token/v3" => ims::token(state, request, told),
        "/ims/exchange/jwt" | "/ims/exchange/jwt/" | "/ims/exchange/v1/jwt" => ims::exchange(state, request, told),
        "/ims/validate_token/v1" => ims::validate(state, request),
        "/ims/invalidate_token/v2" => ims::invalidate(state, request),
        path if path.starts_with("/data/foundation/") => gateway::answer(state, request),
        _ => Answer::json(404, &json!({"error": "not_found"})),
    }
}

fn server_time(state: &State) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(state.now_millis()).unwrap_or(0))
}

fn debug_id() -> String {
    let id = tokens::random_hex(16);
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

/// An authority, and a certificate for this machine's names under it.
fn make_tls(
    further_names: Vec<String>,
    ended_in: Option<i32>,
) -> Result<(ServerConfig, String), Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "ims-emulator authority");
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names: Vec<String> =
        ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain(further_names).collect();
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(names)?;
    if let Some(year) = ended_in {
        parameters.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    }
    let certificate = parameters.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    Ok((config, ca_pem))
}
