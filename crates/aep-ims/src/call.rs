//! Any call of one of Adobe's services: body and answer are streams, and the status is the caller's to judge.
//!
//! [`explain`] puts the service's own words of refusal into an error, in any of the shapes that the services use.

use std::io::{self, Read};
use std::time::Duration;

use aep_core::error::Cause;
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;
use ureq::SendBody;
use ureq::http::{HeaderName, HeaderValue, Method, Request, Response};

use crate::answer::short;
use crate::gateway::{Words, request_id};
use crate::hide::Hidden;
use crate::http::Http;
use crate::retry::wait_of;

/// Of a refusal, so much is read for its words.
pub const MOST_WORDS: usize = 64 * 1024;

/// Without a byte for so long, a connection is taken for dead.
pub const SILENCE: Duration = Duration::from_secs(60);

/// A call.
pub struct Call<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The headers, in order; a name may stand there more than once.
    pub headers: &'a [(String, String)],
    /// How long the first byte of the answer may take.
    pub first_byte: Duration,
    /// How long the connection may be silent afterwards, and while a body is sent.
    pub silence: Duration,
    /// How long all of it may take.
    pub whole: Option<Duration>,
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({})", self.method)
    }
}

/// What is sent.
pub enum Body<'a> {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(&'a [u8]),
    /// What is read from there, never held whole; its length, where it is known.
    Stream(&'a mut dyn Read, Option<u64>),
}

impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Bytes(_) => "Bytes",
            Self::Stream(..) => "Stream",
        })
    }
}

/// What came back: status and headers; the body is still to be read.
pub struct Answered {
    /// The status.
    pub status: u16,
    /// `HTTP/1.1 200 OK`
    pub status_line: String,
    /// The headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    body: ureq::BodyReader<'static>,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answered({})", self.status)
    }
}

impl Answered {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The size of the body, where it is told.
    pub fn length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// How long the server asks to wait. `now` serves where it does not tell its own time.
    pub fn asked_pause(&self, now: i64) -> Option<Duration> {
        let date = self.header("date").as_deref().and_then(crate::http::unix_seconds);
        wait_of(&self.header("retry-after")?, date.unwrap_or(now))
    }

    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// Unreachable, when the body is cut or the connection is silent for too long.
    pub fn read(&mut self, http: &Http<'_>, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.body.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(http.broken_off(&ureq::Error::from(error))),
            }
        }
    }
}

impl Http<'_> {
    /// Sends a call. The error is one of the network; whatever was answered is an answer.
    ///
    /// # Errors
    /// Unreachable; a fault, when the call cannot be written as HTTP.
    pub fn call(&self, call: &Call<'_>, body: Body<'_>) -> Result<Answered> {
        let not_http = |what: &str| Error::usage(format!("{what} cannot be sent"));
        let mut request = Request::builder()
            .method(Method::from_bytes(call.method.as_bytes()).map_err(|_| not_http("a method of this name"))?)
            .uri(format!("{}{}", self.base(), call.target));
        let mut has = [false; 2];
        for (name, value) in call.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_http("a header of this name"))?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| not_http("a header of this value"))?;
            has[0] |= name == "accept";
            has[1] |= name == "user-agent";
            request = request.header(name, value);
        }
        let no_address =
            |_| Error::usage("the address cannot be sent: it is too long, or holds a character no URL may");
        let is_bare = matches!(call.method, "GET" | "HEAD" | "OPTIONS" | "DELETE" | "TRACE");
        let result = match body {
            Body::Nothing if is_bare => self.send(request.body(()).map_err(no_address)?, call, has),
            Body::Nothing => self.send(request.body([].as_slice()).map_err(no_address)?, call, has),
            Body::Bytes(bytes) => self.send(request.body(bytes).map_err(no_address)?, call, has),
            Body::Stream(reader, length) => {
                let request = match length {
                    Some(length) => request.header("Content-Length", length),
                    None => request,
                };
                // What is refused for its headers need not be sent.
                let request = request.header("Expect", "100-continue");
                self.send(request.body(SendBody::from_reader(reader)).map_err(no_address)?, call, has)
            }
        };
        let response = result.map_err(|error| self.no_answer(&error).error)?;
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let status = response.status();
        Ok(Answered {
            status: status.as_u16(),
            status_line: format!(
                "{:?} {} {}",
                response.version(),
                status.as_u16(),
                status.canonical_reason().unwrap_or_default()
            ),
            headers: headers.collect(),
            body: response.into_body().into_with_config().limit(u64::MAX).reader(),
        })
    }

    fn send<S: ureq::AsSendBody>(
        &self,
        request: Request<S>,
        call: &Call<'_>,
        [has_accept, has_user_agent]: [bool; 2],
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        use ureq::config::AutoHeaderValue;
        let mut request = self
            .agent()
            .configure_request(request)
            .allow_non_standard_methods(true)
            .timeout_resolve(Some(call.first_byte))
            .timeout_connect(Some(call.first_byte))
            .timeout_send_request(Some(call.first_byte))
            .timeout_recv_response(Some(call.first_byte))
            // It counts while the first byte is waited for too.
            .timeout_per_read(Some(call.silence.max(call.first_byte)))
            .timeout_per_write(Some(call.silence))
            .timeout_global(call.whole);
        // What was taken away stays away.
        if !has_accept {
            request = request.accept(AutoHeaderValue::None);
        }
        if !has_user_agent {
            request = request.user_agent(AutoHeaderValue::None);
        }
        self.agent().run(request.build())
    }

    fn broken_off(&self, error: &ureq::Error) -> Error {
        let base = self.base();
        match error {
            ureq::Error::Timeout(ureq::Timeout::PerRead) => {
                Error::unreachable(format!("{base} stopped in the middle of its answer")).with_cause(Cause::TimedOut)
            }
            ureq::Error::Timeout(_) => Error::unreachable(format!("{base} was not done with its answer in time"))
                .with_cause(Cause::TimedOut)
                .with_hint("give it longer: --max-time"),
            error => self.no_answer(error).error,
        }
    }
}

