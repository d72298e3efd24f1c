//! The trusted certificates, and a rustls configuration with ring to verify them.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use wandb_core::transport::{Settings, SettingsError};

use crate::verifier::Verifier;

/// Returns a client configuration that trusts the certificates of `SSL_CERT_FILE`, or else the authorities of the
/// enabled features, and the [root certificates](Settings::root_certificates) of the settings.
///
/// A certificate from the file or the settings is also trusted as a server's own.
///
/// # Errors
///
/// [`SettingsError::Certificates`] if the file or a setting has no readable certificate.
pub fn config(settings: &Settings) -> Result<ClientConfig, SettingsError> {
    let mut named = Vec::new();
    let mut trusted = Vec::new();
    match std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
        Some(path) => named.extend(from_file(Path::new(&path))?),
        None => trusted.extend(default_roots()),
    }
    for pem in &settings.root_certificates {
        named.extend(from_pem(pem, "the root certificates of the settings")?);
    }
    trusted.extend(named.iter().cloned());
    let mut roots = RootCertStore::empty();
    // Some system stores contain certificates that rustls cannot parse.
    roots.add_parsable_certificates(trusted);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| SettingsError::Client { source: source.into() })?;
    // The custom verifier cannot be built without roots.
    let builder = if named.is_empty() || roots.is_empty() {
        builder.with_root_certificates(roots)
    } else {
        let verifier = Verifier::new(roots, named, provider)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    Ok(builder.with_no_client_auth())
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let origin = format!("SSL_CERT_FILE={}", path.display());
    let pem = std::fs::read(path).map_err(|source| SettingsError::Certificates {
        origin: origin.clone(),
        source: Some(source.into()),
    })?;
    from_pem(&pem, &origin)
}

fn from_pem(pem: &[u8], origin: &str) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let invalid = |source| SettingsError::Certificates { origin: origin.to_owned(), source };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(invalid(None)),
        Ok(certificates) => Ok(certificates),
        Err(source) => Err(invalid(Some(source.into()))),
    }
}

fn default_roots() -> Vec<CertificateDer<'static>> {
    let trusted = Vec::new();
    #[cfg(feature = "webpki-roots")]
    let trusted = {
        let mut trusted = trusted;
        trusted.extend_from_slice(webpki_root_certs::TLS_SERVER_ROOT_CERTS);
        trusted
    };
    #[cfg(feature = "native-roots")]
    let trusted = {
        let mut trusted = trusted;
        // Without a system store, `http://` still works; `https://` certificates are then untrusted.
        trusted.extend(rustls_native_certs::load_native_certs().certs);
        trusted
    };
    trusted
}
