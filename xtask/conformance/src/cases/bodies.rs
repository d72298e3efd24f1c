//! Bodies arrive as they are sent, decompressed, under the reader's limit, and never cut short in silence.

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

const PATIENCE: Duration = Duration::from_secs(10);

const GZIP: &str = "Content-Encoding: gzip\r\n";

/// A gzip body is asked for and arrives plain, in one length, in chunks, in several members, or empty.
pub fn gzip_arrives_plain<S: Subject>() {
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
    for (path, expected) in
        [("/length", text()), ("/chunks", text()), ("/members", more), ("/empty", Vec::new())]
    {
        let (head, body) =
            S::run(fetch(&*transport, get(&server.url(path)))).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(body == expected, "{path} arrives as something else");
        assert!(
            !head.headers.contains_key("content-encoding") && !head.headers.contains_key("content-length")
        );
    }
    assert_eq!(server.requests()[0].values("accept-encoding"), ["gzip"]);
    server.assert_connections_used_again();
}

/// A body in an encoding that was not asked for is left alone, and so is its header.
pub fn an_unknown_encoding_is_left_alone<S: Subject>() {
    let server = Server::answering(|_| answer(200, "Content-Encoding: br\r\n", b"\x0b\x02\x80hello\x03"));
    let transport = transport::<S>(&settings());
    let (head, body) = S::run(fetch(&*transport, get(&server.url("/")))).unwrap();
    assert_eq!(
        (&head.headers["content-encoding"], &body[..]),
        (&"br".parse().unwrap(), &b"\x0b\x02\x80hello\x03"[..])
    );
}

/// A gzip body that ends too soon was interrupted, though HTTP's own length was kept.
pub fn cut_gzip_is_interrupted<S: Subject>() {
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

/// A gzip body that was changed on the way, or never was one, breaks the protocol.
pub fn corrupt_gzip_breaks_the_protocol<S: Subject>() {
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

/// What was sent can be read before the rest is sent.
pub fn chunks_arrive_as_they_are_sent<S: Subject>() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"first").unwrap();
    encoder.flush().unwrap();
    let first = std::mem::take(encoder.get_mut());
    encoder.write_all(b"second").unwrap();
    let second = encoder.finish().unwrap();
    for (headers, parts) in [("", [b"first".to_vec(), b"second".to_vec()]), (GZIP, [first, second])] {
        let (go_on, told) = channel();
        let told = Mutex::new(told);
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[chunked_head(headers), chunk(&parts[0])].concat());
            if told.lock().unwrap().recv_timeout(PATIENCE).is_ok() {
                connection.write(&[chunk(&parts[1]), chunk(b"")].concat());
            }
        });
        let transport = transport::<S>(&settings());
        S::run(async {
            let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
            let first = body.chunk().await.unwrap().unwrap();
            assert_eq!(first, "first", "{headers}");
            go_on.send(()).unwrap();
            assert_eq!(body.bytes(100).await.unwrap(), "second");
        });
    }
}

/// A body that nobody reads is not gathered in memory: the sender has to wait.
pub fn an_unread_body_is_left_with_its_sender<S: Subject>() {
    const ALL: usize = 512 << 20;
    let (taken, told) = channel();
    let server = Server::start(move |connection| {
        connection.request();
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n").as_bytes());
        taken.send(connection.flood(ALL)).unwrap();
    });
    let transport = transport::<S>(&settings());
    S::run(async {
        let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
        body.chunk().await.unwrap().unwrap();
        // The sender gives up while the body is still held here.
        let taken = told.recv_timeout(3 * PATIENCE).unwrap();
        assert!(taken < 64 << 20, "{taken} bytes were taken unread");
        drop(body);
    });
}

/// A body of many chunks, larger than any buffer on the way, arrives whole.
pub fn a_large_body_arrives_whole<S: Subject>() {
    let server = Server::answering(|_| {
        let chunks = (0..200_u8).flat_map(|index| chunk(&vec![index; 100_000])).collect();
        [chunked_head(""), chunks, chunk(b"")].concat()
    });
    let body = fetch_body::<S>(&settings(), &server.url("/"));
    assert_eq!(body.len(), 20_000_000);
    assert!(body.chunks(100_000).zip(0..).all(|(part, index)| part.iter().all(|byte| *byte == index)));
}

/// The limit counts decompressed bytes, in one length, in chunks or in gzip, and one byte more is too many.
pub fn a_body_over_the_limit_is_too_large<S: Subject>() {
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

/// A body that ends before its length or its last chunk was interrupted.
pub fn a_cut_body_is_interrupted<S: Subject>() {
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

/// A body ends at its length, whatever the server sends behind it; that of a part, too.
pub fn a_body_ends_at_its_length<S: Subject>() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/100\r\nContent-Length: 4\r\n\r\n",
    ] {
        let server = Server::sending([head.as_bytes(), &vec![b'x'; 100_000]].concat());
        assert_eq!(fetch_body::<S>(&settings(), &server.url("/")), "xxxx", "{head}");
    }
}

/// A reset within a body interrupts it, even one that would have ended with the connection.
pub fn a_reset_in_a_body_is_interrupted<S: Subject>() {
    for head in ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"] {
        let (go_on, told) = channel::<()>();
        let told = Mutex::new(told);
        let server = Server::start(move |connection| {
            connection.request();
            connection.write(&[head.as_bytes(), b"some"].concat());
            if told.lock().unwrap().recv_timeout(PATIENCE).is_ok() {
                connection.reset();
            }
        });
        let transport = transport::<S>(&settings());
        let kind = S::run(async {
            let mut body = transport.send(get(&server.url("/"))).await.unwrap().into_body();
            assert_eq!(body.chunk().await.unwrap().unwrap(), "some");
            go_on.send(()).unwrap();
            body.bytes(100).await.expect_err(head).kind()
        });
        assert_eq!(kind, TransportErrorKind::Interrupted);
    }
}

/// A chunk whose length is no number breaks the protocol.
pub fn a_chunk_without_a_length_breaks_the_protocol<S: Subject>() {
    let server = Server::sending([chunked_head(""), b"no number\r\nbytes\r\n".to_vec()].concat());
    assert_eq!(fetch_error::<S>(&settings(), &server.url("/")), TransportErrorKind::Protocol);
}
