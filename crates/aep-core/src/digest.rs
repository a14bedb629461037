//! SHA-256 for names and for who earned an entry, and random bytes.
//!
//! In plain Rust, for the helpers' sake: `ring` asks the processor what it can before its first hash, and a virtual machine
//! answers that at a thirtieth of a whole hit (`docs/figures.md`). What keeps a secret (TLS, signatures, seals) is `ring`'s.

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    hmac_sha256::Hash::hash(bytes)
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = hmac_sha256::HMAC::new(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize()
}

/// Fills with random bytes of the system's; leaves what is there where it has none.
pub(crate) fn random(bytes: &mut [u8]) {
    let _ = getrandom::fill(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::identity::hexadecimal;

    /// FIPS 180-4's examples, and case 2 of RFC 4231.
    #[test]
    fn the_standards_examples() {
        let hash = |text: &str| hexadecimal(&sha256(text.as_bytes()));
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(
            hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        );
        assert_eq!(
            hexadecimal(&hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn random_bytes_differ() {
        let mut two = [[0; 16]; 2];
        two.iter_mut().for_each(|bytes| random(bytes));
        assert_ne!(two[0], two[1]);
    }
}
