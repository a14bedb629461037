//! Where a secret is: in the private store, a file, a variable, the answer of a command, the system's keyring, or among
//! the credentials that systemd hands to a service.
//!
//! Everything that is read is bounded: 64 KiB, and a time for a command and a keyring.

use std::fmt;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::store::{self, SecretKind, StoreKey};
use super::{Secret, command, keyring};
use crate::environment::SECRETS_WITHHELD;
use crate::io_words::io_words;
use crate::profile::Origin;
use crate::{Context, Error, Profile, Result, program, text, trust};

const MOST_BYTES: u64 = 64 * 1024;

const MAY_NOT_READ: &str = "whoever put it there must let this user's group read it (mode 0440); in a Kubernetes pod that is \
                            fsGroup, with defaultMode: 0440 for the secret";

/// Where systemd says in which folder a service's credentials are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A reference to a secret; holds the secret itself only where it came from the environment.
#[derive(Clone, PartialEq, Eq)]
pub enum Reference {
    /// The private store of `aep-auth`.
    Store,
    /// A file: its first line, or all of it for a key.
    File(PathBuf),
    /// The same, named by a variable that may also hold the secret itself, so that the path is never shown.
    FileIn {
        /// The variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// An environment variable.
    Env(String),
    /// A command and its arguments, run without a shell.
    Command(Vec<String>),
    /// The system's own keyring.
    Keyring,
    /// A credential of this name, as systemd hands them to a service.
    Credential(String),
    /// The value itself, from one of our own variables.
    Given(Secret),
}

impl Reference {
    /// Fetches the secret of `profile` that `item` names.
    ///
    /// # Errors
    /// Configuration, naming the reference, when there is nothing there or it cannot be read.
    pub fn read(&self, context: &Context, profile: &Profile, kind: SecretKind) -> Result<Secret> {
        let what = kind.title();
        let found = match self {
            Self::Given(secret) => secret.clone(),
            Self::Store => read_stored(context, profile, kind)?,
            Self::File(path) => read_file(context, path, &shown_path(path), what)?,
            Self::FileIn { variable, path } => {
                let refuse = |why: String| format!("cannot read the {what} from the file that {variable} names: {why}");
                let file = trust::open(path, context.folders.home())
                    .map_err(|error| error.to_error_without_path(refuse(without_path(&error))))?;
                read_bounded(file, refuse, None)?
            }
            Self::Credential(id) => {
                let path = credential_path(context, id, what)?;
                let is_shown = shown_credential(id) != NOT_SHOWN;
                let shown = if is_shown { path.display().to_string() } else { NOT_SHOWN.to_owned() };
                read_file(context, &path, &shown, what)?
            }
            Self::Keyring => keyring::read(context, profile, kind, std::io::stderr().is_terminal())?,
            Self::Env(name) => Secret::new(context.environment.text(name)?.ok_or_else(|| {
                let error = Error::configuration(format!(
                    "the {what} is expected in the variable {}, which is not set",
                    shown_variable(name)
                ));
                if context.environment.has(SECRETS_WITHHELD) {
                    error.with_hint("aep-auth exec --keep-secrets -- COMMAND")
                } else {
                    error
                }
            })?),
            Self::Command(command) => run(command, context, profile, what)?,
        };
        let secret = if kind == SecretKind::PrivateKey { found } else { first_line(&found) };
        if secret.expose().trim().is_empty() {
            return Err(Error::configuration(format!("the {what} is empty ({self})"))
                .with_hint("put it there again, from the Developer Console"));
        }
        Ok(secret)
    }
}

impl Reference {
    /// Whether reading it may ask a person.
    pub fn asks_somebody(&self) -> bool {
        matches!(self, Self::Command(_) | Self::Keyring)
    }

    /// What tells this reference from others; `None` for a value that was given.
    pub(crate) fn to_mark(&self) -> Option<String> {
        match self {
            Self::Store => Some("store".to_owned()),
            Self::File(path) => Some(format!("file {}", path.display())),
            Self::Env(name) => Some(format!("env {name}")),
            Self::Command(words) => Some(format!("command {words:?}")),
            Self::Keyring => Some("keyring".to_owned()),
            Self::Credential(id) => Some(format!("credential {id}")),
            Self::Given(_) | Self::FileIn { .. } => None,
        }
    }
}

/// Why a file could not be opened, without its name, which may be a secret in a path's place.
fn without_path(error: &trust::OpenError) -> String {
    match error {
        trust::OpenError::Absent => "it does not exist".to_owned(),
        trust::OpenError::NotTrusted { why, .. } => format!("it is not trusted: {why}"),
        trust::OpenError::Unreadable { error, .. } => io_words(error),
        trust::OpenError::TooLarge { .. } => "it is too large".to_owned(),
    }
}

/// A secret in a variable name's place must not be shown.
fn shown_variable(name: &str) -> &str {
    let is_name = name
        .bytes()
        .enumerate()
        .all(|(at, byte)| byte.is_ascii_uppercase() || byte == b'_' || (at > 0 && byte.is_ascii_digit()));
    if is_name && !name.is_empty() { name } else { NOT_SHOWN }
}

/// A path that was written as one: absolute, or in the home. One beside the profile may be a secret in a path's place.
fn shown_path(path: &Path) -> String {
    let is_beside = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "profiles");
    if is_beside { NOT_SHOWN.to_owned() } else { path.display().to_string() }
}

/// What stands in the place of what may be a secret.
pub const NOT_SHOWN: &str = "(not shown)";

