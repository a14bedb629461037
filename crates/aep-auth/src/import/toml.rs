//! TOML beyond what its lines say: tables in a line, as Codex keeps the environment of a program.

use toml_edit::{Item, Table, Value};

use super::tree::Tree;

/// Reads the file; `None` where it is no TOML. The parser bounds the depth.
pub(super) fn read(text: &str) -> Option<Tree> {
    Some(table(text.parse::<toml_edit::DocumentMut>().ok()?.as_table()))
}

fn table(table: &Table) -> Tree {
    Tree::Map(table.iter().map(|(key, item)| (key.to_owned(), tree(item))).collect())
}

fn tree(item: &Item) -> Tree {
    match item {
        Item::None => Tree::Null,
        Item::Value(inner) => value(inner),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => Tree::List(tables.iter().map(table).collect()),
    }
}

fn value(inner: &Value) -> Tree {
    match inner {
        Value::String(text) => Tree::Text(text.value().clone()),
        Value::Boolean(flag) => Tree::Flag(*flag.value()),
        Value::Array(items) => Tree::List(items.iter().map(value).collect()),
        Value::InlineTable(entries) => {
            Tree::Map(entries.iter().map(|(key, inner)| (key.to_owned(), value(inner))).collect())
        }
        // With its digits as they are written.
        other => Tree::Text(other.to_string().trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::of_json;
    use super::*;

    #[test]
    fn tables_in_a_line() {
        let toml = "[mcp_servers.aep]\nargs = [\"-y\"]\nenv = { A = \"1\", B = 0x12 }\n[[x]]\nc = true\n";
        let json = r#"{"mcp_servers":{"aep":{"args":["-y"],"env":{"A":"1","B":"0x12"}}},"x":[{"c":true}]}"#;
        assert!(read(toml) == of_json(json).ok());
        assert!(read("A = x").is_none());
        assert!(read(&format!("a = {}", "[".repeat(100_000))).is_none());
    }

    #[test]
    fn many_levels_do_no_harm() {
        let _ = read(&format!("[a{}]", ".a".repeat(10_000)));
        let _ = read(&format!("a{} = 1", ".a".repeat(10_000)));
    }
}
