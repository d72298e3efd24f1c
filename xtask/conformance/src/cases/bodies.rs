//! Bodies arrive while they are sent, decompressed, within the reader's limit, and are never truncated silently.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wandb_core::transport::TransportErrorKind;

use crate::client::{Subject, fetch, fetch_body, fetch_error, get, settings, transport};
use crate::server::{Server, answer, chunk, chunked_head};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn text() -> Vec<u8> {
    (0..50_000_u32)
        .flat_map(|line| format!("{line} {}\n", line.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

const TIMEOUT: Duration = Duration::from_secs(10);

const GZIP: &str = "Content-Encoding: gzip\r\n";

/// Requests gzip, and decompresses it: with a length, in chunks, with several members, or empty.
pub fn gzip_is_decompressed<S: Subject>() {
    let members = [gzip(&text()), gzip(b"and more")].concat();
    let server = Server::answering(move |request| match request.target.as_str() {
        "/length" => answer(200, GZIP, gzip(&text())),
        "/chunks" => {
            let chunks = gzip(&text()).chunks(1000).flat_map(chunk).collect::<Vec<_>>();
            [chunked_head(GZIP), chunks, chunk(b"")].concat()
        }
        "/members" => answer(200, "Content-Encoding: x-gzip\r\n", &members),
        _ => answer(200, GZIP, ""),
    });
    let transport = transport::<S>(&settings());
    let more = [text(), b"and more".to_vec()].concat();
    let bodies = [("/length", text()), ("/chunks", text()), ("/members", more), ("/empty", Vec::new())];
    server.assert_connections_reused(|| {
        for (path, expected) in &bodies {
            let (head, body) =
                S::run(fetch(&*transport, get(&server.url(path)))).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert!(body == *expected, "{path} arrives changed");
            assert!(
                !head.headers.contains_key("content-encoding")
                    && !head.headers.contains_key("content-length")
            );
        }
    });
    assert_eq!(server.requests()[0].values("accept-encoding"), ["gzip"]);
}

/// Leaves a body in an encoding that was not requested unchanged, and keeps its header.
pub fn unknown_encodings_are_left_alone<S: Subject>() {
    let server = Server::answering(|_| answer(200, "Content-Encoding: br\r\n", b"\x0b\x02\x80hello\x03"));
    let transport = transport::<S>(&settings());
    let (head, body) = S::run(fetch(&*transport, get(&server.url("/")))).unwrap();
    assert_eq!(
        (&head.headers["content-encoding"], &body[..]),
        (&"br".parse().unwrap(), &b"\x0b\x02\x80hello\x03"[..])
    );
}

/// A truncated gzip body is an `Interrupted` error, even if its `content-length` is right.
pub fn truncated_gzip_is_interrupted<S: Subject>() {
    let whole = gzip(&text());
    for length in [5, whole.len() / 2, whole.len() - 1] {
        let server = Server::sending(answer(200, GZIP, &whole[..length]));
        assert_eq!(
            fetch_error::<S>(&settings(), &server.url("/")),
            TransportErrorKind::Interrupted,
            "{length} bytes"
        );
    }
}

/// A corrupt gzip body, or one that is not gzip, is a `Protocol` error.
pub fn corrupt_gzip_is_a_protocol_error<S: Subject>() {
    let mut changed = gzip(&text());
    let middle = changed.len() / 2;
    changed[middle..middle + 64].fill(0xAA);
    let mut checksum = gzip(&text());
    let last = checksum.len() - 8;
    checksum[last] ^= 1;
    for body in [changed, checksum, b"{\"data\": \"plain JSON, no gzip\"}".to_vec()] {
        let server = Server::sending(answer(200, GZIP, body));
        assert_eq!(fetch_error::<S>(&settings(), &server.url("/")), TransportErrorKind::Protocol);
    }
}

/// A chunk can be read before the next one is sent.
pub fn chunks_arrive_while_others_are_pending<S: Subject>() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"first").unwrap();
    encoder.flush().unwrap();
    let first = std::mem::take(encoder.get_mut());
    encoder.write_all(b"second").unwrap();
    let second = encoder.finish().unwrap();
    for (headers, parts) in [("", [b"first".to_vec(), b"second".to_vec()]), (GZIP, [first, second])] {
        let (resume, resumed) = channel();
        let resumed = Mutex::new(resumed);
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[chunked_head(headers), chunk(&parts[0])].concat());
            if resumed.lock().unwrap().recv_timeout(TIMEOUT).is_ok() {
                connection.write(&[chunk(&parts[1]), chunk(b"")].concat());
            }
        });
        let transport = transport::<S>(&settings());
        S::run(async {
            let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
            let first = body.chunk().await.unwrap().unwrap();
            assert_eq!(first, "first", "{headers}");
            resume.send(()).unwrap();
            assert_eq!(body.bytes(100).await.unwrap(), "second");
        });
    }
}

