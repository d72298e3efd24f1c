//! Failures before a response have the right error kind, which decides whether they are retried.

use std::net::TcpListener;

use wandb_core::transport::{SettingsError, TransportErrorKind};

use crate::client::{Subject, fetch, fetch_body, fetch_error, get, settings, transport};
use crate::server::{Server, answer};

/// A port that nobody listens on.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A port without a listener is a `Connect` error.
pub fn refused_connection_is_a_connect_error<S: Subject>() {
    let url = format!("http://127.0.0.1:{}/", closed_port());
    assert_eq!(fetch_error::<S>(&settings(), &url), TransportErrorKind::Connect);
}

/// A name that does not resolve is a `Connect` error.
pub fn unknown_host_is_a_connect_error<S: Subject>() {
    let kind = fetch_error::<S>(&settings(), "http://nonexistent.invalid/");
    assert_eq!(kind, TransportErrorKind::Connect);
}

/// A response that is not HTTP is a `Protocol` error.
pub fn garbage_is_a_protocol_error<S: Subject>() {
    for garbage in
        ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"]
    {
        let server = Server::sending(garbage);
        assert_eq!(
            fetch_error::<S>(&settings(), &server.url("/")),
            TransportErrorKind::Protocol,
            "{garbage:?}"
        );
    }
}

/// A connection closed before or within the response head is an `Interrupted` error.
pub fn truncated_head_is_interrupted<S: Subject>() {
    for cut in
        ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"]
    {
        let server = Server::sending(cut);
        assert_eq!(
            fetch_error::<S>(&settings(), &server.url("/")),
            TransportErrorKind::Interrupted,
            "{cut:?}"
        );
    }
}

/// A connection reset before or within the response head is an `Interrupted` error.
pub fn reset_in_head_is_interrupted<S: Subject>() {
    for cut in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(cut.as_bytes());
            connection.reset();
        });
        assert_eq!(
            fetch_error::<S>(&settings(), &server.url("/")),
            TransportErrorKind::Interrupted,
            "{cut:?}"
        );
    }
}

/// An address that is not a complete `http://` or `https://` URL is an `InvalidRequest` error.
pub fn partial_url_is_an_invalid_request<S: Subject>() {
    for address in ["/path", "127.0.0.1:80", "ftp://127.0.0.1/"] {
        assert_eq!(fetch_error::<S>(&settings(), address), TransportErrorKind::InvalidRequest, "{address}");
    }
}

/// The transport still works after a failure.
pub fn transport_works_after_failure<S: Subject>() {
    let broken = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut");
    let sound = Server::answering(|_| answer(200, "", "sound"));
    let transport = transport::<S>(&settings());
    for _ in 0..3 {
        S::run(fetch(&*transport, get(&broken.url("/")))).expect_err("a cut body");
        assert_eq!(S::run(fetch(&*transport, get(&sound.url("/")))).unwrap().1, "sound");
    }
}

/// No error shows the URL's query, which may hold signatures, or the headers, which may hold keys.
pub fn errors_hide_secrets<S: Subject>() {
    let cut = Server::sending("");
    let garbage = Server::sending("garbage\r\n\r\n");
    let body = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    let closed = format!("http://127.0.0.1:{}/", closed_port());
    let transport = transport::<S>(&settings());
    let whole = [cut.url("/"), garbage.url("/"), body.url("/"), closed];
    let partial = ["http://nonexistent.invalid/", "ftp://127.0.0.1/", "/path"].map(str::to_owned);
    for url in whole.iter().chain(&partial) {
        let mut request = get(&format!("{url}?X-Signature=hunter2"));
        request.headers_mut().insert("authorization", "Basic hunter2".parse().unwrap());
        let error = S::run(fetch(&*transport, request)).expect_err(url);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// Building a transport fails for invalid settings.
pub fn bad_settings_are_rejected<S: Subject>() {
    let user_agent = settings().with_user_agent("two\nlines");
    assert!(matches!(S::transport(&user_agent), Err(SettingsError::UserAgent { .. })));
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        let certificates = settings().with_root_certificates(pem);
        assert!(matches!(S::transport(&certificates), Err(SettingsError::Certificates { .. })), "{pem}");
    }
}

/// Accepts a response head with many long headers.
pub fn long_head_arrives<S: Subject>() {
    let headers: Vec<_> = (0..90).map(|index| format!("X-Header-{index}: {}\r\n", "v".repeat(400))).collect();
    let headers = headers.concat();
    let server = Server::answering(move |_| answer(200, &headers, "body"));
    assert_eq!(fetch_body::<S>(&settings(), &server.url("/")), "body");
}
