//! Requests go through the proxy that the rules name, and to no one else.

use std::sync::Arc;

use bytes::Bytes;
use wandb_core::transport::{Proxies, ProxyRules, Settings, TransportErrorKind};

use super::failures::closed_port;
use crate::client::{Subject, fetch, fetch_body, fetch_error, fetch_in_child, get, settings, transport};
use crate::server::{Server, answer};
use crate::tls::Authority;

/// No server has this name, so only a proxy can answer for it.
const FAR: &str = "http://far.invalid:8080/path?query=1";

/// `user:hunter2`, as Basic credentials write it.
const BASIC: &str = "Basic dXNlcjpodW50ZXIy";

fn through(port: u16, credentials: &str) -> Settings {
    let rules = ProxyRules::all(format!("http://{credentials}127.0.0.1:{port}").parse().unwrap());
    Settings { proxies: Proxies::Rules(rules), ..settings() }
}

/// A proxy that answers itself, by what it was asked.
fn forwarding() -> Server {
    Server::answering(|request| answer(200, "", format!("{} {}", request.method, request.target)))
}

/// A proxy that opens a tunnel to `server`, whatever is asked for.
fn tunnelling(server: &Server) -> Server {
    let address = server.address();
    Server::start(move |connection| {
        if connection.request().is_some_and(|request| request.method == "CONNECT") {
            connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n");
            connection.splice(address);
        } else {
            connection.write(&answer(405, "", ""));
        }
    })
}

/// A request for an `http://` address is put to the proxy whole, with its body, over connections used again.
pub fn plain_requests_are_forwarded<S: Subject>() {
    let proxy = forwarding();
    let transport = transport::<S>(&through(proxy.port(), ""));
    for _ in 0..8 {
        let request = http::Request::post(FAR).header("x-own", "kept").body(Bytes::from("body")).unwrap();
        let (_, body) = S::run(fetch(&*transport, request)).unwrap();
        assert_eq!(body, format!("POST {FAR}"));
    }
    for received in proxy.requests() {
        assert_eq!(
            (received.values("host"), received.values("x-own")),
            (vec!["far.invalid:8080"], vec!["kept"])
        );
        assert_eq!(received.body, b"body");
        assert!(received.values("proxy-authorization").is_empty());
    }
    proxy.assert_connections_used_again();
}

/// The proxy's credentials go to the proxy, decoded.
pub fn a_proxy_is_shown_its_credentials<S: Subject>() {
    let proxy = forwarding();
    fetch_body::<S>(&through(proxy.port(), "user:%68unter2@"), FAR);
    assert_eq!(proxy.requests()[0].values("proxy-authorization"), [BASIC]);
}

/// A request for an `https://` address goes through a tunnel, and only the proxy sees its credentials.
pub fn secure_requests_are_tunnelled<S: Subject>() {
    let authority = Authority::new();
    let server = Arc::new(authority.server("far.invalid", |connection| {
        while connection.request().is_some() {
            connection.write(&answer(200, "", "through the tunnel"));
        }
    }));
    let proxy = tunnelling(&server);
    let mut settings = through(proxy.port(), "user:hunter2@");
    settings.root_certificates.push(authority.pem());
    let transport = transport::<S>(&settings);
    for _ in 0..8 {
        let (_, body) = S::run(fetch(&*transport, get("https://far.invalid:8443/path"))).unwrap();
        assert_eq!(body, "through the tunnel");
    }
    let connects = proxy.requests();
    assert_eq!((connects.len(), server.requests().len()), (server.connections(), 8));
    server.assert_connections_used_again();
    assert_eq!(connects[0].target, "far.invalid:8443");
    assert_eq!(connects[0].values("proxy-authorization"), [BASIC]);
    assert!(server.requests().iter().all(|request| request.values("proxy-authorization").is_empty()));
}

/// A proxy that will not open a tunnel, or cannot be reached, leaves no connection.
pub fn a_proxy_that_fails_leaves_no_connection<S: Subject>() {
    let refusing = Server::answering(|_| answer(407, "", ""));
    let hanging_up = Server::sending("");
    for port in [refusing.port(), hanging_up.port(), closed_port()] {
        let kind = fetch_error::<S>(&through(port, ""), "https://far.invalid/");
        assert_eq!(kind, TransportErrorKind::Connect);
    }
    assert_eq!(fetch_error::<S>(&through(closed_port(), ""), FAR), TransportErrorKind::Connect);
}

/// What a proxy answers in place of the server is an answer.
pub fn a_proxys_own_answer_is_an_answer<S: Subject>() {
    let proxy = Server::answering(|_| answer(502, "", "no such host"));
    let transport = transport::<S>(&through(proxy.port(), ""));
    let (head, body) = S::run(fetch(&*transport, get(FAR))).unwrap();
    assert_eq!((head.status.as_u16(), &body[..]), (502, &b"no such host"[..]));
}

/// A host among the exceptions is asked directly.
pub fn an_exception_is_asked_directly<S: Subject>() {
    let proxy = forwarding();
    let server = Server::answering(|_| answer(200, "", "direct"));
    let mut settings = through(proxy.port(), "");
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), format!("GET {}", server.url("/")));
    let rules = settings.proxies.rules(|_| None).unwrap();
    settings.proxies = Proxies::Rules(rules.except("127.0.0.0/8"));
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), "direct");
}

/// A SOCKS proxy is asked to connect by name.
pub fn a_socks_proxy_connects_by_name<S: Subject>() {
    let server = Server::answering(|request| answer(200, "", &request.target));
    let address = server.address();
    let proxy = Server::start(move |connection| {
        // RFC 1928: a greeting, then a request to connect to a named host, here `far.invalid` and a port.
        if connection.exactly(3) == [5, 1, 0] {
            connection.write(&[5, 0]);
            let asked = connection.exactly(4 + 1 + 11 + 2);
            let named = asked.starts_with(&[5, 1, 0, 3, 11]) && &asked[5..16] == b"far.invalid";
            connection.write(&[5, u8::from(!named), 0, 1, 0, 0, 0, 0, 0, 0]);
            connection.splice(address);
        }
    });
    let rules = ProxyRules::all(format!("socks5h://127.0.0.1:{}", proxy.port()).parse().unwrap());
    let settings = Settings { proxies: Proxies::Rules(rules), ..settings() };
    assert_eq!(fetch_body::<S>(&settings, FAR), "/path?query=1");
}

/// The environment names the proxy and the exceptions; a bad address is refused, unshown.
pub fn the_environment_is_followed<S: Subject>() {
    let proxy = forwarding();
    let server = Server::answering(|_| answer(200, "", "direct"));
    let address = format!("http://user:hunter2@127.0.0.1:{}", proxy.port());
    let printed = fetch_in_child(FAR, &[("HTTP_PROXY", &address)]);
    assert!(printed.contains(&format!("body: GET {FAR}")), "{printed}");
    let printed =
        fetch_in_child(&server.url("/"), &[("http_proxy", &address), ("NO_PROXY", "localhost,127.0.0.1")]);
    assert!(printed.contains("body: direct"), "{printed}");
    let printed = fetch_in_child(&server.url("/"), &[("https_proxy", &address)]);
    assert!(printed.contains("body: direct"), "{printed}");
    let printed = fetch_in_child(FAR, &[("ALL_PROXY", "ftp://user:hunter2@proxy.example")]);
    assert!(printed.contains("refused: all_proxy") || printed.contains("refused: ALL_PROXY"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
