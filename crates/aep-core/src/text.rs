//! Bytes to text: UTF-8 with or without a mark, UTF-16 as PowerShell's redirection and Windows' editors write it.
//!
//! Every file of a person's goes through here. What is no text is refused; nothing is replaced, since a replaced character
//! would be a wrong secret. No copy is left behind that nobody wipes.

use zeroize::Zeroizing;

const MARK: char = '\u{feff}';

/// The text of a file, without its mark; `None` where it is none.
pub fn decode(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        // Without a mark: every format that is read here begins with an ASCII character.
        [first, 0, ..] if *first != 0 => wide(&bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => wide(&bytes, u16::from_be_bytes),
        _ => {
            // The bytes of what is no text may be a secret nevertheless.
            let mut text = String::from_utf8(bytes).map_err(|error| Zeroizing::new(error.into_bytes())).ok()?;
            let marks = text.len() - text.trim_start_matches(MARK).len();
            text.drain(..marks);
            Some(text)
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    // A unit takes three bytes of UTF-8 at most, so that the text never grows and leaves no half of it behind.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match character.ok()? {
            MARK if text.is_empty() => {}
            character => text.push(character),
        }
    }
    Some(std::mem::take(&mut *text))
}

/// The name that was most likely meant: at most two letters are other, missing, or too many.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.into_iter().map(|name| (distance(typed, name), name)).min()?;
    (near.0 <= 2 && near.0 * 2 < typed.chars().count()).then_some(near.1)
}

/// How many letters must be changed, put in or taken out.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_known_and_no_more_is_guessed() {
        let names = ["sandbox", "scopes", "org_id", "dev"];
        for (typed, meant) in [
            ("snadbox", Some("sandbox")),
            ("sandbx", Some("sandbox")),
            ("sandboxes", Some("sandbox")),
            ("scope", Some("scopes")),
            ("orgid", Some("org_id")),
            ("dve", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
        assert_eq!(nearest("sandbox", []), None);
    }

    #[test]
    fn marks_and_both_orders() {
        let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
            let mut bytes = mark.to_vec();
            bytes.extend("{\"é\": 1}".encode_utf16().flat_map(order));
            bytes
        };
        for bytes in [
            "{\"é\": 1}".as_bytes().to_vec(),
            "\u{feff}{\"é\": 1}".as_bytes().to_vec(),
            wide(&[0xff, 0xfe], u16::to_le_bytes),
            wide(&[0xfe, 0xff], u16::to_be_bytes),
            wide(&[], u16::to_le_bytes),
            wide(&[], u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes.clone()).as_deref(), Some("{\"é\": 1}"), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"a\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\x89PNG\r\n"] {
            assert_eq!(decode(bytes.to_vec()), None, "{bytes:?}");
        }
    }
}
