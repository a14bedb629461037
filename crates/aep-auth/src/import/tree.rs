//! What every syntax is read into: maps in the file's order, lists, and texts just as they stand.
//!
//! Depth is bounded by whoever makes a tree, so that walking and dropping one cannot exhaust the stack.

use std::fmt;

use serde_json::error::Category;

/// The most levels that are read; people's files have about eight.
pub(super) const MOST_LEVELS: usize = 100;

/// A value of a file.
#[derive(Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Flag(bool),
    /// A text or a number; a number keeps its digits where the syntax lets it.
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Any text can be a secret.
        f.write_str("Tree(…)")
    }
}

impl Tree {
    /// The value of a key, as it is written; the last one where there are several.
    pub(super) fn get(&self, key: &str) -> Option<&Tree> {
        let Self::Map(items) = self else { return None };
        items.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value below several keys.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// A text that is not blank.
    pub(super) fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The items of a list.
    pub(super) fn items(&self) -> &[Tree] {
        let Self::List(items) = self else { return &[] };
        items
    }

    /// The keys and values of a map.
    pub(super) fn entries(&self) -> &[(String, Tree)] {
        let Self::Map(entries) = self else { return &[] };
        entries
    }
}

/// Reads JSON.
///
/// # Errors
/// Where it stops to be JSON, without a word of the file.
pub(super) fn of_json(text: &str) -> Result<Tree, String> {
    serde_json::from_str::<Tree>(text).map_err(|error| match error.classify() {
        Category::Eof => format!("it ends in the middle, in line {}", error.line()),
        _ => format!("line {}, column {}", error.line(), error.column()),
    })
}

impl<'de> serde::Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Text(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}
