//! One request: bounded in time and size, https only (loopback excepted), no redirect followed.
//!
//! What comes back is either an [`Answer`], whatever its status, or a reason why there is none.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aep_core::error::{Cause, CertificateFault};
use aep_core::url::BaseUrl;
use aep_core::{Context, Error, Result};
use ureq::Agent;
use ureq::http::Response;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, TcpConnector};
use zeroize::Zeroizing;

use crate::answer::short;
use crate::hide::Hidden;
use crate::proxy;
use crate::resolver::TimedResolver;
use crate::roots;
use crate::tls::{self, TlsConnector};

/// The cure where the proxy itself is the trouble.
const CHECK_PROXY: &str = "check the proxy in HTTPS_PROXY or ALL_PROXY, or name this host in NO_PROXY";
/// An answer of this size is not from IMS.
const MOST_BYTES: u64 = 1024 * 1024;

/// A way to one server, for as many requests as one call needs.
#[derive(Debug)]
pub struct Http<'a> {
    base: &'a BaseUrl,
    context: &'a Context,
    agent: Agent,
    /// The proxy in words, without user and password.
    proxy: Option<String>,
    /// The file whose authorities are trusted beside the system's, and what names it.
    roots: Option<(&'static str, PathBuf)>,
    has_ca_file: bool,
}

/// What a server answered. Its body may hold a token.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) debug_id: Option<String>,
    pub(crate) request_id: Option<String>,
    /// The server's clock, in Unix seconds.
    pub(crate) date: Option<i64>,
}

impl Answer {
    /// A plain answer with this body.
    pub(crate) fn with_body(body: &[u8]) -> Self {
        Self {
            status: 200,
            body: Zeroizing::new(body.to_vec()),
            content_type: String::new(),
            location: None,
            retry_after: None,
            debug_id: None,
            request_id: None,
            date: None,
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    pub(crate) error: Error,
    /// Whether a second try could fare better.
    pub(crate) may_pass: bool,
}

/// What a tool calls itself towards a server.
pub fn user_agent(tool: &str) -> String {
    format!("{tool}/{}", env!("CARGO_PKG_VERSION"))
}

impl<'a> Http<'a> {
    /// Prepares requests to `base`, which may have a certificate of `ca_file`'s authorities; nothing is sent yet. `tool`
    /// and its version are the `User-Agent`.
    ///
    /// # Errors
    /// Configuration, when certificates or the proxy cannot be used.
    pub fn to(base: &'a BaseUrl, ca_file: Option<&Path>, context: &'a Context, tool: &str) -> Result<Self> {
        let proxy = proxy::choose(&context.environment, base)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent(tool))
            .proxy(proxy.clone());
        let is_https = base.scheme() == aep_core::url::Scheme::Https;
        let tls = if is_https { Some(tls::config(&context.environment, ca_file)?) } else { None };
        let connector =
            ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(TlsConnector(tls));
        let agent = Agent::with_parts(config.https_only(is_https).build(), connector, TimedResolver);
        Ok(Self {
            base,
            context,
            agent,
            proxy: proxy.map(|proxy| format!("the proxy {}:{}", proxy.host(), proxy.port())),
            roots: roots::own(&context.environment, ca_file),
            has_ca_file: ca_file.is_some(),
        })
    }

    /// The server.
    pub(crate) fn base(&self) -> &BaseUrl {
        self.base
    }

    /// What sends requests.
    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Sends a body and reads the answer within `budget`.
    pub(crate) fn post(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
        budget: Duration,
        hidden: &Hidden<'_>,
    ) -> Result<Answer, NoAnswer> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.config().timeout_global(Some(budget)).build();
        let request = request.header("Content-Type", content_type).header("Accept", "application/json");
        self.told("POST", path, || self.receive(request.send(body), hidden))
    }

