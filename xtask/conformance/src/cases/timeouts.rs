//! Each timeout limits its own phase and no other.

use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wandb_core::transport::{Phase, TransportErrorKind};

use crate::client::{Subject, fetch_body, fetch_error, settings};
use crate::server::{Server, chunk, chunked_head};

const SHORT: Duration = Duration::from_millis(100);

/// The connect timeout includes the TLS handshake: a server that accepts and then stays silent exceeds it.
pub fn tls_handshake_counts_as_connecting<S: Subject>() {
    let server = Server::start(|connection| {
        connection.wait_for_close();
    });
    let url = format!("https://127.0.0.1:{}/", server.port());
    let settings = settings().with_connect_timeout(SHORT);
    assert_eq!(fetch_error::<S>(&settings, &url), TransportErrorKind::Timeout(Phase::Connect));
}

/// A server that never accepts exceeds the connect timeout.
///
/// Linux only: elsewhere, a connection to a full backlog may not be left waiting.
#[cfg(target_os = "linux")]
pub fn unaccepted_connection_times_out<S: Subject>() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::from(std::net::SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, SHORT);
    let waiting: Vec<_> = std::iter::repeat_with(connect).map_while(Result::ok).take(64).collect();
    assert!(waiting.len() < 64, "the queue never fills");
    let settings = settings().with_connect_timeout(SHORT);
    let kind = fetch_error::<S>(&settings, &format!("http://{address}/"));
    assert_eq!(kind, TransportErrorKind::Timeout(Phase::Connect));
}

/// A server that does not respond exceeds the first-byte timeout.
pub fn missing_first_byte_times_out<S: Subject>() {
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-"] {
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(begun.as_bytes());
            connection.wait_for_close();
        });
        let settings = settings().with_first_byte_timeout(SHORT);
        let kind = fetch_error::<S>(&settings, &server.url("/"));
        assert_eq!(kind, TransportErrorKind::Timeout(Phase::FirstByte), "after {begun:?}");
    }
}

/// A head that arrives byte by byte exceeds the first-byte timeout, too.
pub fn trickling_head_times_out<S: Subject>() {
    let server = Server::start(|connection| {
        connection.request();
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Long: 0123456789\r\n" {
            connection.write(&[*byte]);
            thread::sleep(SHORT / 4);
        }
        connection.wait_for_close();
    });
    let settings = settings().with_first_byte_timeout(SHORT);
    let kind = fetch_error::<S>(&settings, &server.url("/"));
    assert_eq!(kind, TransportErrorKind::Timeout(Phase::FirstByte));
}

/// The stall timeout does not limit the wait for the first byte.
pub fn first_byte_may_take_longer_than_a_stall<S: Subject>() {
    let server = Server::start(|connection| {
        connection.request();
        thread::sleep(3 * SHORT);
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    });
    let settings = settings().with_stall_timeout(SHORT);
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), "late");
}

/// A body that stalls exceeds the stall timeout, compressed or not.
pub fn stalled_body_times_out<S: Subject>() {
    for headers in ["", "Content-Encoding: gzip\r\n"] {
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[chunked_head(headers), chunk(b"\x1f\x8b\x08")].concat());
            connection.wait_for_close();
        });
        let settings = settings().with_stall_timeout(SHORT);
        let kind = fetch_error::<S>(&settings, &server.url("/"));
        assert_eq!(kind, TransportErrorKind::Timeout(Phase::Stall), "{headers}");
    }
}

/// No timeout limits the total time of a body that keeps arriving.
pub fn slow_body_does_not_time_out<S: Subject>() {
    check_slow::<S>("", b"0123456789abcdef", b"0123456789abcdef");
}

/// The same holds for a compressed body that yields nothing until all of it has arrived.
pub fn slow_compressed_body_does_not_time_out<S: Subject>() {
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
    // The limit is ten pauses long, so that a busy machine does not exceed it; the body takes fifteen pauses.
    let limit = 10 * SHORT;
    let settings = settings().with_first_byte_timeout(limit).with_stall_timeout(limit);
    assert_eq!(fetch_body::<S>(&settings, &server.url("/")), expected);
}
