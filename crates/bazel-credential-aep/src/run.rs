//! From the request to the headers.

use std::io::Read;

use aep_core::process::Call;
use aep_core::token::{self, Wish};
use aep_core::{Error, Result, duration, headers, profile};
use aep_fleet::Fleet;
use serde_json::{Map, Value, json};

use crate::cli::{Cli, Command};
use crate::request;

const TOOL: &str = "bazel-credential-aep";

/// A request is one address; more than this is none.
const MOST_BYTES: u64 = 1024 * 1024;

pub(crate) fn run(call: &mut Call<'_>) -> Result<u8> {
    let plain = command_line::plain(&call.arguments).filter(|plain| plain.words == ["get"]);
    let cli = match plain {
        Some(plain) => Cli { choice: plain.choice, command: Command::Get },
        None => match command_line::parse::<Cli>(TOOL, call) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let Command::Get = cli.command;
    let mut bytes = Vec::new();
    let read = call.input.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::usage(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::usage("the request is larger than 1 MiB"));
    }
    let (scheme, authority) = request::read(&bytes)?;
    let profile = profile::resolve(call.context, &cli.choice.to_choice())?;
    if !profile.hosts.allow(scheme, &authority) {
        return Err(request::refuse(&format!("{}:{}", authority.host, authority.port)));
    }
    headers::organization(&profile)?;
    let token = token::obtain(call.context, &profile, &Wish::default(), &Fleet::asked_by(TOOL))?.token;
    let headers: Map<String, Value> = headers::of(&profile, &token.value)?
        .into_iter()
        .map(|header| (header.name.to_owned(), json!([header.value])))
        .collect();
    let mut answer = json!({ "headers": headers });
    if let Some(expiry) = token.advertised_expiry(call.context.clock.now()) {
        answer["expires"] = duration::rfc3339(expiry).into();
    }
    call.output.extend_from_slice(format!("{answer}\n").as_bytes());
    Ok(0)
}
