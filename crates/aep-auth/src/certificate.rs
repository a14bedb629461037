//! The certificate beside a private key: when the key stops to work.

use std::path::Path;

use aep_core::secret::{Credentials, Reference};
use aep_core::{Context, Profile, duration, text};
use aep_ims::Certificate;

/// The name under which the Developer Console puts it beside `private.key`.
const FILE_NAME: &str = "certificate_pub.crt";

/// A certificate is a few kilobytes.
const MOST_BYTES: u64 = 64 * 1024;

/// The key's text, and after it the certificate of its folder, unless the text holds one already.
pub(crate) fn with_neighbour(key: String, key_path: &Path) -> String {
    if Certificate::find(&key).is_some() {
        return key;
    }
    match read_neighbour(key_path) {
        Some(certificate) => format!("{}\n{certificate}", key.trim_end()),
        None => key,
    }
}

/// The certificate of a profile's key, where it can be had without running a command.
pub(crate) fn of(context: &Context, profile: &Profile) -> Option<Certificate> {
    let reference = profile.private_key.as_ref()?;
    if matches!(reference, Reference::Command(_)) {
        return None;
    }
    let credentials = Credentials::new(context, profile);
    let inside = credentials.private_key().ok().and_then(|key| Certificate::find(key.expose()));
    inside.or_else(|| match reference {
        Reference::File(path) | Reference::FileIn { path, .. } => Certificate::find(&read_neighbour(path)?),
        _ => None,
    })
}

/// `ends 2027-03-01T00:00:00Z, in 97d`, or `ended …`.
pub(crate) fn describe_end(context: &Context, certificate: &Certificate) -> String {
    const A_DAY: i64 = 24 * 60 * 60;
    let end = certificate.ends_at();
    let left = end - context.clock.now();
    if left > 0 {
        format!("ends {}, in {} days", duration::rfc3339(end), left / A_DAY)
    } else {
        format!("ended {}", duration::rfc3339(end))
    }
}

fn read_neighbour(key_path: &Path) -> Option<String> {
    use std::io::Read as _;
    let path = key_path.with_file_name(FILE_NAME);
    // Not a FIFO or a device: only what a download leaves.
    let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok().filter(|_| is_file)?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    text::decode(bytes)
}
