//! Each phase has its limit, and no other phase's.

use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wandb_core::transport::{Phase, Settings, TransportErrorKind};

use crate::client::{Subject, fetch_body, fetch_error, settings};
use crate::server::{Server, chunk, chunked_head};

const SHORT: Duration = Duration::from_millis(100);

/// A server that takes connections and keeps silent runs out the time for connecting, when TLS has to be agreed on.
pub fn connecting_has_a_limit<S: Subject>() {
    let server = Server::start(|connection| {
        connection.sees_close();
    });
    let url = format!("https://127.0.0.1:{}/", server.port());
    let settings = Settings { connect_timeout: SHORT, ..settings() };
    assert_eq!(fetch_error::<S>(&settings, &url), TransportErrorKind::Timeout(Phase::Connect));
}

/// A server that takes no connections at all runs out the time for connecting.
///
/// Only Linux is known to leave connections waiting beyond a full queue.
#[cfg(target_os = "linux")]
pub fn an_unaccepted_connection_has_a_limit<S: Subject>() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::from(std::net::SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, SHORT);
    let waiting: Vec<_> = std::iter::repeat_with(connect).map_while(Result::ok).take(64).collect();
    assert!(waiting.len() < 64, "the queue never fills");
    let settings = Settings { connect_timeout: SHORT, ..settings() };
    let kind = fetch_error::<S>(&settings, &format!("http://{address}/"));
    assert_eq!(kind, TransportErrorKind::Timeout(Phase::Connect));
}

/// A server that does not answer runs out the time for the first byte.
pub fn the_first_byte_has_a_limit<S: Subject>() {
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-"] {
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(begun.as_bytes());
            connection.sees_close();
        });
        let settings = Settings { first_byte_timeout: SHORT, ..settings() };
        let kind = fetch_error::<S>(&settings, &server.url("/"));
        assert_eq!(kind, TransportErrorKind::Timeout(Phase::FirstByte), "after {begun:?}");
    }
}

/// A head that comes a byte at a time runs out the time for the first byte, too.
pub fn a_trickling_head_has_a_limit<S: Subject>() {
    let server = Server::start(|connection| {
        connection.request();
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Long: 0123456789\r\n" {
            connection.write(&[*byte]);
            thread::sleep(SHORT / 4);
        }
        connection.sees_close();
    });
    let settings = Settings { first_byte_timeout: SHORT, ..settings() };
    let kind = fetch_error::<S>(&settings, &server.url("/"));
    assert_eq!(kind, TransportErrorKind::Timeout(Phase::FirstByte));
}

/// The wait for the first byte may be longer than a pause in a body may be.
pub fn the_first_byte_may_take_longer_than_a_pause<S: Subject>() {
    let server = Server::start(|connection| {
        connection.request();
        thread::sleep(3 * SHORT);
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    });
    let settings = Settings { stall_timeout: SHORT, ..settings() };
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), "late");
}

/// A body that stops coming runs out the time for a pause, compressed or not.
pub fn a_pause_in_a_body_has_a_limit<S: Subject>() {
    for headers in ["", "Content-Encoding: gzip\r\n"] {
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[chunked_head(headers), chunk(b"\x1f\x8b\x08")].concat());
            connection.sees_close();
        });
        let settings = Settings { stall_timeout: SHORT, ..settings() };
        let kind = fetch_error::<S>(&settings, &server.url("/"));
        assert_eq!(kind, TransportErrorKind::Timeout(Phase::Stall), "{headers}");
    }
}

/// A body that keeps coming may take longer than any limit.
pub fn a_slow_body_has_no_limit<S: Subject>() {
    check_slow::<S>("", b"0123456789abcdef", b"0123456789abcdef");
}

/// Nor has a compressed body, of which nothing can be read until all of it is there.
pub fn a_slow_compressed_body_has_no_limit<S: Subject>() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, b"nothing until the end").unwrap();
    check_slow::<S>("Content-Encoding: gzip\r\n", &encoder.finish().unwrap(), b"nothing until the end");
}

fn check_slow<S: Subject>(headers: &'static str, sent: &[u8], expected: &[u8]) {
    let pieces: Vec<_> = sent.chunks(sent.len().div_ceil(15)).map(chunk).collect();
    let server = Server::start(move |connection| {
        connection.request();
        connection.write(&chunked_head(headers));
        for piece in &pieces {
            connection.write(piece);
            thread::sleep(SHORT);
        }
        connection.write(&chunk(b""));
    });
    // Ten pauses long, so that a busy machine does not make a pause of ten; the body takes fifteen.
    let limit = 10 * SHORT;
    let settings = Settings { first_byte_timeout: limit, stall_timeout: limit, ..settings() };
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), expected);
}
