//! The certificates that TLS trusts: the system's, and those of `AEP_CA_FILE`, else of the profile's `ca_file`, beside them.
//!
//! Loading the system's takes milliseconds, so this runs only when a request over TLS is about to be made.

use std::path::{Path, PathBuf};

use aep_core::{Context, Environment, Error, Result, text, trust};
use rustls::pki_types::CertificateDer;
use ureq::tls::{PemItem, parse_pem};

/// A whole system's authorities take 250 KB.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The trusted certificates, for a program that wants them in a file.
///
/// # Errors
/// Configuration, when a file that is named holds no certificate, or none is found anywhere.
pub fn root_certificates(context: &Context, ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>> {
    load(&context.environment, ca_file)
}

/// Names the files that [`root_certificates`] reads and when each was last changed, at a fraction of its cost. `None` where
/// the system has no such files, and all must be loaded to see whether anything changed.
pub fn stamp_of_roots(context: &Context, ca_file: Option<&Path>) -> Option<String> {
    let mut paths = files_of_the_system()?;
    paths.extend(own(&context.environment, ca_file).map(|(_, path)| path));
    let mut stamp = String::new();
    for path in paths {
        let (changed, size) = match std::fs::metadata(&path) {
            Ok(metadata) => (metadata.modified().ok().map(|time| format!("{time:?}")), metadata.len()),
            Err(_) => (None, 0),
        };
        stamp.push_str(&format!("{path:?} {changed:?} {size}\n"));
    }
    Some(stamp)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn files_of_the_system() -> Option<Vec<std::path::PathBuf>> {
    let found = openssl_probe::probe();
    Some(found.cert_file.into_iter().chain(found.cert_dir).collect())
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn files_of_the_system() -> Option<Vec<std::path::PathBuf>> {
    None
}

/// Loads the trusted certificates. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's, as OpenSSL has it.
///
/// # Errors
/// Configuration, when the own file holds no certificate or no certificate is found anywhere.
pub(crate) fn load(environment: &Environment, ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>> {
    let (mut roots, fault) = match environment.path("SSL_CERT_FILE") {
        Some(path) => (read(environment, "SSL_CERT_FILE", &path)?, None),
        None => {
            trust_folders(environment)?;
            let system = rustls_native_certs::load_native_certs();
            let fault = system.errors.first().map(ToString::to_string);
            (system.certs, fault)
        }
    };
    if let Some((name, path)) = own(environment, ca_file) {
        roots.extend(read(environment, name, &path)?);
    }
    if roots.is_empty() {
        if let Some(folders) = environment.path("SSL_CERT_DIR").filter(|_| environment.path("SSL_CERT_FILE").is_none())
        {
            return Err(Error::configuration(format!(
                "SSL_CERT_DIR names {}, where no certificates are",
                folders.display()
            ))
            .with_hint("unset SSL_CERT_DIR, which stands in the place of the system's"));
        }
        if let Some(fault) = fault {
            return Err(none().with_source(std::io::Error::other(fault)));
        }
        return Err(none());
    }
    Ok(roots)
}

/// The file that is read beside the system's, and what names it; no shell has expanded a `~/` in quotes.
pub(crate) fn own(environment: &Environment, ca_file: Option<&Path>) -> Option<(&'static str, PathBuf)> {
    let Some(path) = environment.path("AEP_CA_FILE") else { return ca_file.map(|path| ("ca_file", path.to_owned())) };
    let path = match (path.strip_prefix("~"), trust::home(environment)) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    };
    Some(("AEP_CA_FILE", path))
}

pub(crate) fn none() -> Error {
    Error::configuration("no trusted certificates were found on this system")
        .with_hint("install ca-certificates, or set AEP_CA_FILE or SSL_CERT_FILE to a PEM file")
}

/// Looks at the folders that `SSL_CERT_DIR` names, which are read in the system's place, as at a file that is named.
fn trust_folders(environment: &Environment) -> Result<()> {
    let Some(folders) = environment.path("SSL_CERT_DIR") else { return Ok(()) };
    for folder in std::env::split_paths(&folders) {
        // One that is not there holds nothing.
        for item in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = item.path();
            match trust::open(&path, trust::home(environment).as_deref()) {
                Ok(_) | Err(trust::OpenError::Absent) => {}
                Err(_) if path.is_dir() => {}
                Err(error) => {
                    return Err(error.to_error(format!("SSL_CERT_DIR: {error}")));
                }
            }
        }
    }
    Ok(())
}

/// The certificates of a file that a variable or a profile names. Whoever can write it could stand in for IMS, so that it
/// must be trusted as a profile is.
fn read(environment: &Environment, variable: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let refuse =
        |why: &dyn std::fmt::Display| Error::configuration(format!("{variable} names {}: {why}", path.display()));
    let what = format!("{variable} is a PEM file with the certificate of the authority, `-----BEGIN CERTIFICATE-----`");
    let pem = trust::read_bounded(path, trust::home(environment).as_deref(), MOST_BYTES).map_err(|error| {
        match &error {
            trust::OpenError::Absent => refuse(&"it is not there").with_hint(what.clone()),
            error => error.to_error(format!("{variable}: {error}")),
        }
        .with_cause(error.cause())
    })?;
    // As Windows and a browser save it.
    if pem.starts_with(b"\x30\x82") {
        return Err(refuse(&"it is a certificate in DER, and PEM is expected")
            .with_hint(format!("openssl x509 -inform der -in {} -out ca.pem", path.display())));
    }
    let mut found = Vec::new();
    let pem = text::decode(pem).ok_or_else(|| refuse(&"it is no text in UTF-8 or UTF-16").with_hint(what.clone()))?;
    for item in parse_pem(pem.as_bytes()) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate.der().to_vec().into()),
            Ok(_) => {}
            Err(_) => return Err(refuse(&"it is not valid PEM").with_hint(what)),
        }
    }
    if found.is_empty() { Err(refuse(&"it holds no certificate").with_hint(what)) } else { Ok(found) }
}
