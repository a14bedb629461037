//! The plainest command lines, understood without building clap's tables: what scripts call again and again.
//!
//! Anything else, right or wrong, is left to clap, which alone explains. A test holds the two against each other.

use std::ffi::OsString;

use crate::cli::{Cli, Command, HeadersArguments, TokenArguments};

/// Understands `token` and `headers` with the options of every command; `None` for anything more.
pub(crate) fn parse(arguments: &[OsString]) -> Option<Cli> {
    let plain = aep_cli::plain(arguments)?;
    let command = match plain.words.as_slice() {
        ["token"] => Command::Token(TokenArguments::default()),
        ["headers"] => Command::Headers(HeadersArguments::default()),
        _ => return None,
    };
    Some(Cli { selection: plain.selection, command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn what_is_understood_quickly_is_what_clap_understands() {
        for line in [
            "token",
            "headers",
            "--profile prod token",
            "token --profile prod --sandbox dev1",
            "headers --sandbox dev1",
            "--sandbox x headers --profile y",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let quick = parse(&words).unwrap_or_else(|| panic!("{line} is not quick"));
            let clap = Cli::try_parse_from(std::iter::once("aep-auth".into()).chain(words)).unwrap();
            assert_eq!(format!("{quick:?}"), format!("{clap:?}"), "{line}");
        }
    }

    #[test]
    fn everything_else_is_left_to_clap() {
        for line in [
            "",
            "token token",
            "token --json",
            "--profile",
            "token --profile",
            "token --profile -x",
            "status",
            "token --help",
            "--profile a --profile b token",
        ] {
            let words: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
            assert!(parse(&words).is_none(), "{line}");
        }
    }
}
