//! Tests of interrupted connections, with several kinds of storage.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;

use super::*;
use crate::transport::{self, Moment, Request, TransportErrorKind};

/// The abilities of a storage.
#[derive(Clone, Copy)]
struct Kind {
    tags: bool,
    ranges: bool,
    /// Whether the file is replaced by another of the same length at each interruption.
    changes: bool,
}

/// A storage whose connections are interrupted at random offsets.
struct Storage {
    kind: Kind,
    length: usize,
    state: Mutex<State>,
}

struct State {
    random: fastrand::Rng,
    cuts_left: u32,
    version: u8,
    now: Moment,
}

/// Returns bytes that differ between offsets and versions.
fn content(version: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + usize::from(version) * 101) % 251).expect("small")).collect()
}

#[async_trait]
impl transport::Transport for Storage {
    async fn send(&self, request: Request) -> Result<crate::transport::Response, TransportError> {
        let mut state = self.state.lock().expect("no panic");
        let tag = format!("\"{}\"", state.version);
        let header = |name| Some(request.headers().get(name)?.to_str().expect("text").to_owned());
        let is_same = header(&http::header::IF_RANGE).is_none_or(|wanted| self.kind.tags && wanted == tag);
        let from: usize =
            header(&http::header::RANGE).filter(|_| is_same && self.kind.ranges).map_or(0, |range| {
                range["bytes=".len()..].split('-').next().expect("text").parse().expect("a number")
            });
        let bytes = content(state.version, self.length)[from..].to_vec();
        let mut response = Response::builder().header(CONTENT_LENGTH, bytes.len());
        if from > 0 {
            let range = format!("bytes {from}-{}/{}", self.length - 1, self.length);
            response = response.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, range);
        }
        if self.kind.tags {
            response = response.header(ETAG, tag);
        }
        let mut chunks = vec![Ok(Bytes::from(bytes))];
        if state.cuts_left > 0 {
            state.cuts_left -= 1;
            if let Some(Ok(bytes)) = chunks.first_mut() {
                bytes.truncate(state.random.usize(..=bytes.len().saturating_sub(1)));
            }
            chunks.push(Err(TransportError::new(TransportErrorKind::Interrupted, "cut")));
            state.version += u8::from(self.kind.changes);
        }
        Ok(response.body(Body::from_stream(stream::iter(chunks))).expect("a response"))
    }

    async fn sleep(&self, duration: Duration) {
        let mut state = self.state.lock().expect("no panic");
        state.now = state.now + duration;
    }

    fn now(&self) -> Moment {
        self.state.lock().expect("no panic").now
    }
}

/// Downloads a file like a caller. Returns the bytes, and whether parts were joined without an `ETag`.
fn fetch(seed: u64, kind: Kind, cuts: u32, checks_digest: bool) -> Result<(Vec<u8>, bool), Error> {
    let state =
        State { random: fastrand::Rng::with_seed(seed), cuts_left: cuts, version: 0, now: Moment::ORIGIN };
    let storage = Storage { kind, length: 100, state: Mutex::new(state) };
    let base = BaseUrl::parse("https://api.example.org").expect("a URL");
    let client = Client::builder(Arc::new(storage), base).build();
    let url = Url::parse("https://storage.example.org/file").expect("a URL");
    block_on(async {
        let mut download = client.download(&[url], "a file").await?;
        download.check_by_digest(checks_digest);
        let mut bytes = Vec::new();
        loop {
            match download.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok((bytes, download.is_joined_untagged())),
                Err(error) => {
                    download.restart(error).await?;
                    assert_eq!(download.received(), 0, "a restarted file starts at 0");
                    bytes.clear();
                }
            }
        }
    })
}

fn kinds() -> impl Iterator<Item = Kind> {
    (0..8).map(|bits| Kind { tags: bits & 1 > 0, ranges: bits & 2 > 0, changes: bits & 4 > 0 })
}

#[test]
fn cut_downloads_complete_with_any_storage() {
    for seed in 0..200 {
        for kind in kinds() {
            match fetch(seed, kind, 3, false) {
                Ok((bytes, joined)) => {
                    let is_one_version = (0..8).any(|version| content(version, 100) == bytes);
                    assert!(is_one_version, "seed {seed}: parts of several files");
                    assert!(!joined, "seed {seed}: no digest is checked");
                }
                // The ETag shows that the file has changed; the caller must start again.
                Err(error) => {
                    assert!(kind.tags && kind.changes && error.is_changed(), "seed {seed}: {error}");
                }
            }
        }
    }
}

#[test]
fn untagged_parts_need_a_digest() {
    let kind = Kind { tags: false, ranges: true, changes: false };
    let joined = |seed, checks| fetch(seed, kind, 3, checks).expect("the file").1;
    assert!((0..20).any(|seed| joined(seed, true)));
    assert!((0..20).all(|seed| !joined(seed, false)));
    let tagged = Kind { tags: true, ..kind };
    assert!((0..20).all(|seed| !fetch(seed, tagged, 3, true).expect("the file").1), "the ETag proves it");
}

#[test]
fn endless_cuts_fail_the_download() {
    for kind in kinds() {
        let error = fetch(7, kind, u32::MAX, false).expect_err("never complete");
        assert!(matches!(error, Error::Transport { .. }) || error.is_changed(), "{error}");
    }
}
