//! What a page tells its reader to type.

use crate::root;

/// The blocks of this language below a heading of a page of `integrations/`, or of another page by its path.
pub fn blocks(page: &str, heading: &str, language: &str) -> Vec<String> {
    let text = read(page);
    let section = text
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading))
        .unwrap_or_else(|| panic!("{page} has no section {heading}"));
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in section.lines() {
        match (&mut current, line.trim_start().strip_prefix("```")) {
            (None, Some(word)) if word == language => current = Some(String::new()),
            // A block of another language.
            (None, Some(word)) if !word.is_empty() => current = Some("\0".to_owned()),
            (Some(block), Some("")) => {
                if !block.starts_with('\0') {
                    blocks.push(block.clone());
                }
                current = None;
            }
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The text of a page.
pub fn read(page: &str) -> String {
    let below = root().join("integrations").join(page);
    let path = if below.is_file() { below } else { root().join(page) };
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
