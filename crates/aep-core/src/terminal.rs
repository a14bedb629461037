//! Text from a server, a file or a name, made safe to show.

/// Replaces control characters, so that foreign text cannot move a cursor, hide a line or start a second one.
///
/// The bidirectional overrides go too: they let a terminal show other words than those that were sent.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}

/// [`clean`], and cut to `limit` characters.
pub fn clean_within(text: &str, limit: usize) -> String {
    let mut shown: String = text.chars().take(limit).map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a terminal could take it for a command, for an order of reading or for nothing.
pub fn is_unsafe(c: char) -> bool {
    // Marks of direction, and characters that take no room: they let a terminal show other words than those that were sent.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_line_breaks_do_not_survive() {
        assert_eq!(clean("a\x1b[31mb\r\nc\u{9b}d\u{202e}e"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}e");
    }

    #[test]
    fn a_long_text_is_cut_with_a_mark() {
        assert_eq!(clean_within("abcdef", 3), "abc…");
        assert_eq!(clean_within("abc", 3), "abc");
    }
}
