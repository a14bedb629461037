//! Lends `jsonwebtoken` the cryptography that TLS uses already, so that no second backend is linked.
//!
//! Only RS256 is offered, since Adobe IMS documents no other algorithm for its assertions and signs its own tokens with
//! it. Any other algorithm is refused when the signer or verifier is asked for.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use signature::{Signer, Verifier};

/// Makes ring the process's backend for `jsonwebtoken`; repeated calls do nothing.
///
/// Call it before the first token is signed or verified: without a backend `jsonwebtoken` panics.
pub fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Rs256Signer::new(*algorithm, key)?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Rs256Verifier::new(*algorithm, key)?)),
        key_utils: KeyUtils::new_unimplemented(),
    };
    // A second installation is the only way to fail, and the first one serves.
    let _ = PROVIDER.install_default();
}

struct Rs256Signer(KeyPair);

impl Rs256Signer {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, Error> {
        only_rs256(algorithm)?;
        // jsonwebtoken unwraps PKCS#8, so that the bytes are always the PKCS#1 structure.
        KeyPair::from_der(key.as_bytes()).map(Self).map_err(|refusal| ErrorKind::Provider(refusal.to_string()).into())
    }
}

impl Signer<Vec<u8>> for Rs256Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut signed = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed)
            .map_err(|_| signature::Error::new())?;
        Ok(signed)
    }
}

impl JwtSigner for Rs256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Rs256Verifier(DecodingKey);

impl Rs256Verifier {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Error> {
        only_rs256(algorithm)?;
        Ok(Self(key.clone()))
    }
}

impl Verifier<Vec<u8>> for Rs256Verifier {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        match self.0.kind() {
            DecodingKeyKind::SecretOrDer(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, signed)
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
        }
        .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

fn only_rs256(algorithm: Algorithm) -> Result<(), Error> {
    match algorithm {
        Algorithm::RS256 => Ok(()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}
