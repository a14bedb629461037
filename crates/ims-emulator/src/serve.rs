//! One connection: a request is read, checked at the door, answered as it should be or as a fault wants it, and closed.
//! Nothing large is held; a client that is silent for a minute is let go.

use std::io::{self, BufReader, Cursor, Read, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::body::{self, Body, Framing};
use crate::faults::Kind;
use crate::http::{Answer, Request};
use crate::state::State;
use crate::{Service, control, door, ims, platform, tokens};

/// Silence of this length ends a connection, so that idle ones cannot use up the places.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a client that was answered may take to close.
const LINGER: Duration = Duration::from_secs(5);

/// How soon a hanging connection notices that its client is gone.
const HANG_TICK: Duration = Duration::from_millis(200);

/// A body that is held: larger ones are refused, save where a further service (a git server) takes packs.
const MOST_BODY: u64 = 1024 * 1024;
const MOST_BODY_OF_A_SERVICE: u64 = 64 * 1024 * 1024;

/// What a connection needs beyond reading and writing.
pub(crate) trait Connection: Read + Write {
    /// Ends it in good order.
    fn close(&mut self) -> io::Result<()>;

    /// How long a read may take.
    fn set_read_timeout(&mut self, duration: Duration) -> io::Result<()>;
}

/// What all connections share.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    pub(crate) service: Option<&'a Service>,
    /// Host names beside those of this machine.
    pub(crate) names: &'a [String],
}

/// An answer: whole, or a large file that is made up while it is sent.
#[derive(Debug)]
pub(crate) enum Reply {
    Whole(Answer),
    File(Answer, u64),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Whole(answer)
    }
}

/// Serves one request.
pub(crate) fn serve(mut stream: impl Connection, scheme: &'static str, context: &Context<'_>) -> io::Result<()> {
    let state = context.state;
    let Some((mut request, ahead)) = Request::read_head(&mut stream, scheme)? else { return Ok(()) };
    let is_control = request.path.starts_with("/emulator/");
    let refused = door::refuse(&request, context.names);
    let fault = if is_control || refused.is_some() { None } else { state.take_fault(&request.path) };
    let fault = fault.map(|fault| fault.kind);
    let is_file = !is_control && context.service.is_none() && platform::takes_file(&request);
    if is_file && matches!(fault, Some(Kind::Cut)) {
        return Ok(());
    }
    let refused = match refused {
        Some(answer) => Some(answer),
        None => read_body(&mut request, ahead, &mut stream, context, is_file)?,
    };
    if !is_control {
        state.remember(&request);
    }
    let right = |told| -> Reply {
        let own = context.service.filter(|_| !is_control).and_then(|service| {
            service(&request, &|token: &str| matches!(tokens::judge(state, token), (tokens::Verdict::Valid, _)))
        });
        own.map_or_else(|| answer(state, &request, told), Reply::Whole)
    };
    match (refused, fault) {
        (Some(answer), _) => send(&mut stream, state, answer.into())?,
        (None, None) => send(&mut stream, state, right(None))?,
        (None, Some(kind)) => {
            if !misbehave(&mut stream, state, &request, kind, right)? {
                return Ok(());
            }
        }
    }
    stream.flush()?;
    stream.close()?;
    // Wait for the client's end, so that closing with unread bytes does not reset the connection.
    stream.set_read_timeout(LINGER)?;
    let _ = io::copy(&mut stream.take(MOST_BODY), &mut io::sink());
    Ok(())
}

/// Reads the body, or says why not; a file is only counted and hashed.
fn read_body(
    request: &mut Request,
    ahead: Vec<u8>,
    stream: &mut impl Connection,
    context: &Context<'_>,
    is_file: bool,
) -> io::Result<Option<Answer>> {
    let refuse = |status, why: &str| Some(Answer::json(status, &json!({"error": "bad_request", "message": why})));
    let framing = match body::framing(request) {
        Ok(framing) => framing,
        Err(why) => return Ok(refuse(400, why)),
    };
    if request.header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
        // A client that asks first need not send what is refused for its headers.
        if let Some(answer) = is_file.then(|| platform::refuse_headers(context.state, request)).flatten() {
            return Ok(Some(answer));
        }
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        stream.flush()?;
    }
    let most = if context.service.is_some() { MOST_BODY_OF_A_SERVICE } else { MOST_BODY };
    let mut body = Body::new(ahead, stream, framing);
    if is_file {
        request.file = Some(body::digest(&mut body)?);
        return Ok(None);
    }
    if !matches!(framing, Framing::Length(length) if length > most) {
        body.by_ref().take(most + 1).read_to_end(&mut request.body)?;
    }
    if matches!(framing, Framing::Length(length) if length > most) || request.body.len() as u64 > most {
        request.body = Vec::new();
        // Read to its end all the same: a client in the middle of writing would not see the answer.
        io::copy(&mut body, &mut io::sink())?;
        return Ok(refuse(413, "the body is too long"));
    }
    Ok(None)
}

