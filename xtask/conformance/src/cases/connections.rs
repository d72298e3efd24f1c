//! Connections are used again, shared out and given up.

use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use wandb_core::transport::TransportErrorKind;

use crate::client::{Subject, fetch, get, settings, transport};
use crate::server::{Server, answer, chunk, chunked_head};

const PATIENCE: Duration = Duration::from_secs(10);

/// Requests one after another share connections, whatever the shape of the bodies.
pub fn a_connection_serves_many_requests<S: Subject>() {
    let server = Server::answering(|request| match request.target.as_str() {
        "/0" => answer(200, "", "length"),
        "/1" => [chunked_head(""), chunk(b"chunks"), chunk(b"")].concat(),
        "/2" => answer(500, "", ""),
        _ => b"HTTP/1.1 204 None\r\n\r\n".to_vec(),
    });
    let transport = transport::<S>(&settings());
    for index in 0..40 {
        S::run(fetch(&*transport, get(&server.url(&format!("/{}", index % 4))))).unwrap();
    }
    assert_eq!(server.requests().len(), 40);
    server.assert_connections_used_again();
}

/// A server that says it will close is not asked on that connection again.
pub fn a_closing_connection_is_not_used_again<S: Subject>() {
    let server = Server::sending(answer(200, "Connection: close\r\n", "bye"));
    let transport = transport::<S>(&settings());
    for _ in 0..5 {
        assert_eq!(S::run(fetch(&*transport, get(&server.url("/")))).unwrap().1, "bye");
    }
    assert_eq!(server.connections(), 5);
}

/// A kept connection that the server closes unsaid costs at most an error that is tried again.
pub fn a_connection_closed_while_idle_costs_a_retry_at_most<S: Subject>() {
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

/// A hundred requests are in flight at once, and each gets its own answer.
pub fn a_hundred_requests_at_once<S: Subject>() {
    let arrived = Arc::new((Mutex::new(0), Condvar::new()));
    let server = Server::answering(move |request| {
        let mut count = arrived.0.lock().unwrap();
        *count += 1;
        arrived.1.notify_all();
        let (count, _) = arrived.1.wait_timeout_while(count, PATIENCE, |count| *count < 100).unwrap();
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

/// Dropping a body ends the transfer: the server sees the connection close.
pub fn a_dropped_body_ends_the_transfer<S: Subject>() {
    let (closed, told) = channel();
    let server = Server::start(move |connection| {
        if connection.request().is_none() {
            return;
        }
        connection.write(&chunked_head(""));
        let block = chunk(&[b'x'; 10_000]);
        let end = std::time::Instant::now() + PATIENCE;
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
        // A little of the executor's time, for what it does after a drop.
        transport.sleep(Duration::from_millis(10)).await;
    });
    told.recv_timeout(PATIENCE).expect("the connection closes");
}

/// Dropping a request that is not answered gives it up, at once or when its time is up, and the transport works on.
pub fn a_dropped_request_is_given_up<S: Subject>() {
    let (seen, told) = channel();
    let server = Server::start(move |connection| match connection.request() {
        Some(request) if request.target == "/answered" => {
            connection.write(&answer(200, "", "answered"));
        }
        Some(_) => seen.send(connection.sees_close()).unwrap(),
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
    assert!(told.recv_timeout(2 * PATIENCE).unwrap(), "the connection closes");
    assert_eq!(S::run(fetch(&*transport, get(&server.url("/answered")))).unwrap().1, "answered");
}

/// The clock goes on while the transport sleeps.
pub fn the_clock_goes_on<S: Subject>() {
    let transport = transport::<S>(&settings());
    let before = transport.now();
    S::run(transport.sleep(Duration::from_millis(20)));
    assert!(transport.now() - before >= Duration::from_millis(20));
}
