//! Requests and responses arrive unchanged.

use bytes::Bytes;
use http::Method;

use crate::client::{Subject, fetch, fetch_body, get, settings, transport};
use crate::server::{Server, answer};

/// Returns every status from 200 to 599 as a response, with its headers and, where the status allows one, its body.
pub fn every_status_is_returned<S: Subject>() {
    let server = Server::answering(|request| {
        let status = request.target.trim_start_matches('/').parse().unwrap();
        match status {
            204 | 304 => format!("HTTP/1.1 {status} None\r\nX-Status: {status}\r\n\r\n").into_bytes(),
            _ => answer(status, &format!("X-Status: {status}\r\n"), format!("body of {status}")),
        }
    });
    let transport = transport::<S>(&settings());
    server.assert_connections_reused(|| {
        for status in 200..=599 {
            let request = get(&server.url(&format!("/{status}")));
            let (head, body) =
                S::run(fetch(&*transport, request)).unwrap_or_else(|error| panic!("{status}: {error}"));
            assert_eq!(head.status.as_u16(), status);
            assert_eq!(head.headers["x-status"], *status.to_string());
            let expected =
                if [204, 304].contains(&status) { String::new() } else { format!("body of {status}") };
            assert_eq!(body, expected);
        }
    });
}

/// A redirect is returned, not followed.
pub fn redirects_are_not_followed<S: Subject>() {
    let server = Server::answering(|_| answer(302, "Location: /elsewhere\r\n", "moved"));
    let transport = transport::<S>(&settings());
    for method in [Method::GET, Method::POST] {
        let mut request = get(&server.url("/"));
        *request.method_mut() = method;
        let (head, body) = S::run(fetch(&*transport, request)).unwrap();
        assert_eq!(
            (head.status.as_u16(), &head.headers["location"], &body[..]),
            (302, &"/elsewhere".parse().unwrap(), &b"moved"[..])
        );
    }
    assert!(server.requests().iter().all(|request| request.target == "/"));
}

/// Delivers all response headers: repeated ones in order, names in any case, empty values.
pub fn all_headers_arrive<S: Subject>() {
    let headers = "Set-Cookie: a=1\r\nX-MiXed: Kept As Is\r\nset-cookie: b=2\r\nX-Empty:\r\nX-Spaced:   in the middle  \r\n";
    let server = Server::answering(move |_| answer(200, headers, ""));
    let transport = transport::<S>(&settings());
    let (head, _) = S::run(fetch(&*transport, get(&server.url("/")))).unwrap();
    let cookies: Vec<_> = head.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(head.headers["x-mixed"], "Kept As Is");
    assert_eq!(head.headers["x-empty"], "");
    assert_eq!(head.headers["x-spaced"], "in the middle");
    assert_eq!(head.headers["content-length"], "0");
}

/// Sends method, path, query, headers and a body of every byte value unchanged.
pub fn requests_arrive_unchanged<S: Subject>() {
    let server = Server::answering(|_| answer(200, "", ""));
    let transport = transport::<S>(&settings());
    let body: Bytes = (0..=255).cycle().take(300_000).collect();
    let target = "/files/a%20b/%E2%9C%93/c%2Fd?x=1&y=%22q%22&z=a+b";
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let request = http::Request::builder()
            .method(&method)
            .uri(server.url(target))
            .header("content-type", "application/json")
            .header("x-twice", "one")
            .header("x-twice", "two")
            .body(body.clone());
        S::run(fetch(&*transport, request.unwrap())).unwrap();
        let received = server.requests().pop().unwrap();
        assert_eq!((received.method.as_str(), received.target.as_str()), (method.as_str(), target));
        assert_eq!(received.values("content-type"), ["application/json"]);
        assert_eq!(received.values("x-twice"), ["one", "two"]);
        assert_eq!(received.values("content-length"), ["300000"]);
        assert_eq!(received.values("host"), [server.address().to_string()]);
        assert!(received.body == body, "the body of {method} differs");
    }
}

