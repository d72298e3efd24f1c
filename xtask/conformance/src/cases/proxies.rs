//! Requests go through the proxy that the rules select.

use std::sync::Arc;

use bytes::Bytes;
use wandb_core::transport::{Proxies, ProxyRules, Settings, TransportErrorKind};

use super::failures::closed_port;
use crate::client::{Subject, fetch, fetch_body, fetch_error, fetch_in_child, get, settings, transport};
use crate::server::{Server, answer};
use crate::tls::Authority;

/// An address that does not resolve, so only a proxy can answer for it.
const UNRESOLVABLE: &str = "http://far.invalid:8080/path?query=1";

/// `user:hunter2`, as Basic credentials write it.
const BASIC: &str = "Basic dXNlcjpodW50ZXIy";

fn proxy_settings(port: u16, credentials: &str) -> Settings {
    let rules = ProxyRules::all(format!("http://{credentials}127.0.0.1:{port}").parse().unwrap());
    settings().with_proxies(Proxies::Rules(rules))
}

/// Starts a proxy that responds with the method and target it received.
fn forwarding_proxy() -> Server {
    Server::answering(|request| answer(200, "", format!("{} {}", request.method, request.target)))
}

/// Starts a proxy that tunnels every `CONNECT` to `server`.
fn tunnelling_proxy(server: &Server) -> Server {
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

/// Sends requests for `http://` addresses to the proxy in full, with their body, over reused connections.
pub fn plain_requests_go_to_the_proxy<S: Subject>() {
    let proxy = forwarding_proxy();
    let transport = transport::<S>(&proxy_settings(proxy.port(), ""));
    proxy.assert_connections_reused(|| {
        let request =
            http::Request::post(UNRESOLVABLE).header("x-own", "kept").body(Bytes::from("body")).unwrap();
        let (_, body) = S::run(fetch(&*transport, request)).unwrap();
        assert_eq!(body, format!("POST {UNRESOLVABLE}"));
    });
    for received in proxy.requests() {
        assert_eq!(
            (received.values("host"), received.values("x-own")),
            (vec!["far.invalid:8080"], vec!["kept"])
        );
        assert_eq!(received.body, b"body");
        assert!(received.values("proxy-authorization").is_empty());
    }
}

/// Percent-decodes the proxy's credentials and sends them to the proxy.
pub fn proxy_receives_its_credentials<S: Subject>() {
    let proxy = forwarding_proxy();
    fetch_body::<S>(&proxy_settings(proxy.port(), "user:%68unter2@"), UNRESOLVABLE);
    assert_eq!(proxy.requests()[0].values("proxy-authorization"), [BASIC]);
}

/// Sends requests for `https://` addresses through a tunnel. Only the proxy sees its credentials.
pub fn secure_requests_are_tunnelled<S: Subject>() {
    let authority = Authority::new();
    let server = Arc::new(authority.server("far.invalid", |connection| {
        while connection.request().is_some() {
            connection.write(&answer(200, "", "through the tunnel"));
        }
    }));
    let proxy = tunnelling_proxy(&server);
    let mut settings = proxy_settings(proxy.port(), "user:hunter2@");
    settings.root_certificates.push(authority.pem());
    let transport = transport::<S>(&settings);
    server.assert_connections_reused(|| {
        let (_, body) = S::run(fetch(&*transport, get("https://far.invalid:8443/path"))).unwrap();
        assert_eq!(body, "through the tunnel");
    });
    // A client may open a tunnel while its connection is on the way back to the pool, and then leave the tunnel unused.
    let (connections, connects) = (server.connections(), proxy.requests());
    assert!(connects.len() >= connections, "{} tunnels for {connections} connections", connects.len());
    for connect in connects {
        assert_eq!(connect.target, "far.invalid:8443");
        assert_eq!(connect.values("proxy-authorization"), [BASIC]);
    }
    assert!(server.requests().iter().all(|request| request.values("proxy-authorization").is_empty()));
}

/// A proxy that opens no tunnel, or is unreachable, is a `Connect` error.
pub fn failing_proxy_is_a_connect_error<S: Subject>() {
    let refusing = Server::answering(|_| answer(407, "", ""));
    let hanging_up = Server::sending("");
    for port in [refusing.port(), hanging_up.port(), closed_port()] {
        let kind = fetch_error::<S>(&proxy_settings(port, ""), "https://far.invalid/");
        assert_eq!(kind, TransportErrorKind::Connect);
    }
    assert_eq!(
        fetch_error::<S>(&proxy_settings(closed_port(), ""), UNRESOLVABLE),
        TransportErrorKind::Connect
    );
}

/// Returns the proxy's own response to a plain request as the response.
pub fn proxy_response_is_returned<S: Subject>() {
    let proxy = Server::answering(|_| answer(502, "", "no such host"));
    let transport = transport::<S>(&proxy_settings(proxy.port(), ""));
    let (head, body) = S::run(fetch(&*transport, get(UNRESOLVABLE))).unwrap();
    assert_eq!((head.status.as_u16(), &body[..]), (502, &b"no such host"[..]));
}

/// Connects directly to a host in the exceptions.
pub fn exceptions_bypass_the_proxy<S: Subject>() {
    let proxy = forwarding_proxy();
    let server = Server::answering(|_| answer(200, "", "direct"));
    let mut settings = proxy_settings(proxy.port(), "");
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), format!("GET {}", server.url("/")));
    let rules = settings.proxies.rules(|_| None).unwrap();
    settings.proxies = Proxies::Rules(rules.except("127.0.0.0/8"));
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), "direct");
}

