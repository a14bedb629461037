//! Where Query Service is, and the password: kept beside the cache entry for a day, without any secret in it.
//!
//! Of many processes at once one asks, and those who waited share what it met, a failure too. A token that the platform
//! refuses is renewed once.

use std::time::Duration;

use aep_core::acquire::{Fetched, Refuse, TokenRequest};
use aep_core::cache::{self, Failure, Note};
use aep_core::token::identity::{Identity, short_digest};
use aep_core::token::{AccessToken, Proof, Source};
use aep_core::write_file::EditLock;
use aep_core::{Context, Error, Profile, Result, budget, headers};
use aep_ims::{Http, QueryAnswer, QueryParameters, query_parameters};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::QueryArguments;
use crate::commands::check::has_ended;
use crate::road::{self, PROGRAM};

const VERSION: u64 = 1;
/// Seconds after which the platform is asked again.
const A_DAY: i64 = 24 * 60 * 60;
/// The ending of the note of a failure.
const FAILED: &str = ".failed";
/// Those who wait for one that uses up its time wait a little longer, to share what it met.
const LONGER: Duration = Duration::from_secs(1);
/// A clock may stand this much before another's.
const SKEW: i64 = 60;

/// Where, and with which password.
pub(super) struct Access {
    pub(super) parameters: QueryParameters,
    pub(super) password: Zeroizing<String>,
}

/// A token, and where it opens a database.
pub(super) fn find(context: &Context, profile: &Profile, arguments: &QueryArguments) -> Result<Access> {
    // The short form belongs to one token, and is as secret as it is: it is asked for and not kept.
    let asks_anyway = arguments.renew || arguments.compressed;
    let at_hand = if asks_anyway { None } else { kept(context, profile) };
    // What is known before the token is fetched was met by none of those who now wait for it together.
    let known = if at_hand.is_none() { failure(context, profile) } else { None };
    let refuse = if arguments.renew { Refuse::Cached } else { Refuse::Nothing };
    let fetched = road::acquire_for(context, profile, &TokenRequest { refuse, ..TokenRequest::default() })?;
    if let Some((parameters, _)) = at_hand {
        context.log.info("Query Service: what is kept of it will do");
        return Ok(Access { parameters, password: password(&fetched) });
    }
    let _lock = lock(context);
    if !asks_anyway && let Some((parameters, _)) = kept(context, profile) {
        context.log.info("Query Service: another has just asked where it is");
        // It may have renewed a token that the platform refused.
        let fetched = road::acquire_for(context, profile, &TokenRequest::default())?;
        return Ok(Access { parameters, password: password(&fetched) });
    }
    let met = failure(context, profile).filter(|failure| failure.is_other_than(known.as_ref()));
    if let Some(failure) = met.filter(|failure| failure.is_of_proof(&shown(profile, &fetched.token.value))) {
        context.log.info("Query Service: another met a failure that this request would meet as well");
        return Err(failure.into_error());
    }
    let (fetched, answered) = ask_or_renew(context, profile, fetched)?;
    keep(context, profile, &answered.parameters);
    let password = match (arguments.compressed, answered.compressed_token) {
        (false, _) => password(&fetched),
        (true, Some(short)) => short,
        (true, None) => {
            let error = Error::unreachable(format!("{} gave no compressed token", profile.platform_url));
            return Err(error.with_hint("leave --compressed out: most clients take the whole token"));
        }
    };
    Ok(Access { parameters: answered.parameters, password })
}

fn password(fetched: &Fetched) -> Zeroizing<String> {
    Zeroizing::new(fetched.token.value.expose().to_owned())
}

/// What is kept, and when it was asked; `None` once it is a day old.
pub(crate) fn kept(context: &Context, profile: &Profile) -> Option<(QueryParameters, i64)> {
    let note: Value = serde_json::from_slice(&note(context, profile, "")?.read()?).ok()?;
    let asked_at = note.get("asked_at")?.as_i64()?;
    let age = context.clock.now() - asked_at;
    let text = |name: &str| note.get(name).and_then(Value::as_str);
    let is_ours = note.get("version")?.as_u64()? == VERSION
        && text("platform") == Some(&profile.platform_url.to_string())
        && text("sandbox") == profile.sandbox.as_deref();
    if !is_ours || !(-SKEW..A_DAY).contains(&age) {
        return None;
    }
    let parameters = QueryParameters::from_json(note.get("parameters")?, &profile.platform_url).ok()?;
    Some((parameters, asked_at))
}