/// The code of a refusal; empty where it has none.
pub fn code(body: &Value) -> String {
    Words::of(body).code
}

/// What a status that is not 2xx means, with the service's own words and a cure where they are known.
pub fn explain(answer: &Answered, body: &[u8], context: &Context, profile: &Profile, hidden: &Hidden<'_>) -> Error {
    let status = answer.status;
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let words = parsed.as_ref().map_or_else(Words::default, Words::of).without(hidden);
    let told = words.told(status);
    let header = |name: &str| answer.header(name).map(|value| hidden.text(&value));
    let id = request_id(header("x-request-id").as_deref());
    let name = profile.name();
    let error = match status {
        300..=399 => {
            let place = header("location").unwrap_or_default();
            // A query may hold what nobody should see.
            let place = short(place.split(['?', '#']).next().unwrap_or_default());
            let place = if place.is_empty() { String::new() } else { format!(" to {place}") };
            let what = if status == 304 {
                ": nothing has changed".to_owned()
            } else {
                format!(", a redirect{place}, which is not followed")
            };
            Error::unreachable(format!("the service answered {status}{what}{id}"))
        }
        429 => {
            let pause = answer.asked_pause(context.clock.now());
            let pause = pause.map_or_else(String::new, |pause| format!("; it asks to wait {} s", pause.as_secs()));
            Error::unreachable(format!("the service has had too many requests: 429{told}{pause}{id}"))
                .with_hint("try again later, or let it wait longer: AEP_TIMEOUT=60 (seconds)")
        }
        500.. => Error::unreachable(format!("the service failed: {status}{told}{id}")).with_hint("try again later"),
        _ => Error::refused(format!("the service refused profile {name}: {status}{told}{id}")),
    };
    words.cure(error, profile)
}

#[cfg(test)]
mod tests {
    use aep_core::clock::SystemClock;
    use aep_core::url::BaseUrl;
    use aep_core::{Environment, Folders, Log};
    use ims_emulator::{Emulator, Fault, Kind, Options};

    use super::*;

    fn context() -> Context {
        Context {
            environment: Environment::from_pairs::<String, String>([]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::at("/nowhere", "/nowhere", "/nowhere"),
            log: Log::silent(),
            keyring: Default::default(),
        }
    }

    /// An emulator whose one page comes at this pace.
    fn read_all(kind: Kind, first_byte: u64, silence: u64, whole: Option<u64>) -> Result<usize> {
        let emulator = Emulator::start(Options::default()).unwrap();
        emulator.fault(Fault::always(kind));
        let context = context();
        let base = BaseUrl::parse("url", &emulator.url()).unwrap();
        let http = Http::to(&base, None, &context, "test").unwrap();
        let call = Call {
            method: "GET",
            target: "/x",
            headers: &[],
            first_byte: Duration::from_millis(first_byte),
            silence: Duration::from_millis(silence),
            whole: whole.map(Duration::from_millis),
        };
        let mut answered = http.call(&call, Body::Nothing)?;
        let (mut all, mut piece) = (0, [0; 1000]);
        loop {
            match answered.read(&http, &mut piece)? {
                0 => return Ok(all),
                count => all += count,
            }
        }
    }

    #[test]
    fn time_counts_to_the_first_byte_then_between_two() {
        let is_late = |result: Result<usize>| result.is_err_and(|error| error.cause() == Some(&Cause::TimedOut));
        assert!(is_late(read_all(Kind::Delay { ms: 2_000 }, 200, 5_000, None)));
        assert!(is_late(read_all(Kind::Hang, 200, 5_000, None)));
        assert!(read_all(Kind::Delay { ms: 500 }, 5_000, 100, None).is_ok());
        // Slow is not silent.
        assert!(read_all(Kind::Drip { ms: 2 }, 5_000, 300, None).is_ok());
        assert!(is_late(read_all(Kind::Endless, 5_000, 5_000, Some(300))));
    }

    #[test]
    fn debug_shows_no_header() {
        let headers = [("authorization".to_owned(), "Bearer marker".to_owned())];
        let (first_byte, silence) = (SILENCE, SILENCE);
        let call = Call { method: "GET", target: "/x?marker", headers: &headers, first_byte, silence, whole: None };
        assert_eq!(format!("{call:?}"), "Call(GET)");
    }
}
