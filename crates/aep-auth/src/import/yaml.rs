//! YAML, as `imscli`, User Sync and `aio` keep their settings.
//!
//! Made from the parser's events, without recursion. An alias stands for the text that it names, and for a map of texts;
//! what all of them hold together is bounded, so that a file of a few lines cannot grow to fill the memory.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::MOST_BYTES;
use super::tree::{MOST_LEVELS, Tree};

/// Reads every document of the file; `None` where one is no YAML.
pub(super) fn read(text: &str) -> Option<Vec<Tree>> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Tree> = HashMap::new();
    let mut left = MOST_BYTES;
    for event in Parser::new_from_str(text) {
        let finished = match event.ok()?.0 {
            Event::Scalar(text, style, anchor, _) => {
                let scalar = scalar(text.into_owned(), style);
                if anchor != 0 {
                    anchors.insert(anchor, scalar.clone());
                }
                scalar
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(tree) => {
                    left = left.checked_sub(size(tree))?;
                    tree.clone()
                }
                None => Tree::Null,
            },
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() >= MOST_LEVELS => return None,
            Event::MappingStart(anchor, _) => {
                open.push(Open::Map(Vec::new(), None, anchor));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop()? {
                Open::Map(entries, _, anchor) => {
                    let map = Tree::Map(entries);
                    let is_flat = map.entries().iter().all(|(_, value)| !matches!(value, Tree::Map(_) | Tree::List(_)));
                    if anchor != 0 && is_flat {
                        left = left.checked_sub(size(&map))?;
                        anchors.insert(anchor, map.clone());
                    }
                    map
                }
                Open::List(items) => Tree::List(items),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(finished),
            Some(Open::List(items)) => items.push(finished),
            Some(Open::Map(entries, key, _)) => match key.take() {
                // A merge: what the map says itself counts, and stands behind.
                Some(key) if key == "<<" => {
                    entries.splice(0..0, finished.entries().iter().cloned());
                }
                None => *key = Some(finished.text().unwrap_or_default().to_owned()),
                Some(key) => entries.push((key, finished)),
            },
        }
    }
    Some(documents)
}

/// A map or list whose end has not been read.
enum Open {
    Map(Vec<(String, Tree)>, Option<String>, usize),
    List(Vec<Tree>),
}

/// How much a copy of it takes.
fn size(tree: &Tree) -> usize {
    let own = tree.text().map_or(0, str::len) + size_of::<Tree>();
    own + tree
        .entries()
        .iter()
        .map(|(key, value)| key.len() + value.text().map_or(0, str::len) + 2 * size_of::<Tree>())
        .sum::<usize>()
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
            ("a: &x {b: c}\nd: {b: e, <<: *x, f: g}\n", r#"{"a":{"b":"c"},"d":{"b":"c","b":"e","f":"g"}}"#),
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
        let bomb = format!("a: &x {{y: {}}}\nb: [{}]", "y".repeat(100_000), "*x,".repeat(100));
        assert!(read(&bomb).is_none());
    }
}
