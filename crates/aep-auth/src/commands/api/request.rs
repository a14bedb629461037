//! What was typed, as a request: where it goes, its method, headers and data.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use aep_core::io_words::io_words;
use aep_core::profile::services::is_header_name;
use aep_core::url::Address;
use aep_core::{Error, Profile, Result, headers};
use aep_ims::call::Body;

/// So much of a stream is looked at to tell what it is.
const HEAD: usize = 512;

/// Where a call goes: a path on the platform, or one of the profile's hosts.
///
/// # Errors
/// Usage, for what is no path; refused, for a URL that is not the profile's.
pub(super) fn address(text: &str, profile: &Profile) -> Result<Address> {
    let address = match read_target(text)? {
        Target::Url(address) => address,
        Target::Path(target) => Address { base: profile.platform_url.clone(), target },
    };
    if address.base == profile.platform_url {
        headers::check_organization(profile, &address)?;
    } else {
        headers::check(profile, &address)?;
    }
    Ok(address)
}

/// What stands where an address was asked for.
#[derive(Debug)]
pub(super) enum Target {
    Path(String),
    Url(Address),
}

/// Reads a path or a URL; what no URL may hold is written with percent signs.
pub(super) fn read_target(text: &str) -> Result<Target> {
    let refuse = |why: &str| {
        Error::usage(format!("`{}` is no path on the platform: {why}", aep_core::terminal::clean_within(text, 200)))
            .with_hint(
                "write it like /data/foundation/schemaregistry/tenant/schemas, or as a URL of the profile's hosts",
            )
    };
    if text.is_empty() {
        return Err(refuse("it is empty"));
    }
    if text.chars().any(char::is_control) || text.contains('\\') {
        return Err(refuse("it holds a backslash or a control character"));
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
        let mut address = Address::parse(text).ok_or_else(|| headers::no_address(text))?;
        address.target = escape(&address.target);
        return Ok(Target::Url(address));
    }
    let target = text.split('#').next().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    if path.contains("//") {
        return Err(refuse("it holds `//`"));
    }
    if path.split('/').next().is_some_and(|first| first.contains('@')) {
        return Err(refuse("an `@` before the first slash looks like a user name"));
    }
    Ok(Target::Path(escape(&format!("/{}", target.strip_prefix('/').unwrap_or(target)))))
}

/// Writes what no URL may hold with percent signs; those that are there stay.
pub(super) fn escape(target: &str) -> String {
    let mut escaped = String::with_capacity(target.len());
    for byte in target.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The method: what was typed, else POST with data and GET without.
pub(super) fn method(typed: Option<&str>, has_data: bool) -> Result<String> {
    let Some(method) = typed else { return Ok(if has_data { "POST" } else { "GET" }.to_owned()) };
    let is_word = !method.is_empty() && method.len() <= 32 && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_word || method.eq_ignore_ascii_case("CONNECT") {
        return Err(Error::usage("-X holds no method; expected one like GET, POST, PUT, PATCH or DELETE"));
    }
    Ok(method.to_owned())
}

/// What `-H` changes.
#[derive(Default)]
pub(super) struct Changes {
    given: Vec<(String, String)>,
    removed: Vec<String>,
}

impl Changes {
    /// Reads `NAME: VALUE`, and `NAME:`, which removes.
    pub(super) fn read(lines: &[String]) -> Result<Self> {
        const OURS: [&str; 8] = [
            "authorization",
            "proxy-authorization",
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            "upgrade",
            "expect",
        ];
        let mut changes = Self::default();
        for line in lines {
            // The value may be what nobody should see, and so may a line without a name.
            let no_header = || Error::usage("-H holds no header; expected 'NAME: VALUE', or 'NAME:' to remove ours");
            let (name, value) = line.split_once(':').ok_or_else(no_header)?;
            if !is_header_name(name) {
                return Err(no_header());
            }
            if OURS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                return Err(Error::usage(format!("-H cannot set {name}: aep-auth makes it for each call")));
            }
            let value = value.trim_matches([' ', '\t']);
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err(Error::usage(format!("-H {name} holds a control character")));
            }
            if value.is_empty() {
                changes.removed.push(name.to_owned());
            } else {
                changes.given.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(changes)
    }

    /// Takes our headers of those names away, and adds the others.
    pub(super) fn apply(&self, headers: &mut Vec<(String, String)>) {
        let is_named = |own: &str| {
            self.given.iter().map(|(name, _)| name).chain(&self.removed).any(|name| name.eq_ignore_ascii_case(own))
        };
        headers.retain(|(name, _)| !is_named(name));
        headers.extend(self.given.iter().cloned());
    }
}

/// What is sent.
pub(super) struct Data<'a> {
    source: Source<'a>,
    /// What was read of a stream to tell what it is.
    head: Vec<u8>,
    /// Of the stream, behind its head, this was sent.
    taken: u64,
}