    /// Asks with these headers and reads the answer within `budget`.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)], budget: Duration) -> Result<Answer, NoAnswer> {
        let mut request = self.agent.get(format!("{}{path}", self.base)).config().timeout_global(Some(budget)).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hidden = Hidden::in_headers(headers.iter().copied());
        self.told("GET", path, || self.receive(request.call(), &hidden))
    }

    /// Asks for anything, with nothing that is secret. A server may repeat what it was told earlier, and nobody here knows
    /// what that was: it names no ids.
    pub(crate) fn probe(&self, budget: Duration) -> Result<Answer, NoAnswer> {
        let request = self.agent.get(format!("{}/", self.base)).config().timeout_global(Some(budget)).build();
        self.told("GET", "/", || {
            let answer = self.receive(request.call(), &Hidden::default())?;
            Ok(Answer { debug_id: None, request_id: None, ..answer })
        })
    }

    /// Tells of a request and what became of it; a query, a header or a body never.
    fn told(
        &self,
        method: &str,
        path: &str,
        send: impl FnOnce() -> Result<Answer, NoAnswer>,
    ) -> Result<Answer, NoAnswer> {
        let Context { clock, log, .. } = self.context;
        let (path, start) = (path.split('?').next().unwrap_or_default(), clock.monotonic());
        let result = send();
        let took = clock.monotonic().saturating_sub(start).as_millis();
        let through = self.proxy.as_deref().map_or_else(String::new, |proxy| format!(" through {proxy}"));
        let id = |name: &str, id: Option<&str>| id.map_or_else(String::new, |id| format!(", {name} {}", short(id)));
        match &result {
            Ok(answer) => log.info(format_args!(
                "{method} {}{path}{through}: {} in {took} ms{}{}",
                self.base,
                answer.status,
                id("x-debug-id", answer.debug_id.as_deref()),
                id("x-request-id", answer.request_id.as_deref()),
            )),
            Err(no_answer) => log.info(format_args!(
                "{method} {}{path}{through}: no answer in {took} ms: {}",
                self.base,
                no_answer.error.message(),
            )),
        }
        result
    }

    fn receive(
        &self,
        result: Result<Response<ureq::Body>, ureq::Error>,
        hidden: &Hidden<'_>,
    ) -> Result<Answer, NoAnswer> {
        let mut response = result.map_err(|error| self.no_answer(&error))?;
        let header = |name: &str| -> Option<String> {
            response.headers().get(name).map(|value| hidden.text(&String::from_utf8_lossy(value.as_bytes())))
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            body: Zeroizing::default(),
            content_type: header("content-type").unwrap_or_default(),
            location: header("location"),
            retry_after: header("retry-after"),
            debug_id: header("x-debug-id"),
            request_id: header("x-request-id"),
            date: header("date").as_deref().and_then(unix_seconds),
        };
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        answer.body = Zeroizing::new(body.map_err(|error| self.no_answer(&error))?);
        Ok(answer)
    }

    pub(crate) fn no_answer(&self, error: &ureq::Error) -> NoAnswer {
        let base = self.base;
        let unreachable = |why: &str| Error::unreachable(format!("{base} {why}"));
        let later = |why: &str| NoAnswer { error: unreachable(why), may_pass: true };
        let never = |error: Error| NoAnswer { error, may_pass: false };
        match error {
            ureq::Error::Timeout(_) => never(
                unreachable(&format!("did not answer in time{}", self.through()))
                    .with_cause(Cause::TimedOut)
                    .with_hint("try again, or give it longer: AEP_TIMEOUT=30 (seconds)"),
            ),
            ureq::Error::HostNotFound => NoAnswer { error: self.name_not_found(), may_pass: true },
            ureq::Error::BodyExceedsLimit(_) => never(unreachable("sent an answer larger than 1 MiB")),
            ureq::Error::Rustls(error) => never(self.certificate_fault(error)),
            ureq::Error::Io(error) => match tls_error(error) {
                Some(error) => never(self.certificate_fault(error)),
                None => self.no_connection(error.kind()),
            },
            ureq::Error::ConnectProxyFailed(reason) => never(self.proxy_refused(reason)),
            ureq::Error::Protocol(_) => later("did not answer in HTTP"),
            _ => later("cannot be reached: the request failed"),
        }
    }

    fn no_connection(&self, kind: ErrorKind) -> NoAnswer {
        let why = match kind {
            ErrorKind::ConnectionRefused => "cannot be reached: connection refused",
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                "closed the connection"
            }
            ErrorKind::UnexpectedEof => "ended its answer too early",
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "did not answer in time",
            ErrorKind::NetworkUnreachable => "cannot be reached: there is no network",
            ErrorKind::HostUnreachable => "cannot be reached: there is no way to it",
            ErrorKind::OutOfMemory => "cannot be reached: the system gives no further memory",
            _ => "cannot be reached: the connection failed",
        };
        let is_refused = kind == ErrorKind::ConnectionRefused;
        let why = match &self.proxy {
            Some(proxy) if is_refused => format!("cannot be reached: {proxy} refused the connection"),
            _ => format!("{why}{}", self.through()),
        };
        let error = Error::unreachable(format!("{} {why}", self.base)).with_cause(Cause::Io(kind));
        let error = match &self.proxy {
            Some(_) => error.with_hint(CHECK_PROXY),
            None if is_refused => error.with_hint(format!("check the address and the network; {}", self.way_out())),
            None => error,
        };
        NoAnswer { error, may_pass: true }
    }

    fn through(&self) -> String {
        self.proxy.as_deref().map_or_else(String::new, |proxy| format!(" (through {proxy})"))
    }

    /// Where no proxy was asked.
    fn way_out(&self) -> &'static str {
        if proxy::is_passed_by(&self.context.environment, self.base) {
            "NO_PROXY names it, so that the proxy is passed by"
        } else {
            "behind a proxy, set HTTPS_PROXY"
        }
    }

    fn proxy_refused(&self, reason: &str) -> Error {
        let proxy = self.proxy.as_deref().unwrap_or("the proxy");
        // Of the library's words the status alone.
        let status = reason.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 3);
        let status = status.map_or_else(String::new, |status| format!(" ({status})"));
        Error::unreachable(format!("{} cannot be reached: {proxy} refused to connect to it{status}", self.base))
            .with_cause(Cause::Proxy)
            .with_hint(
                "let the proxy allow this host, or check its user and password in HTTPS_PROXY: \
                 http://user:password@host:port",
            )
    }

    fn name_not_found(&self) -> Error {
        if let Some(proxy) = &self.proxy {
            return Error::unreachable(format!("{} cannot be reached: the name of {proxy} was not found", self.base))
                .with_cause(Cause::NameNotFound)
                .with_hint(CHECK_PROXY);
        }
        let host = &self.base.authority().host;
        Error::unreachable(format!("{} cannot be reached: the name {host} was not found", self.base))
            .with_cause(Cause::NameNotFound)
            .with_hint(format!("check the name and the network; {}", self.way_out()))
    }

    fn certificate_fault(&self, error: &rustls::Error) -> Error {
        let (fault, what, hint) = match error {
            rustls::Error::InvalidCertificate(fault) => explain_certificate(fault),
            _ => (CertificateFault::Other, "it does not speak TLS as we do", "aep-auth doctor"),
        };
        let (mut what, mut hint) = (what.to_owned(), hint.to_owned());
        if let (CertificateFault::UnknownIssuer, Some((name, path))) = (&fault, &self.roots) {
            what.push_str(&format!("; beside the system's, {name} was read: {}", path.display()));
            hint = format!("add the authority's certificate to {}, as PEM", path.display());
            if *name == "AEP_CA_FILE" && self.has_ca_file {
                hint.push_str("; or unset AEP_CA_FILE, which stands in the place of the profile's ca_file");
            }
        }
        Error::unreachable(format!("{} failed the TLS check: {what}", self.base))
            .with_cause(Cause::Certificate(fault))
            .with_source(error.clone())
            .with_hint(hint)
    }
}

