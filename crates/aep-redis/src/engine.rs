//! The conversation with Redis or Valkey: RESP version 2, bounded in time and in bytes.
//!
//! Every question, with its answer, has 500 ms, and no answer is held that is larger than one of ours could be. An engine
//! that is down, slow, full or hostile is a [`EngineError`], which the caller takes for no engine at all.
//! The protocol: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use aep_core::profile::shared_cache::SharedCacheUrl;
use aep_core::secret::Secret;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// The time for the connection, and again for each question.
pub(crate) const TIME_LIMIT: Duration = Duration::from_millis(500);

/// A larger value is not ours, and neither is a longer line or list.
const MOST_BYTES: usize = 256 * 1024;
const LONGEST_LINE: u64 = 4096;
const MOST_ITEMS: usize = 16;

/// Why the engine did not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EngineError {
    /// It was not done in time.
    TimedOut,
    /// It said no, with this code of its own.
    Refused(String),
    /// It cannot be reached or went away.
    Io(ErrorKind),
    /// Its name was not found.
    NameNotFound,
    /// Its certificate was not accepted, or it speaks no TLS.
    Tls,
    /// What it says is not the protocol, or is more than we ask for.
    Protocol,
    /// It cannot even be asked.
    NotAsked(String),
    /// It failed not long ago.
    LeftAlone,
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimedOut => write!(f, "it did not answer within {} ms", TIME_LIMIT.as_millis()),
            Self::Refused(code) => write!(f, "it answered {code}"),
            Self::Io(ErrorKind::ConnectionRefused) => f.write_str("connection refused"),
            Self::Io(_) => f.write_str("the connection failed"),
            Self::NameNotFound => f.write_str("its name was not found"),
            Self::Tls => f.write_str("its certificate is not trusted, or it speaks no TLS"),
            Self::Protocol => f.write_str("it does not speak as Redis does"),
            Self::NotAsked(why) => f.write_str(why),
            Self::LeftAlone => f.write_str("it failed within the last 30 s and is left alone"),
        }
    }
}

impl From<io::Error> for EngineError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut,
            // rustls reports its refusals through the stream.
            ErrorKind::InvalidData => Self::Tls,
            kind => Self::Io(kind),
        }
    }
}

type Result<T> = std::result::Result<T, EngineError>;

/// What the engine answered.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Line,
    Number(i64),
    Bytes(Option<Vec<u8>>),
    List(Vec<Reply>),
}

/// A connection, signed in.
pub(crate) struct Engine {
    stream: RefCell<BufReader<Stream>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine(…)")
    }
}

