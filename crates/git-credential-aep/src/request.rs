//! What git asks, read as git writes it.

use std::io::Read;

/// More than this is no request of git's.
const MOST_BYTES: usize = 1024 * 1024;

/// The attributes that matter here. Values are bytes, since git sends what was typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `protocol`
    pub protocol: Vec<u8>,
    /// `host`, with the port where one was typed
    pub host: Vec<u8>,
    /// `username`
    pub username: Option<Vec<u8>>,
    /// `password`, in `erase`
    pub password: Option<Vec<u8>>,
    /// `credential`, in `erase`
    pub credential: Option<Vec<u8>>,
    /// `capability[]`
    pub capabilities: Vec<Vec<u8>>,
    /// `wwwauth[]`: the WWW-Authenticate headers of the server
    pub challenges: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // `password` and `credential` are tokens, and a user name may be one that was mistyped.
        let Self { protocol, host, .. } = self;
        write!(f, "Request({}://{}, …)", String::from_utf8_lossy(protocol), String::from_utf8_lossy(host))
    }
}

impl Request {
    /// Reads a request up to the blank line or the end; `None` where it must not be answered: too large, a value with a
    /// carriage return or NUL inside (CVE-2024-52006), no protocol or no host.
    pub fn read(input: &mut dyn Read) -> Option<Self> {
        let mut bytes = Vec::with_capacity(1024);
        let mut chunk = [0; 4096];
        let mut looked_at = 0;
        // The end of the request is its blank line: git keeps the pipe open while it waits for the answer.
        while !has_blank_line(&bytes, looked_at) {
            looked_at = bytes.len();
            match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
            if bytes.len() > MOST_BYTES {
                return None;
            }
        }
        Self::parse(&bytes)
    }

    /// Parses the bytes of a request.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut request = Self::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            // A carriage return belongs to the line end only as its last byte; anywhere else it would smuggle.
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                break;
            }
            if line.contains(&b'\r') || line.contains(&0) {
                return None;
            }
            let at = line.iter().position(|byte| *byte == b'=')?;
            request.take(&line[..at], &line[at + 1..]);
        }
        let is_whole = !request.protocol.is_empty() && !request.host.is_empty();
        is_whole.then_some(request)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        let list = match key {
            b"protocol" => return value.clone_into(&mut self.protocol),
            b"host" => return value.clone_into(&mut self.host),
            b"username" => return self.username = Some(value.to_owned()),
            b"password" => return self.password = Some(value.to_owned()),
            b"credential" => return self.credential = Some(value.to_owned()),
            b"capability[]" => &mut self.capabilities,
            b"wwwauth[]" => &mut self.challenges,
            _ => return,
        };
        // An empty value starts the list anew.
        if value.is_empty() {
            list.clear();
        } else {
            list.push(value.to_owned());
        }
    }

    /// Whether git understands `authtype` and `credential` (2.46 and newer).
    pub fn knows_authtype(&self) -> bool {
        self.capabilities.iter().any(|capability| capability == b"authtype")
    }

    /// Whether the server offers Basic and nothing else.
    pub fn is_basic_only(&self) -> bool {
        let mut schemes = self.challenges.iter().flat_map(|header| schemes(header)).peekable();
        schemes.peek().is_some() && schemes.all(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
    }
}

/// Whether the request has ended; up to `looked_at` it had not.
fn has_blank_line(bytes: &[u8], looked_at: usize) -> bool {
    let new = &bytes[looked_at.saturating_sub(2)..];
    bytes.starts_with(b"\n")
        || bytes.starts_with(b"\r\n")
        || new.windows(2).any(|pair| pair == b"\n\n")
        || new.windows(3).any(|three| three == b"\n\r\n")
}