fn explain_certificate(fault: &rustls::CertificateError) -> (CertificateFault, &'static str, &'static str) {
    use rustls::CertificateError as Theirs;
    const CLOCK: &str = "check the clock of this machine, then the server's certificate";
    match fault {
        Theirs::UnknownIssuer => (
            CertificateFault::UnknownIssuer,
            "no trusted authority has signed its certificate",
            "a proxy that inspects TLS has its own authority; save that certificate as PEM, and set AEP_CA_FILE or the profile's ca_file to it",
        ),
        Theirs::Expired | Theirs::ExpiredContext { .. } => {
            (CertificateFault::Expired, "its certificate has expired", CLOCK)
        }
        Theirs::NotValidYet | Theirs::NotValidYetContext { .. } => {
            (CertificateFault::NotYetValid, "its certificate is not valid yet", CLOCK)
        }
        Theirs::NotValidForName | Theirs::NotValidForNameContext { .. } => (
            CertificateFault::OtherName,
            "its certificate is for another name",
            "check the address; a captive portal or a proxy may stand in between",
        ),
        other if tls::is_authority(other) => (
            CertificateFault::AuthorityAsServer,
            "its certificate is an authority's own, which may not serve as a server's",
            "save it as PEM, and set AEP_CA_FILE or the profile's ca_file to it; or make one with -addext basicConstraints=critical,CA:FALSE",
        ),
        _ => (CertificateFault::Other, "its certificate was not accepted", "aep-auth doctor"),
    }
}

/// rustls reports its refusals through the stream, inside an `io::Error`.
fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

pub(crate) fn unix_seconds(date: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(date).ok()?;
    i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}