impl Engine {
    /// Connects and signs in. `tls` is asked for where it is used.
    pub(crate) fn connect(
        url: &SharedCacheUrl,
        password: Option<&Secret>,
        tls: impl FnOnce() -> std::result::Result<Arc<ClientConfig>, String>,
    ) -> Result<Self> {
        let tls = if url.is_tls() { Some(tls().map_err(EngineError::NotAsked)?) } else { None };
        let deadline = Instant::now() + TIME_LIMIT;
        let host = url.authority().host.trim_start_matches('[').trim_end_matches(']');
        let tcp = open(host, url.authority().port, deadline)?;
        let stream = match tls {
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|_| EngineError::Tls)?;
                let connection = ClientConnection::new(tls, name).map_err(|_| EngineError::Tls)?;
                Stream::Tls(Box::new(StreamOwned::new(connection, Timed { tcp, deadline })))
            }
            None => Stream::Plain(Timed { tcp, deadline }),
        };
        let engine = Self { stream: RefCell::new(BufReader::new(stream)) };
        let user = decoded(url.user())?;
        let own = url.password().map(|text| decoded(text.expose())).transpose()?.map(Secret::new);
        let password = own.as_ref().or(password);
        match (user.is_empty(), password) {
            (_, None) => {}
            (true, Some(word)) => drop(engine.ask(&[b"AUTH", word.expose().as_bytes()])?),
            (false, Some(word)) => drop(engine.ask(&[b"AUTH", user.as_bytes(), word.expose().as_bytes()])?),
        }
        if url.database() != 0 {
            engine.ask(&[b"SELECT", url.database().to_string().as_bytes()])?;
        }
        Ok(engine)
    }

    /// The value of a name; `None` where there is none, or one of another type.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self.ask(&[b"GET", name.as_bytes()]) {
            Ok(Reply::Bytes(bytes)) => Ok(bytes),
            Err(EngineError::Refused(code)) if code == "WRONGTYPE" => Ok(None),
            Ok(_) => Err(EngineError::Protocol),
            Err(error) => Err(error),
        }
    }

    /// Sets a value that the engine forgets after `life`.
    pub(crate) fn set(&self, name: &str, value: &[u8], life: Duration) -> Result<()> {
        self.ask(&[b"SET", name.as_bytes(), value, b"PX", milliseconds(life).as_bytes()]).map(drop)
    }

    /// Takes a lock with the owner's mark, unless somebody has it; it ends by itself after `life`.
    pub(crate) fn try_lock(&self, name: &str, owner: &str, life: Duration) -> Result<bool> {
        let life = milliseconds(life);
        match self.ask(&[b"SET", name.as_bytes(), owner.as_bytes(), b"NX", b"PX", life.as_bytes()])? {
            Reply::Line => Ok(true),
            Reply::Bytes(None) => Ok(false),
            _ => Err(EngineError::Protocol),
        }
    }

    /// Ends a lock if it is still the owner's; in one step, so that a lock that has passed on is not ended.
    pub(crate) fn unlock(&self, name: &str, owner: &str) -> Result<()> {
        const IF_OWN: &[u8] =
            b"if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
        self.ask(&[b"EVAL", IF_OWN, b"1", name.as_bytes(), owner.as_bytes()]).map(drop)
    }

    /// Removes a name; says whether it was there.
    pub(crate) fn remove(&self, name: &str) -> Result<bool> {
        match self.ask(&[b"DEL", name.as_bytes()])? {
            Reply::Number(count) => Ok(count > 0),
            _ => Err(EngineError::Protocol),
        }
    }

    /// Milliseconds until a name ends by itself; `None` where there is none.
    pub(crate) fn remaining(&self, name: &str) -> Result<Option<i64>> {
        match self.ask(&[b"PTTL", name.as_bytes()])? {
            Reply::Number(left) if left > 0 => Ok(Some(left)),
            _ => Ok(None),
        }
    }

    /// The engine's clock, in Unix seconds.
    pub(crate) fn time(&self) -> Result<Option<i64>> {
        let Reply::List(parts) = self.ask(&[b"TIME"])? else { return Ok(None) };
        let Some(Reply::Bytes(Some(seconds))) = parts.first() else { return Ok(None) };
        Ok(std::str::from_utf8(seconds).ok().and_then(|seconds| seconds.parse().ok()))
    }

    fn ask(&self, words: &[&[u8]]) -> Result<Reply> {
        let mut stream = self.stream.borrow_mut();
        stream.get_mut().set_deadline(Instant::now() + TIME_LIMIT);
        let mut question = zeroize::Zeroizing::new(Vec::with_capacity(4096));
        question.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            question.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            question.extend_from_slice(word);
            question.extend_from_slice(b"\r\n");
        }
        stream.get_mut().write_all(&question)?;
        stream.get_mut().flush()?;
        match read_reply(&mut *stream, true) {
            // A password may have the form of a code.
            Err(EngineError::Refused(code)) if words[1..].contains(&code.as_bytes()) => {
                Err(EngineError::Refused(NO_CODE.to_owned()))
            }
            other => other,
        }
    }
}

/// What is shown of a refusal without a code.
const NO_CODE: &str = "an error";

/// Whether it has the form of a code, as `NOAUTH`. Anything else may be what the engine was sent: a password.
fn is_code(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (2..=20).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(is_inner)
}

/// What is shown of an answer that refuses; `None` for any other, and for what is no answer.
pub fn refusal_in(answer: &[u8]) -> Option<String> {
    match read_reply(&mut &*answer, true) {
        Err(EngineError::Refused(code)) => Some(code),
        _ => None,
    }
}

/// Reads one answer; a list holds no lists.
fn read_reply(stream: &mut impl BufRead, may_be_list: bool) -> Result<Reply> {
    let mut line = Vec::new();
    stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(EngineError::Io(ErrorKind::UnexpectedEof));
    }
    let line =
        line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok()).ok_or(EngineError::Protocol)?;
    let mut characters = line.chars();
    let (kind, rest) = (characters.next(), characters.as_str());
    let number = || rest.parse::<i64>().map_err(|_| EngineError::Protocol);
    match kind {
        Some('+') => Ok(Reply::Line),
        Some('-') => {
            let code = rest.split(' ').next().unwrap_or_default();
            Err(EngineError::Refused(if is_code(code) { code } else { NO_CODE }.to_owned()))
        }
        Some(':') => Ok(Reply::Number(number()?)),
        Some('$') => match number()? {
            -1 => Ok(Reply::Bytes(None)),
            length => {
                let length = usize::try_from(length).ok().filter(|length| *length <= MOST_BYTES);
                let mut bytes = vec![0; length.ok_or(EngineError::Protocol)? + 2];
                stream.read_exact(&mut bytes)?;
                if bytes.split_off(bytes.len() - 2) != b"\r\n" {
                    return Err(EngineError::Protocol);
                }
                Ok(Reply::Bytes(Some(bytes)))
            }
        },
        Some('*') if may_be_list => {
            let count = usize::try_from(number()?).ok().filter(|count| *count <= MOST_ITEMS);
            let items = (0..count.ok_or(EngineError::Protocol)?).map(|_| read_reply(stream, false));
            Ok(Reply::List(items.collect::<Result<_>>()?))
        }
        _ => Err(EngineError::Protocol),
    }
}

