//! What a page tells its reader to type.

use crate::root;

/// A fenced block of a page.
#[derive(Debug)]
pub struct Block {
    /// The heading of the second level that it stands below; the page's own, with its mark, before the first.
    pub heading: String,
    /// The word behind the fence.
    pub language: String,
    /// Its lines.
    pub text: String,
}

/// All blocks of a page of `integrations/`, or of another page by its path, in order.
pub fn all(page: &str) -> Vec<Block> {
    let mut heading = String::new();
    let mut blocks = Vec::new();
    let mut current: Option<Block> = None;
    for line in read(page).lines() {
        match (&mut current, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                let (heading, language) = (heading.clone(), language.to_owned());
                current = Some(Block { heading, language, text: String::new() });
            }
            (Some(_), Some("")) => blocks.extend(current.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                if let Some(below) = line.strip_prefix("## ") {
                    below.clone_into(&mut heading);
                } else if line.starts_with("# ") {
                    line.clone_into(&mut heading);
                }
            }
        }
    }
    assert!(current.is_none(), "{page}: a block without an end");
    blocks
}

/// The blocks of this language below a heading.
pub fn blocks(page: &str, heading: &str, language: &str) -> Vec<String> {
    let is_wanted = |block: &Block| block.heading == heading && block.language == language;
    all(page).into_iter().filter(is_wanted).map(|block| block.text).collect()
}

/// The text of a page.
pub fn read(page: &str) -> String {
    let named = root().join(page);
    let path = if named.is_file() { named } else { root().join("integrations").join(page) };
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
