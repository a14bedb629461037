//! What all command lines have in common: the two options that every program takes, a way past clap for the plainest
//! calls, and what becomes of help, version and refusals.
//!
//! Helpers are called again and again by other programs, always in the same few words; building clap's tables for those
//! costs more than the answer. [`plain`] understands these words, and leaves anything else, right or wrong, to clap,
//! which alone explains. Each program's tests hold the two against each other.

use std::ffi::OsString;

use aep_core::profile::ProfileSelection;
use aep_core::secret::in_word;
use aep_core::terminal;
use clap::{Args, Parser, ValueHint};

use crate::Invocation;

/// As wide as help is written, in any terminal.
pub const HELP_WIDTH: usize = 80;

/// The options that every tool takes.
///
/// clap has no hints for completions of ours: a profile is marked as a user, a sandbox as a host.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectionArguments {
    /// Profile to use [env: AEP_PROFILE] [default: the one that `aep-auth profile use` set]
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Username, help_heading = "Global options")]
    pub profile: Option<String>,

    /// Sandbox for x-sandbox-name [env: AEP_SANDBOX] [default: the profile's]
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Hostname, help_heading = "Global options")]
    pub sandbox: Option<String>,
}

impl SelectionArguments {
    /// As the core asks for it.
    pub fn to_selection(&self) -> ProfileSelection {
        ProfileSelection { profile: self.profile.clone(), sandbox: self.sandbox.clone(), ..ProfileSelection::default() }
    }
}

/// A command line of plain words and the two common options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain<'a> {
    /// The options.
    pub selection: SelectionArguments,
    /// The other words, in order.
    pub words: Vec<&'a str>,
}

/// Understands a command line of words, `--profile NAME` and `--sandbox NAME` (also with `=`); `None` for anything more.
pub fn plain(arguments: &[OsString]) -> Option<Plain<'_>> {
    let mut words = arguments.iter().map(|word| word.to_str());
    let mut plain = Plain::default();
    while let Some(word) = words.next() {
        let word = word?;
        let (name, value) = match word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let place = match name {
            "--profile" => &mut plain.selection.profile,
            "--sandbox" => &mut plain.selection.sandbox,
            _ if word.starts_with('-') => return None,
            _ => {
                plain.words.push(word);
                continue;
            }
        };
        let value = match value {
            Some(value) => value,
            None => words.next()??,
        };
        if place.is_some() || value.is_empty() || value.starts_with('-') {
            return None;
        }
        *place = Some(value.to_owned());
    }
    Some(plain)
}