/// An unread body is not buffered in memory: backpressure makes the sender wait.
pub fn unread_body_applies_backpressure<S: Subject>() {
    const ALL: usize = 512 << 20;
    let (sent, sent_bytes) = channel();
    let server = Server::start(move |connection| {
        connection.request();
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n").as_bytes());
        sent.send(connection.flood(ALL)).unwrap();
    });
    let transport = transport::<S>(&settings());
    S::run(async {
        let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
        body.chunk().await.unwrap().unwrap();
        // The sender stops while the body is still held here.
        let sent = sent_bytes.recv_timeout(3 * TIMEOUT).unwrap();
        assert!(sent < 64 << 20, "{sent} bytes were accepted unread");
        drop(body);
    });
}

/// A body of many chunks, larger than any buffer, arrives complete.
pub fn large_body_arrives_complete<S: Subject>() {
    let server = Server::answering(|_| {
        let chunks = (0..200_u8).flat_map(|index| chunk(&vec![index; 100_000])).collect();
        [chunked_head(""), chunks, chunk(b"")].concat()
    });
    let body = fetch_body::<S>(&settings(), &server.url("/"));
    assert_eq!(body.len(), 20_000_000);
    assert!(body.chunks(100_000).zip(0..).all(|(part, index)| part.iter().all(|byte| *byte == index)));
}

/// The limit counts decompressed bytes, for any framing, and one byte more is an error.
pub fn body_over_the_limit_is_too_large<S: Subject>() {
    let bomb = gzip(&vec![0; 16 << 20]);
    let server = Server::answering(move |request| match request.target.as_str() {
        "/length" => answer(200, "", [b'x'; 1000]),
        "/chunks" => [chunked_head(""), chunk(&[b'x'; 600]), chunk(&[b'x'; 400]), chunk(b"")].concat(),
        "/gzip" => answer(200, GZIP, gzip(&[b'x'; 1000])),
        _ => answer(200, GZIP, &bomb),
    });
    let transport = transport::<S>(&settings());
    let read = |path: &str, limit| {
        let request = get(&server.url(path));
        S::run(async { transport.send(request).await.unwrap().into_body().bytes(limit).await })
    };
    for path in ["/length", "/chunks", "/gzip"] {
        assert_eq!(read(path, 1000).unwrap().len(), 1000, "{path}");
        assert_eq!(
            read(path, 999).unwrap_err().kind(),
            TransportErrorKind::TooLarge { limit: 999 },
            "{path}"
        );
    }
    assert_eq!(read("/bomb", 1 << 20).unwrap_err().kind(), TransportErrorKind::TooLarge { limit: 1 << 20 });
}

/// A body that ends before its length or its last chunk is an `Interrupted` error.
pub fn truncated_body_is_interrupted<S: Subject>() {
    for cut in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_vec(),
        [chunked_head(""), chunk(b"whole chunk")].concat(),
        [chunked_head(""), b"40\r\nhalf a chunk".to_vec()].concat(),
        [chunked_head(GZIP), chunk(&gzip(&text())[..1000])].concat(),
    ] {
        let shown = String::from_utf8_lossy(&cut).into_owned();
        let server = Server::sending(cut);
        assert_eq!(
            fetch_error::<S>(&settings(), &server.url("/")),
            TransportErrorKind::Interrupted,
            "{shown}"
        );
    }
}

/// A body, also a partial one, ends at its length, even if the server sends more.
pub fn body_ends_at_its_length<S: Subject>() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/100\r\nContent-Length: 4\r\n\r\n",
    ] {
        let server = Server::sending([head.as_bytes(), &vec![b'x'; 100_000]].concat());
        assert_eq!(fetch_body::<S>(&settings(), &server.url("/")), "xxxx", "{head}");
    }
}

/// A reset within a body is an `Interrupted` error, also for a body that would have ended with the connection.
pub fn reset_in_body_is_interrupted<S: Subject>() {
    for head in ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"] {
        let (resume, resumed) = channel::<()>();
        let resumed = Mutex::new(resumed);
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[head.as_bytes(), b"some"].concat());
            if resumed.lock().unwrap().recv_timeout(TIMEOUT).is_ok() {
                connection.reset();
            }
        });
        let transport = transport::<S>(&settings());
        let kind = S::run(async {
            let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
            assert_eq!(body.chunk().await.unwrap().unwrap(), "some");
            resume.send(()).unwrap();
            body.bytes(100).await.expect_err(head).kind()
        });
        assert_eq!(kind, TransportErrorKind::Interrupted);
    }
}

/// A chunk whose length is not a number is a `Protocol` error.
pub fn bad_chunk_length_is_a_protocol_error<S: Subject>() {
    let server = Server::sending([chunked_head(""), b"no number\r\nbytes\r\n".to_vec()].concat());
    assert_eq!(fetch_error::<S>(&settings(), &server.url("/")), TransportErrorKind::Protocol);
}
