//! `status`: what is cached, from disk alone; no lock, no network.

use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::token::{self, State, Token};
use aep_core::{Context, Profile, Result, duration};
use serde_json::{Value, json};

use crate::{profile_store, run};

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// Tells of one profile; gives the code of `--exit-code`.
pub(crate) fn run_one(call: &mut Call<'_>, choice: &Choice, form: Form) -> Result<u8> {
    let profile = profile::resolve(call.context, choice)?;
    let cached = read(call.context, &profile);
    let now = call.context.clock.now();
    match form {
        Form::Json => run::line(call.output, format_args!("{:#}", to_json(&profile, cached.as_ref(), now))),
        Form::Text => run::line(call.output, to_text(&profile, cached.as_ref(), now)),
    }
    if let Some(number) = cached.as_ref().and_then(|token| token.stale_secret) {
        call.context.log.warn(token::stale_secret_message(&profile, number));
    }
    Ok(code(cached.as_ref(), now))
}

/// Tells of every profile; gives the highest code.
pub(crate) fn run_all(call: &mut Call<'_>, form: Form) -> Result<u8> {
    let now = call.context.clock.now();
    let mut items = Vec::new();
    let mut worst = 0;
    for name in profile_store::list(&call.context.folders)? {
        let choice = Choice { profile: Some(name.to_string()), ..Choice::default() };
        match profile::resolve(call.context, &choice) {
            Ok(profile) => {
                let cached = read(call.context, &profile);
                worst = worst.max(code(cached.as_ref(), now));
                match form {
                    Form::Json => items.push(to_json(&profile, cached.as_ref(), now)),
                    Form::Text => run::line(call.output, to_text(&profile, cached.as_ref(), now)),
                }
            }
            // One broken file must not hide the others.
            Err(error) => call.context.log.warn(error.message()),
        }
    }
    if form == Form::Json {
        run::line(call.output, format_args!("{:#}", Value::Array(items)));
    }
    Ok(worst)
}

fn read(context: &Context, profile: &Profile) -> Option<Token> {
    token::cached(context, profile).unwrap_or_else(|trouble| {
        context.log.warn(format_args!("the token cache is not used as it should be: {trouble}"));
        None
    })
}

fn state(cached: Option<&Token>, now: i64) -> &'static str {
    cached.map_or("none", |token| token.state(now).name())
}

fn code(cached: Option<&Token>, now: i64) -> u8 {
    match cached.map(|token| token.state(now)) {
        Some(State::Live) => 0,
        Some(State::Expiring) => 20,
        Some(State::Expired) => 21,
        None => 22,
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
    let sandbox = profile.sandbox.as_ref().map(|sandbox| format!("/{sandbox}")).unwrap_or_default();
    let left = match cached.map(|token| (token.remaining(now), token.expires_at())) {
        Some((left, Some(end))) if left > 0 => {
            format!(", {} left, until {}", duration::brief(left), duration::rfc3339(end))
        }
        Some((_, Some(end))) => format!(" since {}", duration::rfc3339(end)),
        _ => String::new(),
    };
    format!("{}{sandbox}: {}{left}", profile.name(), state(cached, now))
}
