//! TLS is spoken, and only with those who can be trusted.

use std::io::Write as _;

use wandb_core::transport::{Settings, TransportErrorKind};

use crate::client::{Subject, fetch, fetch_body, fetch_error, fetch_in_child, get, settings, transport};
use crate::server::{Connection, Server, answer};
use crate::tls::Authority;

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
