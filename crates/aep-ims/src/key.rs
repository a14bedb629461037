//! The private key that signs an assertion, in every form that people have it.
//!
//! Accepted: PKCS#8, PKCS#1 and encrypted PKCS#8 as PEM, with real or `\n`-escaped line ends, CRLF or none at all, as
//! base64 of the PEM or of the DER, or as a JSON array of lines. Anything else is named as what it is, with the openssl
//! command that converts it.

use aep_core::secret::Secret;
use aep_core::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The openssl command that turns any readable private key into the form that everything reads.
const CONVERT: &str = "openssl pkcs8 -topk8 -nocrypt -in KEY -out private.key";

/// An RSA key, ready to sign; wiped when dropped.
pub struct PrivateKey {
    pkcs1: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

impl PrivateKey {
    /// The key as PKCS#1 DER.
    pub fn as_pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }

    /// The key as a PEM, for a tool that signs by itself.
    ///
    /// # Errors
    /// A fault, should the encoding fail.
    pub fn to_pem(&self) -> Result<Secret> {
        use pkcs8::der::pem::{LineEnding, encode_string};
        encode_string("RSA PRIVATE KEY", LineEnding::LF, &self.pkcs1)
            .map(Secret::new)
            .map_err(|error| Error::fault("the private key cannot be written as PEM").with_source(error))
    }

    /// The public half as DER (RFC 8017, appendix A.1.1), as a certificate holds it.
    pub(crate) fn public_key(&self) -> Option<Vec<u8>> {
        use ring::signature::KeyPair as _;
        ring::rsa::KeyPair::from_der(&self.pkcs1).ok().map(|pair| pair.public_key().as_ref().to_vec())
    }
}

/// What a text that should be a private key turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `PRIVATE KEY`
    Pkcs8,
    /// `RSA PRIVATE KEY`
    Pkcs1,
    /// `ENCRYPTED PRIVATE KEY`: needs a passphrase.
    Encrypted,
}

/// Says which form of private key a text is, without a passphrase.
///
/// # Errors
/// Configuration, naming what the text is instead.
pub fn form(text: &Secret) -> Result<Form> {
    let pem = Pem::find(text)?;
    if pem.form == Form::Encrypted {
        // Whether it can be decrypted is the passphrase's matter; whether it is one can be seen.
        EncryptedPrivateKeyInfoRef::try_from(pem.der.as_slice()).map_err(|_| unreadable_encryption())?;
    } else {
        pem.unwrap_rsa()?;
    }
    Ok(pem.form)
}

/// Reads a private key.
///
/// # Errors
/// Configuration, naming what the text is instead, or the passphrase that is missing or wrong.
pub fn read(text: &Secret, passphrase: Option<&Secret>) -> Result<PrivateKey> {
    let pem = Pem::find(text)?;
    if pem.form != Form::Encrypted {
        return pem.unwrap_rsa();
    }
    let passphrase = passphrase.ok_or_else(|| {
        Error::configuration("the private key is encrypted and its passphrase is missing")
            .with_hint("set AEP_PRIVATE_KEY_PASSPHRASE, or add private_key_passphrase to the profile")
    })?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(pem.der.as_slice()).map_err(|_| unreadable_encryption())?;
    let document = encrypted.decrypt(passphrase.expose()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(_) => {
            Error::configuration("the passphrase does not open the private key, or its encryption is not supported")
                .with_hint(CONVERT)
        }
        _ => unreadable_encryption(),
    })?;
    Pem { form: Form::Pkcs8, der: Zeroizing::new(document.as_bytes().to_vec()) }.unwrap_rsa()
}

fn unreadable_encryption() -> Error {
    Error::configuration("the private key is encrypted in a way that is not supported here").with_hint(CONVERT)
}

/// The block of a PEM text that is a private key.
struct Pem {
    form: Form,
    der: Zeroizing<Vec<u8>>,
}

