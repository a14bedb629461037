//! Lines of names and values: a `.env` file, what `export` prints, Java properties, and INI files, whose sections become
//! maps.

use super::tree::Tree;
use super::words;

/// What the lines are.
pub(super) struct Lines {
    pub(super) tree: Tree,
    pub(super) has_sections: bool,
}

/// Reads the lines; comments and what is no assignment are passed over.
pub(super) fn read(text: &str) -> Lines {
    let mut top = Vec::new();
    let mut sections: Vec<(String, Vec<(String, Tree)>)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let has_sections = !sections.is_empty();
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(name) = section(line) {
            sections.push((name.to_owned(), Vec::new()));
            rest = below;
            continue;
        }
        let fields = sections.last_mut().map_or(&mut top, |(_, fields)| fields);
        if let Some(set) = commands(line) {
            fields.extend(set);
            rest = below;
            continue;
        }
        let Some((name, value)) = assignment(line, has_sections) else {
            rest = below;
            continue;
        };
        // In quotes or brackets a value may go on over the next lines, as a PEM or a list does.
        let value_and_below = &rest[line.len() - value.len()..];
        let (value, after) = if let Some((value, after)) = quoted(value_and_below) {
            (value, after.split_once('\n').map_or("", |(_, below)| below))
        } else if let Some((value, after)) = bracketed(value_and_below).or_else(|| pem(value_and_below)) {
            (value.to_owned(), after.split_once('\n').map_or("", |(_, below)| below))
        } else {
            continued(value, below)
        };
        fields.push((name.to_owned(), Tree::Text(value)));
        rest = after;
    }
    let has_sections = !sections.is_empty();
    top.extend(sections.into_iter().map(|(name, fields)| (name, Tree::Map(fields))));
    Lines { tree: Tree::Map(top), has_sections }
}

/// The name of a section.
fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?.trim_matches(['[', ']']).trim();
    let is_name = !name.is_empty() && !name.contains(['"', '\'', ',', '{', '=']);
    is_name.then_some(name)
}

/// What stands before the name in the shells of this world.
const SHELLS: [&str; 5] = ["export ", "set ", "declare -x ", "$env:", "@set "];

fn after_shell(line: &str) -> Option<&str> {
    let starts = |word: &&str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    SHELLS.iter().find(|word| starts(word)).map(|word| line[word.len()..].trim_start())
}

/// What a line sets that must be taken apart as a shell does it: the name and its value in one pair of quotes, several
/// commands, or a command that takes the two as arguments.
fn commands(line: &str) -> Option<Vec<(String, Tree)>> {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    if ["setx ", "setenv ", "set -"].iter().any(|start| lower.starts_with(start))
        || lower.contains("]::setenvironmentvariable(")
    {
        return Some(words::read(line).entries().to_vec());
    }
    let statements = words::statements(after_shell(line).map(|_| line)?);
    let is_whole_quoted = |statement: &&str| after_shell(statement).is_some_and(|rest| unquoted(rest).is_some());
    if statements.len() == 1 && !statements.iter().any(is_whole_quoted) {
        return None;
    }
    let set = statements.into_iter().filter_map(|statement| {
        let rest = after_shell(statement).unwrap_or(statement);
        let (name, value) = assignment(unquoted(rest).unwrap_or(statement), false)?;
        let value = match quoted(value) {
            Some((value, _)) => value,
            None => bare(value).to_owned(),
        };
        Some((name.to_owned(), Tree::Text(value)))
    });
    Some(set.collect())
}

/// What stands in one pair of quotes.
fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    text.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))
}

/// The name, and the value as it stands on this line; an INI file may have a colon for the sign, and so may properties.
fn assignment(line: &str, is_in_section: bool) -> Option<(&str, &str)> {
    let is_property = |at: &usize| {
        let name = line[..*at].trim_end();
        name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let at = match line.find(':').filter(is_property) {
        Some(at) => at,
        None if is_in_section => line.find(['=', ':'])?,
        None => line.find('=')?,
    };
    let (name, value) = (line[..at].trim(), line[at + 1..].trim_start());
    let name = after_shell(name).unwrap_or(name).trim_matches('"');
    // `const NAME = "…"`, `private static final String NAME = "…"`, `const NAME: string = "…"`.
    let (declared, last) = name.split(':').next()?.trim_end().rsplit_once(char::is_whitespace).unwrap_or_default();
    let mut before = declared.split_whitespace().peekable();
    let is_declared =
        value.starts_with(['"', '\'', '`']) && before.peek().is_some() && before.all(|word| DECLARES.contains(&word));
    let name = if is_declared { last } else { name };
    let is_name = !name.is_empty() && !name.starts_with(['#', ';', '/']) && !name.contains(char::is_whitespace);
    is_name.then_some((name, value))
}

/// What stands before a name in programs.
const DECLARES: [&str; 12] =
    ["const", "let", "var", "val", "export", "public", "private", "static", "final", "readonly", "local", "String"];

/// A value in quotes, and what comes after it; nothing but a comment or a semicolon may follow on its last line. Between
/// double quotes `\n`, `\"` and `\\` are escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    // `$'…'` of a shell.
    let text = text.strip_prefix('$').filter(|rest| rest.starts_with(['"', '\''])).unwrap_or(text);
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let after = &text[at + 1..];
            let end = after.lines().next().unwrap_or_default().trim_start();
            return (end.is_empty() || end.starts_with(['#', ';', ','])).then_some((value, after));
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

/// A list that ends on one of the next lines.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    const MOST_BYTES: usize = 4 * 1024;
    let window = text.get(..MOST_BYTES).unwrap_or(text);
    if !window.starts_with('[') || window.lines().next()?.contains(']') {
        return None;
    }
    let end = window.find(']')? + 1;
    Some(text.split_at(end))
}

