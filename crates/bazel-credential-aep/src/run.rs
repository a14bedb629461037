//! From the request to the headers.

use aep_cli::Invocation;
use aep_cli::ask::{self, Served};
use aep_core::{Result, duration, headers, profile};
use serde_json::{Map, Value, json};

use crate::cli::{Cli, Command};
use crate::request;

const PROGRAM: &str = "bazel-credential-aep";

/// A request is one address; more than this is none.
const MOST_BYTES: u64 = 1024 * 1024;

pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let plain = aep_cli::plain(&invocation.arguments).filter(|plain| plain.words == ["get"]);
    let cli = match plain {
        Some(plain) => Cli { selection: plain.selection, command: Command::Get },
        None => match aep_cli::parse::<Cli>(PROGRAM, invocation) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let Command::Get = cli.command;
    let bytes = invocation.read_input("the request", MOST_BYTES)?;
    let address = request::read(&bytes)?;
    let context = invocation.context;
    let selection = cli.selection.to_selection();
    let profile = profile::resolve(context, &selection)?;
    // Before anything is fetched: without these there are no headers.
    headers::check(&profile, &address)?;
    context.log.debug(format_args!("asked for {}", address.base));
    let token = match ask::token_for(invocation, &profile, &selection, |_| false)? {
        Served::Token(token) => token,
        Served::Ended(code) => return Ok(code),
    };
    let headers: Map<String, Value> = headers::for_address(&profile, &token.value, &address)?
        .into_iter()
        .map(|header| (header.name.to_owned(), json!([header.value])))
        .collect();
    let mut answer = json!({ "headers": headers });
    if let Some(expiry) = token.advertised_expiry(context.clock.now()) {
        answer["expires"] = duration::rfc3339(expiry).into();
    }
    invocation.line(answer);
    Ok(0)
}
