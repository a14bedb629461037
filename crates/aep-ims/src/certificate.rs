//! The certificate of a service account's key: when it ends, and whether it is that key's.
//!
//! The Developer Console hands both out together (`private.key`, `certificate_pub.crt`). Source: RFC 5280, section 4.1.

use ureq::tls::{PemItem, parse_pem};
use x509_cert::der::Decode as _;

use crate::key::PrivateKey;

/// What of a certificate matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    ends_at: i64,
    public_key: Vec<u8>,
}

impl Certificate {
    /// The first certificate in a PEM text; `None` where there is none that can be read.
    pub fn find(pem: &str) -> Option<Self> {
        let der = parse_pem(pem.as_bytes()).find_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate.der().to_vec()),
            _ => None,
        })?;
        let certificate = x509_cert::Certificate::from_der(&der).ok()?;
        let signed = certificate.tbs_certificate();
        let ends_at = signed.validity().not_after.to_unix_duration().as_secs();
        Some(Self {
            ends_at: i64::try_from(ends_at).ok()?,
            public_key: signed.subject_public_key_info().subject_public_key.raw_bytes().to_vec(),
        })
    }

    /// Unix time at which it ends.
    pub fn ends_at(&self) -> i64 {
        self.ends_at
    }

    /// Whether it was made for this key.
    pub fn fits(&self, key: &PrivateKey) -> bool {
        key.public_key().is_some_and(|public| public == self.public_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aep_core::secret::Secret;

    #[test]
    fn the_certificate_of_the_console_fits_its_key() {
        let certificate = Certificate::find(ims_emulator::certificate_pem()).unwrap();
        let key = crate::key::read(&Secret::new(ims_emulator::private_key_pem().to_owned()), None).unwrap();
        assert!(certificate.fits(&key));
        assert!(certificate.ends_at() > 1_700_000_000);
        let of_another_key = Certificate { public_key: vec![0x30, 0x03, 0x02, 0x01, 0x03], ..certificate };
        assert!(!of_another_key.fits(&key));
    }

    #[test]
    fn anything_else_is_no_certificate() {
        for text in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
        {
            assert_eq!(Certificate::find(text), None, "{text}");
        }
    }
}
