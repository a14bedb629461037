//! From the cached token to one line.

use aep_cli::{Invocation, Terminals};
use aep_core::token::State;
use aep_core::{Context, Profile, Result, acquire, cache, duration, profile};

use crate::cli::{Cli, Color};
use crate::paint::{Paint, clean_name};
use crate::template;

const WARN_BELOW: i64 = 30 * 60;

pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let cli = match quick(&invocation.arguments) {
        Some(cli) => cli,
        None => match aep_cli::try_parse::<Cli>("aep-prompt", invocation) {
            Ok(cli) => cli,
            Err(refusal) => {
                // A prompt stays quiet; a person who tries it by hand is told.
                if !refusal.use_stderr() || invocation.terminals.has_output() {
                    invocation.output.extend_from_slice(refusal.render().to_string().as_bytes());
                }
                return Ok(0);
            }
        },
    };
    if cache::is_off(&invocation.context.environment)? {
        return Ok(0);
    }
    let Some(profile) = profile::resolve_if_any(invocation.context, &cli.selection.to_selection())? else {
        return Ok(0);
    };
    if let Some(line) = line(invocation.context, invocation.terminals, &cli, &profile) {
        invocation.output.extend_from_slice(line.as_bytes());
        invocation.output.push(b'\n');
    }
    Ok(0)
}

/// The line; `None` when there is nothing to say.
fn line(context: &Context, terminals: Terminals, cli: &Cli, profile: &Profile) -> Option<String> {
    let token = acquire::cached(context, profile).ok()??.token;
    let now = context.clock.now();
    let left = token.remaining(now);
    let warn_below = cli.warn_below.as_deref().and_then(|text| duration::parse(text).ok()).unwrap_or(WARN_BELOW);
    let (paint, symbol) = match token.state(now) {
        State::Expired => (Paint::Red, "X"),
        _ if left < warn_below => (Paint::Yellow, "!"),
        _ => (Paint::None, "+"),
    };
    let paint = if is_coloured(context, terminals, cli.color) { paint } else { Paint::None };
    let painted = |text: &str| Some(paint.apply(text, cli.shell));
    let name = clean_name(profile.name());
    let sandbox = profile.sandbox.as_deref().map(clean_name);
    let filled = template::fill(cli.format.as_deref().unwrap_or(template::DEFAULT), |key| match key {
        "name" => Some(sandbox.as_ref().map_or_else(|| name.clone(), |sandbox| format!("{name}/{sandbox}"))),
        "profile" => Some(name.clone()),
        "sandbox" => Some(sandbox.clone().unwrap_or_default()),
        "remaining" if left == 0 => painted("X"),
        "remaining" => painted(&duration::brief(left)),
        "symbol" => painted(symbol),
        "state" => painted(token.state(now).name()),
        _ => None,
    });
    Some(filled.replace(['\n', '\r'], " "))
}

fn is_coloured(context: &Context, terminals: Terminals, color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !context.environment.has("NO_COLOR") && terminals.has_output(),
    }
}

/// The command lines of our own integrations, understood without clap; see [`aep_cli::plain`].
fn quick(arguments: &[std::ffi::OsString]) -> Option<Cli> {
    use clap::ValueEnum;
    let mut cli = Cli::default();
    let mut rest = Vec::with_capacity(arguments.len());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.to_str()? {
            "--shell" => cli.shell = ValueEnum::from_str(words.next()?.to_str()?, false).ok()?,
            "--color" => cli.color = ValueEnum::from_str(words.next()?.to_str()?, false).ok()?,
            "--color=always" => cli.color = Color::Always,
            _ => rest.push(word.clone()),
        }
    }
    let plain = aep_cli::plain(&rest).filter(|plain| plain.words.is_empty())?;
    cli.selection = plain.selection;
    Some(cli)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn what_is_understood_quickly_is_what_clap_understands() {
        for line in [
            "",
            "--shell zsh --color always",
            "--color=always --profile prod",
            "--shell tmux --color never --sandbox dev1",
        ] {
            let words: Vec<std::ffi::OsString> = line.split_whitespace().map(Into::into).collect();
            let quick = quick(&words).unwrap_or_else(|| panic!("{line} is not quick"));
            let clap = Cli::try_parse_from(std::iter::once("aep-prompt".into()).chain(words)).unwrap();
            assert_eq!(format!("{quick:?}"), format!("{clap:?}"), "{line}");
        }
        for line in ["--help", "--shell", "--shell csh", "--format x", "word"] {
            let words: Vec<std::ffi::OsString> = line.split_whitespace().map(Into::into).collect();
            assert!(quick(&words).is_none(), "{line}");
        }
    }
}
