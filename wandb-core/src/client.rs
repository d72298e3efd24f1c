//! The client: sends operations over a transport, with retries, rate limiting and several requests in flight.
//!
//! It is plain async code that awaits only its [`Transport`]. It spawns no tasks, reads no clock and depends on no
//! runtime, so the same code runs in async programs, blocking programs and simulations.

mod answer_budget;
mod budget;
mod builder;
mod call;
mod download;
mod download_window;
mod exchange;
mod list_scanner;
mod pace;
mod pages;
mod parse_mode;
mod progress;
mod quota;
mod redirect;
mod reply;
mod retry;
mod stats;
mod streamed;
mod transfer_slots;
mod waiting;
mod window_sizer;
mod windows;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_lock::Semaphore;
use http::HeaderValue;

pub use budget::HeldBytes;
pub use builder::ClientBuilder;
pub use call::Reply;
pub use download::{Download, DownloadReceipt, FileVersion, ListedFile, Partial};
pub use parse_mode::ParseMode;
pub use progress::ProgressFloor;
pub use retry::RetryPolicy;
pub use stats::ClientStats;
pub use streamed::ListSink;
pub use waiting::{WaitReason, Waiting};
pub use windows::Window;

use crate::BaseUrl;
use crate::operation::{Endpoint, UnsupportedFields};
use crate::text::Redactor;
use crate::transport::{Moment, Transport};

/// A client of a W&B server.
///
/// Cheap to clone: clones share the transport, the rate limit, the limits on requests and downloads in flight and the
/// knowledge of which fields the server lacks.
///
/// ```
/// # use wandb_core::transport::{Body, Moment, Request, Response, Transport, TransportError};
/// # use std::{sync::Arc, time::Duration};
/// # struct Nowhere;
/// # #[async_trait::async_trait]
/// # impl Transport for Nowhere {
/// #     async fn send(&self, _: Request) -> Result<Response, TransportError> { Ok(Response::new(Body::empty())) }
/// #     async fn sleep(&self, _: Duration) {}
/// #     fn now(&self) -> Moment { Moment::ORIGIN }
/// # }
/// use wandb_core::BaseUrl;
/// use wandb_core::client::Client;
///
/// let client = Client::builder(Arc::new(Nowhere), BaseUrl::parse("https://api.wandb.ai")?).concurrency(4).build();
/// assert_eq!(client.concurrency(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// The number of parts of maximum length that fit a small memory budget.
const PARTS_IN_MEMORY: u64 = 16;

struct Shared {
    transport: Arc<dyn Transport>,
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    redactor: Redactor,
    user_agent: HeaderValue,
    retry: RetryPolicy,
    concurrency: usize,
    body_limit: u64,
    /// The maximum size of a downloaded file, in bytes.
    file_limit: u64,
    floor: ProgressFloor,
    deadline: Option<waiting::Deadline>,
    observer: Option<waiting::Observer>,
    /// The time of the last call of the observer.
    last_notice: Mutex<Option<Moment>>,
    /// Set once the server asks for a longer wait than the client allows.
    closed: Mutex<Option<waiting::Closed>>,
    memory: budget::MemoryBudget,
    /// One permit per request in flight to the server itself.
    permits: Arc<Semaphore>,
    /// Slots for transfers from storage hosts, which bear more requests at once than the server.
    transfers: Arc<transfer_slots::TransferSlots>,
    /// Storage hosts that refused a file or were unreachable while another address of the file worked.
    closed_origins: Mutex<HashSet<url::Origin>>,
    pacer: Mutex<pace::Pacer>,
    unsupported: Mutex<UnsupportedFields>,
    jitter: Mutex<fastrand::Rng>,
    counters: stats::Counters,
    parse_mode: ParseMode,
}

impl Client {
    /// Returns a builder of a client for the server at `base_url`.
    pub fn builder(transport: Arc<dyn Transport>, base_url: BaseUrl) -> ClientBuilder {
        ClientBuilder::new(transport, base_url)
    }

    /// The server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.shared.endpoint.base_url()
    }

    /// The maximum number of concurrent requests to the server.
    pub fn concurrency(&self) -> usize {
        self.shared.concurrency
    }

    /// The maximum number of concurrent transfers from storage hosts.
    pub fn downloads(&self) -> usize {
        self.shared.transfers.max()
    }

    /// The fields that the server is known to lack so far.
    pub fn unsupported(&self) -> UnsupportedFields {
        lock(&self.shared.unsupported).clone()
    }

    /// The redactor that removes the API key, and user names and passwords in addresses, from texts.
    pub fn redactor(&self) -> &Redactor {
        &self.shared.redactor
    }

    /// The current time of the transport's clock.
    pub fn now(&self) -> Moment {
        self.shared.transport.now()
    }

    /// Runs work that would block the requests in flight, including disk I/O, on another thread. Runs it in place
    /// where large answers are read in place: see [`ParseMode`].
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.shared.parse_mode.wait(work).await
    }

    /// The memory budget for answers, in bytes.
    pub fn memory(&self) -> u64 {
        self.shared.memory.total()
    }

    /// The maximum length of an answer that could be requested in parts.
    fn max_part_bytes(&self) -> u64 {
        let share = (self.memory() / PARTS_IN_MEMORY).max(answer_budget::MIN_PART_BYTES);
        share.min(answer_budget::MAX_PART_BYTES).min(self.shared.body_limit)
    }

    /// Counters of the client's work so far.
    pub fn stats(&self) -> ClientStats {
        ClientStats { most_memory: self.shared.memory.peak_used(), ..self.shared.counters.read() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", self.base_url())
            .field("concurrency", &self.shared.concurrency)
            .field("transfers", &self.shared.transfers)
            .field("retry", &self.shared.retry)
            .finish_non_exhaustive()
    }
}

/// Locks a mutex, ignoring poisoning: the guarded data is consistent between statements, so a panic elsewhere does no
/// harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