/// A key or certificate that goes on over the next lines without quotes.
fn pem(text: &str) -> Option<(&str, &str)> {
    const MOST_BYTES: usize = 16 * 1024;
    let mut window = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    let text_in = &text[..window];
    if !text_in.starts_with("-----BEGIN ") || text_in.lines().next()?.contains("-----END ") {
        return None;
    }
    let end = text_in.find("-----END ")?;
    let end = end + text_in[end..].find('\n').unwrap_or(text_in.len() - end);
    Some(text.split_at(end))
}

/// A value without quotes; Java's properties let a list go on behind `,\`, and write `\u0040` for a character.
fn continued<'a>(value: &str, mut below: &'a str) -> (String, &'a str) {
    let mut whole = bare(value).to_owned();
    while whole.ends_with(",\\") && !below.is_empty() {
        let (line, rest) = below.split_once('\n').unwrap_or((below, ""));
        whole.truncate(whole.len() - 1);
        whole.push_str(bare(line));
        below = rest;
    }
    (whole.replace("\\u0040", "@"), below)
}

/// A value without quotes, up to a comment or the end of a statement.
fn bare(value: &str) -> &str {
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    let value = value.split_once(" ;").map_or(value, |(value, _)| value).trim();
    // The end of a statement or of an item.
    value.trim_end_matches([';', ','])
}

#[cfg(test)]
mod tests {
    use super::super::tree::of_json;
    use super::*;

    fn check(text: &str, json: &str) {
        assert!(read(text).tree == of_json(json).unwrap(), "{text:?}");
    }

    #[test]
    fn quotes_comments_and_values_of_several_lines() {
        for (text, value) in [
            ("A=x", "x"),
            ("export A = x y  # comment", "x y"),
            ("A=\"x\" # comment", "x"),
            ("A='x # no comment';", "x # no comment"),
            ("A=x#y", "x#y"),
            ("A=\"a\\nb\\\\\\\"\\t\"\r", "a\nb\\\"\\t"),
            ("A=\"one\r\ntwo\"\r\n", "one\r\ntwo"),
            ("A='open", "'open"),
            ("A='x'y", "'x'y"),
            ("# B=c\nno assignment\nA=", ""),
            ("$env:A = \"x\"", "x"),
            ("set A=x\r\n", "x"),
            ("set \"A=x\"\r\n", "x"),
            ("export 'A=x'", "x"),
            ("export \"A=x\";", "x"),
            ("export A=x;", "x"),
            ("SET A=x&& set B=y", "x"),
            ("set B=y&& set A=x", "x"),
            ("export B='y';A=x", "x"),
            ("$env:B = \"y;&&\"; $env:A = \"x\"", "x"),
            ("A=$'x'", "x"),
            ("A=`x`", "x"),
            ("A=x,", "x"),
            ("A=x,\\\n   y,\\\n  z\nB=", "x,y,z"),
            ("A=C:\\x\\\nB=c", "C:\\x\\"),
            ("A=x\\u0040y", "x@y"),
            ("A=\"x\",", "x"),
            ("@set A=x", "x"),
            ("setx A x /M", "x"),
            ("set -gx A x", "x"),
            ("[Environment]::SetEnvironmentVariable('A', 'x', 'User')", "x"),
            ("[System.Environment]::SetEnvironmentVariable(\"A\",\"x\")", "x"),
            ("const A = \"x\";", "x"),
            ("private static final String A = \"x\";", "x"),
            ("export const A: string = 'x';", "x"),
        ] {
            assert_eq!(read(text).tree.get("A"), Some(&Tree::Text(value.to_owned())), "{text:?}");
        }
        check("A=\"one\ntwo\" # x\nB=c", r#"{"A":"one\ntwo","B":"c"}"#);
        check("a.b : c=d\ne.f = g:h\ni : j\nk: l.m", r#"{"a.b":"c=d","e.f":"g:h"}"#);
        check("a = [\n \"x\",\n \"y\"\n]\nb = 1", r#"{"a":"[\n \"x\",\n \"y\"\n]","b":"1"}"#);
    }

    #[test]
    fn sections_become_maps() {
        check("a=1\n[x]\nb = 2 ; c\nc: 3\n[ y z ]\nd=4\n", r#"{"a":"1","x":{"b":"2","c":"3"},"y z":{"d":"4"}}"#);
        check("a=[\"x\"]\n", r#"{"a":"[\"x\"]"}"#);
    }
}