fn keep(context: &Context, profile: &Profile, parameters: &QueryParameters) {
    let text = json!({
        "version": VERSION,
        "platform": profile.platform_url.to_string(),
        "sandbox": profile.sandbox,
        "asked_at": context.clock.now(),
        "parameters": parameters.to_json(),
    });
    if let Some(note) = note(context, profile, "") {
        note.replace(text.to_string().as_bytes());
    }
    if let Some(note) = note(context, profile, FAILED) {
        note.remove();
    }
}

/// Removes what is kept of the profile's platform and sandbox.
pub(crate) fn forget(context: &Context, profile: &Profile) {
    for ending in ["", FAILED] {
        if let Some(note) = note(context, profile, ending) {
            note.remove();
        }
    }
}

/// What the last one that asked met, if it met a failure.
fn failure(context: &Context, profile: &Profile) -> Option<Failure> {
    Failure::from_bytes(&note(context, profile, FAILED)?.read()?)
}

/// Leaves it for those who wait, and were about to show one of these tokens.
fn leave_failure(context: &Context, profile: &Profile, error: &Error, tokens: &[&AccessToken]) {
    if Failure::is_shared(error)
        && let Some(note) = note(context, profile, FAILED)
    {
        let failure = Failure::new(error, None, None);
        let failure = tokens.iter().fold(failure, |failure, token| failure.and_of(&shown(profile, token)));
        note.replace(&failure.to_bytes());
    }
}

/// What the platform is shown, and where.
fn shown(profile: &Profile, token: &AccessToken) -> Proof {
    Proof::new([token.expose(), &profile.platform_url.to_string(), profile.sandbox.as_deref().unwrap_or_default()])
}

/// One an identity, a platform and a sandbox; `None` where nothing is kept.
fn note(context: &Context, profile: &Profile, ending: &str) -> Option<Note> {
    if cache::is_off(&context.environment).unwrap_or(true) {
        return None;
    }
    let place = [&profile.platform_url.to_string(), profile.sandbox.as_deref().unwrap_or_default()];
    let name = format!("{}.query-{}{ending}", Identity::new(profile).file_stem(), short_digest(&place));
    Some(Note::at(context.folders.cache().ok()?, name))
}

/// Best effort: without it, each asks for itself.
fn lock(context: &Context) -> Option<EditLock> {
    let folder = super::folder(context).ok()?;
    EditLock::take(&folder, budget::whole(context).ok()? + LONGER, &*context.clock).ok()
}

/// A failure is left for those who wait.
fn ask_or_renew(context: &Context, profile: &Profile, fetched: Fetched) -> Result<(Fetched, QueryAnswer)> {
    let leave = |error: Error, tokens: &[&AccessToken]| {
        leave_failure(context, profile, &error, tokens);
        error
    };
    let first = fetched.token.value.clone();
    match ask(context, profile, &fetched) {
        Ok(answered) => Ok((fetched, answered)),
        // A cached token may have been revoked meanwhile; once is enough to know.
        Err(error) if fetched.source != Source::Ims && has_ended(&error) => {
            let request = TokenRequest { refuse: Refuse::This(fetched.token.value), ..TokenRequest::default() };
            let renewed = road::acquire_for(context, profile, &request).map_err(|error| leave(error, &[&first]))?;
            match ask(context, profile, &renewed) {
                Ok(answered) => Ok((renewed, answered)),
                Err(error) => Err(leave(error, &[&first, &renewed.token.value])),
            }
        }
        Err(error) => Err(leave(error, &[&first])),
    }
}

fn ask(context: &Context, profile: &Profile, fetched: &Fetched) -> Result<QueryAnswer> {
    let headers = headers::for_platform(profile, &fetched.token.value)?;
    let http = Http::to(&profile.platform_url, profile.ca_file.as_deref(), context, PROGRAM)?;
    query_parameters(&http, context, profile, &headers, budget::whole(context)?)
}
