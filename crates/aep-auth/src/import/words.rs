//! A command as people paste it: `curl -d 'client_id=…&client_secret=…'` from the Developer Console, several variables
//! on one line of a shell, the options of another tool. Nothing of it is run.

use percent_encoding::percent_decode_str;

use super::tree::{self, Tree};

/// The most names: more is no command.
const MOST: usize = 500;

/// Every name with a value, wherever in the words it stands.
pub(super) fn read(text: &str) -> Tree {
    let mut fields: Vec<(String, Tree)> = Vec::new();
    let words = words(text);
    for (index, word) in words.iter().enumerate() {
        if fields.len() >= MOST {
            break;
        }
        let next = words.get(index + 1).filter(|next| !next.starts_with('-'));
        if word.starts_with('{')
            && let Ok(inner) = tree::of_json(word)
        {
            fields.push(("body".to_owned(), inner));
        } else if word.starts_with("https://") {
            let (address, query) = word.split_once('?').unwrap_or((word, ""));
            fields.push(("url".to_owned(), Tree::Text(address.to_owned())));
            fields.extend(pairs(query));
        } else if word.contains('=') {
            fields.extend(pairs(word));
        } else if let Some((name, value)) = word.split_once(": ") {
            // A header.
            fields.push((name.to_owned(), Tree::Text(value.to_owned())));
        } else if let Some((name, value)) = index.checked_sub(1).and_then(|before| set_by(&words[before], word, next)) {
            fields.push((name, Tree::Text(value)));
        } else if let (true, Some(value)) = (word.starts_with("--"), next) {
            fields.push((word.clone(), Tree::Text(value.clone())));
        }
    }
    Tree::Map(fields)
}

/// `a=b` or `a=b&c=d`, as a form has it.
fn pairs(word: &str) -> Vec<(String, Tree)> {
    let pair = |part: &str, is_form: bool| {
        let (name, value) = part.split_once('=')?;
        let value = if is_form { decode(value) } else { value.trim_end_matches(';').to_owned() };
        let name = name.trim_start_matches("$env:").trim_start_matches("$Env:");
        Some((name.to_owned(), Tree::Text(value)))
    };
    let parts: Vec<&str> = word.split('&').collect();
    if parts.len() > 1 && parts.iter().all(|part| part.contains('=')) {
        return parts.iter().filter_map(|part| pair(part, true)).collect();
    }
    // `Environment=NAME=value` of systemd.
    let word = word.strip_prefix("Environment=").filter(|rest| rest.contains('=')).unwrap_or(word);
    pair(word, false).into_iter().collect()
}

/// `setx NAME value`, `set -gx NAME value`, `[Environment]::SetEnvironmentVariable(NAME, value)`.
fn set_by(before: &str, word: &str, next: Option<&String>) -> Option<(String, String)> {
    let lower = before.to_ascii_lowercase();
    let is_set = ["-gx", "-Ux", "-x"].contains(&before)
        || ["setx", "setenv", "env"].contains(&lower.as_str())
        || lower.ends_with("]::setenvironmentvariable");
    let is_name = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_set && is_name).then_some((word.to_owned(), next?.clone()))
}

/// Percent signs and plus signs of a form.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether this is the method that sets a variable in PowerShell, or the arguments of it.
fn is_method(words: &[String], word: Option<&str>) -> bool {
    let is_it = |word: &str| word.to_ascii_lowercase().ends_with("]::setenvironmentvariable");
    word.is_some_and(is_it) || words.iter().rev().take(2).any(|word| is_it(word))
}

/// The commands of a line, which `;` and `&&` part outside of quotes.
pub(super) fn statements(line: &str) -> Vec<&str> {
    let (mut statements, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, character) in line.char_indices() {
        let is_end = character == ';' || line[at..].starts_with("&&");
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if is_end => {
                statements.push(&line[start..at]);
                start = at + if character == ';' { 1 } else { 2 };
            }
            _ => {}
        }
    }
    statements.push(line.get(start..).unwrap_or_default());
    statements.into_iter().map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// Words as a shell parts them; a line that ends in `\`, `` ` `` or `^` goes on.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some('"'), '\\') if matches!(characters.peek(), Some('"' | '\\' | '$')) => {
                word.get_or_insert_default().extend(characters.next());
            }
            // `$'…'` of a shell.
            (None, '$') if matches!(characters.peek(), Some('\'' | '"')) => {}
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\\' | '`' | '^') if matches!(characters.peek(), None | Some('\r' | '\n')) => {}
            (None, ';') => words.extend(word.take()),
            (None, '&') if characters.next_if_eq(&'&').is_some() => words.extend(word.take()),
            // The arguments of a method.
            (None, '(' | ')' | ',') if is_method(&words, word.as_deref()) => words.extend(word.take()),
            (None, '#') if word.is_none() => while characters.next_if(|next| *next != '\n').is_some() {},
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_people_paste() {
        let of = |text: &str| tree::of_json(text).unwrap();
        for (text, expected) in [
            (
                "curl -X POST 'https://x/token' -d 'grant_type=c&client_id=a%20b&scope=x+y,z'",
                r#"{"url":"https://x/token","grant_type":"c","client_id":"a b","scope":"x y,z"}"#,
            ),
            (
                "curl https://x \\\n --data-urlencode 'client_id=a' \\\n -H 'x-api-key: b'",
                r#"{"url":"https://x","--data-urlencode":"client_id=a","client_id":"a","x-api-key":"b"}"#,
            ),
            ("export A='x' B=\"y z\"; C=w==;", r#"{"A":"x","B":"y z","C":"w=="}"#),
            ("$env:AA='x'; $env:BB='y'", r#"{"AA":"x","BB":"y"}"#),
            ("setx CLIENT_ID x\r\nset -gx ORG_ID y", r#"{"CLIENT_ID":"x","ORG_ID":"y"}"#),
            ("run --client-id x --client.secret=y", r#"{"--client-id":"x","--client.secret":"y"}"#),
            ("Environment=\"A=x\"\nEnvironment=B=y", r#"{"A":"x","B":"y"}"#),
            ("curl -d '{\"a\":\"b\"}'", r#"{"body":{"a":"b"}}"#),
            ("# don't\nA=b # c=d", r#"{"A":"b"}"#),
        ] {
            assert!(read(text) == of(expected), "{text}");
        }
    }
}
