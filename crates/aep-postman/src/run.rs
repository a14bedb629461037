//! From what was typed to the file or the output.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use aep_cli::Invocation;
use aep_cli::ask::{self, Answer, Served};
use aep_core::io_words::io_words;
use aep_core::profile::{self, Flow, ProfileSelection};
use aep_core::write_file::{self, WriteError};
use aep_core::{Error, Result, text};

use crate::cli::{Cli, Command, EnvironmentArguments, FlowArgument};
use crate::environment;
use crate::{collection, script};

const PROGRAM: &str = "aep-postman";

/// Adobe's largest collection is a megabyte.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let plain = aep_cli::plain(&invocation.arguments).filter(|plain| plain.words == ["environment"]);
    let cli = match plain {
        Some(plain) => {
            Cli { selection: plain.selection, command: Command::Environment(EnvironmentArguments::default()) }
        }
        None => match aep_cli::parse::<Cli>(PROGRAM, invocation) {
            Ok(cli) => cli,
            Err(code) => return Ok(code),
        },
    };
    let selection = cli.selection.to_selection();
    match cli.command {
        Command::Environment(arguments) => return environment(invocation, &selection, &arguments),
        Command::Script { flow } => {
            let flow = match flow {
                Some(FlowArgument::Oauth) => Flow::Oauth,
                Some(FlowArgument::Jwt) => Flow::Jwt,
                None => flow_of_profile(invocation, &selection)?,
            };
            invocation.output.extend_from_slice(script::of(flow).as_bytes());
        }
        Command::Collection { from, no_script, output } => {
            let profile = profile::resolve_if_any(invocation.context, &selection)?;
            let flow = profile.as_ref().map_or(Flow::Oauth, |profile| profile.flow);
            let flow = (!no_script).then_some(flow);
            let text = match from {
                Some(from) => collection::from(&read(&from, File::open(&from))?, &from, flow)?,
                None => collection::own(profile.as_ref(), flow)?,
            };
            deliver(invocation, output.as_deref(), &text)?;
        }
    }
    Ok(0)
}

fn environment(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &EnvironmentArguments,
) -> Result<u8> {
    if arguments.with_secret && arguments.output.is_none() && invocation.terminals.has_output() {
        return Err(Error::usage("--with-secret would print the client secret onto the terminal")
            .with_hint("write it to a file: aep-postman environment --with-secret -o aep.postman_environment.json"));
    }
    let context = invocation.context;
    let exported_at = environment::exported_at(context, arguments.exported_at.as_deref())?;
    let profile = profile::resolve(context, selection)?;
    aep_core::headers::organization(&profile)?;
    let existing = match &arguments.output {
        // A device or a pipe holds nothing to keep; what cannot be looked at is not absent.
        Some(file) => match write_file::open_existing(file) {
            Ok(existing) => existing.map(|existing| read(file, Ok(existing))).transpose()?,
            Err(WriteError::Failed { error, .. }) => Some(read(file, Err(error))?),
            Err(error) => return Err(refused(&error)),
        },
        None => None,
    };
    let existing = existing.as_deref().zip(arguments.output.as_deref());
    // Before anything is fetched: a file that cannot be kept is refused first.
    environment::render(&profile, None, None, &exported_at, existing)?;
    let token = match arguments.no_token {
        true => None,
        false => match ask::token_for(invocation, &profile, selection, |_| false)? {
            Served::Token(token) => Some(token),
            Served::Ended(code) => return Ok(code),
        },
    };
    let secrets = match arguments.with_secret {
        false => None,
        true => match ask::secrets(invocation, selection.profile.as_deref())? {
            Answer::Is(secrets) => Some(secrets),
            Answer::Ended(code) => return Ok(code),
        },
    };
    let rendered = environment::render(&profile, token.as_ref(), secrets.as_ref(), &exported_at, existing)?;
    deliver(invocation, arguments.output.as_deref(), &rendered.text)?;
    if let Some((_, file)) = existing {
        rendered.log_kept(context, file);
    }
    Ok(0)
}

fn flow_of_profile(invocation: &Invocation<'_>, selection: &ProfileSelection) -> Result<Flow> {
    Ok(profile::resolve_if_any(invocation.context, selection)?.map_or(Flow::Oauth, |profile| profile.flow))
}

fn deliver(invocation: &mut Invocation<'_>, file: Option<&Path>, text: &str) -> Result<()> {
    match file {
        None => invocation.output.extend_from_slice(text.as_bytes()),
        Some(file) => write_file::write_output(file, text.as_bytes()).map_err(|error| refused(&error))?,
    }
    Ok(())
}

fn refused(error: &WriteError) -> Error {
    Error::storage(error.to_string()).with_hint_if_any(error.cure())
}

fn read(file: &Path, opened: std::io::Result<File>) -> Result<String> {
    let refuse = |why: &dyn std::fmt::Display| Error::configuration(format!("cannot read {}: {why}", file.display()));
    let mut bytes = Vec::new();
    let opened = opened.map_err(|error| refuse(&io_words(&error)))?;
    opened.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&io_words(&error)))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(&"it is larger than 64 MiB"));
    }
    text::decode(bytes).ok_or_else(|| refuse(&"it is no text in UTF-8 or UTF-16"))
}