enum Source<'a> {
    Nothing,
    Text(Vec<u8>),
    File { file: File, length: u64 },
    Pipe(Box<dyn Read + 'a>),
}

impl<'a> Data<'a> {
    /// Opens what `-d` names.
    pub(super) fn open(typed: Option<&str>, input: &'a mut dyn Read) -> Result<Self> {
        let source = match typed {
            None => Source::Nothing,
            Some("@-") => Source::Pipe(Box::new(input)),
            Some(text) => match text.strip_prefix('@') {
                Some(file) => open_file(Path::new(file))?,
                None => Source::Text(text.as_bytes().to_vec()),
            },
        };
        Ok(Self { source, head: Vec::new(), taken: 0 })
    }

    /// The type of what is sent: JSON is what begins with `{` or `[`.
    pub(super) fn content_type(&mut self) -> Result<Option<&'static str>> {
        let look = |bytes: &[u8]| match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Some("application/json"),
            _ => Some("application/octet-stream"),
        };
        let cannot = |error: io::Error| Error::configuration(format!("cannot read the data: {}", io_words(&error)));
        let stream: &mut dyn Read = match &mut self.source {
            Source::Nothing => return Ok(None),
            Source::Text(text) => return Ok(if text.is_empty() { None } else { look(text) }),
            Source::File { file, .. } => file,
            Source::Pipe(pipe) => pipe,
        };
        while self.head.trim_ascii_start().is_empty() && self.head.len() < HEAD {
            let before = self.head.len();
            let mut piece = stream.take((HEAD - before) as u64);
            let mut bytes = [0; HEAD];
            let count = piece.read(&mut bytes).map_err(cannot)?;
            if count == 0 {
                break;
            }
            self.head.extend_from_slice(&bytes[..count]);
        }
        Ok(look(&self.head))
    }

    /// Whether it can be sent, once more or for the first time.
    pub(super) fn is_at_hand(&self) -> bool {
        match self.source {
            Source::Nothing | Source::Text(_) | Source::File { .. } => true,
            Source::Pipe(_) => self.taken == 0,
        }
    }

    /// Calls `send` with the body, from its beginning.
    pub(super) fn with_body<T>(&mut self, send: impl FnOnce(Body<'_>) -> Result<T>) -> Result<T> {
        let Self { source, head, taken } = self;
        let (stream, length): (&mut dyn Read, _) = match source {
            Source::Nothing => return send(Body::Nothing),
            Source::Text(text) => return send(Body::Bytes(text)),
            Source::File { file, length } => {
                let at = file.seek(SeekFrom::Start(head.len() as u64));
                at.map_err(|error| Error::configuration(format!("cannot read the data: {}", io_words(&error))))?;
                (file, Some(*length))
            }
            Source::Pipe(pipe) => (pipe, None),
        };
        let mut fault = None;
        let mut counted = Counted { stream, taken, fault: &mut fault };
        // What was looked at is taken as soon as anything is.
        let mut all = Headed { head, at: 0, rest: &mut counted };
        let sent = send(Body::Stream(&mut all, length));
        match fault {
            Some(error) => Err(Error::configuration(format!("cannot read the data: {}", io_words(&error)))),
            None => sent,
        }
    }
}

fn open_file(path: &Path) -> Result<Source<'static>> {
    let cannot =
        |error: io::Error| Error::configuration(format!("cannot read {}: {}", path.display(), io_words(&error)));
    let file = File::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.is_dir() {
        return Err(Error::configuration(format!("cannot read {}: it is a folder", path.display())));
    }
    Ok(if metadata.is_file() { Source::File { file, length: metadata.len() } } else { Source::Pipe(Box::new(file)) })
}

