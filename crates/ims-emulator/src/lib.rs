//! A strict local stand-in for Adobe IMS and the gateway of Experience Platform.
//!
//! It serves on loopback alone, from threads, in bounded memory, and stops when dropped. It checks requests as strictly as
//! the real ones do and answers with their own error bodies, from public facts; it depends on none of the programs it tests,
//! so that it can disagree with them. On request it is slow, rude or wrong ([`Fault`]), and its clock is off.

mod body;
mod cli;
mod clients;
mod control;
mod door;
mod faults;
mod form;
mod http;
mod ims;
mod platform;
mod run;
mod serve;
mod server;
mod shell;
mod state;
mod tls;
mod tokens;

use std::io;
use std::sync::Arc;

pub use body::file_content;
pub use clients::{Client, Flow, certificate_pem, private_key_pem, service_account_environment};
pub use faults::{Fault, Kind};
pub use http::{Answer, Received, Request};
pub use run::{Invocation, run};
pub use state::Counters;

use server::Server;
use state::State;

/// What a further service on the emulator's address answers; `None` for what is not its own. It is told whether an access
/// token is valid.
pub type Service = dyn Fn(&Request, &dyn Fn(&str) -> bool) -> Option<Answer> + Send + Sync;

/// How an emulator starts.
#[derive(Clone, Default)]
pub struct Options {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Whether to speak TLS, under an authority made at start.
    pub tls: bool,
    /// Further clients beside the known ones.
    pub clients: Vec<Client>,
    /// Names in the certificate beside those of this machine.
    pub names: Vec<String>,
    /// The year in which the certificate ended, where it is to be an old one.
    pub ended_in: Option<i32>,
    /// A service that takes the tokens, at the same address: a git server, a Kubernetes API, an API of your own.
    pub service: Option<Arc<Service>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { port, tls, clients, names, ended_in, service } = self;
        f.debug_struct("Options")
            .field("port", port)
            .field("tls", tls)
            .field("clients", &clients.len())
            .field("names", names)
            .field("ended_in", ended_in)
            .field("service", &service.is_some())
            .finish()
    }
}

/// A running emulator.
#[derive(Debug)]
pub struct Emulator {
    server: Server,
    state: Arc<State>,
}

impl Emulator {
    /// Starts to serve.
    ///
    /// # Errors
    /// Whatever binding the port or making the certificate says.
    pub fn start(options: Options) -> io::Result<Self> {
        jwt_ring::install();
        let state = Arc::new(State::new(options.clients.clone()));
        let server = Server::start(options, Arc::clone(&state))?;
        Ok(Self { server, state })
    }

    /// Starts to serve plain HTTP on a free port.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub fn plain() -> io::Result<Self> {
        Self::start(Options::default())
    }

    /// Starts to serve TLS on a free port.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub fn tls() -> io::Result<Self> {
        Self::start(Options { tls: true, ..Options::default() })
    }

    /// The address, such as `http://127.0.0.1:8080` or `https://localhost:8443`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The certificate of the authority, with TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// The variables that point a program at this emulator as an OAuth Server-to-Server client, without any file.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        clients::oauth_environment(&self.url())
    }

    /// The Developer Console's credential file of the known client of this flow.
    pub fn credential_file(&self, flow: Flow) -> String {
        clients::credential_file(flow)
    }

    /// The Developer Console's project file with a credential of each kind.
    pub fn project_file(&self) -> String {
        clients::project_file()
    }

    /// How often a token was asked for, whatever came of it.
    pub fn token_requests(&self) -> usize {
        let counters = self.counters();
        counters.token + counters.exchange
    }

    /// How often each thing was asked for.
    pub fn counters(&self) -> Counters {
        self.state.counters()
    }

    /// The last requests, oldest first; a bounded number is kept.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests()
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.state.add_fault(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.state.clear_faults();
    }

    /// Sets the server's clock this many seconds ahead of the machine's.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.state.set_clock_offset(seconds);
    }

    /// Sets the life of the tokens that are issued from now on, in milliseconds.
    pub fn set_life(&self, milliseconds: i64) {
        self.state.set_life(milliseconds);
    }

    /// How often this was asked for, such as `POST /ims/token/v3`.
    pub fn count(&self, endpoint: &str) -> usize {
        self.state.endpoints().get(endpoint).copied().unwrap_or(0)
    }

    /// Sets how many classes and schemas of the tenant there are, beside those that are created.
    pub fn set_registry(&self, classes: usize, schemas: usize) {
        self.state.set_made_up(Some(classes), Some(schemas));
    }

    /// Sets what the connection parameters of Query Service say otherwise than usual: an object; null takes a key away.
    pub fn set_query_parameters(&self, parameters: &serde_json::Map<String, serde_json::Value>) {
        self.state.platform().query = parameters.clone();
    }

    /// Makes all tokens invalid that were got with this secret so far.
    pub fn revoke_secret(&self, client_id: &str, secret: &str) {
        self.state.revoke_secret(client_id, secret);
    }

    /// Makes a token invalid.
    pub fn revoke(&self, token: &str) {
        self.state.revoke(token);
    }

    /// Replaces the secrets that a client may use; two during a rotation.
    pub fn set_secrets(&self, client_id: &str, secrets: &[&str]) {
        self.state.set_secrets(client_id, secrets.iter().map(|secret| (*secret).to_owned()).collect());
    }
}