/// The schemes of a `WWW-Authenticate` header, which may hold several challenges (RFC 9110, section 11.6.1): between
/// commas outside quotes, what is no parameter begins a challenge.
fn schemes(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let parts = header.split(move |byte| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    });
    parts.filter_map(|part| {
        let part = part.trim_ascii();
        let word = part.split(|byte| byte.is_ascii_whitespace()).next().filter(|word| !word.is_empty())?;
        let after = part[word.len()..].trim_ascii_start();
        (!word.contains(&b'=') && after.first() != Some(&b'=')).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_git_sends() {
        let sent = b"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=h.example:8443\npath=a/b\n\
                     username=me\nwwwauth[]=Bearer realm=\"a=b\"\nwwwauth[]=Basic\nstate[]=x\n\n";
        let request = Request::parse(sent).unwrap();
        assert_eq!(request.host, b"h.example:8443");
        assert_eq!(request.username.as_deref(), Some(b"me".as_slice()));
        assert_eq!(request.challenges.len(), 2);
        assert!(request.knows_authtype());
        assert!(!request.is_basic_only());
    }

    #[test]
    fn any_order_crlf_unknown_keys_and_no_final_newline() {
        for text in [
            "host=h\nprotocol=https",
            "host=h\r\nprotocol=https\r\n\r\n",
            "protocol=http\nx=y\nnew[]=\nhost=h\nprotocol=https\n",
            "protocol=https\nhost=h\n\nhost=other\n",
        ] {
            let request = Request::parse(text.as_bytes()).unwrap();
            assert_eq!((request.protocol.as_slice(), request.host.as_slice()), (b"https".as_slice(), b"h".as_slice()));
        }
    }

    #[test]
    fn an_empty_item_starts_a_list_anew() {
        let request = Request::parse(b"protocol=https\nhost=h\ncapability[]=authtype\ncapability[]=\n").unwrap();
        assert!(!request.knows_authtype());
    }

    #[test]
    fn what_must_not_be_answered() {
        let long = format!("protocol=https\nwwwauth[]={}\nhost=", "x".repeat(70_000));
        for bytes in [
            b"".as_slice(),
            b"protocol=https\n",
            b"host=h\n",
            b"protocol=https\nhost=\n",
            b"protocol=\nhost=h\n",
            b"protocol=https\nhost=h\rost=evil\n",
            b"protocol=https\nhost=h\0\n",
            b"protocol=https\nhost=h\nusername=a\rb\n",
            b"protocol=https\nno value\nhost=h\n",
            long.as_bytes(),
        ] {
            assert_eq!(Request::parse(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_long_header_cannot_pose_as_a_host() {
        let sent = format!("protocol=https\nhost=h\nwwwauth[]={}host=evil\n\n", "x".repeat(70_000));
        assert_eq!(Request::parse(sent.as_bytes()).unwrap().host, b"h");
    }

    #[test]
    fn more_than_a_mebibyte_is_not_read() {
        let sent = format!("protocol=https\nhost=h\nx={}\n\n", "x".repeat(1024 * 1024));
        assert_eq!(Request::read(&mut sent.as_bytes()), None);
    }

    /// Gives these pieces one after the other; what comes after the last is a read too many.
    struct Pieces(std::collections::VecDeque<std::io::Result<Vec<u8>>>);

    impl Pieces {
        fn of(pieces: &[&[u8]]) -> Self {
            Self(pieces.iter().map(|piece| Ok(piece.to_vec())).collect())
        }
    }

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let mut piece = self.0.pop_front().expect("the request had ended: nobody would answer this read")?;
            let rest = piece.split_off(piece.len().min(buffer.len()));
            if !rest.is_empty() {
                self.0.push_front(Ok(rest));
            }
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn the_blank_line_is_the_end_wherever_the_pipe_cuts() {
        for whole in ["protocol=https\nhost=h\n\n", "protocol=https\r\nhost=h\r\n\r\n", "protocol=https\nhost=h\n\r\n"]
        {
            for at in 0..=whole.len() {
                let (first, second) = whole.as_bytes().split_at(at);
                let pieces: Vec<&[u8]> = [first, second].into_iter().filter(|piece| !piece.is_empty()).collect();
                let request = Request::read(&mut Pieces::of(&pieces)).unwrap();
                assert_eq!(
                    (request.protocol.as_slice(), request.host.as_slice()),
                    (b"https".as_slice(), b"h".as_slice())
                );
            }
        }
        // At once, where nothing is asked.
        for blank in ["\n", "\r\n"] {
            assert_eq!(Request::read(&mut Pieces::of(&[blank.as_bytes()])), None, "{blank:?}");
        }
        // A line end alone is no blank line: the host is still to come.
        let pieces: [&[u8]; 3] = [b"protocol=https\n", b"host=h\n", b"\n"];
        assert_eq!(Request::read(&mut Pieces::of(&pieces)).unwrap().host, b"h");
    }

    #[test]
    fn the_end_of_input_is_an_end_and_an_error_is_no_request() {
        let whole = b"protocol=https\nhost=h\n".as_slice();
        assert!(Request::read(&mut Pieces::of(&[whole, b""])).is_some());
        let with = |kind: std::io::ErrorKind| {
            Pieces([Ok(whole.to_vec()), Err(kind.into()), Ok(b"\n".to_vec())].into_iter().collect())
        };
        assert!(Request::read(&mut with(std::io::ErrorKind::Interrupted)).is_some(), "a signal is no end");
        assert_eq!(Request::read(&mut with(std::io::ErrorKind::Other)), None);
    }

    #[test]
    fn just_a_mebibyte_is_read() {
        let of_length = |length: usize| {
            let head = "protocol=https\nhost=h\nx=";
            format!("{head}{}\n\n", "x".repeat(length - head.len() - 2))
        };
        assert!(Request::read(&mut of_length(1024 * 1024).as_bytes()).is_some());
        assert_eq!(Request::read(&mut of_length(1024 * 1024 + 1).as_bytes()), None);
    }

    #[test]
    fn what_was_refused_is_read_and_never_shown() {
        let sent = b"protocol=https\nhost=h\nusername=marker-u\npassword=marker-p\ncredential=marker-c\n\n";
        let request = Request::parse(sent).unwrap();
        assert_eq!(request.password.as_deref(), Some(b"marker-p".as_slice()));
        assert_eq!(request.credential.as_deref(), Some(b"marker-c".as_slice()));
        assert_eq!(format!("{request:?}"), "Request(https://h, …)");
    }

    #[test]
    fn only_authtype_is_authtype() {
        let request = Request::parse(b"protocol=https\nhost=h\ncapability[]=state\n\n").unwrap();
        assert!(!request.knows_authtype());
    }

    #[test]
    fn basic_only_is_told_from_the_schemes() {
        let with = |challenges: &[&str]| Request {
            challenges: challenges.iter().map(|text| text.as_bytes().to_owned()).collect(),
            ..Request::default()
        };
        assert!(with(&["Basic realm=x", "BASIC"]).is_basic_only());
        assert!(!with(&[]).is_basic_only());
        assert!(!with(&["Basic", "Bearer"]).is_basic_only());
        assert!(!with(&["Basically"]).is_basic_only());
        assert!(!with(&["Basic realm=\"x\", Bearer realm=\"y\""]).is_basic_only());
        assert!(with(&["Basic realm=\"x, Bearer y\", charset = \"UTF-8\""]).is_basic_only());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Request::parse(&bytes);
        }
    }
}