/// Bytes to and from the engine.
enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Stream {
    fn set_deadline(&mut self, deadline: Instant) {
        match self {
            Self::Plain(timed) => timed.deadline = deadline,
            Self::Tls(tls) => tls.sock.deadline = deadline,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.read(bytes),
            Self::Tls(tls) => tls.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(timed) => timed.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}

/// A connection whose every call ends by one deadline, so that a peer that drips bytes gains nothing.
struct Timed {
    tcp: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.left()?))?;
        self.tcp.read(bytes)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

fn open(host: &str, port: u16, deadline: Instant) -> Result<TcpStream> {
    let mut fault = EngineError::NameNotFound;
    for address in addresses(host, port, deadline)? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(EngineError::TimedOut);
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(tcp) => {
                // Small questions; each wants its answer at once.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Err(error) => fault = error.into(),
        }
    }
    Err(fault)
}

/// A name is looked up on a thread of its own, since the system's own look-up has no deadline.
fn addresses(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let spawned = std::thread::Builder::new().spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody listens any more where it took too long.
        let _ = sender.send(found);
    });
    spawned.map_err(|_| EngineError::NotAsked("the system gives no further thread".to_owned()))?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(found) => found.map_err(|_| EngineError::NameNotFound),
        Err(_) => Err(EngineError::TimedOut),
    }
}

fn decoded(text: &str) -> Result<String> {
    match percent_encoding::percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(EngineError::NotAsked("its user or password is not UTF-8".to_owned())),
    }
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(bytes: &[u8]) -> Result<Reply> {
        read_reply(&mut &*bytes, true)
    }

    #[test]
    fn answers_of_every_kind() {
        assert_eq!(reply(b"+OK\r\n"), Ok(Reply::Line));
        assert_eq!(reply(b":42\r\n"), Ok(Reply::Number(42)));
        assert_eq!(reply(b"$-1\r\n"), Ok(Reply::Bytes(None)));
        assert_eq!(reply(b"$3\r\na\nb\r\n"), Ok(Reply::Bytes(Some(b"a\nb".to_vec()))));
        assert_eq!(reply(b"*1\r\n:1\r\n"), Ok(Reply::List(vec![Reply::Number(1)])));
        assert_eq!(reply(b"-NOAUTH Authentication required.\r\n"), Err(EngineError::Refused("NOAUTH".to_owned())));
        // What may be a password that is repeated is not shown.
        for line in
            ["-p8e-Yw7vZq wrong", "-hunter2", "-", "- x", "-A", "-9LIVES", "-ABCDEFGHIJKLMNOPQRSTU", "-A\x1b[31m"]
        {
            assert_eq!(
                reply(format!("{line}\r\n").as_bytes()),
                Err(EngineError::Refused("an error".to_owned())),
                "{line}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic_or_shows_what_is_no_code(text in "([-+:$*][-0-9A-Za-z ]{0,12}\r?\n?){0,6}", bytes: Vec<u8>) {
            for bytes in [text.as_bytes(), &bytes] {
                if let Err(EngineError::Refused(code)) = reply(bytes) {
                    assert!(code == NO_CODE || is_code(&code), "{code}");
                }
            }
        }
    }

    #[test]
    fn more_than_we_ask_for_is_not_held() {
        for bytes in [
            b"$20000000000\r\n".as_slice(),
            b"$262145\r\n",
            b"$-2\r\n",
            b"*2000000000\r\n",
            b"*17\r\n",
            b"*1\r\n*1\r\n:1\r\n",
            b"*-9\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\0\0\0\0\r\n",
            b"$1\r\nabc",
            b"+no end",
            b":x\r\n",
        ] {
            assert_eq!(reply(bytes), Err(EngineError::Protocol), "{:?}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(reply(&b"+".repeat(1 << 20)), Err(EngineError::Protocol));
        assert_eq!(reply(b""), Err(EngineError::Io(ErrorKind::UnexpectedEof)));
        assert_eq!(reply(b"$5\r\nab"), Err(EngineError::Io(ErrorKind::UnexpectedEof)));
    }
}
