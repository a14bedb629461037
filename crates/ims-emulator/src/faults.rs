//! What goes wrong on request: by the library, or as JSON by `POST /emulator/faults` and `--fault`.
//!
//! `{"path": "/ims/token/v3", "times": 2, "kind": "refuse", "status": 503, "retry_after": 1}`; without `path` every path
//! is meant (save the emulator's own), without `times` it lasts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A fault, where it strikes, and how often.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// The beginning of the paths that meet it.
    #[serde(default = "any_path")]
    pub path: String,
    /// How often it strikes; for ever if not given.
    #[serde(default)]
    pub times: Option<u32>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The right answer, late.
    Delay {
        /// Milliseconds before the answer.
        ms: u64,
    },
    /// No answer, and the connection stays open.
    Hang,
    /// The connection is closed without an answer; where a file is sent, before it was read.
    Cut,
    /// The connection is closed in the middle of the right answer.
    CutBody,
    /// The right answer, a byte at a time.
    Drip {
        /// Milliseconds between two bytes.
        ms: u64,
    },
    /// An answer without end, of this size at most.
    Huge {
        /// Mebibytes.
        mib: usize,
    },
    /// An answer that ends with the client alone.
    Endless,
    /// This answer instead of the right one.
    Respond {
        /// The status.
        #[serde(default = "ok")]
        status: u16,
        /// Further headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// The service's own refusal of this status, in its own shape.
    Refuse {
        /// The status, such as 401, 403, 429, 500.
        status: u16,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `Retry-After` as a date, this many seconds from the server's now; negative is in the past.
        #[serde(default)]
        retry_at: Option<i64>,
    },
    /// A redirect.
    Redirect {
        /// Where to.
        location: String,
    },
    /// A page for people instead of the right answer, as a captive portal shows one.
    Html {
        /// The status.
        #[serde(default = "ok")]
        status: u16,
    },
    /// The right answer with another way to the next page.
    Next {
        /// `_links.next.href`; null takes the link away.
        #[serde(default, deserialize_with = "given")]
        href: Option<Value>,
        /// `_page.next`; null says that this page is the last.
        #[serde(default, deserialize_with = "given")]
        start: Option<Value>,
    },
    /// A token whose life is told in this way alone: its claims are silent, and `expires_in` of the answer is this.
    Life {
        /// `expires_in`; null leaves it out.
        expires_in: Value,
    },
}

impl Fault {
    /// A fault on every path, for ever.
    pub fn always(kind: Kind) -> Self {
        Self { path: any_path(), times: None, kind }
    }

    /// A fault on every path, this often.
    pub fn times(times: u32, kind: Kind) -> Self {
        Self { path: any_path(), times: Some(times), kind }
    }

    /// The same fault on these paths alone.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }
}

impl Kind {
    /// An answer of this status and body.
    pub fn respond(status: u16, body: &str) -> Self {
        Self::Respond { status, headers: BTreeMap::new(), body: body.to_owned() }
    }

    /// An answer of this status with one further header.
    pub fn respond_with(status: u16, header: (&str, &str), body: &str) -> Self {
        let headers = BTreeMap::from([(header.0.to_owned(), header.1.to_owned())]);
        Self::Respond { status, headers, body: body.to_owned() }
    }

    /// The service's own refusal of this status.
    pub fn refuse(status: u16) -> Self {
        Self::Refuse { status, retry_after: None, retry_at: None }
    }

    /// A next page at this address.
    pub fn next_href(href: &str) -> Self {
        Self::Next { href: Some(href.into()), start: None }
    }
}

fn any_path() -> String {
    "/".to_owned()
}

fn ok() -> u16 {
    200
}

/// Tells null, which is given, from what is not.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_from_json_and_no_other() {
        for fault in [
            r#"{"kind":"delay","ms":1}"#,
            r#"{"kind":"hang"}"#,
            r#"{"kind":"cut"}"#,
            r#"{"kind":"cut_body"}"#,
            r#"{"kind":"drip","ms":1}"#,
            r#"{"kind":"huge","mib":1}"#,
            r#"{"kind":"endless"}"#,
            r#"{"kind":"respond","status":503,"headers":{"A":"b"},"body":"x"}"#,
            r#"{"kind":"refuse","status":429,"retry_after":2}"#,
            r#"{"kind":"refuse","status":429,"retry_at":-2}"#,
            r#"{"kind":"redirect","location":"/x"}"#,
            r#"{"kind":"html"}"#,
            r#"{"kind":"next","href":"https://x.example/"}"#,
            r#"{"kind":"life","expires_in":null}"#,
        ] {
            let read: Result<Fault, _> = serde_json::from_str(fault);
            let read = read.unwrap_or_else(|error| panic!("{fault}: {error}"));
            assert_eq!((read.path.as_str(), read.times), ("/", None));
        }
        for fault in [r#"{"kind":"unheard"}"#, r#"{"path":"/"}"#, r#"{"kind":"refuse"}"#, r#"{"kind":"drip"}"#] {
            assert!(serde_json::from_str::<Fault>(fault).is_err(), "{fault}");
        }
    }

    #[test]
    fn null_is_another_next_page_than_none_given() {
        let next = |text: &str| match serde_json::from_str::<Fault>(text).unwrap().kind {
            Kind::Next { href, start } => (href, start),
            other => panic!("{other:?}"),
        };
        assert_eq!(next(r#"{"kind":"next","href":null}"#), (Some(Value::Null), None));
        assert_eq!(next(r#"{"kind":"next","start":"a"}"#), (None, Some("a".into())));
    }
}
