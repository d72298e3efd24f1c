//! What never became an answer is an error of the right kind, which decides whether it is tried again.

use std::net::TcpListener;

use wandb_core::transport::{Settings, SettingsError, TransportErrorKind};

use crate::client::{Subject, fetch, fetch_body, fetch_error, get, settings, transport};
use crate::server::{Server, answer};

/// A port that nobody listens on.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Nobody listens: no connection.
pub fn a_refused_connection<S: Subject>() {
    let url = format!("http://127.0.0.1:{}/", closed_port());
    assert_eq!(fetch_error::<S>(&settings(), &url), TransportErrorKind::Connect);
}

/// Nobody has that name: no connection.
pub fn an_unknown_host<S: Subject>() {
    let kind = fetch_error::<S>(&settings(), "http://nonexistent.invalid/");
    assert_eq!(kind, TransportErrorKind::Connect);
}

/// The answer is not HTTP.
pub fn garbage_breaks_the_protocol<S: Subject>() {
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

/// The connection ends before an answer begins, or within its head.
pub fn an_answer_cut_in_its_head_is_interrupted<S: Subject>() {
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

/// The connection is reset before an answer begins, or within its head.
pub fn a_reset_in_the_head_is_interrupted<S: Subject>() {
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

/// An address that is not a whole `http://` or `https://` one cannot be asked.
pub fn a_partial_address_is_an_invalid_request<S: Subject>() {
    for address in ["/path", "127.0.0.1:80", "ftp://127.0.0.1/"] {
        assert_eq!(fetch_error::<S>(&settings(), address), TransportErrorKind::InvalidRequest, "{address}");
    }
}

/// After a failure the transport works on.
pub fn a_failure_is_not_for_good<S: Subject>() {
    let broken = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut");
    let sound = Server::answering(|_| answer(200, "", "sound"));
    let transport = transport::<S>(&settings());
    for _ in 0..3 {
        S::run(fetch(&*transport, get(&broken.url("/")))).expect_err("a cut body");
        assert_eq!(S::run(fetch(&*transport, get(&sound.url("/")))).unwrap().1, "sound");
    }
}

/// No error repeats the query of the address, where signatures are, or the headers, where keys are.
pub fn errors_keep_secrets<S: Subject>() {
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

/// Settings that cannot be followed are refused at once.
pub fn bad_settings_are_refused<S: Subject>() {
    let user_agent = Settings { user_agent: "two\nlines".to_owned(), ..settings() };
    assert!(matches!(S::transport(&user_agent), Err(SettingsError::UserAgent { .. })));
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        let certificates = Settings { root_certificates: vec![pem.into()], ..settings() };
        assert!(matches!(S::transport(&certificates), Err(SettingsError::Certificates { .. })), "{pem}");
    }
}

/// Header names and values that the settings' limits allow for arrive however many there are.
pub fn a_long_head_arrives<S: Subject>() {
    let headers: Vec<_> = (0..90).map(|index| format!("X-Header-{index}: {}\r\n", "v".repeat(400))).collect();
    let headers = headers.concat();
    let server = Server::answering(move |_| answer(200, &headers, "body"));
    assert_eq!(fetch_body::<S>(&settings(), &server.url("/")), "body");
}