/// Without a body, GET and HEAD send no `content-length`, and POST and PUT send 0.
pub fn empty_bodies_send_the_right_length<S: Subject>() {
    let server = Server::answering(|_| answer(200, "", ""));
    let transport = transport::<S>(&settings());
    for (method, length) in [("GET", &[][..]), ("HEAD", &[]), ("POST", &["0"]), ("PUT", &["0"])] {
        let request = http::Request::builder().method(method).uri(server.url("/")).body(Bytes::new());
        S::run(transport.send(request.unwrap())).unwrap();
        let received = server.requests().pop().unwrap();
        assert_eq!((received.method.as_str(), received.values("content-length")), (method, length.to_vec()));
        assert!(received.values("transfer-encoding").is_empty());
    }
}

/// Sends the user agent from the settings, unless the request has its own.
pub fn user_agent_comes_from_settings<S: Subject>() {
    let server = Server::answering(|_| answer(200, "", ""));
    let settings = settings().with_user_agent("someone/1.0");
    let transport = transport::<S>(&settings);
    let own = http::Request::get(server.url("/")).header("user-agent", "own/2.0").body(Bytes::new()).unwrap();
    for (request, expected) in [(get(&server.url("/")), "someone/1.0"), (own, "own/2.0")] {
        S::run(fetch(&*transport, request)).unwrap();
        assert_eq!(server.requests().pop().unwrap().values("user-agent"), [expected]);
    }
}

/// Keeps no state between requests: no cookies, no credentials, no referrer.
pub fn no_state_is_kept_between_requests<S: Subject>() {
    let server = Server::answering(|_| answer(401, "Set-Cookie: a=1\r\nWWW-Authenticate: Basic\r\n", ""));
    let transport = transport::<S>(&settings());
    let first =
        http::Request::get(server.url("/")).header("authorization", "Basic eDp5").body(Bytes::new()).unwrap();
    S::run(fetch(&*transport, first)).unwrap();
    S::run(fetch(&*transport, get(&server.url("/")))).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "an answer of 401 is not asked again");
    assert_eq!(requests[0].values("authorization"), ["Basic eDp5"]);
    for name in ["cookie", "authorization", "referer"] {
        assert!(requests[1].values(name).is_empty(), "{name}");
    }
}

/// A HEAD response has headers that describe a body, but no body.
pub fn head_responses_have_no_body<S: Subject>() {
    let server = Server::answering(|_| {
        b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nContent-Encoding: gzip\r\n\r\n".to_vec()
    });
    let transport = transport::<S>(&settings());
    server.assert_connections_reused(|| {
        let request = http::Request::head(server.url("/")).body(Bytes::new()).unwrap();
        let (head, body) = S::run(fetch(&*transport, request)).unwrap();
        assert_eq!((&head.headers["content-length"], body.len()), (&"12345".parse().unwrap(), 0));
    });
}

/// Requests a range uncompressed, and returns the partial body with its headers.
pub fn ranges_return_partial_bodies<S: Subject>() {
    let server = Server::answering(|_| answer(206, "Content-Range: bytes 2-4/10\r\n", "234"));
    let transport = transport::<S>(&settings());
    let request =
        http::Request::get(server.url("/")).header("range", "bytes=2-4").body(Bytes::new()).unwrap();
    let (head, body) = S::run(fetch(&*transport, request)).unwrap();
    assert_eq!((head.status.as_u16(), &body[..]), (206, &b"234"[..]));
    assert_eq!(head.headers["content-range"], "bytes 2-4/10");
    let received = server.requests().pop().unwrap();
    assert_eq!(received.values("range"), ["bytes=2-4"]);
    assert_eq!(received.values("accept-encoding"), ["identity"]);
}

/// Reads an HTTP/1.0 body that ends when the connection closes.
pub fn body_may_end_with_the_connection<S: Subject>() {
    let server = Server::sending("HTTP/1.0 200 OK\r\n\r\nto the end");
    assert_eq!(fetch_body::<S>(&settings(), &server.url("/")), "to the end");
}
