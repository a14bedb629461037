//! Hjson, as `aio` keeps its config and as people edit it: keys and values without quotes, single quotes, comments,
//! commas that trail or are missing.
//!
//! Read here because the two crates for it do not do: one panics at `''é`, which ends a program that aborts on panics,
//! the other knows no single quotes and brings a regular expression engine. Never recurses, never panics; a value keeps
//! the characters that it was written with, numbers too. Syntax: <https://hjson.github.io/syntax.html>.

use super::tree::{MOST_LEVELS, Tree};

/// Reads a map or a list, with or without the outermost braces; `None` where it is no Hjson.
pub(super) fn read(text: &str) -> Option<Tree> {
    let mut reader = Reader { rest: text };
    reader.skip_blanks();
    let mut open = match reader.rest.chars().next()? {
        '{' | '[' => Vec::new(),
        _ => vec![Open::Map(Vec::new(), None)],
    };
    let is_braceless = !open.is_empty();
    loop {
        reader.skip_blanks();
        let has_no_end = is_braceless && open.len() == 1;
        let finished = match open.last_mut() {
            Some(Open::Map(_, key @ None)) => match reader.peek() {
                Some('}') if !has_no_end => {
                    reader.take();
                    open.pop()?.into_tree()
                }
                None if has_no_end => open.pop()?.into_tree(),
                _ => {
                    *key = Some(reader.key()?);
                    continue;
                }
            },
            Some(Open::List(_)) if reader.peek()? == ']' => {
                reader.take();
                open.pop()?.into_tree()
            }
            _ => match reader.peek()? {
                opening @ ('{' | '[') => {
                    reader.take();
                    open.push(if opening == '{' { Open::Map(Vec::new(), None) } else { Open::List(Vec::new()) });
                    if open.len() > MOST_LEVELS {
                        return None;
                    }
                    continue;
                }
                _ => reader.scalar()?,
            },
        };
        match open.last_mut() {
            None => break reader.is_at_end().then_some(finished),
            Some(Open::Map(entries, key)) => entries.push((key.take()?, finished)),
            Some(Open::List(items)) => items.push(finished),
        }
        reader.skip_blanks();
        if reader.peek() == Some(',') {
            reader.take();
        }
    }
}

/// Whether the first thing that is no comment opens a map: what `aio` takes for Hjson.
pub(super) fn opens_map(text: &str) -> bool {
    let mut reader = Reader { rest: text };
    reader.skip_blanks();
    reader.peek() == Some('{')
}

/// A map or list whose end has not been read.
enum Open {
    Map(Vec<(String, Tree)>, Option<String>),
    List(Vec<Tree>),
}

impl Open {
    fn into_tree(self) -> Tree {
        match self {
            Self::Map(entries, _) => Tree::Map(entries),
            Self::List(items) => Tree::List(items),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let taken = characters.next();
        self.rest = characters.as_str();
        taken
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('#') || self.rest.starts_with("//") {
                self.rest = self.rest.split_once('\n').map_or("", |(_, below)| below);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, after)| after);
            } else {
                return;
            }
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty()
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<String> {
        let key = if matches!(self.peek()?, '"' | '\'') {
            self.quoted()?
        } else {
            let end =
                self.rest.find(|c: char| c == ':' || c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ','))?;
            let (key, rest) = self.rest.split_at(end);
            self.rest = rest;
            key.to_owned()
        };
        self.skip_blanks();
        (!key.is_empty() && self.take()? == ':').then_some(key)
    }

    fn scalar(&mut self) -> Option<Tree> {
        if let Some(block) = self.rest.strip_prefix("'''") {
            let (text, after) = block.split_once("'''")?;
            self.rest = after;
            let lines = text.trim_matches('\n').lines().map(str::trim);
            return Some(Tree::Text(lines.collect::<Vec<_>>().join("\n").trim().to_owned()));
        }
        if matches!(self.peek()?, '"' | '\'') {
            return self.quoted().map(Tree::Text);
        }
        // Words of JSON and numbers end where JSON says; every other text goes on to the end of its line. The whole line
        // is looked at only where it is taken, or a file of one line would cost the square of its length.
        let word = self.rest.split([',', '}', ']', '#', '/', '\n']).next()?.trim();
        let is_json = matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok();
        let line = if is_json { word } else { self.rest.split('\n').next()? };
        let text = if is_json { word } else { line.trim().trim_end_matches(',').trim_end() };
        if text.is_empty() || text.starts_with([',', ':', '}', ']']) {
            return None;
        }
        self.rest = &self.rest[line.len()..];
        Some(match text {
            "true" => Tree::Flag(true),
            "false" => Tree::Flag(false),
            "null" => Tree::Null,
            _ => Tree::Text(text.to_owned()),
        })
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.take()?;
        let mut text = String::new();
        loop {
            match self.take()? {
                end if end == quote => return Some(text),
                '\n' => return None,
                '\\' => match self.take()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'b' => text.push('\u{8}'),
                    'f' => text.push('\u{c}'),
                    'u' => text.push(self.escaped()?),
                    // JSON5 lets a line go on.
                    '\n' => {}
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
    }

    /// The four digits of `\u`, and the second half of a pair.
    fn escaped(&mut self) -> Option<char> {
        let mut unit = || {
            let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            self.rest = &self.rest[4..];
            u16::from_str_radix(digits, 16).ok()
        };
        let first = unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(u32::from(first));
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        let digits = self.rest.get(..4)?;
        let second = u16::from_str_radix(digits, 16).ok()?;
        self.rest = &self.rest[4..];
        char::decode_utf16([first, second]).next()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::of_json;
    use super::*;

    #[track_caller]
    fn check(hjson: &str, json: &str) {
        assert!(read(hjson) == of_json(json).ok(), "{hjson}");
    }

    #[test]
    fn as_aio_and_people_write_it() {
        check("{\n  a: x-y_z\n  b: [\n    one\n    two\n  ]\n}", r#"{"a":"x-y_z","b":["one","two"]}"#);
        check("a: b\nc: d # e\n", r#"{"a":"b","c":"d # e"}"#);
        check("{a:'x', b:\"y\",}", r#"{"a":"x","b":"y"}"#);
        check("{\n a: b,\n c: d\n}", r#"{"a":"b","c":"d"}"#);
        check("# x\n{ // y\n /* z\n */ 'a b': \"c\"\n, d: [\"e\" 'f',]}", r#"{"a b":"c","d":["e","f"]}"#);
        check("{a: true, b: null\n c: true x\n d: nullable\n}", r#"{"a":true,"b":null,"c":"true x","d":"nullable"}"#);
        check("{a: https://x.example/#y\n b: {}\n c: []}", r#"{"a":"https://x.example/#y","b":{},"c":[]}"#);
        check("{a: '''\n   one\n   two\n   '''}", r#"{"a":"one\ntwo"}"#);
        check(r#"{"a": "\u00e9\ud83d\ude00\n\"\\"}"#, r#"{"a": "é😀\n\"\\"}"#);
        check("{a: 0012e3\r\n b: -1 // c\r\n}\r\n", r#"{"a":"0012e3","b":"-1"}"#);
        check("[a\nb\n]", r#"["a","b"]"#);
    }

    #[test]
    fn what_is_no_hjson_is_none() {
        for text in [
            "",
            "{",
            "{a",
            "{a:",
            "{a: }",
            "{a: 'x}",
            "{a: \"x\ny\"}",
            "{}}",
            "{a: ''é}",
            "{: x}",
            "[1",
            "{a:\"\\ud800x\"}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(1_000_000)).is_none());
        assert!(read(&"{a:".repeat(1_000_000)).is_none());
    }
}