/// Does what a fault wants; says whether the connection is to end in good order.
fn misbehave(
    stream: &mut impl Connection,
    state: &State,
    request: &Request,
    kind: Kind,
    right: impl Fn(ims::ToldLife) -> Reply,
) -> io::Result<bool> {
    match kind {
        Kind::Delay { ms } => {
            state.wait(Duration::from_millis(ms));
            send(stream, state, right(None))?;
        }
        Kind::Hang => {
            hang(stream, state)?;
            return Ok(false);
        }
        Kind::Cut => return Ok(false),
        Kind::CutBody => {
            let (bytes, body, mut source) = wire(right(None), state);
            io::copy(&mut source.by_ref().take(bytes - (body / 2).max(20)), stream)?;
            stream.flush()?;
            return Ok(false);
        }
        Kind::Drip { ms } => {
            for byte in BufReader::new(wire(right(None), state).2).bytes() {
                stream.write_all(&[byte?])?;
                stream.flush()?;
                if state.wait(Duration::from_millis(ms)) {
                    return Ok(false);
                }
            }
        }
        Kind::Huge { mib } => flood(stream, state, mib)?,
        Kind::Endless => flood(stream, state, usize::MAX)?,
        Kind::Life { expires_in } => send(stream, state, right(Some(expires_in)))?,
        Kind::Respond { status, headers, body } => {
            let answer = Answer { status, headers: headers.into_iter().collect(), body: body.into_bytes() };
            send(stream, state, answer.into())?;
        }
        Kind::Refuse { status, retry_after, retry_at } => {
            let mut answer = refusal(&request.path, status);
            if let Some(seconds) = retry_after {
                answer = answer.with("Retry-After", &seconds.to_string());
            }
            if let Some(seconds) = retry_at {
                let at = state.now_millis() + seconds.saturating_mul(1000);
                answer = answer.with("Retry-After", &httpdate::fmt_http_date(system_time(at)));
            }
            send(stream, state, answer.into())?;
        }
        Kind::Redirect { location } => send(stream, state, Answer::empty(302).with("Location", &location).into())?,
        Kind::Html { status } => {
            let page =
                b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>\n".to_vec();
            let answer = Answer { status, headers: Vec::new(), body: page };
            send(stream, state, answer.with("Content-Type", "text/html; charset=utf-8").into())?;
        }
        Kind::Next { href, start } => send(stream, state, lead_on(right(None), href, start))?,
    }
    Ok(true)
}

/// Silence until the client goes or the emulator stops.
fn hang(stream: &mut impl Connection, state: &State) -> io::Result<()> {
    stream.set_read_timeout(HANG_TICK)?;
    while !state.wait(Duration::ZERO) {
        match stream.read(&mut [0; 256]) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn flood(stream: &mut impl Connection, state: &State, mib: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")?;
    let chunk = vec![b' '; 64 * 1024];
    for _ in 0..mib.saturating_mul(16) {
        stream.write_all(&chunk)?;
        if state.wait(Duration::ZERO) {
            break;
        }
    }
    Ok(())
}

/// The same page with another way to the next one.
fn lead_on(reply: Reply, href: Option<Value>, start: Option<Value>) -> Reply {
    let Reply::Whole(mut answer) = reply else { return reply };
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&answer.body) else { return Reply::Whole(answer) };
    if let Some(href) = href {
        let next = if href.is_null() { Value::Null } else { json!({"href": href}) };
        page.entry("_links").or_insert_with(|| json!({}))["next"] = next;
    }
    if let Some(start) = start {
        page.entry("_page").or_insert_with(|| json!({}))["next"] = start;
    }
    answer.body = Value::Object(page).to_string().into_bytes();
    Reply::Whole(answer)
}

fn send(stream: &mut impl Connection, state: &State, reply: Reply) -> io::Result<()> {
    let (_, _, mut source) = wire(reply, state);
    // Head and body in one piece where they fit: two writes would wait for each other's acknowledgement.
    let mut piece = Vec::with_capacity(4096);
    loop {
        piece.clear();
        if source.by_ref().take(64 * 1024).read_to_end(&mut piece)? == 0 {
            return Ok(());
        }
        stream.write_all(&piece)?;
    }
}

/// A reply as its bytes: how many, how many of them are the body, and where they come from.
fn wire(reply: Reply, state: &State) -> (u64, u64, Box<dyn Read>) {
    let now = system_time(state.now_millis());
    let debug_id = debug_id();
    match reply {
        Reply::Whole(answer) => {
            let length = answer.body.len() as u64;
            let mut bytes = answer.head(length, now, &debug_id).into_bytes();
            bytes.extend_from_slice(&answer.body);
            (bytes.len() as u64, length, Box::new(Cursor::new(bytes)))
        }
        Reply::File(answer, length) => {
            let head = answer.head(length, now, &debug_id).into_bytes();
            (head.len() as u64 + length, length, Box::new(Cursor::new(head).chain(body::file_content(length))))
        }
    }
}

fn answer(state: &State, request: &Request, told: ims::ToldLife) -> Reply {
    let path = request.path.as_str();
    if path.starts_with("/emulator/") {
        return control::answer(state, request).into();
    }
    if path.starts_with("/ims/") {
        return ims::answer(state, request, told).into();
    }
    platform::answer(state, request)
}

/// The refusal of whoever answers at this path.
fn refusal(path: &str, status: u16) -> Answer {
    if path.starts_with("/ims/") { ims::refusal(status) } else { platform::refusal(path, status) }
}

fn system_time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn debug_id() -> String {
    let id = tokens::random_hex(16);
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}
