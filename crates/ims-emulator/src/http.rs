//! Heads of requests, and whole answers, of HTTP/1.1, one to a connection.

use std::io::{self, Read};
use std::time::SystemTime;

use serde_json::Value;

const MOST_HEAD: usize = 64 * 1024;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without its mark.
    pub query: String,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty where it was a file.
    pub body: Vec<u8>,
    /// What is known of a body that was a file: such a one is counted and hashed, never held.
    pub file: Option<Received>,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// What is kept of a file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
    }

    /// The address that the client used.
    pub(crate) fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.header("host").unwrap_or_default())
    }

    /// Roughly what it takes to keep this request.
    pub(crate) fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        self.path.len() + self.query.len() + headers + self.body.len() + 256
    }

    /// Reads a head, and gives what was read beyond it; `None` when the client closes without one.
    pub(crate) fn read_head(stream: &mut impl Read, scheme: &'static str) -> io::Result<Option<(Self, Vec<u8>)>> {
        let mut bytes = Vec::with_capacity(4096);
        let mut chunk = [0; 4096];
        loop {
            let count = stream.read(&mut chunk)?;
            if count == 0 {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk[..count]);
            if let Some((request, head)) = Self::parse_head(&bytes, scheme)? {
                return Ok(Some((request, bytes.split_off(head))));
            }
            if bytes.len() > MOST_HEAD {
                return Err(io::Error::other("the head is too long"));
            }
        }
    }

    fn parse_head(bytes: &[u8], scheme: &'static str) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let head = match parsed.parse(bytes).map_err(io::Error::other)? {
            httparse::Status::Partial => return Ok(None),
            httparse::Status::Complete(head) => head,
        };
        let target = parsed.path.unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
                .collect(),
            body: Vec::new(),
            file: None,
            scheme,
        };
        Ok(Some((request, head)))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, but for those of every answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::of_type("application/json;charset=UTF-8", status, body)
    }

    /// An answer in JSON under a name of its own.
    pub(crate) fn of_type(content_type: &str, status: u16, body: &Value) -> Self {
        let content_type = ("Content-Type".to_owned(), content_type.to_owned());
        Self { status, headers: vec![content_type], body: body.to_string().into_bytes() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same answer with one further header.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Status line and headers, for a body of this length.
    pub(crate) fn head(&self, length: u64, now: SystemTime, debug_id: &str) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // RFC 9110, 8.6: no length in an answer that never has a body.
        if self.status != 204 {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        let date = httpdate::fmt_http_date(now);
        head.push_str(&format!(
            "Date: {date}\r\nx-debug-id: {debug_id}\r\nx-request-id: {debug_id}\r\nConnection: close\r\n\r\n"
        ));
        head
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}
