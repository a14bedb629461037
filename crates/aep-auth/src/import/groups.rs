//! The groups of fields of a file: one for each map, with what it lies in.
//!
//! Lists of pairs are fields too (Postman's `values`, Kubernetes' `env`), and so are the arguments of a command, and the
//! JSON that a variable holds.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fields::{self, Meaning, Name};
use super::tree::{self, Tree};
use super::{hjson, lines};

/// The most groups, and the most fields in them: a credential's own file has some dozens, and what belongs together is
/// looked for among all of them.
const MOST: usize = 5_000;

/// The fields of one map.
#[derive(Debug)]
pub(super) struct Group {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    /// The group that it lies in.
    pub(super) parent: Option<usize>,
    pub(super) fields: Vec<Field>,
}

/// A name and its value.
pub(super) struct Field {
    /// The name, as the file has it.
    pub(super) written: String,
    /// What the name means.
    pub(super) name: Option<Name>,
    /// What the field means.
    pub(super) meaning: Option<Meaning>,
    pub(super) value: Value,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Any value can be a secret.
        f.write_str(&self.written)
    }
}

/// The value of a field: texts, or a flag that is set.
#[derive(Clone)]
pub(super) enum Value {
    Texts(Vec<String>),
    Set,
}

impl Value {
    /// The texts that are not blank.
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::Texts(texts) => texts,
            Self::Set => &[],
        }
    }

    /// The only or first text.
    pub(super) fn text(&self) -> Option<&str> {
        self.texts().first().map(String::as_str)
    }
}

/// Every group of the tree, in its order; the outermost first. `None` where there are more than anybody's credential has.
pub(super) fn of(tree: &Tree) -> Option<Vec<Group>> {
    let mut groups = Vec::new();
    walk(tree, &[], None, &mut groups);
    let fields: usize = groups.iter().map(|group| group.fields.len()).sum();
    (groups.len() < MOST && fields < MOST).then_some(groups)
}

/// Recurses as deep as the tree, which [`tree::MOST_LEVELS`] bounds.
fn walk(tree: &Tree, path: &[String], parent: Option<usize>, groups: &mut Vec<Group>) {
    if groups.len() >= MOST {
        return;
    }
    let below = |key: &str| path.iter().map(String::as_str).chain([key]).map(str::to_owned).collect::<Vec<_>>();
    match tree {
        Tree::Map(entries) => {
            let own = groups.len();
            groups.push(Group { path: path.to_owned(), parent, fields: Vec::new() });
            let is_secret = tree.get("kind").and_then(Tree::text) == Some("Secret");
            for (key, value) in entries {
                // What is sealed is none of a credential's values.
                if key == "encryptedData" {
                    continue;
                }
                // A program's environment is told by the program.
                let is_environment = key == "env" && (tree.get("command").is_some() || tree.get("args").is_some());
                if is_environment {
                    for (name, value) in value.entries() {
                        groups[own].add(name, value);
                    }
                }
                groups[own].add(key, value);
                match value {
                    Tree::Map(_) if is_environment => {}
                    Tree::Map(packed) if key == "data" && is_secret => {
                        let all = unpacked(packed, tree.get("stringData"));
                        walk(&all, &below(key), Some(own), groups);
                    }
                    Tree::Map(_) if key == "stringData" && is_secret && tree.get("data").is_some() => {}
                    Tree::Map(_) => walk(value, &below(key), Some(own), groups),
                    Tree::List(items) => {
                        for item in items.iter().filter(|item| matches!(item, Tree::Map(_)) && pair(item).is_none()) {
                            walk(item, &below(key), Some(own), groups);
                        }
                    }
                    Tree::Text(text) if path.len() < tree::MOST_LEVELS => {
                        if let Some(inner) = packed_in(text) {
                            walk(&inner, &below(key), Some(own), groups);
                        }
                    }
                    _ => {}
                }
            }
        }
        Tree::List(items) => {
            if items.iter().any(|item| pair(item).is_some()) {
                let mut group = Group { path: path.to_owned(), parent, fields: Vec::new() };
                group.add("", tree);
                groups.push(group);
            }
            for item in items.iter().filter(|item| pair(item).is_none()) {
                walk(item, path, parent, groups);
            }
        }
        _ => {}
    }
}

/// JSON, or the lines of a `.env`, that one value holds.
fn packed_in(text: &str) -> Option<Tree> {
    if text.trim_start().starts_with('{') {
        return tree::of_json(text).ok().filter(|inner| matches!(inner, Tree::Map(_)));
    }
    let is_lines = text.trim().contains('\n') && text.contains('=') && !text.contains("-----BEGIN");
    is_lines.then(|| lines::read(text).tree)
}

impl Group {
    fn add(&mut self, key: &str, value: &Tree) {
        match value {
            Tree::Flag(true) => self.push(key, Value::Set),
            Tree::Text(text) if !text.trim().is_empty() => self.push(key, Value::Texts(texts(text))),
            // `terraform output -json`, `{ "client_id": { "value": …, "type": "string" } }`.
            Tree::Map(_) if let Some(text @ Tree::Text(_)) = value.get("value") => self.add(key, text),
            Tree::List(items) => {
                for item in items {
                    if let Some((name, value)) = pair(item) {
                        self.add(name, &value);
                    }
                }
                let texts: Vec<String> = items.iter().filter_map(Tree::text).map(str::to_owned).collect();
                if ["args", "command", "environment", "env"].contains(&key) {
                    self.add_arguments(&texts);
                } else if !texts.is_empty() {
                    self.push(key, Value::Texts(texts));
                }
            }
            _ => {}
        }
    }

