//! Bodies in both directions that are never held whole: what a client sends is read as its framing says (RFC 9112), and
//! what is large is made up while it is written.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use ring::digest::{Context, SHA256};

use crate::http::{Received, Request};

/// The longest line of a chunked body's framing.
const MOST_LINE: u64 = 4096;

/// How the end of a request's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// Tells the framing; an error is a body that two readers could understand in two ways.
pub(crate) fn framing(request: &Request) -> Result<Framing, &'static str> {
    let all = |name: &str| -> Vec<&str> {
        request.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.trim()).collect()
    };
    match (all("transfer-encoding").as_slice(), all("content-length").as_slice()) {
        ([], []) => Ok(Framing::Length(0)),
        ([], [length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Framing::Length).map_err(|_| "the content length is no number")
        }
        ([], [_]) => Err("the content length is no number"),
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        ([_], []) => Err("the transfer encoding is not supported"),
        _ => Err("the length is told twice"),
    }
}

/// A request's body, after what was read together with its head.
pub(crate) struct Body<'a, R> {
    source: BufReader<Chain<Cursor<Vec<u8>>, &'a mut R>>,
    is_chunked: bool,
    /// Bytes that are left, of the body or of its current chunk.
    left: u64,
    is_at_end: bool,
}

impl<'a, R: Read> Body<'a, R> {
    pub(crate) fn new(ahead: Vec<u8>, stream: &'a mut R, framing: Framing) -> Self {
        let source = BufReader::with_capacity(64 * 1024, Cursor::new(ahead).chain(stream));
        let (is_chunked, left) = match framing {
            Framing::Length(length) => (false, length),
            Framing::Chunked => (true, 0),
        };
        Self { source, is_chunked, left, is_at_end: false }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.source.by_ref().take(MOST_LINE).read_line(&mut line)?;
        let whole = line.strip_suffix("\r\n").ok_or_else(|| io::Error::other("a line of the framing has no end"))?;
        Ok(whole.to_owned())
    }

    /// Begins the next chunk; says whether there is one.
    fn next_chunk(&mut self) -> io::Result<bool> {
        if !self.is_chunked || self.is_at_end {
            return Ok(false);
        }
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        self.left = u64::from_str_radix(size, 16).map_err(|_| io::Error::other("the size of a chunk is no number"))?;
        if self.left == 0 {
            while !self.line()?.is_empty() {}
            self.is_at_end = true;
        }
        Ok(!self.is_at_end)
    }
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || (self.left == 0 && !self.next_chunk()?) {
            return Ok(0);
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.source.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        if self.is_chunked && self.left == 0 && !self.line()?.is_empty() {
            return Err(io::Error::other("a chunk is longer than it says"));
        }
        Ok(count)
    }
}

/// Reads to the end and keeps size and hash alone.
pub(crate) fn digest(body: &mut impl Read) -> io::Result<Received> {
    let mut context = Context::new(&SHA256);
    let mut bytes = 0;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match body.read(&mut chunk) {
            Ok(0) => return Ok(Received { bytes, sha256: hex(context.finish().as_ref()) }),
            Ok(count) => {
                context.update(&chunk[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The SHA-256 of a few bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 64 bytes, so that a size tells the number of lines.
const LINE: &[u8; 64] = b"{\"emulated\":true,\"note\":\"one line of JSON, sixty-four bytes..\"}\n";

/// What a file of this size holds when it is downloaded: the same line of JSON again and again.
pub fn file_content(bytes: u64) -> impl Read {
    Lines { at: 0, end: bytes }
}

struct Lines {
    at: u64,
    end: u64,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let mut rest = &mut buffer[..most];
        while !rest.is_empty() {
            let line = &LINE[(self.at % 64) as usize..];
            let (piece, after) = rest.split_at_mut(line.len().min(rest.len()));
            piece.copy_from_slice(&line[..piece.len()]);
            self.at += piece.len() as u64;
            rest = after;
        }
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(framing: Framing, ahead: &str, rest: &str) -> Result<String, io::ErrorKind> {
        let mut rest = rest.as_bytes();
        let mut text = String::new();
        let mut body = Body::new(ahead.as_bytes().to_vec(), &mut rest, framing);
        body.read_to_string(&mut text).map(|_| text).map_err(|error| error.kind())
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        assert_eq!(read(Framing::Length(5), "ab", "cdeX").unwrap(), "abcde");
        assert_eq!(read(Framing::Length(0), "X", "").unwrap(), "");
        assert_eq!(read(Framing::Chunked, "3\r\nab", "c\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\nX").unwrap(), "abcde");
        assert_eq!(read(Framing::Length(5), "ab", "c"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(Framing::Chunked, "5\r\nab", ""), Err(io::ErrorKind::UnexpectedEof));
        for broken in ["x\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc\r\n", "3\nabc\n0\n\n"] {
            assert!(read(Framing::Chunked, "", broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_framing_that_can_be_read_in_two_ways_is_refused() {
        let framing_of = |headers: &[(&str, &str)]| {
            framing(&Request {
                method: String::new(),
                path: String::new(),
                query: String::new(),
                headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
                body: Vec::new(),
                file: None,
                scheme: "http",
            })
        };
        assert_eq!(framing_of(&[]), Ok(Framing::Length(0)));
        assert_eq!(framing_of(&[("content-length", "7")]), Ok(Framing::Length(7)));
        assert_eq!(framing_of(&[("transfer-encoding", "Chunked")]), Ok(Framing::Chunked));
        for broken in [
            [("content-length", "+7")].as_slice(),
            &[("content-length", "")],
            &[("content-length", "99999999999999999999999")],
            &[("content-length", "7"), ("content-length", "7")],
            &[("content-length", "7"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "gzip")],
        ] {
            assert!(framing_of(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_file_has_its_size_whatever_is_read_at_once() {
        for size in [0, 1, 63, 64, 65, 1000] {
            let mut whole = Vec::new();
            file_content(size).read_to_end(&mut whole).unwrap();
            assert_eq!(whole.len() as u64, size);
            let mut pieces = Vec::new();
            let mut content = file_content(size);
            let mut piece = [0; 7];
            loop {
                match content.read(&mut piece).unwrap() {
                    0 => break,
                    count => pieces.extend_from_slice(&piece[..count]),
                }
            }
            assert!(whole == pieces, "{size}");
        }
    }
}
