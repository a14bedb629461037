//! `status`: what is cached, from disk alone; no lock, no network.

use aep_cli::Invocation;
use aep_core::profile::{self, ProfileSelection};
use aep_core::token::{State, Token};
use aep_core::{Context, Profile, Result, acquire, duration};
use serde_json::{Value, json};

use crate::{profile_store, table};

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// Tells of one profile; gives the code of `--exit-code`.
pub(crate) fn run_one(invocation: &mut Invocation<'_>, selection: &ProfileSelection, form: Form) -> Result<u8> {
    let profile = profile::resolve(invocation.context, selection)?;
    let cached = read(invocation.context, &profile);
    let now = invocation.context.clock.now();
    match form {
        Form::Json => invocation.line(format_args!("{:#}", to_json(&profile, cached.as_ref(), now))),
        Form::Text => invocation.line(to_text(&profile, cached.as_ref(), now)),
    }
    if let Some(number) = cached.as_ref().and_then(|token| token.stale_secret) {
        invocation.context.log.warn(acquire::stale_secret_message(&profile, number));
    }
    Ok(code(cached.as_ref(), now))
}

/// Tells of every profile; gives the highest code.
pub(crate) fn run_all(invocation: &mut Invocation<'_>, form: Form) -> Result<u8> {
    let now = invocation.context.clock.now();
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    let mut worst = 0;
    let names = profile_store::list(&invocation.context.folders)?;
    let is_empty = names.is_empty();
    for name in names {
        let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
        match profile::resolve(invocation.context, &selection) {
            Ok(profile) => {
                let cached = read(invocation.context, &profile);
                worst = worst.max(code(cached.as_ref(), now));
                match form {
                    Form::Json => items.push(to_json(&profile, cached.as_ref(), now)),
                    Form::Text => rows.push(to_row(&profile, cached.as_ref(), now)),
                }
            }
            // One broken file must not hide the others.
            Err(error) => invocation.context.log.warn(error.message()),
        }
    }
    if form == Form::Json {
        invocation.line(format_args!("{:#}", Value::Array(items)));
    } else if is_empty {
        super::profile::say_that_there_are_none(invocation);
    }
    table::lines(&rows).for_each(|line| invocation.line(line));
    Ok(if is_empty { NOTHING_CACHED } else { worst })
}

/// The code of `--exit-code` for no token at all.
const NOTHING_CACHED: u8 = 22;

fn read(context: &Context, profile: &Profile) -> Option<Token> {
    match acquire::cached(context, profile) {
        Ok(entry) => entry.map(|entry| entry.token),
        Err(error) => {
            context.log.warn(error.message());
            None
        }
    }
}

fn state(cached: Option<&Token>, now: i64) -> &'static str {
    cached.map_or("none", |token| token.state(now).name())
}

fn code(cached: Option<&Token>, now: i64) -> u8 {
    match cached.map(|token| token.state(now)) {
        Some(State::Live) => 0,
        Some(State::Expiring) => 20,
        Some(State::Expired) => 21,
        None => NOTHING_CACHED,
    }
}

fn to_json(profile: &Profile, cached: Option<&Token>, now: i64) -> Value {
    json!({
        "profile": profile.name(),
        "sandbox": profile.sandbox,
        "state": state(cached, now),
        "expires_at": cached.and_then(Token::expires_at).map(duration::rfc3339),
        "expires_in": cached.map(|token| token.remaining(now)),
    })
}

fn to_text(profile: &Profile, cached: Option<&Token>, now: i64) -> String {
    let [name, state, left] = to_row(profile, cached, now);
    let between = match left.as_str() {
        "" => "",
        since if since.starts_with("since") => " ",
        _ => ", ",
    };
    format!("{name}: {state}{between}{left}")
}

/// Profile and sandbox, state, and the time that is left.
fn to_row(profile: &Profile, cached: Option<&Token>, now: i64) -> [String; 3] {
    let sandbox = profile.sandbox.as_ref().map(|sandbox| format!("/{sandbox}")).unwrap_or_default();
    let left = match cached.map(|token| (token.remaining(now), token.expires_at())) {
        Some((left, Some(end))) if left > 0 => {
            format!("{} left, until {}", duration::brief(left), duration::rfc3339(end))
        }
        Some((_, Some(end))) => format!("since {}", duration::rfc3339(end)),
        _ => String::new(),
    };
    [format!("{}{sandbox}", profile.name()), state(cached, now).to_owned(), left]
}
