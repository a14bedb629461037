//! From the question to the ExecCredential.

use aep_cli::Invocation;
use aep_cli::ask::{self, Served};
use aep_core::cache::{self, Repeats};
use aep_core::token::Token;
use aep_core::{Result, duration, profile};
use serde_json::json;

use crate::cli::Cli;
use crate::request;

const PROGRAM: &str = "kube-credential-aep";

/// What was answered to whom.
const NOTE: &str = "kubernetes-callers";

pub(crate) fn run(invocation: &mut Invocation<'_>, caller: Option<&str>) -> Result<u8> {
    let plain = aep_cli::plain(&invocation.arguments).filter(|plain| plain.words.is_empty());
    let cli = match plain {
        Some(plain) => Cli { selection: plain.selection, ..Cli::default() },
        None => match aep_cli::parse::<Cli>(PROGRAM, invocation) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let context = invocation.context;
    let version = match context.environment.text("KUBERNETES_EXEC_INFO")? {
        Some(information) => request::api_version(&information)?,
        None => cli.api_version.unwrap_or_default(),
    };
    let selection = cli.selection.to_selection();
    let profile = profile::resolve(context, &selection)?;
    let mut memory = match cache::is_off(&context.environment)? {
        true => None,
        false => Repeats::open(context, NOTE, caller, ""),
    };
    let now = context.clock.now();
    let is_doubtful =
        |token: &Token| memory.as_mut().is_some_and(|memory| memory.is_question_due(token, now, &context.log));
    let token = match ask::token_for(invocation, &profile, &selection, is_doubtful)? {
        Served::Token(token) => token,
        Served::Ended(code) => return Ok(code),
    };
    let expiry = token.advertised_expiry(now);
    if let Some(memory) = &mut memory {
        memory.answered(&token, expiry, now);
    }
    let mut status = json!({ "token": token.value.expose() });
    if let Some(expiry) = expiry {
        status["expirationTimestamp"] = duration::rfc3339(expiry).into();
    }
    let answer = json!({ "apiVersion": version.name(), "kind": "ExecCredential", "status": status });
    invocation.line(answer);
    Ok(0)
}
