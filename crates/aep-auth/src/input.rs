//! What a command reads beside its profile: a file that was named, or standard input; bounded.

use std::io::Read;

use aep_cli::Invocation;
use aep_core::io_words::io_words;
use aep_core::secret::Secret;
use aep_core::{Error, Result, text};
use zeroize::Zeroizing;

/// Reads one line and no byte after it: the other end may stay open.
pub(crate) fn read_line(input: &mut dyn Read, most: usize) -> std::io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = [0];
    while line.len() < most && input.read(&mut byte)? > 0 && byte != *b"\n" {
        line.push(byte[0]);
    }
    // In UTF-16 of the other order the line's end begins with a zero.
    if line.len() % 2 == 1 && matches!(line.as_slice(), [0xfe, 0xff, ..] | [0, _, ..]) {
        line.pop();
    }
    let text = text::decode(std::mem::take(&mut *line)).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok(Secret::new(text))
}

/// Reads a file of the user's, or standard input for `-`; bounded.
pub(crate) fn read(invocation: &mut Invocation<'_>, path: &std::path::Path) -> Result<Vec<u8>> {
    const MOST_BYTES: u64 = 4 * 1024 * 1024;
    // A secret may have been given in a path's place.
    let is_secret = aep_core::secret::in_word(&path.to_string_lossy()).is_some();
    let shown = if is_secret { "(not shown), which is no path".to_owned() } else { path.display().to_string() };
    let refuse = |why: &dyn std::fmt::Display| Error::configuration(format!("cannot read {shown}: {why}"));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        invocation.input.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&io_words(&error)))?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| refuse(&io_words(&error)))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&io_words(&error)))?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(&"it is larger than 4 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_each_shell_and_editor_writes_it_and_no_byte_after_it() {
        let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
            mark.iter().copied().chain("secret\r\nrest".encode_utf16().flat_map(order)).collect::<Vec<u8>>()
        };
        for (bytes, rest) in [
            (b"secret\r\nrest".to_vec(), 4),
            (b"\xef\xbb\xbfsecret\nrest".to_vec(), 4),
            (wide(&[0xff, 0xfe], u16::to_le_bytes), 9),
            (wide(&[0xfe, 0xff], u16::to_be_bytes), 8),
            (wide(&[], u16::to_le_bytes), 9),
            (wide(&[], u16::to_be_bytes), 8),
        ] {
            let mut input = bytes.as_slice();
            assert_eq!(read_line(&mut input, 100).unwrap().expose().trim_end(), "secret", "{bytes:?}");
            assert_eq!(input.len(), rest, "{bytes:?}");
        }
        assert!(read_line(&mut &b"secret\xff\n"[..], 100).is_err());
    }
}
