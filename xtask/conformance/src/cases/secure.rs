//! TLS is spoken, and only with those who can be trusted.

use std::io::Write as _;

use wandb_core::transport::{Settings, TransportErrorKind};

use crate::client::{Subject, fetch, fetch_body, fetch_error, fetch_in_child, get, settings, transport};
use crate::server::{Connection, Server, answer};
use crate::tls::{Authority, OwnCertificate};

fn serve(connection: &mut Connection) {
    while connection.request().is_some() {
        connection.write(&answer(200, "", "secure"));
    }
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.port())
}

fn trusting(authority: &Authority) -> Settings {
    Settings { root_certificates: vec![authority.pem()], ..settings() }
}

/// A certificate of an authority that the settings name is trusted, and the connection is used again.
pub fn a_named_authority_is_trusted<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("localhost", serve);
    let transport = transport::<S>(&trusting(&authority));
    for _ in 0..8 {
        assert_eq!(S::run(fetch(&*transport, get(&url(&server)))).unwrap().1, "secure");
    }
    server.assert_connections_used_again();
}

/// Of several certificates in one PEM each counts.
pub fn a_bundle_is_trusted_whole<S: Subject>() {
    let (other, authority) = (Authority::new(), Authority::new());
    let server = authority.server("localhost", serve);
    let bundle = [other.pem(), "\n# between\n".into(), authority.pem()].concat().into();
    let settings = Settings { root_certificates: vec![bundle], ..settings() };
    assert_eq!(fetch_body::<S>(&settings, &url(&server)), "secure");
}

/// A certificate of an unknown authority is not trusted.
pub fn an_unknown_authority_is_refused<S: Subject>() {
    let server = Authority::new().server("localhost", serve);
    assert_eq!(fetch_error::<S>(&settings(), &url(&server)), TransportErrorKind::Tls);
    assert_eq!(fetch_error::<S>(&trusting(&Authority::new()), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "nothing is said to a stranger");
}

/// A trusted authority's certificate for another host is not trusted.
pub fn another_hosts_certificate_is_refused<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("other.example", serve);
    assert_eq!(fetch_error::<S>(&trusting(&authority), &url(&server)), TransportErrorKind::Tls);
}

/// A port that answers without TLS cannot be spoken to securely.
pub fn a_plain_port_is_refused<S: Subject>() {
    let server = Server::start(|connection| {
        connection.write(&answer(400, "", "plain HTTP here"));
        connection.sees_close();
    });
    assert_eq!(fetch_error::<S>(&settings(), &url(&server)), TransportErrorKind::Tls);
}

/// A connection that ends before TLS is agreed on is no connection, which may be tried again.
pub fn a_cut_handshake_is_no_connection<S: Subject>() {
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

/// A body that ends with the connection is whole only if TLS says so.
pub fn a_body_cut_below_tls_is_interrupted<S: Subject>() {
    let authority = Authority::new();
    let server = authority.server("localhost", |connection| {
        connection.request();
        connection.write(b"HTTP/1.0 200 OK\r\n\r\nperhaps not all");
    });
    let kind = fetch_error::<S>(&trusting(&authority), &url(&server));
    assert_eq!(kind, TransportErrorKind::Interrupted);
}

/// `SSL_CERT_FILE` is believed, a file that holds no certificate is refused by its path, and without it nothing is.
pub fn a_certificate_file_in_the_environment_is_trusted<S: Subject>() {
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

fn naming(certificate: &OwnCertificate) -> Settings {
    Settings { root_certificates: vec![certificate.pem()], ..settings() }
}

/// A server's own certificate is trusted if the settings or the environment name it, although it is that of an authority.
pub fn a_named_certificate_of_the_server_is_trusted<S: Subject>() {
    let certificate = OwnCertificate::of("localhost");
    let server = certificate.server(serve);
    assert_eq!(fetch_body::<S>(&naming(&certificate), &url(&server)), "secure");
    let bundle = [Authority::new().pem(), certificate.pem()].concat().into();
    let settings = Settings { root_certificates: vec![bundle], ..settings() };
    assert_eq!(fetch_body::<S>(&settings, &url(&server)), "secure");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&certificate.pem()).unwrap();
    let path = file.path().to_str().unwrap();
    let printed = fetch_in_child(&url(&server), &[("SSL_CERT_FILE", path)]);
    assert!(printed.contains("body: secure"), "{printed}");
}

/// A certificate that is named is not trusted for another host than it says.
pub fn a_named_certificate_is_trusted_for_its_hosts_alone<S: Subject>() {
    let certificate = OwnCertificate::of("other.example");
    let server = certificate.server(serve);
    assert_eq!(fetch_error::<S>(&naming(&certificate), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "nothing is said to a stranger");
}

/// A certificate that is named is not trusted when its time is over.
pub fn a_named_certificate_is_trusted_in_its_time_alone<S: Subject>() {
    let certificate = OwnCertificate::expired("localhost");
    let server = certificate.server(serve);
    assert_eq!(fetch_error::<S>(&naming(&certificate), &url(&server)), TransportErrorKind::Tls);
}

/// A certificate of the same name and another key is not the one that is named.
pub fn another_certificate_of_the_same_name_is_refused<S: Subject>() {
    let (named, other) = (OwnCertificate::of("localhost"), OwnCertificate::of("localhost"));
    let server = other.server(serve);
    assert_eq!(fetch_error::<S>(&naming(&named), &url(&server)), TransportErrorKind::Tls);
    assert!(server.requests().is_empty(), "nothing is said to a stranger");
}

/// Why a certificate is refused is said in words.
pub fn a_refused_certificate_is_explained<S: Subject>() {
    let said = |server: &Server| {
        let transport = transport::<S>(&settings());
        S::run(fetch(&*transport, get(&url(server)))).expect_err("an error").to_string()
    };
    let own = said(&OwnCertificate::of("localhost").server(serve));
    assert!(own.contains("an authority (CA:TRUE) and is not trusted itself"), "{own}");
    let unknown = said(&Authority::new().server("localhost", serve));
    assert!(unknown.contains("not issued by a trusted authority"), "{unknown}");
}
