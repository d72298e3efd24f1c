//! An in-memory storage that counts the bytes sent.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use http::{HeaderName, Response, StatusCode};
use wandb_core::BaseUrl;
use wandb_core::blocking::{BlockingAdapter, Body, Transport};
use wandb_core::client::{Client, RetryPolicy};
use wandb_core::transport::{Request, TransportError, TransportErrorKind};

/// Surplus data sent repeatedly after the end of a range.
const OVERRUN: &[u8] = &[0xab; 50_000];

/// The behaviour of a storage.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fault")]
pub(super) struct Behaviour {
    pub(super) knows_ranges: bool,
    /// Every other body ends in the middle.
    pub(super) cuts: bool,
    /// Bodies of ranges continue after the end given in their headers.
    pub(super) overruns: bool,
    pub(super) has_tags: bool,
    /// The files change after this many requests.
    pub(super) changes_after: Option<usize>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { knows_ranges: true, cuts: false, overruns: false, has_tags: true, changes_after: None }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Storage(Arc<State>);

#[derive(Debug)]
struct State {
    files: Vec<Bytes>,
    behaviour: Behaviour,
    requests: AtomicUsize,
    sent: AtomicU64,
}

impl Storage {
    pub(super) fn new(files: Vec<Bytes>, behaviour: Behaviour) -> Self {
        let (requests, sent) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self(Arc::new(State { files, behaviour, requests, sent }))
    }

    pub(super) fn client(&self) -> Client {
        let base = BaseUrl::parse("https://api.example.org").expect("a URL");
        let wait = Duration::from_millis(1);
        let retry =
            RetryPolicy::default().with_max_attempts(12).with_initial_backoff(wait).with_max_backoff(wait);
        Client::builder(Arc::new(BlockingAdapter::new(self.clone())), base).retry(retry).build()
    }

    /// Returns the URLs of the files, last one first.
    pub(super) fn urls(&self) -> Vec<String> {
        (0..self.0.files.len())
            .rev()
            .map(|file| format!("https://storage.example.org/{file}?sig=1"))
            .collect()
    }

    pub(super) fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Returns the bytes of all bodies.
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Returns the bytes of all files.
    pub(super) fn size(&self) -> u64 {
        self.0.files.iter().map(|file| file.len() as u64).sum()
    }
}

impl Transport for Storage {
    fn send(&self, request: Request) -> Result<Response<Body>, TransportError> {
        let Behaviour { knows_ranges, cuts, overruns, has_tags, changes_after } = self.0.behaviour;
        let before = self.0.requests.fetch_add(1, Ordering::Relaxed);
        let file: usize = request.uri().path().trim_start_matches('/').parse().expect("a file's number");
        let bytes = &self.0.files[file];
        let tag = if changes_after.is_some_and(|after| before >= after) { "\"after\"" } else { "\"before\"" };
        let header =
            |name: HeaderName| request.headers().get(name).map(|value| value.to_str().expect("text"));
        let is_same = header(IF_RANGE).is_none_or(|wanted| wanted == tag);
        let range = header(RANGE).filter(|_| knows_ranges && is_same);
        let range = range.and_then(|range| within(range, bytes.len()));
        let mut response = Response::builder();
        if has_tags {
            response = response.header(ETAG, tag);
        }
        let body = match &range {
            Some(range) => {
                let shown = format!("bytes {}-{}/{}", range.start, range.end.max(1) - 1, bytes.len());
                response = response.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, shown);
                bytes.slice(range.clone())
            }
            None => bytes.clone(),
        };
        let is_endless = overruns && range.is_some();
        let response = if is_endless { response } else { response.header(CONTENT_LENGTH, body.len()) };
        let is_cut = cuts && before.is_multiple_of(2);
        let body = if is_cut { body.slice(..body.len() / 2) } else { body };
        self.0.sent.fetch_add(body.len() as u64, Ordering::Relaxed);
        let mut chunks: Vec<_> = body.chunks(50_000).map(|chunk| Ok(body.slice_ref(chunk))).collect();
        if is_cut {
            chunks.push(Err(TransportError::new(TransportErrorKind::Interrupted, "cut")));
        }
        let state = Arc::clone(&self.0);
        let surplus = std::iter::repeat_with(move || {
            state.sent.fetch_add(OVERRUN.len() as u64, Ordering::Relaxed);
            Ok(Bytes::from_static(OVERRUN))
        });
        let chunks = chunks.into_iter().chain(surplus.take(if is_endless { 10_000 } else { 0 }));
        Ok(response.body(Box::new(chunks) as Body).expect("a response"))
    }
}

/// Parses the requested range. Rejects a suffix range, as Azure does.
fn within(range: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    Some(first..last.parse().map_or(length, |last: usize| length.min(last + 1)))
}
