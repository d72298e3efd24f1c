//! TLS connections, and which certificates are trusted.

use std::io::Write as _;

use wandb_core::transport::{Settings, TransportErrorKind};

use crate::client::{Subject, fetch, fetch_body, fetch_error, fetch_in_child, get, settings, transport};
use crate::server::{Connection, Server, answer};
use crate::tls::{Authority, SelfSigned};

fn serve(connection: &mut Connection) {
    while connection.request().is_some() {
        connection.write(&answer(200, "", "secure"));
    }
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.port())
}

fn trusting(authority: &Authority) -> Settings {
    settings().with_root_certificates(authority.pem())
}

/// Trusts a certificate issued by an authority in the settings, and reuses the connection.
pub fn configured_authority_is_trusted<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("localhost", serve);
    let transport = transport::<S>(&trusting(&authority));
    server.assert_connections_reused(|| {
        assert_eq!(S::run(fetch(&*transport, get(&url(&server)))).unwrap().1, "secure");
    });
}

/// Trusts every certificate in a PEM bundle.
pub fn whole_bundle_is_trusted<S: Subject>() {
    let (other, authority) = (Authority::new(), Authority::new());
    let server = authority.server("localhost", serve);
    let bundle = [other.pem(), "\n# between\n".into(), authority.pem()].concat();
    let settings = settings().with_root_certificates(bundle);
    assert_eq!(fetch_body::<S>(&settings, &url(&server)), "secure");
}

/// Rejects a certificate of an unknown authority.
pub fn unknown_authority_is_rejected<S: Subject>() {
    let server = Authority::new().server("localhost", serve);
    assert_eq!(fetch_error::<S>(&settings(), &url(&server)), TransportErrorKind::Tls);
    assert_eq!(fetch_error::<S>(&trusting(&Authority::new()), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "no request reaches an untrusted server");
}

/// Rejects a trusted authority's certificate for another host.
pub fn certificate_of_another_host_is_rejected<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("other.example", serve);
    assert_eq!(fetch_error::<S>(&trusting(&authority), &url(&server)), TransportErrorKind::Tls);
}

/// Reports a TLS error for a port that speaks plain HTTP.
pub fn plain_http_port_is_a_tls_error<S: Subject>() {
    let server = Server::start(|connection| {
        connection.write(&answer(400, "", "plain HTTP here"));
        connection.wait_for_close();
    });
    assert_eq!(fetch_error::<S>(&settings(), &url(&server)), TransportErrorKind::Tls);
}

/// A connection that closes during the TLS handshake is a `Connect` error, which can be retried.
pub fn cut_handshake_is_a_connect_error<S: Subject>() {
    for reset in [false, true] {
        let server = Server::start(move |connection| {
            if reset {
                connection.reset();
            }
        });
        assert_eq!(
            fetch_error::<S>(&settings(), &url(&server)),
            TransportErrorKind::Connect,
            "reset: {reset}"
        );
    }
}

/// A body that ends with the connection is complete only if TLS was closed cleanly.
pub fn body_without_close_notify_is_interrupted<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("localhost", |connection| {
        connection.request();
        connection.write(b"HTTP/1.0 200 OK\r\n\r\nperhaps not all");
    });
    let kind = fetch_error::<S>(&trusting(&authority), &url(&server));
    assert_eq!(kind, TransportErrorKind::Interrupted);
}

/// Trusts the certificates in `SSL_CERT_FILE`. A file without certificates is rejected with its path in the error; if
/// the variable is empty, nothing extra is trusted.
pub fn ssl_cert_file_is_trusted<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("localhost", serve);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&authority.pem()).unwrap();
    let path = file.path().to_str().unwrap();
    let printed = fetch_in_child(&url(&server), &[("SSL_CERT_FILE", path)]);
    assert!(printed.contains("body: secure"), "{printed}");
    let printed = fetch_in_child(&url(&server), &[("SSL_CERT_FILE", "")]);
    assert!(printed.contains("error: Tls"), "{printed}");
    let printed = fetch_in_child(&url(&server), &[("SSL_CERT_FILE", "/nonexistent/authorities.pem")]);
    assert!(printed.contains("refused: ") && printed.contains("/nonexistent/authorities.pem"), "{printed}");
}

fn trusting_self_signed(certificate: &SelfSigned) -> Settings {
    settings().with_root_certificates(certificate.pem())
}

/// Trusts a server's self-signed certificate that the settings or the environment name, although it is marked as an
/// authority (CA:TRUE).
pub fn configured_self_signed_is_trusted<S: Subject>() {
    let certificate = SelfSigned::of("localhost");
    let server = certificate.server(serve);
    assert_eq!(fetch_body::<S>(&trusting_self_signed(&certificate), &url(&server)), "secure");
    let bundle = [Authority::new().pem(), certificate.pem()].concat();
    let settings = settings().with_root_certificates(bundle);
    assert_eq!(fetch_body::<S>(&settings, &url(&server)), "secure");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&certificate.pem()).unwrap();
    let path = file.path().to_str().unwrap();
    let printed = fetch_in_child(&url(&server), &[("SSL_CERT_FILE", path)]);
    assert!(printed.contains("body: secure"), "{printed}");
}

/// Rejects a trusted self-signed certificate for a host that it does not name.
pub fn self_signed_for_another_host_is_rejected<S: Subject>() {
    let certificate = SelfSigned::of("other.example");
    let server = certificate.server(serve);
    assert_eq!(fetch_error::<S>(&trusting_self_signed(&certificate), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "no request reaches an untrusted server");
}

/// Rejects a trusted self-signed certificate that has expired.
pub fn expired_self_signed_is_rejected<S: Subject>() {
    let certificate = SelfSigned::expired("localhost");
    let server = certificate.server(serve);
    assert_eq!(fetch_error::<S>(&trusting_self_signed(&certificate), &url(&server)), TransportErrorKind::Tls);
}

/// Rejects a certificate with the trusted one's name and another key.
pub fn same_name_with_another_key_is_rejected<S: Subject>() {
    let (named, other) = (SelfSigned::of("localhost"), SelfSigned::of("localhost"));
    let server = other.server(serve);
    assert_eq!(fetch_error::<S>(&trusting_self_signed(&named), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "no request reaches an untrusted server");
}

/// The error explains why a certificate was rejected.
pub fn rejected_certificate_is_explained<S: Subject>() {
    let message = |server: &Server| {
        let transport = transport::<S>(&settings());
        S::run(fetch(&*transport, get(&url(server)))).expect_err("an error").to_string()
    };
    let own = message(&SelfSigned::of("localhost").server(serve));
    assert!(own.contains("an authority (CA:TRUE) and is not trusted itself"), "{own}");
    let unknown = message(&Authority::new().server("localhost", serve));
    assert!(unknown.contains("not issued by a trusted authority"), "{unknown}");
}
