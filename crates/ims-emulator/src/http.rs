//! Requests and answers of HTTP/1.1, one to a connection.

use std::io::{self, Read};

use serde_json::Value;

const MOST_HEAD: usize = 64 * 1024;
const MOST_BODY: usize = 1024 * 1024;

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
    /// The body.
    pub body: Vec<u8>,
    /// `http` or `https`.
    pub scheme: &'static str,
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

    /// The address that the client used.
    pub(crate) fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.header("host").unwrap_or_default())
    }

    /// Reads a request; `None` when the client closes without one.
    pub(crate) fn read(stream: &mut impl Read, scheme: &'static str) -> io::Result<Option<Self>> {
        let mut bytes = Vec::with_capacity(4096);
        let mut chunk = [0; 4096];
        let (mut request, head) = loop {
            let count = stream.read(&mut chunk)?;
            if count == 0 {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk[..count]);
            if let Some(parsed) = Self::parse_head(&bytes, scheme)? {
                break parsed;
            }
            if bytes.len() > MOST_HEAD {
                return Err(io::Error::other("the head is too long"));
            }
        };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > MOST_BODY {
            return Err(io::Error::other("the body is too long"));
        }
        request.body = bytes.split_off(head);
        let missing = length.saturating_sub(request.body.len());
        stream.take(missing as u64).read_to_end(&mut request.body)?;
        Ok(Some(request))
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
        let content_type = ("Content-Type".to_owned(), "application/json;charset=UTF-8".to_owned());
        Self { status, headers: vec![content_type], body: body.to_string().into_bytes() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Head and body in one piece: two writes would wait for each other's acknowledgement.
    pub(crate) fn to_bytes(&self, now: std::time::SystemTime, debug_id: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Date: {}\r\nx-debug-id: {debug_id}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            httpdate::fmt_http_date(now),
            self.body.len()
        ));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}
