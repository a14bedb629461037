//! `KEY=VALUE` lines: a `.env` file, or what `export` prints.

use serde_json::Value;

use super::{Candidate, flat};

/// Reads the lines; comments and what is no assignment are passed over.
pub(super) fn read(text: &str) -> Option<Candidate> {
    flat::read(pairs(text).into_iter().map(|(name, value)| (name, Value::String(value))), "KEY=VALUE lines")
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let Some((name, value)) = assignment(line) else {
            rest = below;
            continue;
        };
        // In quotes a value may go on over the next lines, as a PEM does.
        let value_and_below = &rest[line.len() - value.len()..];
        if let Some((value, after)) = quoted(value_and_below) {
            pairs.push((name.to_owned(), value));
            rest = after.split_once('\n').map_or("", |(_, below)| below);
        } else {
            pairs.push((name.to_owned(), bare(value).to_owned()));
            rest = below;
        }
    }
    pairs
}

/// The name, and the value as it stands on this line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name = !name.is_empty() && !name.starts_with('#') && !name.contains(char::is_whitespace);
    is_name.then(|| (name, value.trim_start()))
}

/// A value in quotes, and what comes after it; nothing but a comment or a semicolon may follow on its last line. Between
/// double quotes `\n`, `\"` and `\\` are escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let after = &text[at + 1..];
            let end = after.lines().next().unwrap_or_default().trim_start();
            return (end.is_empty() || end.starts_with(['#', ';'])).then_some((value, after));
        }
        if quote == '"' && character == '\\' {
            match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            }
        } else {
            value.push(character);
        }
    }
    None
}

/// A value without quotes, up to a comment.
fn bare(value: &str) -> &str {
    value.split_once(" #").map_or(value, |(value, _)| value).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_and_values_of_several_lines() {
        for (text, value) in [
            ("A=x", "x"),
            ("export A = x y  # comment", "x y"),
            ("A=\"x\" # comment", "x"),
            ("A='x # no comment';", "x # no comment"),
            ("A=x#y", "x#y"),
            ("A=\"a\\nb\\\\\\\"\\t\"\r", "a\nb\\\"\\t"),
            ("A=\"one\r\ntwo\"\r\nB=c", "one\r\ntwo"),
            ("A='open", "'open"),
            ("A='x'y", "'x'y"),
            ("# B=c\nno assignment\nA=", ""),
        ] {
            assert_eq!(pairs(text)[0], ("A".to_owned(), value.to_owned()), "{text:?}");
        }
        assert_eq!(pairs("A=\"one\ntwo\" # x\nB=c").len(), 2);
    }
}
