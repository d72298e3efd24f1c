use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::server::{Connection, Server, Stream};

/// A certificate authority that is untrusted by default.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The authority's certificate.
    pub(crate) fn pem(&self) -> Bytes {
        self.pem.clone().into()
    }

    /// Starts a TLS server with a certificate for `host`.
    pub(crate) fn server(
        &self,
        host: &str,
        serve: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Server {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        start(&certificate, &key, serve)
    }
}

/// A self-signed certificate marked as an authority (CA:TRUE), as `openssl req -x509` creates by default.
pub(crate) struct SelfSigned {
    key: KeyPair,
    certificate: Certificate,
}

impl SelfSigned {
    pub(crate) fn of(host: &str) -> Self {
        Self::with(host, |_| {})
    }

    /// An expired certificate.
    pub(crate) fn expired(host: &str) -> Self {
        Self::with(host, |params| {
            (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
        })
    }

    fn with(host: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        Self { key, certificate }
    }

    pub(crate) fn pem(&self) -> Bytes {
        self.certificate.pem().into()
    }

    /// Starts a TLS server with this certificate.
    pub(crate) fn server(&self, serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server {
        start(&self.certificate, &self.key, serve)
    }
}

fn start(
    certificate: &Certificate,
    key: &KeyPair,
    serve: impl Fn(&mut Connection) + Send + Sync + 'static,
) -> Server {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    Server::over(move |socket| wrap(&config, socket), serve)
}

fn wrap(config: &Arc<ServerConfig>, mut socket: TcpStream) -> Option<Box<dyn Stream>> {
    let mut tls = ServerConnection::new(Arc::clone(config)).unwrap();
    tls.complete_io(&mut socket).ok()?;
    Some(Box::new(StreamOwned::new(tls, socket)))
}