/// Parses the arguments by clap. Help and version are a result; a refusal goes to standard error, with exit code 2.
///
/// # Errors
/// The exit code with which the program ends now.
pub fn parse<C: Parser>(program: &str, invocation: &mut Invocation<'_>) -> Result<C, u8> {
    // Where a secret is set, a word too many is most likely the secret itself.
    let around_a_secret = invocation.arguments.iter().any(|word| word == "secret");
    // A refusal repeats what was typed, and an end of a line in that must begin no line of ours.
    let typed: Vec<_> = invocation.arguments.iter().map(|word| word.to_string_lossy()).collect();
    let secrets: Vec<String> =
        typed.iter().filter_map(|word| in_word(word)?.lines().next().map(str::to_owned)).collect();
    let is_safe = !typed.iter().any(|word| word.contains(terminal::is_unsafe));
    let shown: Option<Vec<String>> = (!is_safe).then(|| typed.iter().map(|word| terminal::clean(word)).collect());
    try_parse(program, invocation).map_err(|refusal| {
        let again = shown.map(|words| C::try_parse_from(std::iter::once(program.to_owned()).chain(words)));
        let refusal = again.and_then(Result::err).unwrap_or(refusal);
        let rendered = refusal.render().to_string();
        let mut text = match refusal.use_stderr() && secrets.iter().any(|secret| rendered.contains(secret)) {
            true => {
                "error: an argument is itself a secret, key or token (not shown); expected a name, or the path of its file\n"
                    .to_owned()
            }
            false => rendered,
        };
        if around_a_secret && let Some(typed) = unexpected(&refusal) {
            text = text.replace(&typed, NOT_SHOWN);
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if refusal.use_stderr() {
            // A refusal repeats what was typed.
            let cleaned: Vec<String> = text.lines().map(terminal::clean).collect();
            invocation.context.log.raw(&format!("{}\n", cleaned.join("\n")));
            2
        } else {
            let is_plain = invocation.context.environment.has("NO_COLOR") || !invocation.terminals.has_output();
            invocation.output.extend_from_slice(if is_plain { text } else { with_headings(&text) }.as_bytes());
            0
        }
    })
}

/// Help as a terminal shows it: what heads a part stands out.
fn with_headings(help: &str) -> String {
    let heading = |line: &str| {
        let end = match line.strip_prefix("Usage:") {
            Some(_) => "Usage:".len(),
            None if line.ends_with(':') && !line.starts_with(' ') => line.len(),
            None => 0,
        };
        let (heading, rest) = line.split_at(end);
        if end == 0 { format!("{rest}\n") } else { format!("\x1b[1m{heading}\x1b[0m{rest}\n") }
    };
    help.lines().map(heading).collect()
}

const NOT_SHOWN: &str = "(not shown)";

/// The word that clap refuses and repeats, unless it is an option of ours misspelt.
fn unexpected(refusal: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand].iter().find_map(|kind| {
        match refusal.get(*kind) {
            Some(ContextValue::String(word)) if !word.is_empty() && !word.starts_with(['-', '<', '[']) => {
                Some(word.clone())
            }
            _ => None,
        }
    })
}

/// Parses the arguments by clap, and leaves it to the caller what becomes of help, version and refusals.
///
/// # Errors
/// clap's own.
pub fn try_parse<C: Parser>(program: &str, invocation: &mut Invocation<'_>) -> Result<C, clap::Error> {
    let arguments = std::mem::take(&mut invocation.arguments);
    C::try_parse_from(std::iter::once(OsString::from(program)).chain(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(line: &str) -> Option<(Option<String>, Option<String>, Vec<String>)> {
        let words: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        plain(&words).map(|plain| {
            let words = plain.words.iter().map(|word| (*word).to_owned()).collect();
            (plain.selection.profile, plain.selection.sandbox, words)
        })
    }

    #[test]
    fn words_and_the_two_options_are_plain() {
        let some = |text: &str| Some(text.to_owned());
        for (line, profile, sandbox, words) in [
            ("", None, None, vec![]),
            ("get", None, None, vec!["get"]),
            ("--profile prod get", some("prod"), None, vec!["get"]),
            ("--profile=prod get", some("prod"), None, vec!["get"]),
            ("get --sandbox dev1 --profile prod", some("prod"), some("dev1"), vec!["get"]),
            ("a b=c", None, None, vec!["a", "b=c"]),
        ] {
            let words = words.into_iter().map(str::to_owned).collect();
            assert_eq!(understood(line), Some((profile, sandbox, words)), "{line}");
        }
    }

    #[test]
    fn what_heads_a_part_of_the_help_stands_out_and_nothing_else() {
        let plain = "Access tokens: all of them\n\nUsage: aep-auth\n\nCommands:\n  api:\n  x  y\n";
        let shown =
            "Access tokens: all of them\n\n\x1b[1mUsage:\x1b[0m aep-auth\n\n\x1b[1mCommands:\x1b[0m\n  api:\n  x  y\n";
        assert_eq!(with_headings(plain), shown);
    }

    #[test]
    fn everything_else_is_left_to_clap() {
        for line in [
            "--help",
            "get -h",
            "--profile",
            "--profile -x",
            "--profile= get",
            "--profile a --profile b",
            "--json",
            "--",
        ] {
            assert_eq!(understood(line), None, "{line}");
        }
    }
}
