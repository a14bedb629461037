//! The file of certificates that `PGSSLROOTCERT` names: the system's and the user's own authority together.
//!
//! libpq wants one file, and before version 16 knows no word for the system's own. Ours is written again when one of the
//! files behind it changes, or the day.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use aep_core::token::identity::short_digest;
use aep_core::trust::{self, OpenError};
use aep_core::{Context, Error, Result, write_file};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const HEAD: &str = "# Written by aep-auth query; ";
const A_DAY: i64 = 24 * 60 * 60;

/// Makes the file if need be.
pub(super) fn file(context: &Context, ca_file: Option<&Path>) -> Result<PathBuf> {
    let mut sources = ["AEP_CA_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| {
        let path = context.environment.path(name);
        path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    });
    if sources[0].is_empty() {
        sources[0] = ca_file.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    }
    // One for each set of sources, so that two shells with different ones do not write it in turns.
    let name = format!("roots-{}.pem", short_digest(&sources.each_ref().map(String::as_str)));
    let path = super::folder(context)?.join(name);
    let stamp = aep_ims::stamp_of_roots(context, ca_file).map(|stamp| {
        let day = (context.clock.now() / A_DAY).to_string();
        short_digest(&[&stamp, &day])
    });
    let head = format!("{HEAD}{}\n", stamp.as_deref().unwrap_or("compared each time"));
    // What others could have written would let them answer in the server's place, and read the password file beside it.
    let before = open(context, &path)?;
    if stamp.is_some() && before.is_some_and(|file| begins_with(file, &head)) {
        return Ok(path);
    }
    let mut text = head;
    for certificate in aep_ims::root_certificates(context, ca_file)? {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(&certificate);
        for line in encoded.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if trust::read_bounded(&path, context.folders.home(), size).ok().as_deref() != Some(text.as_bytes()) {
        write_file::replace_own(&path, text.as_bytes()).map_err(|error| super::cannot_keep(&error))?;
        open(context, &path)?;
    }
    Ok(path)
}

/// The file, if it is there; what stands in its place, or could be put there by others, is an error.
fn open(context: &Context, path: &Path) -> Result<Option<File>> {
    match trust::open(path, context.folders.home()) {
        Ok(file) => Ok(Some(file)),
        Err(OpenError::Absent) => Ok(None),
        Err(error) => {
            let told = Error::storage(format!("the certificates for the client cannot be kept: {error}"));
            Err(told.with_hint_if_any(error.cure()).with_cause(error.cause()))
        }
    }
}

fn begins_with(mut file: File, head: &str) -> bool {
    let mut begin = vec![0; head.len()];
    file.read_exact(&mut begin).is_ok() && begin == head.as_bytes()
}