/// The head again, then the rest.
struct Headed<'a, 'b> {
    head: &'a [u8],
    at: usize,
    rest: &'a mut Counted<'b>,
}

impl Read for Headed<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.head[self.at..];
        if left.is_empty() {
            return self.rest.read(buffer);
        }
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

struct Counted<'a> {
    stream: &'a mut dyn Read,
    taken: &'a mut u64,
    fault: &'a mut Option<io::Error>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Ok(count) => {
                // At the end too: then nothing is left to be sent.
                *self.taken += (count as u64).max(1);
                Ok(count)
            }
            Err(error) => {
                let kind = error.kind();
                *self.fault = Some(error);
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_paths() {
        for (text, target) in [
            ("/data/x", "/data/x"),
            ("data/x", "/data/x"),
            ("/data/x?a=b//c@d", "/data/x?a=b//c@d"),
            ("/data/x y?q=é#top", "/data/x%20y?q=%C3%A9"),
            ("/data/a%2Fb@c", "/data/a%2Fb@c"),
            ("/", "/"),
            ("?a=1", "/?a=1"),
            ("/a?u=https://x.example/", "/a?u=https://x.example/"),
        ] {
            match read_target(text).unwrap() {
                Target::Path(found) => assert_eq!(found, target, "{text}"),
                Target::Url(url) => panic!("{text} is {url}"),
            }
        }
        for text in [
            "",
            "//evil.example/x",
            "/data//x",
            "@evil.example/x",
            "user:word@evil.example/x",
            "/a\\b",
            "\\\\evil.example",
            "/a\r\nX: y",
            "/a\u{7f}",
            "https:\\\\evil.example",
        ] {
            assert_eq!(read_target(text).unwrap_err().exit_code(), 2, "{text:?}");
        }
    }

    #[test]
    fn urls_are_addresses_or_refused() {
        let Target::Url(url) = read_target("HTTPS://Platform.Adobe.IO/data x?y#z").unwrap() else { panic!() };
        assert_eq!(url.to_string(), "https://platform.adobe.io/data%20x?y");
        for text in ["https://user@platform.adobe.io/", "ftp://platform.adobe.io/", "https://", "file:///etc/passwd"] {
            assert_eq!(read_target(text).unwrap_err().exit_code(), 4, "{text}");
        }
    }

    #[test]
    fn headers_replace_remove_and_are_refused() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let mut headers =
            vec![("Accept".to_owned(), "*/*".to_owned()), ("x-sandbox-name".to_owned(), "prod".to_owned())];
        Changes::read(&lines(&["accept: text/csv", "X-Sandbox-Name:", "x-a: 1", "x-a:  2 "]))
            .unwrap()
            .apply(&mut headers);
        let told: Vec<String> = headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["accept=text/csv", "x-a=1", "x-a=2"]);
        for line in [
            "Authorization: Bearer marker",
            "AUTHORIZATION:",
            "host: marker",
            "Content-Length: 1",
            "marker",
            ": marker",
            "a b: marker",
            "x: marker\r\ny: z",
            "authorization : marker",
        ] {
            let refusal = Changes::read(&lines(&[line])).err().unwrap();
            assert_eq!(refusal.exit_code(), 2, "{line}");
            assert!(!refusal.message().contains("marker"), "{refusal}");
        }
    }

    #[test]
    fn what_begins_with_a_brace_is_json() {
        for (text, kind) in
            [("{}", "json"), (" \n[1]", "json"), ("a{", "octet-stream"), ("\u{1f}\u{8b}", "octet-stream")]
        {
            let kind = format!("application/{kind}");
            let mut nothing = io::empty();
            let mut data = Data::open(Some(text), &mut nothing).unwrap();
            assert_eq!(data.content_type().unwrap(), Some(kind.as_str()), "{text}");
            let mut input = text.as_bytes();
            let mut data = Data::open(Some("@-"), &mut input).unwrap();
            assert_eq!(data.content_type().unwrap(), Some(kind.as_str()), "{text}");
            let sent = data.with_body(|body| {
                let Body::Stream(stream, None) = body else { panic!() };
                let mut all = String::new();
                stream.read_to_string(&mut all).unwrap();
                Ok(all)
            });
            assert_eq!(sent.unwrap(), text);
            assert!(!data.is_at_hand());
        }
    }
}
