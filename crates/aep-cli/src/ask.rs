//! Asking the `aep-auth` beside: the one program with a network and with secrets.
//!
//! The exchange, version [`EXCHANGE`]: `aep-auth token --json --exchange 1 [--verify] [--refused -] [--with-secret
//! [--without-token]] [--profile NAME]`, a refused token on standard input, one JSON object back. Standard error and the
//! exit code are the other's own and are passed on; no secret and no token stands in an argument. On Linux the other ends when this program
//! is killed, elsewhere when the pipe to it closes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aep_core::acquire::{self, Lookup};
use aep_core::profile::ProfileSelection;
use aep_core::secret::Secret;
use aep_core::token::{AccessToken, Token};
use aep_core::{Error, Profile, Result, program};
use serde_json::Value;

use crate::Invocation;

/// The version of the exchange between the helpers and `aep-auth`.
pub const EXCHANGE: u32 = 1;

/// An answer is a token, and with `--with-secret` a key; more than this is none.
const MOST_BYTES: u64 = 1024 * 1024;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Question<'a> {
    /// The profile, where one was named.
    pub profile: Option<&'a str>,
    /// Whether IMS is asked if the token is still valid.
    pub verify: bool,
    /// A token that somebody refused.
    pub refused: Option<&'a AccessToken>,
}

impl<'a> Question<'a> {
    /// A token for what was typed.
    pub fn of_selection(selection: &'a ProfileSelection) -> Self {
        Self { profile: selection.profile.as_deref(), ..Self::default() }
    }
}

/// What came back.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was asked for.
    Is(T),
    /// The other program ended without it, told why itself, and with this exit code so does ours.
    Ended(u8),
}

/// What a helper has to give.
#[derive(Debug)]
pub enum Served {
    /// A token.
    Token(Token),
    /// Nothing: `aep-auth` told itself why, and with this exit code ends the helper.
    Ended(u8),
}

/// The cached token, or what `aep-auth` brings. `is_doubtful` says of a token at hand whether IMS is to be asked about it.
/// A token at hand is served even where no `aep-auth` is there.
///
/// # Errors
/// As [`token`].
pub fn token_for(
    invocation: &Invocation<'_>,
    profile: &Profile,
    selection: &ProfileSelection,
    is_doubtful: impl FnOnce(&Token) -> bool,
) -> Result<Served> {
    let mut question = Question::of_selection(selection);
    let at_hand = match acquire::lookup(invocation.context, profile)? {
        Lookup::Live(token) => {
            question.verify = is_doubtful(&token);
            if !question.verify {
                return Ok(Served::Token(token));
            }
            Some(token)
        }
        Lookup::Expiring(token) => {
            question.verify = is_doubtful(&token);
            Some(token)
        }
        Lookup::Nothing => {
            // What was not earned by a profile is not served here, but it may be what this caller was given before.
            let kept = if profile.file_name().is_none() { acquire::cached(invocation.context, profile)? } else { None };
            question.verify = kept.is_some_and(|entry| is_doubtful(&entry.token));
            None
        }
    };
    match (self::token(invocation, &question), at_hand) {
        (Ok(Answer::Is(token)), _) => Ok(Served::Token(token)),
        // IMS may have called it invalid just now: then nothing serves.
        (Ok(Answer::Ended(code)), Some(_)) if question.verify => Ok(Served::Ended(code)),
        (Ok(Answer::Ended(_)) | Err(_), Some(token)) => Ok(Served::Token(token)),
        (Ok(Answer::Ended(code)), None) => Ok(Served::Ended(code)),
        (Err(error), None) => Err(error),
    }
}

/// Asks.
///
/// # Errors
/// Configuration, when no `aep-auth` is there or it speaks another version of the exchange; a fault, when what it says
/// is no answer.
pub fn token(invocation: &Invocation<'_>, question: &Question<'_>) -> Result<Answer<Token>> {
    let Question { profile, verify, refused } = question;
    let mut options = Vec::new();
    if *verify {
        options.push("--verify");
    }
    if refused.is_some() {
        options.extend(["--refused", "-"]);
    }
    let now = invocation.context.clock.now();
    exchange(invocation, *profile, &options, *refused, |answer| read_token(answer, now))
}

/// What a profile signs in with, as IMS accepts it.
#[derive(Debug)]
pub struct Secrets {
    /// The client secret.
    pub client_secret: Secret,
    /// The private key of a service account, as PEM.
    pub private_key: Option<Secret>,
}

/// Asks for the secrets that IMS accepts; never in an argument, and never onto a terminal.
///
/// # Errors
/// As [`token`].
pub fn secrets(invocation: &Invocation<'_>, profile: Option<&str>) -> Result<Answer<Secrets>> {
    exchange(invocation, profile, &["--with-secret", "--without-token"], None, |answer| {
        let client_secret = take_secret(answer, "client_secret")?;
        Some(Secrets { client_secret, private_key: take_secret(answer, "private_key") })
    })
}

