//! Tests of the end of files and of the minimum progress of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;

use super::*;
use crate::client::RetryPolicy;
use crate::transport::{self, Moment, Request};

/// A storage that sends data without end, or interrupts after some bytes.
struct Storage {
    /// The length of the file that the storage reports; `None` if it reports none.
    length: Option<u64>,
    /// The bytes that a connection sends. They may extend beyond the end of the file.
    sends: u64,
    requests: AtomicU64,
    now: std::sync::Mutex<Moment>,
}

impl Storage {
    fn new(length: Option<u64>, sends: u64) -> Arc<Self> {
        let now = std::sync::Mutex::new(Moment::ORIGIN);
        Arc::new(Self { length, sends, requests: AtomicU64::new(0), now })
    }
}

#[async_trait]
impl transport::Transport for Storage {
    async fn send(&self, request: Request) -> Result<crate::transport::Response, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let range = request
            .headers()
            .get(RANGE)
            .map(|range| range.to_str().expect("text")["bytes=".len()..].to_owned());
        let from: u64 = range
            .as_deref()
            .map_or(0, |range| range.split('-').next().expect("text").parse().expect("a number"));
        let mut response = Response::builder().header(ETAG, "\"1\"");
        if let Some(length) = self.length {
            response = match range {
                Some(_) => response
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header(CONTENT_RANGE, format!("bytes {from}-{}/{length}", length - 1)),
                None => response.header(CONTENT_LENGTH, length),
            };
        }
        let chunk = usize::try_from(self.sends.min(1 << 16)).expect("small");
        let chunks = (0..self.sends.div_ceil(1 << 16)).map(move |_| Ok(Bytes::from(vec![7; chunk])));
        let cut = stream::once(async { Err(TransportError::new(TransportErrorKind::Interrupted, "cut")) });
        let body = Body::from_stream(futures_util::StreamExt::chain(stream::iter(chunks), cut));
        Ok(response.body(body).expect("a response"))
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = self.now.lock().expect("no panic");
        *now = *now + duration;
    }

    fn now(&self) -> Moment {
        *self.now.lock().expect("no panic")
    }
}

/// Resumes at offset `there` a file with a listed size. Returns the number of bytes received, and the result.
fn fetch(
    storage: &Arc<Storage>,
    there: u64,
    listed: Option<u64>,
    file_limit: Option<u64>,
) -> (u64, Result<(), Error>) {
    let base = BaseUrl::parse("https://api.example.org").expect("a URL");
    let mut client = Client::builder(Arc::<Storage>::clone(storage), base);
    if let Some(limit) = file_limit {
        client = client.file_limit(limit);
    }
    let client = client.build();
    let urls = [Url::parse("https://storage.example.org/file").expect("a URL")];
    let version = FileVersion { etag: Some("\"1\"".to_owned()), length: storage.length, md5: None };
    let partial = Partial { received: there, version };
    let mut received = 0;
    let ended = block_on(async {
        let mut download = match there {
            0 => client.download(&urls, "a file").await?,
            _ => client.resume_download(&urls, "a file", &partial).await?,
        };
        download.expect_size(listed);
        while let Some(chunk) = download.chunk().await? {
            received += chunk.len() as u64;
        }
        Ok(())
    });
    (received, ended)
}

fn is_too_large(ended: &Result<(), Error>) -> bool {
    matches!(ended, Err(Error::Answer { source: AnswerError::FileTooLarge { .. }, .. }))
}

#[test]
fn file_ends_where_its_headers_say() {
    for there in [0, 10, 50_000] {
        let storage = Storage::new(Some(50_001), 1 << 40);
        let (received, ended) = fetch(&storage, there, Some(3), None);
        ended.expect("the file");
        assert_eq!((received, storage.requests.load(Ordering::Relaxed)), (50_001 - there, 1));
    }
}

#[test]
fn unannounced_file_is_bounded_by_listed_size() {
    let (received, ended) = fetch(&Storage::new(None, 1 << 40), 0, Some(1_000), None);
    assert!(is_too_large(&ended) && received <= 2_000 + LISTED_MARGIN, "{received}");
}

#[test]
fn file_limit_always_applies() {
    let (received, ended) = fetch(&Storage::new(Some(5_000), 5_000), 0, Some(10), Some(4_999));
    assert!(is_too_large(&ended) && received == 0, "{received}");
    let (received, ended) = fetch(&Storage::new(None, 1 << 40), 0, None, Some(1 << 20));
    assert!(is_too_large(&ended) && received <= 1 << 20, "{received}");
}

#[test]
fn slow_connections_count_as_failures() {
    let storage = Storage::new(Some(1_000_000), 1);
    let (received, ended) = fetch(&storage, 0, None, None);
    let attempts = u64::from(RetryPolicy::default().max_attempts);
    assert!(ended.is_err());
    assert_eq!((received, storage.requests.load(Ordering::Relaxed)), (attempts, attempts));
}

#[test]
fn connections_with_progress_reset_retries() {
    let storage = Storage::new(Some(1_000_000), 16 << 10);
    let (received, ended) = fetch(&storage, 0, None, None);
    ended.expect("the file");
    assert_eq!((received, storage.requests.load(Ordering::Relaxed)), (1_000_000, 62));
}

#[test]
fn same_etag_accepts_whole_file_for_range() {
    // The response is the whole file instead of a range, with the length of a compressed body.
    let mut response = whole("\"1\"");
    response.headers_mut().insert(CONTENT_LENGTH, "4".parse().expect("a value"));
    response.body_mut().truncate(4);
    let script = Script::new().on_response("/file", response);
    assert_eq!(download(&script, &(2..5), &version()).expect("the file"), (0, FILE[..4].to_vec()));
}
