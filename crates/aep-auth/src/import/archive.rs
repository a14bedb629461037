//! The `config.zip` of the Developer Console: the credential's JSON, `private.key` and `certificate_pub.crt`.
//!
//! Read in memory and by content alone: nothing is unpacked, a name inside is no path, an archive in the archive is not
//! opened, and all parts together are bounded, whatever sizes the archive claims.

use std::io::{Cursor, Read};

use aep_core::{Error, Result};

use super::MOST_BYTES;

/// The most parts that are looked at; the console's archive has three.
const MOST_PARTS: usize = 64;

/// Whether these are the first bytes of a zip archive.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The name and the content of every part that is a file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let damaged = || Error::configuration("the archive is damaged").with_hint("download it again");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > MOST_PARTS {
        return Err(Error::configuration(format!(
            "the archive holds {} files; expected a few, as the Developer Console downloads it",
            archive.len()
        ))
        .with_hint("unpack it and import the credential's JSON"));
    }
    let mut parts = Vec::new();
    let mut left = MOST_BYTES as u64;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| damaged())?;
        let (is_file, is_encrypted) = (part.is_file(), part.encrypted());
        let name = part.name().map_or_else(|_| (index + 1).to_string(), |name| name.into_owned());
        drop(part);
        if !is_file {
            continue;
        }
        if is_encrypted {
            return Err(
                Error::configuration("the archive is encrypted").with_hint("unpack it, then import what is in it")
            );
        }
        let part = archive.by_index(index).map_err(|_| damaged())?;
        let mut content = Vec::new();
        part.take(left + 1).read_to_end(&mut content).map_err(|_| damaged())?;
        left = left.checked_sub(content.len() as u64).ok_or_else(|| {
            Error::configuration("the archive unpacks to more than 4 MiB")
                .with_hint("unpack it and import the credential's JSON")
        })?;
        parts.push((name, content));
    }
    Ok(parts)
}
