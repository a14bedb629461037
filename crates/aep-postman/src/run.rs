//! From what was typed to the file or the output.

use std::io::{IsTerminal, Read};
use std::path::Path;

use aep_core::process::Call;
use aep_core::profile::{self, Choice, Flow};
use aep_core::token::{self, Wish};
use aep_core::{Error, Result, private_file};
use aep_fleet::Fleet;

use crate::cli::{Cli, Command, EnvironmentArguments, FlowArgument};
use crate::environment::{self, Secrets};
use crate::{collection, script};

const TOOL: &str = "aep-postman";

/// Adobe's largest collection is a megabyte.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) fn run(call: &mut Call<'_>) -> Result<u8> {
    let plain = command_line::plain(&call.arguments).filter(|plain| plain.words == ["environment"]);
    let cli = match plain {
        Some(plain) => Cli { choice: plain.choice, command: Command::Environment(EnvironmentArguments::default()) },
        None => match command_line::parse::<Cli>(TOOL, call) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let choice = cli.choice.to_choice();
    match cli.command {
        Command::Environment(arguments) => environment(call, &choice, &arguments)?,
        Command::Script { flow } => {
            let flow = match flow {
                Some(FlowArgument::Oauth) => Flow::Oauth,
                Some(FlowArgument::Jwt) => Flow::Jwt,
                None => flow_of_profile(call, &choice)?,
            };
            call.output.extend_from_slice(script::of(flow).as_bytes());
        }
        Command::Collection { from, output } => {
            let profile = profile::resolve_if_any(call.context, &choice)?;
            let flow = profile.as_ref().map_or(Flow::Oauth, |profile| profile.flow);
            let text = match from {
                Some(from) => collection::with_script(&read(&from)?, &from, flow)?,
                None => collection::own(profile.as_ref(), flow)?,
            };
            deliver(call, output.as_deref(), &text)?;
        }
    }
    Ok(0)
}

fn environment(call: &mut Call<'_>, choice: &Choice, arguments: &EnvironmentArguments) -> Result<()> {
    if arguments.with_secret && arguments.output.is_none() && std::io::stdout().is_terminal() {
        return Err(Error::usage("--with-secret would print the client secret onto the terminal")
            .hint("write it to a file: aep-postman environment --with-secret -o aep.postman_environment.json"));
    }
    let context = call.context;
    let exported_at = environment::exported_at(context, arguments.exported_at.as_deref())?;
    let profile = profile::resolve(context, choice)?;
    aep_core::headers::organization(&profile)?;
    let existing = match &arguments.output {
        Some(file) if file.exists() => Some(read(file)?),
        _ => None,
    };
    let existing = existing.as_deref().zip(arguments.output.as_deref());
    let secrets = if arguments.with_secret { Secrets::With } else { Secrets::Without };
    // Before anything is fetched: a file that cannot be kept is refused first.
    environment::render(context, &profile, None, secrets, &exported_at, existing)?;
    let token = match arguments.no_token {
        true => None,
        false => Some(token::obtain(context, &profile, &Wish::default(), &Fleet::asked_by(TOOL))?.token),
    };
    let text = environment::render(context, &profile, token.as_ref(), secrets, &exported_at, existing)?;
    deliver(call, arguments.output.as_deref(), &text)
}

fn flow_of_profile(call: &Call<'_>, choice: &Choice) -> Result<Flow> {
    Ok(profile::resolve_if_any(call.context, choice)?.map_or(Flow::Oauth, |profile| profile.flow))
}

fn deliver(call: &mut Call<'_>, file: Option<&Path>, text: &str) -> Result<()> {
    match file {
        None => call.output.extend_from_slice(text.as_bytes()),
        Some(file) => private_file::replace(file, text.as_bytes())
            .map_err(|error| Error::storage(format!("cannot write {}: {error}", file.display())))?,
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    let refuse = |why: &dyn std::fmt::Display| Error::configuration(format!("cannot read {}: {why}", file.display()));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| refuse(&error))?;
    opened.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| refuse(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(refuse(&"it is larger than 64 MiB"));
    }
    Ok(text)
}
