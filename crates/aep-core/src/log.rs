//! What is told on standard error beside the result: warnings and notes, by the level of `AEP_LOG`.
//!
//! Nothing that is logged holds a secret or a token, at any level.

use std::cell::RefCell;
use std::fmt;
use std::io::Write;

use crate::{Environment, Error, Result, terminal};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors alone.
    Error,
    /// What the user should know although all went well (default).
    Warn,
    /// What was decided.
    Info,
    /// How.
    Debug,
}

impl Level {
    /// Reads `AEP_LOG`.
    ///
    /// # Errors
    /// Configuration, when the value is no level.
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        match environment.text("AEP_LOG")?.as_deref() {
            None | Some("warn") => Ok(Self::Warn),
            Some("error") => Ok(Self::Error),
            Some("info") => Ok(Self::Info),
            Some("debug") => Ok(Self::Debug),
            Some(other) => {
                Err(Error::configuration(format!("AEP_LOG is `{other}`; expected error, warn, info or debug")))
            }
        }
    }
}

/// A line at a time to standard error, or to a test's buffer.
pub struct Log {
    level: Level,
    sink: RefCell<Box<dyn Write>>,
    /// What is not shown, wherever it stands.
    hidden: RefCell<Vec<String>>,
    /// What is told once.
    told: RefCell<Vec<String>>,
}

impl Log {
    /// Tells what `level` lets through.
    pub fn new(level: Level, sink: impl Write + 'static) -> Self {
        Self { level, sink: RefCell::new(Box::new(sink)), hidden: RefCell::default(), told: RefCell::default() }
    }

    /// Never shows this, whatever is told.
    pub fn hide(&self, secret: &str) {
        self.hidden.borrow_mut().push(secret.to_owned());
    }

    /// Tells nothing.
    pub fn silent() -> Self {
        Self::new(Level::Error, std::io::sink())
    }

    /// What the user should know although all went well.
    pub fn warn(&self, message: impl fmt::Display) {
        self.line(Level::Warn, "warning", &message);
    }

    /// What was decided.
    pub fn info(&self, message: impl fmt::Display) {
        self.line(Level::Info, "info", &message);
    }

    /// What was decided, and is decided again and again in the same way.
    pub fn info_once(&self, message: impl fmt::Display) {
        if self.level < Level::Info {
            return;
        }
        let message = message.to_string();
        if !self.told.borrow().contains(&message) {
            self.info(&message);
            self.told.borrow_mut().push(message);
        }
    }

    /// How it was decided.
    pub fn debug(&self, message: impl fmt::Display) {
        self.line(Level::Debug, "debug", &message);
    }

    /// Tells a failure, at every level.
    pub fn error(&self, error: &Error) {
        let mut text = Vec::new();
        let _ = error.write_to(&mut text);
        self.raw(&String::from_utf8_lossy(&text));
    }

    /// Writes lines that were made and cleaned elsewhere, at every level.
    pub fn raw(&self, text: &str) {
        let shown = self.hidden.borrow().iter().fold(text.to_owned(), |text, one| text.replace(one, "(not shown)"));
        // Standard error may be closed; there is nowhere left to say so.
        let _ = self.sink.borrow_mut().write_all(shown.as_bytes());
    }

    fn line(&self, level: Level, label: &str, message: &dyn fmt::Display) {
        if level <= self.level {
            self.raw(&format!("{label}: {}\n", terminal::clean(&message.to_string())));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("level", &self.level).finish_non_exhaustive()
    }
}
