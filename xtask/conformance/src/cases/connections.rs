//! Connections are reused, shared and closed.

use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use wandb_core::transport::TransportErrorKind;

use crate::client::{Subject, fetch, get, settings, transport};
use crate::server::{Server, answer, chunk, chunked_head};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Sequential requests share connections, whatever the framing of the bodies.
pub fn sequential_requests_share_connections<S: Subject>() {
    let server = Server::answering(|request| match request.target.as_str() {
        "/0" => answer(200, "", "length"),
        "/1" => [chunked_head(""), chunk(b"chunks"), chunk(b"")].concat(),
        "/2" => answer(500, "", ""),
        _ => b"HTTP/1.1 204 None\r\n\r\n".to_vec(),
    });
    let transport = transport::<S>(&settings());
    server.assert_connections_reused(|| {
        for path in ["/0", "/1", "/2", "/3"] {
            S::run(fetch(&*transport, get(&server.url(path)))).unwrap();
        }
    });
}

/// A connection is not reused after `Connection: close`.
pub fn closing_connection_is_not_reused<S: Subject>() {
    let server = Server::sending(answer(200, "Connection: close\r\n", "bye"));
    let transport = transport::<S>(&settings());
    for _ in 0..5 {
        assert_eq!(S::run(fetch(&*transport, get(&server.url("/")))).unwrap().1, "bye");
    }
    assert_eq!(server.connections(), 5);
}

/// A kept-alive connection that the server closes costs at most one retryable error.
pub fn idle_close_costs_at_most_one_retry<S: Subject>() {
    let server = Server::sending(answer(200, "", "once"));
    let transport = transport::<S>(&settings());
    for _ in 0..20 {
        let first = S::run(fetch(&*transport, get(&server.url("/"))));
        let answered = first.or_else(|error| {
            assert_eq!(error.kind(), TransportErrorKind::Interrupted);
            S::run(fetch(&*transport, get(&server.url("/"))))
        });
        assert_eq!(answered.unwrap().1, "once");
    }
}

/// Keeps a hundred requests in flight at once, and returns each its own response.
pub fn a_hundred_requests_run_concurrently<S: Subject>() {
    let arrived = Arc::new((Mutex::new(0), Condvar::new()));
    let server = Server::answering(move |request| {
        let mut count = arrived.0.lock().unwrap();
        *count += 1;
        arrived.1.notify_all();
        let (count, _) = arrived.1.wait_timeout_while(count, TIMEOUT, |count| *count < 100).unwrap();
        let together = *count >= 100;
        drop(count);
        answer(if together { 200 } else { 500 }, "", &request.target)
    });
    let transport = transport::<S>(&settings());
    let paths: Vec<_> = (0..100).map(|index| format!("/{index}")).collect();
    let answers = S::run(join_all(paths.iter().map(|path| fetch(&*transport, get(&server.url(path))))));
    for (path, answer) in paths.iter().zip(answers) {
        let (head, body) = answer.unwrap();
        assert_eq!((head.status.as_u16(), &body[..]), (200, path.as_bytes()));
    }
}

/// As many connections as the settings allow stay open between bursts of requests.
pub fn concurrent_requests_share_connections<S: Subject>() {
    const AT_ONCE: usize = 40;
    let arrived = Arc::new((Mutex::new(0_usize), Condvar::new()));
    let server = Server::answering(move |request| {
        let mut count = arrived.0.lock().unwrap();
        *count += 1;
        arrived.1.notify_all();
        // Each burst needs all its connections at once.
        let burst = count.div_ceil(AT_ONCE) * AT_ONCE;
        drop(arrived.1.wait_timeout_while(count, TIMEOUT, |count| *count < burst).unwrap());
        answer(200, "", &request.target)
    });
    let transport = transport::<S>(&settings().with_max_idle_per_host(AT_ONCE));
    for _ in 0..10 {
        S::run(async {
            let url = server.url("/");
            for answer in join_all((0..AT_ONCE).map(|_| fetch(&*transport, get(&url)))).await {
                assert_eq!(answer.unwrap().1, "/");
            }
            // Connections return to the pool.
            transport.sleep(Duration::from_millis(20)).await;
        });
    }
    let connections = server.connections();
    assert!(connections <= 2 * AT_ONCE, "400 requests took {connections} connections");
}

/// Dropping a body stops the transfer: the server sees the connection close.
pub fn dropped_body_stops_the_transfer<S: Subject>() {
    let (closed, was_closed) = channel();
    let server = Server::start(move |connection| {
        if connection.request().is_none() {
            return;
        }
        connection.write(&chunked_head(""));
        let block = chunk(&[b'x'; 10_000]);
        let end = std::time::Instant::now() + TIMEOUT;
        while std::time::Instant::now() < end {
            if !connection.write(&block) {
                closed.send(()).unwrap();
                return;
            }
        }
    });
    let transport = transport::<S>(&settings());
    S::run(async {
        let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
        body.chunk().await.unwrap().unwrap();
        drop(body);
        // Lets the executor run, which may clean up after the drop.
        transport.sleep(Duration::from_millis(10)).await;
    });
    was_closed.recv_timeout(TIMEOUT).expect("the connection closes");
}

/// Dropping an unanswered request closes its connection, at once or at its timeout. The transport still works.
pub fn dropped_request_closes_its_connection<S: Subject>() {
    let (closed, was_closed) = channel();
    let server = Server::start(move |connection| match connection.request() {
        Some(request) if request.target == "/answered" => {
            connection.write(&answer(200, "", "answered"));
        }
        Some(_) => closed.send(connection.wait_for_close()).unwrap(),
        None => {}
    });
    let mut settings = settings();
    settings.first_byte_timeout = Duration::from_millis(300);
    let transport = transport::<S>(&settings);
    S::run(async {
        let request = transport.send(get(&server.url("/unanswered")));
        match select(request, transport.sleep(Duration::from_millis(100))).await {
            Either::Left(_) => panic!("nothing was answered"),
            Either::Right(((), request)) => drop(request),
        }
        transport.sleep(Duration::from_millis(10)).await;
    });
    assert!(was_closed.recv_timeout(2 * TIMEOUT).unwrap(), "the connection closes");
    assert_eq!(S::run(fetch(&*transport, get(&server.url("/answered")))).unwrap().1, "answered");
}

/// The clock advances while the transport sleeps.
pub fn clock_advances_during_sleep<S: Subject>() {
    let transport = transport::<S>(&settings());
    let before = transport.now();
    S::run(transport.sleep(Duration::from_millis(20)));
    assert!(transport.now() - before >= Duration::from_millis(20));
}
