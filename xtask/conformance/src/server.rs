use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

/// Read timeout of every connection.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A loopback server that runs a handler for each connection. Stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<ServerLog>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct ServerLog {
    connections: AtomicUsize,
    requests: Mutex<Vec<ReceivedRequest>>,
    stopped: AtomicBool,
}

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Target of the request before it on the same connection.
    previous: Option<String>,
}

/// The stream of a connection: a socket, or TLS over one.
pub(crate) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// One connection, from the server's side.
pub(crate) struct Connection {
    socket: TcpStream,
    wire: Box<dyn Stream>,
    unread: Vec<u8>,
    previous: Option<String>,
    log: Arc<ServerLog>,
}

impl Server {
    /// Runs `serve` for each connection on its own thread, and closes the connection when it returns.
    pub(crate) fn start(serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::over(|socket| Some(Box::new(socket)), serve)
    }

    /// Like [`start`](Self::start), over the stream that `wrap` returns. Drops the connection if it returns `None`.
    pub(crate) fn over(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
        serve: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(ServerLog::default());
        let shared = Arc::new((wrap, serve));
        let watching = Arc::clone(&log);
        let accepting = thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if watching.stopped.load(Ordering::SeqCst) {
                    break;
                }
                watching.connections.fetch_add(1, Ordering::SeqCst);
                let (log, shared) = (Arc::clone(&watching), Arc::clone(&shared));
                thread::spawn(move || {
                    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
                    socket.set_nodelay(true).unwrap();
                    let Some(wire) = (shared.0)(socket.try_clone().unwrap()) else { return };
                    (shared.1)(&mut Connection { socket, wire, unread: Vec::new(), previous: None, log });
                });
            }
        });
        Self { address, log, accepting: Some(accepting) }
    }

    /// Answers each request with the bytes that `answer` returns, until the client closes the connection.
    pub(crate) fn answering(answer: impl Fn(&ReceivedRequest) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(move |connection| {
            while let Some(request) = connection.request() {
                connection.write(&answer(&request));
            }
        })
    }

    /// Sends `bytes` in response to the first request of each connection, then closes it.
    pub(crate) fn sending(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |connection| {
            connection.request();
            connection.write(&bytes);
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of `path` on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Number of connections accepted.
    pub(crate) fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// Repeats `send`, which sends requests one after another, until the response to each target that it asks for has
    /// left its connection fit for another request.
    ///
    /// One round need not show that: a connection may return to the pool just after the next request has opened another.
    ///
    /// # Panics
    ///
    /// If some targets are left after 50 rounds.
    pub(crate) fn assert_connections_reused(&self, mut send: impl FnMut()) {
        let mut unfit = BTreeSet::new();
        for _ in 0..50 {
            send();
            let requests = self.requests();
            unfit = requests.iter().map(|request| request.target.clone()).collect();
            for previous in requests.iter().filter_map(|request| request.previous.as_ref()) {
                unfit.remove(previous);
            }
            if unfit.is_empty() {
                return;
            }
        }
        panic!("connections never reused after {unfit:?}");
    }

    /// The requests received so far.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.log.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.log.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for the next connection.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

impl ReceivedRequest {
    /// The values of a header, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }
}

impl Connection {
    /// Reads the next request. Returns `None` when the client closes the connection.
    pub(crate) fn request(&mut self) -> Option<ReceivedRequest> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read_more()?;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        let previous = self.previous.replace(target.clone());
        let mut request = ReceivedRequest { method, target, headers, body: Vec::new(), previous };
        let length = request.values("content-length").first().map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read_more()?;
        }
        request.body = self.unread.drain(..length).collect();
        self.log.requests.lock().unwrap().push(request.clone());
        Some(request)
    }

    fn read_more(&mut self) -> Option<()> {
        let mut buffer = [0; 16 * 1024];
        let length = self.wire.read(&mut buffer).ok().filter(|length| *length > 0)?;
        self.unread.extend_from_slice(&buffer[..length]);
        Some(())
    }

    /// Reads `length` bytes, or fewer if the client closes the connection.
    pub(crate) fn read_up_to(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length && self.read_more().is_some() {}
        self.unread.drain(..length.min(self.unread.len())).collect()
    }

    /// Sends bytes. Returns false if the connection is closed.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        self.wire.write_all(bytes).and_then(|()| self.wire.flush()).is_ok()
    }

    /// Sends up to `most` bytes, until the client accepts none for 200 ms. Returns the number sent.
    pub(crate) fn flood(&mut self, most: usize) -> usize {
        self.socket.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let block = vec![b'x'; 64 * 1024];
        let mut sent = 0;
        while sent < most {
            match self.wire.write(&block) {
                Ok(length) => sent += length,
                Err(_) => break,
            }
        }
        sent
    }

    /// Waits for the client to close the connection. Returns false on a timeout.
    pub(crate) fn wait_for_close(&mut self) -> bool {
        let mut buffer = [0; 1024];
        loop {
            match self.wire.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                }
            }
        }
    }

    /// Makes the next close a TCP reset.
    pub(crate) fn reset(&mut self) {
        SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Copies bytes to and from `address` until both sides are closed.
    pub(crate) fn splice(&mut self, address: SocketAddr) {
        let mut there = TcpStream::connect(address).unwrap();
        let mut here = self.socket.try_clone().unwrap();
        let (mut there_again, mut here_again) = (there.try_clone().unwrap(), here.try_clone().unwrap());
        let up = thread::spawn(move || {
            drop(io::copy(&mut here, &mut there));
            drop(there.shutdown(std::net::Shutdown::Write));
        });
        drop(io::copy(&mut there_again, &mut here_again));
        drop(here_again.shutdown(std::net::Shutdown::Both));
        drop(up.join());
    }
}

/// A response with a `content-length`.
pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Some Reason\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The head of a chunked response.
pub(crate) fn chunked_head(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n").into_bytes()
}

/// One chunk of such a response. An empty chunk ends it.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