/// A secret in the place of a credential's name must not be shown.
fn shown_credential(id: &str) -> &str {
    let is_id = id.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_.".contains(&byte));
    if is_id { id } else { NOT_SHOWN }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({self})")
    }
}

/// Where the secret is, in words, without the secret.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => f.write_str("private store"),
            Self::File(path) => write!(f, "file {}", shown_path(path)),
            Self::FileIn { variable, .. } => write!(f, "file that {variable} names"),
            Self::Env(name) => write!(f, "variable {}", shown_variable(name)),
            Self::Command(command) => {
                write!(f, "command {}", program::shown(command.first().map_or("", String::as_str)))
            }
            Self::Keyring => f.write_str("keyring"),
            Self::Credential(id) => write!(f, "credential {}", shown_credential(id)),
            Self::Given(_) => f.write_str("environment"),
        }
    }
}

fn read_file(context: &Context, path: &Path, shown: &str, what: &str) -> Result<Secret> {
    let told = |why: String| format!("cannot read the {what} from {shown}: {why}");
    let file = trust::open(path, context.folders.home()).map_err(|error| {
        // A cure for another's file is with whoever put it there.
        let may_not = error.cause() == crate::error::Cause::Io(std::io::ErrorKind::PermissionDenied);
        let cure = error.cure().filter(|_| shown != NOT_SHOWN);
        let cure = cure.or_else(|| may_not.then(|| MAY_NOT_READ.to_owned()));
        error.to_error_without_path(told(without_path(&error))).with_hint_if_any(cure)
    })?;
    read_bounded(file, told, None)
}

/// Where systemd put a credential of this service.
fn credential_path(context: &Context, id: &str, what: &str) -> Result<PathBuf> {
    let folder = context.environment.path(CREDENTIALS).ok_or_else(|| {
        let id = Some(shown_credential(id)).filter(|id| *id != NOT_SHOWN).unwrap_or("ID");
        Error::configuration(format!(
            "the {what} is expected among the credentials of a service, and {CREDENTIALS} is not set"
        ))
        .with_hint(format!("run it by systemd, with LoadCredential={id}:FILE in the unit's [Service]"))
    })?;
    if folder.is_absolute() {
        Ok(folder.join(id))
    } else {
        Err(Error::configuration(format!("{CREDENTIALS} is no absolute path"))
            .with_hint("systemd sets it for a unit with LoadCredential="))
    }
}

fn read_stored(context: &Context, profile: &Profile, kind: SecretKind) -> Result<Secret> {
    let key = StoreKey::of_profile(profile).ok_or_else(|| Error::fault("the environment has no private store"))?;
    store::settle(&context.folders)?;
    let path = store::path(&context.folders, &key, kind)?;
    let name = profile.name();
    if !store::is_there(&path)? && store::adopt(&context.folders, &key, kind)? {
        context.log.warn(format_args!(
            "the {} of profile {name} was moved to where its IMS host and client id are known: {}",
            kind.title(),
            path.display()
        ));
    }
    let cure = kind.cure_where_missing(name);
    let told = |why: String| unreadable(kind.title(), &path, why);
    let file = store::open(&context.folders, &path).map_err(|error| match &error {
        trust::OpenError::Absent => error.to_error(told(error.to_string())).with_hint(cure.clone()),
        trust::OpenError::NotTrusted { path: at, why } if *at == path => {
            error.to_error(told(why.to_string())).with_hint(error.cure().unwrap_or_else(|| cure.clone()))
        }
        trust::OpenError::NotTrusted { .. } => error
            .to_error(told(error.to_string()))
            .with_hint(error.cure().unwrap_or_else(|| store::ELSEWHERE.to_owned())),
        error => error.to_error(told(without_path(error))),
    })?;
    read_bounded(file, told, Some(&cure))
}

fn unreadable(what: &str, path: &Path, why: impl fmt::Display) -> String {
    format!("cannot read the {what} from {}: {why}", shown_path(path))
}

fn first_line(text: &Secret) -> Secret {
    Secret::new(text.expose().lines().next().unwrap_or_default().trim().to_owned())
}

/// Reads a secret whole; `told` makes a sentence of what is wrong, and where that is what the file holds, `cure` helps.
fn read_bounded(source: impl Read, told: impl Fn(String) -> String, cure: Option<&str>) -> Result<Secret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| {
        let words = io_words(&error);
        trust::OpenError::unreadable(Path::new(""), error).to_error_without_path(told(words))
    })?;
    let refuse = |why: &str| Error::configuration(told(why.to_owned())).with_hint_if_any(cure);
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse("it is larger than 64 KiB"));
    }
    let text = text::decode(std::mem::take(&mut *bytes));
    text.map(Secret::new).ok_or_else(|| refuse("it is not text in UTF-8 or UTF-16"))
}

fn run(command: &[String], context: &Context, profile: &Profile, what: &str) -> Result<Secret> {
    let Origin::File { path, .. } = &profile.origin else {
        return Err(Error::fault("the environment names no command"));
    };
    let withheld: Vec<String> = profile.secret_variables().map(str::to_owned).collect();
    let surroundings = command::Surroundings {
        environment: &context.environment,
        is_terminal: std::io::stderr().is_terminal(),
        folder: path.parent().unwrap_or(path),
        withheld: &withheld,
        clock: &*context.clock,
    };
    let shown = program::shown(command.first().map_or("", String::as_str));
    context.log.debug(format_args!("the {what} is asked of the command {shown}"));
    command::run(command, &surroundings).map_err(|failure| failure.into_error(what))
}