    /// `--client-id X`, `--client-id=X`, `-e NAME=X` and `NAME=X`.
    fn add_arguments(&mut self, arguments: &[String]) {
        for (index, argument) in arguments.iter().enumerate() {
            if let Some((name, value)) = argument.split_once('=') {
                self.push(name, Value::Texts(texts(value)));
            } else if argument.starts_with("--")
                && let Some(value) = arguments.get(index + 1).filter(|value| !value.starts_with("--"))
            {
                self.push(argument, Value::Texts(texts(value)));
            }
        }
    }

    fn push(&mut self, written: &str, value: Value) {
        if matches!(&value, Value::Texts(texts) if texts.is_empty()) {
            return;
        }
        if self.fields.len() >= MOST {
            return;
        }
        let name = fields::name(written);
        let meaning = fields::meaning(written, name.as_ref().map(|name| name.meaning), value.texts());
        self.fields.push(Field { written: written.to_owned(), name, meaning, value });
    }
}

/// The values of a Secret of Kubernetes, which are base64, and those that are not.
fn unpacked(entries: &[(String, Tree)], plain: Option<&Tree>) -> Tree {
    let unpack = |value: &Tree| {
        let text = STANDARD.decode(value.text()?).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Tree::Text)
    };
    let unpacked = entries.iter().map(|(key, value)| (key.clone(), unpack(value).unwrap_or(Tree::Null)));
    Tree::Map(unpacked.chain(plain.map(Tree::entries).unwrap_or_default().iter().cloned()).collect())
}

/// A name and a value that stand side by side in a map; one that is switched off counts as not there, and one that comes
/// from elsewhere as a reference.
fn pair(item: &Tree) -> Option<(&str, Cow<'_, Tree>)> {
    let name = ["key", "name", "label"].iter().find_map(|key| item.get(key)?.text())?;
    let value = match (item.get("value").or_else(|| item.get("currentValue")), item.get("valueFrom")) {
        (Some(_), _) if item.get("enabled") == Some(&Tree::Flag(false)) => Cow::Owned(Tree::Null),
        (Some(value), _) => Cow::Borrowed(value),
        (None, from) => Cow::Owned(from.map(|_| Tree::Text("${valueFrom}".to_owned()))?),
    };
    Some((name, value))
}

/// A text, or the texts of the list that it holds.
fn texts(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    if text.starts_with('[')
        && let Some(list @ Tree::List(_)) = tree::of_json(text).ok().or_else(|| hjson::read(text))
        && list.items().iter().all(|item| item.text().is_some())
    {
        return list.items().iter().filter_map(Tree::text).map(str::to_owned).collect();
    }
    vec![text.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<String> {
        let groups = of(&tree::of_json(json).unwrap()).unwrap();
        let show = |field: &Field| format!("{}={}", field.written, field.value.texts().join("|"));
        groups
            .iter()
            .map(|group| {
                format!("{}: {}", group.path.join("."), group.fields.iter().map(show).collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    #[test]
    fn pairs_arguments_environments_and_packed_json_are_fields() {
        for (json, expected) in [
            (r#"{"a":"1","b":{"c":"2"},"d":null,"e":""}"#, vec![": a=1", "b: c=2"]),
            (r#"{"values":[{"key":"a","value":"1"},{"key":"b","value":"2","enabled":false}]}"#, vec![": a=1"]),
            (r#"{"env":[{"name":"a","value":"1"},{"name":"b","valueFrom":{"c":"2"}}]}"#, vec![": a=1 b=${valueFrom}"]),
            (
                r#"{"command":"npx","env":{"A":"1"},"args":["--b","2","--c=3","-e","D=4"]}"#,
                vec![": command=npx A=1 --b=2 --c=3 D=4"],
            ),
            (r#"{"a":"{\"b\":[\"1\",\"2\"]}"}"#, vec![": a={\"b\":[\"1\",\"2\"]}", "a: b=1|2"]),
            (r#"{"a":"['1', \"2\"]","b":"[{x}]"}"#, vec![": a=1|2 b=[{x}]"]),
            (r#"[{"name":"a","value":"1"},{"label":"b","currentValue":"2"}]"#, vec![": a=1 b=2"]),
            (r#"{"kind":"SealedSecret","spec":{"encryptedData":{"a":"AgB"}}}"#, vec![": kind=SealedSecret", "spec: "]),
            (r#"{"a":"B=1\nC=2\n","d":"x=1"}"#, vec![": a=B=1\nC=2 d=x=1", "a: B=1 C=2"]),
            (r#"[{"a":"1"},{"a":"2"}]"#, vec![": a=1", ": a=2"]),
        ] {
            assert_eq!(fields(json), expected, "{json}");
        }
    }
}
