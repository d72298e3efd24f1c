//! Verification of server certificates, by trusted authorities or by an explicitly trusted certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use wandb_core::transport::SettingsError;

/// Trusts certificates issued by trusted authorities, and those that the user has named.
///
/// `openssl req -x509` creates the certificate of an authority (CA:TRUE), which self-hosted servers then use as their
/// own. The standard does not allow that. Such a certificate is accepted if the user has named it, for its host names
/// and validity period.
#[derive(Debug)]
pub(crate) struct Verifier {
    by_authority: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// Creates a verifier. `roots` are all authorities; `named` are the certificates named by the user.
    pub(crate) fn new(
        roots: RootCertStore,
        named: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, SettingsError> {
        let by_authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let by_authority = by_authority.map_err(|source| SettingsError::Client { source: source.into() })?;
        Ok(Self { by_authority, named })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.by_authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(error)
                if is_about_the_issuer(&error) && self.named.iter().any(|named| named == end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authority.supported_verify_schemes()
    }
}

/// Returns true if a certificate was rejected for its issuer, or because it is that of an authority. Its validity
/// period has been checked before.
fn is_about_the_issuer(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)))
}

/// Explains the rejection of a certificate in words. `None` if the error's own text says enough.
pub fn explain(error: &Error) -> Option<&'static str> {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Some("the server's certificate is not issued by a trusted authority")
        }
        // rustls has no dedicated variant for this error.
        Error::InvalidCertificate(CertificateError::Other(other))
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            Some("the server's certificate is that of an authority (CA:TRUE) and is not trusted itself")
        }
        _ => None,
    }
}
