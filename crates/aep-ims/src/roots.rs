//! The certificates that TLS trusts: the system's, and those of `AEP_CA_FILE` beside them.
//!
//! Loading the system's takes milliseconds, so this runs only when a request over TLS is about to be made.

use std::sync::Arc;

use aep_core::{Context, Environment, Error, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// The trusted certificates, for a connection that is not HTTP.
///
/// # Errors
/// As [`load`].
pub fn root_certificates(context: &Context) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    let roots = certificates(&context.environment)?;
    Ok(roots.iter().map(|root| root.der().to_vec().into()).collect())
}

/// Loads the trusted certificates. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's, as OpenSSL has it.
///
/// # Errors
/// Configuration, when `AEP_CA_FILE` holds no certificate or no certificate is found anywhere.
pub(crate) fn load(environment: &Environment) -> Result<RootCerts> {
    Ok(RootCerts::Specific(Arc::new(certificates(environment)?)))
}

fn certificates(environment: &Environment) -> Result<Vec<Certificate<'static>>> {
    let system = rustls_native_certs::load_native_certs();
    let mut roots: Vec<Certificate<'static>> =
        system.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = environment.path("AEP_CA_FILE") {
        let refuse = |why: &dyn std::fmt::Display| {
            Error::configuration(format!("AEP_CA_FILE names {}: {why}", path.display())).with_hint(
                "AEP_CA_FILE is a PEM file with the certificate of the authority, `-----BEGIN CERTIFICATE-----`",
            )
        };
        let pem = std::fs::read(&path).map_err(|error| refuse(&error))?;
        let before = roots.len();
        for item in parse_pem(&pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|_| refuse(&"it is not valid PEM"))? {
                roots.push(certificate);
            }
        }
        if roots.len() == before {
            return Err(refuse(&"it holds no certificate"));
        }
    }
    if roots.is_empty() {
        let why = system.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(Error::configuration(format!("no trusted certificates were found{why}"))
            .with_hint("install ca-certificates, or set AEP_CA_FILE or SSL_CERT_FILE to a PEM file"));
    }
    Ok(roots)
}
