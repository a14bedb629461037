//! A private key as files hold it: a PEM, one with `\n` for its line breaks or none at all, a list of its lines, or the
//! base64 of a PEM or of DER.

use aep_core::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key in PEM, as it must be stored; `None` where the text is no key.
pub(super) fn read(text: &str) -> Option<Secret> {
    if is_pem(text) {
        return Some(Secret::new(mend(text)));
    }
    let packed: String = text.split_whitespace().collect();
    // Shorter than any RSA key; longer texts that happen to be base64 are no SEQUENCE.
    let bytes = STANDARD.decode(&packed).ok().filter(|bytes| bytes.len() > 200)?;
    if let Ok(inner) = std::str::from_utf8(&bytes) {
        return is_pem(inner).then(|| Secret::new(mend(inner)));
    }
    let label = match bytes.as_slice() {
        // PKCS#8 has the algorithm after the version, PKCS#1 the modulus.
        [0x30, 0x82, _, _, 0x02, 0x01, 0x00, 0x30, ..] => "PRIVATE KEY",
        [0x30, 0x82, _, _, 0x02, 0x01, 0x00, 0x02, ..] => "RSA PRIVATE KEY",
        _ => return None,
    };
    Some(Secret::new(wrap(label, &packed)))
}

/// Whether the text has a private key in PEM.
pub(super) fn is_pem(text: &str) -> bool {
    text.split("-----BEGIN ").skip(1).any(|part| part.split("-----").next().is_some_and(|l| l.ends_with("PRIVATE KEY")))
}

/// Puts the line breaks back that a variable, a form or a spreadsheet took.
fn mend(text: &str) -> String {
    let text = text.replace("\\r", "").replace("\\n", "\n").replace('\r', "");
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((_, block)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = block.split_once("-----") else { break };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = after.split_once(end.as_str()) else { break };
        if body.contains(':') {
            // The headers of an old encrypted key need their own lines.
            mended.push_str(&format!("-----BEGIN {label}-----{body}{end}\n"));
        } else {
            mended.push_str(&wrap(label, &body.split_whitespace().collect::<String>()));
        }
        rest = after;
    }
    // Cut off in the middle: shown as it is, so that the reader of keys says what is wrong with it.
    if mended.is_empty() { text } else { mended }
}

fn wrap(label: &str, body: &str) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = body;
    while !rest.is_empty() {
        let at = rest.char_indices().nth(64).map_or(rest.len(), |(at, _)| at);
        pem.push_str(&rest[..at]);
        pem.push('\n');
        rest = &rest[at..];
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_becomes_the_same_pem() {
        let pem = ims_emulator::private_key_pem();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        for text in [
            pem.to_owned(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\\r\\n"),
            pem.replace('\n', " "),
            pem.replace('\n', ""),
            body,
            STANDARD.encode(pem),
        ] {
            assert_eq!(read(&text).unwrap().expose().trim(), pem.trim(), "{}", &text[..40]);
        }
    }

    #[test]
    fn other_texts_are_no_key() {
        for text in
            ["", "./private.key", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", &"A".repeat(400)]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
