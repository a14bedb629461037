//! Values quoted so that no shell and no file format can be made to run or break by them.

/// For POSIX shells: nothing is special between single quotes but their end.
pub(crate) fn sh(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// A path as a word of a shell, plain where it may be.
pub(crate) fn word(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { sh(&text) }
}

/// For fish: between single quotes a backslash escapes itself and the quote.
pub(crate) fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// For PowerShell: a quote is doubled; it also takes the typographic ones for quotes.
pub(crate) fn powershell(value: &str) -> String {
    let mut quoted = String::from("'");
    for c in value.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// For a `.env` file: single quotes where they do, since nothing is expanded between them; else double ones, escaped.
pub(crate) fn dotenv(value: &str) -> String {
    if value.contains('\'') {
        let mut quoted = String::from("\"");
        for c in value.chars() {
            if matches!(c, '"' | '\\' | '$' | '`') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        quoted.push('"');
        quoted
    } else {
        format!("'{value}'")
    }
}

/// For a config file of curl: between double quotes a backslash escapes itself and the quote.
pub(crate) fn curl(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
