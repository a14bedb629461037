//! A JSON object whose parts keep their order and their very text: what is not ours is written as it was read.

use std::fmt;

use aep_core::{Error, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The keys of an object in order, each with the text of its value.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Box<RawValue>)>);

// The values may hold a token or a secret.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object, A::Error> {
                let mut keys = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    keys.push(pair);
                }
                Ok(Object(keys))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl Object {
    /// Parses an object; a byte-order mark is skipped.
    ///
    /// # Errors
    /// Configuration, naming the file, when the text is no JSON object.
    pub(crate) fn parse(text: &str, file: &std::path::Path) -> Result<Self> {
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::configuration(format!("{} is no JSON object: see line {line}, column {column}", file.display()))
        })
    }

    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<Value> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// The items of a key that holds an array, each as its text.
    pub(crate) fn items(&self, key: &str) -> Option<Vec<Box<RawValue>>> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Sets a key where it stands, or at the end.
    pub(crate) fn set(&mut self, key: &str, value: Box<RawValue>) {
        match self.0.iter_mut().rev().find(|(own, _)| own == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// Sets a key to a value that is made here.
    pub(crate) fn set_value(&mut self, key: &str, value: &Value) -> Result<()> {
        self.set(key, raw(value)?);
        Ok(())
    }

    /// Removes a key.
    pub(crate) fn remove(&mut self, key: &str) {
        self.0.retain(|(own, _)| own != key);
    }

    /// The whole object, a key a line.
    pub(crate) fn render(&self) -> String {
        let lines: Vec<String> =
            self.0.iter().map(|(key, value)| format!("\t{}: {}", Value::from(key.as_str()), value.get())).collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    fn raw(&self, key: &str) -> Option<&str> {
        // JSON's last one holds where a key stands twice.
        self.0.iter().rev().find(|(own, _)| own == key).map(|(_, value)| value.get())
    }
}

/// A value as text.
pub(crate) fn raw(value: &Value) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(|error| Error::fault(error.to_string()))
}

/// Items as the text of an array, an item a line.
pub(crate) fn array(items: &[Box<RawValue>]) -> Result<Box<RawValue>> {
    let lines: Vec<String> = items.iter().map(|item| format!("\t\t{}", item.get())).collect();
    let text = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n\t]", lines.join(",\n")) };
    RawValue::from_string(text).map_err(|error| Error::fault(error.to_string()))
}