fn exchange<T>(
    invocation: &Invocation<'_>,
    profile: Option<&str>,
    options: &[&str],
    refused: Option<&AccessToken>,
    read: impl FnOnce(&mut Value) -> Option<T>,
) -> Result<Answer<T>> {
    let program = find(invocation)?;
    let mut command = Command::new(&program);
    command.args(["token", "--json", "--exchange", &EXCHANGE.to_string()]).args(options);
    if let Some(name) = profile {
        command.args(["--profile", name]);
    }
    let (code, answer) = run(command, &program, refused.map(AccessToken::expose))?;
    if code == 2 {
        // It did not understand the words: it is of before this exchange.
        return Err(other_version(&program));
    }
    if code != 0 {
        return Ok(Answer::Ended(code));
    }
    let answer = serde_json::from_slice::<Value>(&answer).ok();
    let answer = answer.filter(|answer| answer.get("exchange") == Some(&EXCHANGE.into()));
    answer.and_then(|mut answer| read(&mut answer)).map(Answer::Is).ok_or_else(|| other_version(&program))
}

/// Has a token that somebody refused dropped from wherever `aep-auth` reaches; best effort, and never a word of ours.
///
/// # Errors
/// Configuration, when no `aep-auth` is there.
pub fn forget(invocation: &Invocation<'_>, selection: &ProfileSelection, refused: &AccessToken) -> Result<()> {
    let program = find(invocation)?;
    let mut command = Command::new(&program);
    command.args(["forget", "--refused", "-"]);
    if let Some(name) = &selection.profile {
        command.args(["--profile", name]);
    }
    run(command, &program, Some(refused.expose())).map(drop)
}

/// Runs the other program; gives its exit code and what it printed. Ended by a signal, it ends us by the same.
fn run(mut command: Command, program: &Path, input: Option<&str>) -> Result<(u8, Vec<u8>)> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| cannot_run(program, error);
    // Its standard input stays open for as long as we live: on systems without a better sign, its end is ours.
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(cannot)?;
    let mut to_child = child.stdin.take();
    if let (Some(pipe), Some(text)) = (&mut to_child, input) {
        // It may have ended already; its exit code says so.
        let _ = writeln!(pipe, "{text}");
    }
    let mut answer = Vec::with_capacity(8192);
    if let Some(pipe) = child.stdout.take() {
        pipe.take(MOST_BYTES).read_to_end(&mut answer).map_err(cannot)?;
    }
    let status = child.wait().map_err(cannot)?;
    drop(to_child);
    match status.code() {
        Some(code) => Ok((u8::try_from(code).unwrap_or(1), answer)),
        None => Ok((end_by_signal(status), Vec::new())),
    }
}

/// A lack of processes, descriptors or memory is no fault of the program's.
fn cannot_run(program: &Path, error: std::io::Error) -> Error {
    let told = format!("cannot run {}: {}", program.display(), program::in_words(&error));
    match program::cure_of_shortage(&error) {
        Some(cure) => Error::storage(told).with_hint(cure),
        None => Error::configuration(told).with_hint("install the programs anew, all from one release"),
    }
    .with_source(error)
}

/// Ends this process as the other one ended; where that cannot be, the exit code that a shell would see.
#[cfg(unix)]
fn end_by_signal(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let Some(number) = status.signal() else { return 1 };
    if let Some(signal) = rustix::process::Signal::from_named_raw(number) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }
    u8::try_from(128 + number).unwrap_or(1)
}

#[cfg(not(unix))]
fn end_by_signal(_: std::process::ExitStatus) -> u8 {
    1
}

fn read_token(answer: &mut Value, now: i64) -> Option<Token> {
    let Value::String(value) = answer.get_mut("access_token")?.take() else { return None };
    let number = |key: &str| answer.get(key).and_then(Value::as_i64);
    Some(Token::new(AccessToken::parse(value)?, number("now").unwrap_or(now), number("expires_in")))
}

fn take_secret(answer: &mut Value, key: &str) -> Option<Secret> {
    match answer.get_mut(key)?.take() {
        Value::String(text) => Some(Secret::new(text)),
        _ => None,
    }
}

/// Says both versions; the other one is asked for its own.
fn other_version(program: &Path) -> Error {
    let answer = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let theirs = answer.ok().filter(|answer| answer.status.success()).map_or_else(
        || "an unknown version".to_owned(),
        |answer| aep_core::terminal::clean_within(String::from_utf8_lossy(&answer.stdout).trim(), 80),
    );
    Error::configuration(format!(
        "{} is {theirs}, which does not speak this program's exchange (version {EXCHANGE} of {})",
        program.display(),
        env!("CARGO_PKG_VERSION"),
    ))
    .with_hint("install the programs anew, all from one release")
}

/// The `aep-auth` that may be run: in the folder of the running program with links resolved, then in the absolute
/// entries of `PATH`; never in the current folder, never a file that others can write.
///
/// # Errors
/// Configuration, with the places that were looked at.
pub fn find(invocation: &Invocation<'_>) -> Result<PathBuf> {
    let own = invocation.executable.path().unwrap_or_default();
    let path = invocation.context.environment.raw("PATH");
    program::find_beside(&own, "aep-auth", path.as_deref()).map_err(|places| {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        let places = if places.is_empty() { "no folder".to_owned() } else { places.join(", ") };
        Error::configuration(format!("aep-auth, which fetches tokens, was not found; looked at: {places}")).with_hint(
            "install it beside this program: ./install.sh in a clone, or the package that this program came in",
        )
    })
}
