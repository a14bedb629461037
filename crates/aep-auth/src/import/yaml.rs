//! YAML, as `imscli`, User Sync and `aio` keep their settings.
//!
//! Made from the parser's events, without recursion. An alias stands for the text that it names and for nothing larger,
//! so that a file of a few lines cannot grow to fill the memory.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::MOST_BYTES;
use super::tree::{MOST_LEVELS, Tree};

/// Reads every document of the file; `None` where one is no YAML.
pub(super) fn read(text: &str) -> Option<Vec<Tree>> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, String> = HashMap::new();
    let mut left = MOST_BYTES;
    for event in Parser::new_from_str(text) {
        let finished = match event.ok()?.0 {
            Event::Scalar(text, style, anchor, _) => {
                if anchor != 0 {
                    anchors.insert(anchor, text.clone().into_owned());
                }
                scalar(text.into_owned(), style)
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(text) => {
                    left = left.checked_sub(text.len())?;
                    Tree::Text(text.clone())
                }
                None => Tree::Null,
            },
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() >= MOST_LEVELS => return None,
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop()? {
                Open::Map(entries, _) => Tree::Map(entries),
                Open::List(items) => Tree::List(items),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(finished),
            Some(Open::List(items)) => items.push(finished),
            Some(Open::Map(entries, key)) => match key.take() {
                None => *key = Some(finished.text().unwrap_or_default().to_owned()),
                Some(key) => entries.push((key, finished)),
            },
        }
    }
    Some(documents)
}

/// A map or list whose end has not been read.
enum Open {
    Map(Vec<(String, Tree)>, Option<String>),
    List(Vec<Tree>),
}

fn scalar(text: String, style: ScalarStyle) -> Tree {
    match (style, text.as_str()) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Tree::Null,
        (ScalarStyle::Plain, "true" | "True" | "TRUE") => Tree::Flag(true),
        (ScalarStyle::Plain, "false" | "False" | "FALSE") => Tree::Flag(false),
        _ => Tree::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::of_json;
    use super::*;

    #[test]
    fn maps_lists_blocks_and_several_documents() {
        for (yaml, json) in [
            ("a: b\nc:\n  - d\n  - 'e'\n", r#"{"a":"b","c":["d","e"]}"#),
            ("{a: b, c: [d, e]}", r#"{"a":"b","c":["d","e"]}"#),
            ("key: |\n  one\n  two\nnone: ~\nyes: true", r#"{"key":"one\ntwo\n","none":null,"yes":true}"#),
            ("a: &x 0012\nb: *x\n", r#"{"a":"0012","b":"0012"}"#),
            ("a: &x [1]\nb: *x\n", r#"{"a":["1"],"b":null}"#),
        ] {
            assert!(read(yaml).unwrap() == [of_json(json).unwrap()], "{yaml}");
        }
        assert_eq!(read("a: b\n---\nc: d\n").unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_yaml_or_too_much_is_none() {
        assert!(read("a: b: c").is_none());
        assert!(read("a: [b").is_none());
        assert!(read("a: *nowhere").is_none());
        assert!(read(&"[".repeat(100_000)).is_none());
        assert!(read(&"- ".repeat(100_000)).is_none());
        let bomb = format!("a: &x {}\nb: [{}]", "y".repeat(100_000), "*x,".repeat(100));
        assert!(read(&bomb).is_none());
    }
}