/// Asks a SOCKS proxy to connect by host name.
pub fn socks_proxy_connects_by_name<S: Subject>() {
    let server = Server::answering(|request| answer(200, "", &request.target));
    let address = server.address();
    let proxy = Server::start(move |connection| {
        // RFC 1928: a greeting, then a request to connect to a named host, here `far.invalid` and a port.
        if connection.read_up_to(3) == [5, 1, 0] {
            connection.write(&[5, 0]);
            let request = connection.read_up_to(4 + 1 + 11 + 2);
            let named = request.starts_with(&[5, 1, 0, 3, 11]) && &request[5..16] == b"far.invalid";
            connection.write(&[5, u8::from(!named), 0, 1, 0, 0, 0, 0, 0, 0]);
            connection.splice(address);
        }
    });
    let rules = ProxyRules::all(format!("socks5h://127.0.0.1:{}", proxy.port()).parse().unwrap());
    let settings = settings().with_proxies(Proxies::Rules(rules));
    assert_eq!(fetch_body::<S>(&settings, UNRESOLVABLE), "/path?query=1");
}

/// Takes the proxy and the exceptions from the environment. A bad address is rejected without being shown.
pub fn proxies_come_from_the_environment<S: Subject>() {
    let proxy = forwarding_proxy();
    let server = Server::answering(|_| answer(200, "", "direct"));
    let address = format!("http://user:hunter2@127.0.0.1:{}", proxy.port());
    let printed = fetch_in_child(UNRESOLVABLE, &[("HTTP_PROXY", &address)]);
    assert!(printed.contains(&format!("body: GET {UNRESOLVABLE}")), "{printed}");
    let printed =
        fetch_in_child(&server.url("/"), &[("http_proxy", &address), ("NO_PROXY", "localhost,127.0.0.1")]);
    assert!(printed.contains("body: direct"), "{printed}");
    let printed = fetch_in_child(&server.url("/"), &[("https_proxy", &address)]);
    assert!(printed.contains("body: direct"), "{printed}");
    let printed = fetch_in_child(UNRESOLVABLE, &[("ALL_PROXY", "ftp://user:hunter2@proxy.example")]);
    assert!(printed.contains("refused: all_proxy") || printed.contains("refused: ALL_PROXY"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
