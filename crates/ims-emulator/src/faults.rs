//! What goes wrong on request: by the library, or as JSON by `POST /emulator/faults` and `--fault`.
//!
//! `{"path": "/ims/token/v3", "times": 2, "kind": "respond", "status": 503, "headers": {"Retry-After": "1"}}`; without
//! `path` every path is meant (save the emulator's own), without `times` it lasts.

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
    /// The connection is closed without an answer.
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
}

fn any_path() -> String {
    "/".to_owned()
}

fn ok() -> u16 {
    200
}
