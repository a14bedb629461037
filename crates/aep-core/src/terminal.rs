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

/// Makes a stream safe to show, piece by piece: line ends and tabs stay, and a letter that two pieces share is whole.
#[derive(Debug, Default)]
pub struct Cleaner {
    /// The beginning of a letter.
    left: Vec<u8>,
}

impl Cleaner {
    /// The next piece, cleaned.
    pub fn clean(&mut self, piece: &[u8]) -> String {
        self.left.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&self.left) {
            // What follows may complete it.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // Lossy as all of it is, a letter may still be cut at its end.
            Err(_) => self.left.len() - cut_letter(&self.left),
            Ok(_) => self.left.len(),
        };
        let rest = self.left.split_off(whole);
        let piece = std::mem::replace(&mut self.left, rest);
        let is_kept = |c: char| matches!(c, '\n' | '\t') || !is_unsafe(c);
        String::from_utf8_lossy(&piece).chars().map(|c| if is_kept(c) { c } else { '\u{fffd}' }).collect()
    }
}

/// How many bytes at the end begin a letter that is not whole.
fn cut_letter(bytes: &[u8]) -> usize {
    let begins = |back: &usize| bytes.len().checked_sub(*back).is_some_and(|at| bytes[at] >= 0xc0);
    let back = (1..=3).find(begins).unwrap_or(0);
    match std::str::from_utf8(&bytes[bytes.len() - back..]) {
        Err(error) if error.error_len().is_none() => back,
        _ => 0,
    }
}

/// Whether a terminal could take it for a command, for an order of reading or for nothing.
pub fn is_unsafe(c: char) -> bool {
    // Marks of direction, and characters that take no room: they let a terminal show other words than those that were sent.
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_line_breaks_do_not_survive() {
        assert_eq!(clean("a\x1b[31mb\r\nc\u{9b}d\u{202e}e"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(clean("a\u{ad}b\u{200b}é"), "a\u{fffd}b\u{fffd}é");
    }

    #[test]
    fn a_stream_is_cleaned_wherever_it_is_cut() {
        let text = "aé\x1b[2J\u{9b}\tb\r\nç\u{202e}€😀".as_bytes();
        for at in 0..=text.len() {
            let mut cleaner = Cleaner::default();
            let shown = cleaner.clean(&text[..at]) + &cleaner.clean(&text[at..]);
            assert_eq!(shown, "aé\u{fffd}[2J\u{fffd}\tb\u{fffd}\nç\u{fffd}€😀", "{at}");
        }
        let mut cleaner = Cleaner::default();
        assert_eq!(cleaner.clean(b"\xffa\xc3") + &cleaner.clean(b"\xa9\xfe"), "\u{fffd}aé\u{fffd}");
    }

    #[test]
    fn a_long_text_is_cut_with_a_mark() {
        assert_eq!(clean_within("abcdef", 3), "abc…");
        assert_eq!(clean_within("abc", 3), "abc");
    }
}
