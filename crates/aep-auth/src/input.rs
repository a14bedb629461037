//! What a command reads beside its profile: a file that was named, or standard input; bounded.

use std::io::Read;

use aep_cli::Invocation;
use aep_core::io_words::io_words;
use aep_core::secret::Secret;
use aep_core::{Error, Result};
use zeroize::Zeroizing;

/// Reads one line and no byte after it: the other end may stay open.
pub(crate) fn read_line(input: &mut dyn Read, most: usize) -> std::io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = [0];
    while line.len() < most && input.read(&mut byte)? > 0 && byte != *b"\n" {
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).map_err(std::io::Error::other)?;
    Ok(Secret::new(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Reads a file of the user's, or standard input for `-`; bounded.
pub(crate) fn read(invocation: &mut Invocation<'_>, path: &std::path::Path) -> Result<Vec<u8>> {
    const MOST_BYTES: u64 = 4 * 1024 * 1024;
    // A key or token may have been given in a path's place.
    let is_secret = aep_cli::is_secret(path.as_os_str());
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
