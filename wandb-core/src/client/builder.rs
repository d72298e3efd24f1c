use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_lock::Semaphore;
use http::HeaderValue;

use super::transfer_slots::TransferSlots;
use super::waiting::{Deadline, Observer};
use super::{Client, ParseMode, ProgressFloor, RetryPolicy, Shared, Waiting, budget, pace, stats};
use crate::operation::{Endpoint, UnsupportedFields};
use crate::text::Redactor;
use crate::transport::Transport;
use crate::{ApiKey, BaseUrl};

/// Settings of a [`Client`]. All have defaults.
#[must_use]
pub struct ClientBuilder {
    transport: Arc<dyn Transport>,
    base_url: BaseUrl,
    authorization: Option<HeaderValue>,
    retry: RetryPolicy,
    concurrency: usize,
    downloads: usize,
    body_limit: u64,
    file_limit: u64,
    floor: ProgressFloor,
    time_allowed: Option<Duration>,
    observer: Option<Observer>,
    memory: u64,
    seed: u64,
    parse_mode: ParseMode,
}

/// Hides a round trip of 50 ms behind pages that take as long to compute, and stays below the burst of ten that W&B's
/// rate limit allows.
const CONCURRENCY: usize = 8;

/// Hides a round trip of 50 ms behind files that take 2 ms to write. Object storage serves thousands of requests a
/// second, and the window narrows if a storage does not.
const DOWNLOADS: usize = 32;

/// A page of ten thousand rows with a hundred keys takes about 20 MB.
const BODY_LIMIT: u64 = 256 << 20;

/// 5 TiB, the largest object that S3 stores.
const FILE_LIMIT: u64 = 5 << 40;
/// Holds a hundred answers of the target size of windows, or a few of the longest.
const MEMORY: u64 = 100 << 20;

impl ClientBuilder {
    pub(super) fn new(transport: Arc<dyn Transport>, base_url: BaseUrl) -> Self {
        Self {
            transport,
            base_url,
            authorization: None,
            retry: RetryPolicy::default(),
            concurrency: CONCURRENCY,
            downloads: DOWNLOADS,
            body_limit: BODY_LIMIT,
            file_limit: FILE_LIMIT,
            floor: ProgressFloor::default(),
            time_allowed: None,
            observer: None,
            memory: MEMORY,
            seed: 0,
            parse_mode: ParseMode::InPlace,
        }
    }

    /// Sends `key` to the base URL's origin, and to no other. Without a key, requests are anonymous.
    pub fn api_key(mut self, key: &ApiKey) -> Self {
        self.authorization = Some(key.authorization_header());
        self
    }

    /// Sets the retry policy. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the maximum number of concurrent requests to the server, at least 1. Default 8.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// Sets the maximum number of concurrent transfers from storage hosts, at least 1. Default 32.
    ///
    /// All downloads of the client share it. Fewer are in flight while a storage is overloaded: while it answers 429 or
    /// 5xx, or stalls. A file that the server itself sends counts as a request to the server instead.
    pub fn downloads(mut self, transfers: usize) -> Self {
        self.downloads = transfers.max(1);
        self
    }

    /// Sets the maximum length of an answer to an operation, in bytes after decompression. Default 256 MiB. Downloads
    /// have [a separate limit](Self::file_limit).
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets the maximum size of a downloaded file, in bytes. A larger one fails, whatever its headers say. Default 5
    /// TiB, the largest object that S3 stores.
    pub fn file_limit(mut self, bytes: u64) -> Self {
        self.file_limit = bytes;
        self
    }

    /// Sets the minimum progress of answers and downloads. Default: [`ProgressFloor::default`].
    pub fn progress_floor(mut self, floor: ProgressFloor) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the total time for all requests of this client, counted from [`build`](Self::build). Later requests fail
    /// with [`Error::OutOfTime`](crate::error::Error::OutOfTime). Default: no limit.
    pub fn time_allowed(mut self, duration: Duration) -> Self {
        self.time_allowed = Some(duration);
        self
    }

    /// Calls `observer` once a wait has lasted ten seconds: for the rate limit, for a retry, or for an answer. Calls
    /// it at most once in ten seconds. It should return quickly. Default: no observer.
    pub fn on_wait(mut self, observer: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sets the memory budget for answers, in bytes after decompression. Default 100 MiB.
    ///
    /// It covers answers as they arrive, and [windows](Client::windows) until their rows have been used. An answer
    /// waits for others to be used before it takes more. One that exceeds the whole budget arrives alone. Data built
    /// from rows, such as values and tables, is not counted.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the seed of the jitter in waits. Clients that may fail together should use different seeds. Default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets where the answers of [windows](Client::windows), which can be large, are read. Default: in place.
    pub fn parse_mode(mut self, parse_mode: ParseMode) -> Self {
        self.parse_mode = parse_mode;
        self
    }

    /// Builds the client.
    pub fn build(self) -> Client {
        let max_wait = self.retry.max_retry_after;
        let began = self.transport.now();
        let transfers = TransferSlots::new(self.downloads, Arc::clone(&self.transport));
        let deadline = self.time_allowed.map(|allowed| Deadline { at: began + allowed, allowed });
        Client {
            shared: Arc::new(Shared {
                transport: self.transport,
                endpoint: Endpoint::new(self.base_url),
                redactor: self.authorization.as_ref().map(Redactor::of_authorization).unwrap_or_default(),
                authorization: self.authorization,
                user_agent: HeaderValue::from_static(concat!("wandb-export/", env!("CARGO_PKG_VERSION"))),
                retry: self.retry,
                concurrency: self.concurrency,
                body_limit: self.body_limit,
                file_limit: self.file_limit,
                floor: self.floor,
                deadline,
                observer: self.observer,
                last_notice: Mutex::default(),
                closed: Mutex::default(),
                memory: budget::MemoryBudget::new(self.memory),
                permits: Arc::new(Semaphore::new(self.concurrency)),
                transfers: Arc::new(transfers),
                closed_origins: Mutex::default(),
                pacer: Mutex::new(pace::Pacer::new(max_wait)),
                unsupported: Mutex::new(UnsupportedFields::nothing()),
                jitter: Mutex::new(fastrand::Rng::with_seed(self.seed)),
                counters: stats::Counters::default(),
                parse_mode: self.parse_mode,
            }),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .field("retry", &self.retry)
            .field("concurrency", &self.concurrency)
            .field("downloads", &self.downloads)
            .finish_non_exhaustive()
    }
}
