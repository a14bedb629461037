//! From the question to the ExecCredential.

use aep_core::process::Call;
use aep_core::token::{self, Obtained, Refuse, Source, Wish};
use aep_core::{Context, Profile, Result, cache, duration, profile};
use aep_fleet::Fleet;
use serde_json::json;

use crate::cli::Cli;
use crate::repeat::Memory;
use crate::request;

const TOOL: &str = "kube-credential-aep";

pub(crate) fn run(call: &mut Call<'_>, caller: Option<String>) -> Result<u8> {
    let plain = command_line::plain(&call.arguments).filter(|plain| plain.words.is_empty());
    let cli = match plain {
        Some(plain) => Cli { choice: plain.choice, ..Cli::default() },
        None => match command_line::parse::<Cli>(TOOL, call) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let context = call.context;
    let version = match context.environment.text("KUBERNETES_EXEC_INFO")? {
        Some(information) => request::api_version(&information)?,
        None => cli.api_version.unwrap_or_default(),
    };
    let profile = profile::resolve(context, &cli.choice.to_choice())?;
    let memory = if cache::is_off(&context.environment)? { None } else { Memory::open(context, caller) };
    let (obtained, memory) = obtain(context, &profile, memory)?;
    let now = context.clock.now();
    let expiry = obtained.token.advertised_expiry(now);
    if let Some(mut memory) = memory {
        memory.answered(&obtained.token, expiry, now);
    }
    let mut status = json!({ "token": obtained.token.value.expose() });
    if let Some(expiry) = expiry {
        status["expirationTimestamp"] = duration::rfc3339(expiry).into();
    }
    let answer = json!({ "apiVersion": version.name(), "kind": "ExecCredential", "status": status });
    call.output.extend_from_slice(format!("{answer}\n").as_bytes());
    Ok(0)
}

/// A token; where the caller repeats itself, one that IMS does not call invalid.
fn obtain(context: &Context, profile: &Profile, mut memory: Option<Memory>) -> Result<(Obtained, Option<Memory>)> {
    let obtain =
        |refuse: Refuse| token::obtain(context, profile, &Wish { refuse, ..Wish::default() }, &Fleet::asked_by(TOOL));
    let mut obtained = obtain(Refuse::Nothing)?;
    let now = context.clock.now();
    let is_doubtful = obtained.source == Source::Cache
        && memory.as_mut().is_some_and(|memory| memory.is_question_due(&obtained.token, now));
    if is_doubtful && aep_ims::is_valid(context, profile, &obtained.token.value, TOOL) == Some(false) {
        // Out of the caches first: should the renewal fail, nobody is given this token again.
        aep_fleet::forget(context, profile, Some(&obtained.token.value))?;
        obtained = obtain(Refuse::This(obtained.token.value))?;
    }
    Ok((obtained, memory))
}
