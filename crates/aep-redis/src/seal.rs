//! What the engine gets to see: hashed names and sealed values.
//!
//! Two keys come from the client secret (or the private key) and the identity by HKDF (RFC 5869): one makes the name, one
//! seals the value with AES-256-GCM under a fresh nonce (RFC 5116). The name is bound as associated data, so that a value
//! that was moved to another name does not open. Machines with another secret have other names and never meet.

use aep_core::secret::Secret;
use aep_core::token::identity::{Identity, hexadecimal};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The first byte of a sealed value, and part of the keys: another version neither finds nor opens it.
const VERSION: u8 = 1;

/// What seals the values of one identity under one secret.
pub(crate) struct Seal {
    key: LessSafeKey,
    name: String,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({})", self.name)
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Seal {
    /// Derives the keys; `None` only if the cryptography backend fails.
    pub(crate) fn new(identity: &Identity, secret: &Secret) -> Option<Self> {
        // Line ends and a last newline differ between machines; the key they hold does not.
        let plain: Zeroizing<String> = Zeroizing::new(secret.expose().split_whitespace().collect());
        let source = Salt::new(HKDF_SHA256, b"aep-auth shared cache").extract(plain.as_bytes());
        let identity = identity.file_stem();
        let derive = |purpose: &[u8]| -> Option<Zeroizing<[u8; 32]>> {
            let mut bytes = Zeroizing::new([0; 32]);
            let info = [&[VERSION], purpose, identity.as_bytes()];
            source.expand(&info, Length(32)).ok()?.fill(bytes.as_mut_slice()).ok()?;
            Some(bytes)
        };
        let key = UnboundKey::new(&AES_256_GCM, derive(b"value")?.as_slice()).ok()?;
        Some(Self { key: LessSafeKey::new(key), name: hexadecimal(derive(b"name")?.as_slice()) })
    }

    /// The name of the token's entry.
    pub(crate) fn entry_name(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.name)
    }

    /// Seals a value for this name.
    pub(crate) fn close(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = value.to_vec();
        let bound = Aad::from(name.as_bytes());
        self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed).ok()?;
        Some([[VERSION].as_slice(), &nonce, &sealed].concat())
    }

    /// Opens a value of this name; `None` for anything that was not sealed for it.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN)?;
        if *version != VERSION {
            return None;
        }
        let mut value = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.key.open_in_place(nonce, Aad::from(name.as_bytes()), &mut value).ok()?.len();
        value.truncate(length);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aep_core::profile::{ProfileSelection, resolve};
    use aep_core::{Context, Environment, Folders, Log, clock::SystemClock};
    use proptest::prelude::*;

    fn seal(client_id: &str, secret: &str) -> Seal {
        let context = Context {
            environment: Environment::from_pairs([
                ("AEP_CLIENT_ID", client_id),
                ("AEP_CLIENT_SECRET", secret),
                ("AEP_ORG_ID", "o@AdobeOrg"),
            ]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::default(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default()).unwrap();
        Seal::new(&Identity::new(&profile), &Secret::new(secret.to_owned())).unwrap()
    }

    #[test]
    fn another_secret_or_client_has_another_name_and_cannot_open() {
        let own = seal("client", "secret");
        let value = own.close("n", b"token").unwrap();
        assert_eq!(own.open("n", &value).unwrap().as_slice(), b"token");
        assert_eq!(own.entry_name(""), seal("client", "secret").entry_name(""));
        for other in [seal("client", "other"), seal("another", "secret")] {
            assert_ne!(own.entry_name(""), other.entry_name(""));
            assert!(other.open("n", &value).is_none());
        }
    }

    #[test]
    fn it_shows_its_name_and_no_key() {
        let own = seal("client", "secret");
        assert_eq!(format!("{own:?}"), format!("Seal({})", own.entry_name("")));
    }

    #[test]
    fn a_value_opens_under_its_own_name_alone() {
        let own = seal("client", "secret");
        let value = own.close("one", b"token").unwrap();
        assert!(own.open("two", &value).is_none());
    }

    proptest! {
        #[test]
        fn whatever_was_changed_does_not_open(value: Vec<u8>, at: prop::sample::Index, by in 1..=255u8) {
            let own = seal("client", "secret");
            let mut sealed = own.close("n", &value).unwrap();
            prop_assert_eq!(own.open("n", &sealed).unwrap().to_vec(), value);
            let at = at.index(sealed.len());
            prop_assert!(own.open("n", &sealed[..at]).is_none());
            sealed[at] ^= by;
            prop_assert!(own.open("n", &sealed).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(sealed: Vec<u8>) {
            prop_assert!(seal("client", "secret").open("n", &sealed).is_none());
        }
    }
}
