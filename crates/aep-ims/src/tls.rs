//! TLS: the certificates of [`roots`](crate::roots) are trusted, and a server's own certificate where it is one of them.
//!
//! That is what curl does with `--cacert`. rustls alone refuses a certificate that an ordinary `openssl req -x509` made,
//! since it calls itself an authority, and one whose authority is unknown, although it was named itself.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use aep_core::{Context, Environment, Error, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls::{StreamOwned, crypto};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};
use webpki::EndEntityCert;
use x509_cert::der::Decode as _;

use crate::roots;

/// How TLS is spoken here, for a connection that is not HTTP.
///
/// # Errors
/// Configuration, when certificates cannot be used.
pub fn tls_config(context: &Context, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>> {
    config(&context.environment, ca_file)
}

pub(crate) fn config(environment: &Environment, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let named = roots::load(environment, ca_file)?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(named.iter().cloned());
    let provider = Arc::new(crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider)).build();
    let verifier = verifier.map_err(|error| roots::none().with_source(error))?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::fault("TLS has no version in common").with_source(error))?;
    let verifier = Arc::new(Verifier { chains: verifier, named });
    Ok(Arc::new(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

#[derive(Debug)]
struct Verifier {
    chains: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match &verified {
            Err(rustls::Error::InvalidCertificate(fault))
                if is_no_chain(fault) && self.named.iter().any(|named| named == end_entity) =>
            {
                stands_for(end_entity, server_name, now).map_err(rustls::Error::InvalidCertificate)
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Whether nothing else is wrong with a certificate than how authorities lead to it.
fn is_no_chain(fault: &CertificateError) -> bool {
    *fault == CertificateError::UnknownIssuer || is_authority(fault)
}

/// Whether the server shows an authority's certificate.
pub(crate) fn is_authority(fault: &CertificateError) -> bool {
    let CertificateError::Other(other) = fault else { return false };
    other.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// What is left to look at where the certificate itself is trusted: its name and its time.
fn stands_for(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, CertificateError> {
    let parsed = EndEntityCert::try_from(certificate).map_err(|_| CertificateError::BadEncoding)?;
    parsed.verify_is_valid_for_subject_name(name).map_err(|_| CertificateError::NotValidForName)?;
    let parsed = x509_cert::Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate().validity();
    if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired);
    }
    if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet);
    }
    Ok(ServerCertVerified::assertion())
}

/// The last link of ureq's chain; it has none that takes a verifier.
#[derive(Debug)]
pub(crate) struct TlsConnector(pub(crate) Option<Arc<ClientConfig>>);

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        // A proxy that is itself spoken to over TLS sees no more than another: this runs once for each server.
        let Some(config) = self.0.as_ref().filter(|_| details.needs_tls()) else {
            return Ok(Some(Either::A(transport)));
        };
        let host = details.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ureq::Error::Tls("no name of a host"))?;
        let mut connection = ClientConnection::new(Arc::clone(config), name)?;
        let mut socket = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(TlsTransport { buffers, stream: StreamOwned::new(connection, socket) })))
    }
}

/// A connection over TLS.
pub(crate) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsTransport(…)")
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        Ok(self.stream.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