impl Pem {
    fn find(text: &Secret) -> Result<Self> {
        let text = to_pem_text(text.expose());
        let mut refusal = None;
        for (label, body) in blocks(&text) {
            match Self::of_block(label, body) {
                Ok(pem) => return Ok(pem),
                // A certificate may stand before its key; the key decides.
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        Err(refusal.unwrap_or_else(|| {
            if text.contains("PRIVATE KEY-----") {
                return Error::configuration("the private key is cut off: its `-----END …-----` is missing")
                    .with_hint("copy it again, whole");
            }
            Error::configuration(
                "the private key is not one: expected a PEM that starts with `-----BEGIN PRIVATE KEY-----`",
            )
            .with_hint("the Developer Console downloads it as private.key, inside config.zip")
        }))
    }

    fn of_block(label: &str, body: &str) -> Result<Self> {
        let this_is = |what: &str, hint: &str| {
            Err(Error::configuration(format!(
                "this is {what}, where the private key belongs (`-----BEGIN {label}-----`)"
            ))
            .with_hint(hint.to_owned()))
        };
        if body.contains("Proc-Type:") || body.contains("DEK-Info:") {
            return this_is("a private key in the legacy encrypted form", CONVERT);
        }
        let form = match label {
            "PRIVATE KEY" => Form::Pkcs8,
            "RSA PRIVATE KEY" => Form::Pkcs1,
            "ENCRYPTED PRIVATE KEY" => Form::Encrypted,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                return this_is("a public key", "the private key starts with `-----BEGIN PRIVATE KEY-----`");
            }
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                return this_is("a certificate", "the private key is in the other file of config.zip, private.key");
            }
            "CERTIFICATE REQUEST" => {
                return this_is("a certificate request", "the private key is the file it was made with");
            }
            "EC PRIVATE KEY" | "EC PARAMETERS" => return this_is("an EC key", "Adobe IMS takes RSA keys only (RS256)"),
            "OPENSSH PRIVATE KEY" => return this_is("an OpenSSH key", "ssh-keygen -p -m PEM -f KEY"),
            _ => return this_is("something else", "the private key starts with `-----BEGIN PRIVATE KEY-----`"),
        };
        let packed: Zeroizing<String> = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        let der = STANDARD.decode(packed.as_bytes()).map_err(|_| {
            Error::configuration("the private key is damaged: its content is not base64")
                .with_hint("copy it again, whole")
        })?;
        Ok(Self { form, der: Zeroizing::new(der) })
    }

    fn unwrap_rsa(&self) -> Result<PrivateKey> {
        let damaged =
            || Error::configuration("the private key is damaged").with_hint("openssl pkey -in KEY -check -noout");
        let pkcs1 = match self.form {
            Form::Pkcs1 => self.der.to_vec(),
            Form::Encrypted => return Err(Error::fault("an encrypted key was not decrypted")),
            Form::Pkcs8 => {
                let info = PrivateKeyInfoRef::try_from(self.der.as_slice()).map_err(|_| damaged())?;
                match info.algorithm.oid {
                    RSA => info.private_key.as_bytes().to_vec(),
                    EC => {
                        return Err(Error::configuration("this is an EC key, where the private key belongs")
                            .with_hint("Adobe IMS takes RSA keys only (RS256)"));
                    }
                    other => {
                        return Err(Error::configuration(format!("this is a key of the kind {other}, not an RSA key"))
                            .with_hint("Adobe IMS takes RSA keys only (RS256)"));
                    }
                }
            }
        };
        let pkcs1 = Zeroizing::new(pkcs1);
        ring::rsa::KeyPair::from_der(&pkcs1).map_err(|_| {
            // A whole key of 2048 bits takes nearly 1200 bytes.
            if pkcs1.len() < 1100 {
                Error::configuration("the private key is shorter than 2048 bits, or damaged")
                    .with_hint("make a new key pair")
            } else {
                damaged()
            }
        })?;
        Ok(PrivateKey { pkcs1 })
    }
}

/// Undoes what files and variables do to a PEM: escapes, line ends, base64, JSON arrays of lines.
fn to_pem_text(text: &str) -> Zeroizing<String> {
    let text = text.trim_start_matches('\u{feff}').trim().trim_matches('"');
    if text.starts_with('[')
        && let Ok(lines) = serde_json::from_str::<Vec<String>>(text)
    {
        return Zeroizing::new(lines.join("\n"));
    }
    if !text.contains("-----BEGIN") {
        let packed: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        if let Ok(bytes) = STANDARD.decode(packed.as_bytes()).map(Zeroizing::new) {
            if bytes.first() == Some(&0x30) {
                return Zeroizing::new(format!(
                    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                    *packed
                ));
            }
            if let Ok(inner) = std::str::from_utf8(&bytes)
                && inner.contains("-----BEGIN")
            {
                return to_pem_text(inner);
            }
        }
    }
    Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n").replace('\r', ""))
}

/// The blocks of a PEM text, as label and body.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("-----BEGIN ").skip(1).filter_map(|rest| {
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once("-----END")?;
        Some((label, body))
    })
}
