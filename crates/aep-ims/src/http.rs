//! One request: bounded in time and size, https only (loopback excepted), no redirect followed.
//!
//! What comes back is either an [`Answer`], whatever its status, or a reason why there is none.

use std::sync::Arc;
use std::time::Duration;

use aep_core::url::BaseUrl;
use aep_core::{Context, Error, Result};
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::TlsConfig;
use zeroize::Zeroizing;

use crate::{proxy, roots};

/// An answer of this size is not from IMS.
const MOST_BYTES: u64 = 1024 * 1024;

/// A way to one server, for as many requests as one call needs.
#[derive(Debug)]
pub struct Http<'a> {
    base: &'a BaseUrl,
    agent: Agent,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) debug_id: Option<String>,
    /// The server's clock, in Unix seconds.
    pub(crate) date: Option<i64>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    pub(crate) error: Error,
    /// Whether a second try could fare better.
    pub(crate) may_pass: bool,
}

impl<'a> Http<'a> {
    /// Prepares requests to `base`; nothing is sent yet.
    ///
    /// # Errors
    /// Configuration, when certificates or the proxy cannot be used.
    pub fn to(base: &'a BaseUrl, context: &Context, user_agent: &str) -> Result<Self> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent)
            .proxy(proxy::choose(&context.environment, base)?);
        if base.scheme() == aep_core::url::Scheme::Https {
            let tls = TlsConfig::builder()
                .root_certs(roots::load(&context.environment)?)
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .build();
            config = config.https_only(true).tls_config(tls);
        }
        Ok(Self { base, agent: config.build().into() })
    }

    /// The server.
    pub(crate) fn base(&self) -> &BaseUrl {
        self.base
    }

    /// Sends a body and reads the answer within `budget`.
    pub(crate) fn post(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
        budget: Duration,
    ) -> Result<Answer, NoAnswer> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.config().timeout_global(Some(budget)).build();
        let request = request.header("Content-Type", content_type).header("Accept", "application/json");
        self.receive(request.send(body))
    }

    /// Asks with these headers and reads the answer within `budget`.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)], budget: Duration) -> Result<Answer, NoAnswer> {
        let mut request = self.agent.get(format!("{}{path}", self.base)).config().timeout_global(Some(budget)).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.receive(request.call())
    }

    fn receive(&self, result: Result<Response<ureq::Body>, ureq::Error>) -> Result<Answer, NoAnswer> {
        let mut response = result.map_err(|error| self.no_answer(&error))?;
        let header = |name: &str| -> Option<String> {
            response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            body: Zeroizing::default(),
            content_type: header("content-type").unwrap_or_default(),
            location: header("location"),
            retry_after: header("retry-after"),
            debug_id: header("x-debug-id"),
            date: header("date").as_deref().and_then(unix_seconds),
        };
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        answer.body = Zeroizing::new(body.map_err(|error| self.no_answer(&error))?);
        Ok(answer)
    }

    fn no_answer(&self, error: &ureq::Error) -> NoAnswer {
        use std::io::ErrorKind;
        let base = self.base;
        let unreachable = |why: String| Error::unreachable(format!("{base} {why}"));
        let later = |why: &str| NoAnswer { error: unreachable(why.to_owned()), may_pass: true };
        let never = |error: Error| NoAnswer { error, may_pass: false };
        match error {
            ureq::Error::Timeout(_) => never(
                unreachable("did not answer in time".to_owned())
                    .hint("try again, or give it longer: AEP_TIMEOUT=30 (seconds)"),
            ),
            ureq::Error::HostNotFound => NoAnswer { error: self.name_not_found(), may_pass: true },
            ureq::Error::BodyExceedsLimit(_) => never(unreachable("sent an answer larger than 1 MiB".to_owned())),
            ureq::Error::Io(error) if is_certificate_fault(error) => never(self.certificate_fault(&error.to_string())),
            ureq::Error::Rustls(error) => never(self.certificate_fault(&error.to_string())),
            ureq::Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused => NoAnswer {
                    error: unreachable("cannot be reached: connection refused".to_owned())
                        .hint("check the address and the network; behind a proxy, set HTTPS_PROXY"),
                    may_pass: true,
                },
                ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                    later("closed the connection")
                }
                ErrorKind::UnexpectedEof => later("ended its answer too early"),
                ErrorKind::TimedOut | ErrorKind::WouldBlock => later("did not answer in time"),
                // The resolver's own words, which no kind stands for.
                _ if error.to_string().contains("lookup") => NoAnswer { error: self.name_not_found(), may_pass: true },
                _ => later(&format!("cannot be reached: {error}")),
            },
            ureq::Error::ConnectProxyFailed(why) => {
                never(unreachable(format!("cannot be reached: the proxy refused: {why}")).hint(
                    "check HTTPS_PROXY; its user and password go into the address: http://user:password@host:port",
                ))
            }
            ureq::Error::Protocol(why) => later(&format!("did not answer in HTTP: {why}")),
            other => later(&format!("cannot be reached: {other}")),
        }
    }

    fn name_not_found(&self) -> Error {
        let host = &self.base.authority().host;
        Error::unreachable(format!("{} cannot be reached: the name {host} was not found", self.base))
            .hint("check the name and the network; behind a proxy, set HTTPS_PROXY")
    }

    fn certificate_fault(&self, why: &str) -> Error {
        let error = Error::unreachable(format!("{} failed the TLS check: {why}", self.base));
        if why.contains("UnknownIssuer") {
            error.hint(
                "a proxy that inspects TLS has its own authority; save that certificate as PEM and set AEP_CA_FILE to it",
            )
        } else if why.to_lowercase().contains("expired") || why.contains("NotValidYet") || why.contains("not valid yet")
        {
            error.hint("check the clock of this machine, then the server's certificate")
        } else {
            error.hint("aep-auth doctor")
        }
    }
}

/// rustls reports its refusals through the stream, as an `io::Error` of kind `InvalidData`.
fn is_certificate_fault(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData && error.get_ref().is_some()
}

fn unix_seconds(date: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(date).ok()?;
    i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}
