//! Bytes to text: UTF-8 with or without a mark, UTF-16 as PowerShell's redirection and Windows' editors write it.
//!
//! What is no text is refused; nothing is replaced, since a replaced character would be a wrong secret.

/// The text of a file, without its mark; `None` where it is none.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark: every format that is read here begins with an ASCII character.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }?;
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    rest.is_empty().then(|| String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(text(&bytes).as_deref(), Some("{\"é\": 1}"), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"a\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\x89PNG\r\n"] {
            assert_eq!(text(bytes), None, "{bytes:?}");
        }
    }
}
