//! The client: moves operations over a transport, with retries, pacing and requests in flight.
//!
//! It is ordinary async code that awaits nothing but its [`Transport`]: it spawns nothing, reads no clock and knows
//! no runtime, so the same code serves async programs, blocking ones and simulations.

mod budget;
mod builder;
mod call;
mod download;
mod exchange;
mod list_scanner;
mod pace;
mod pages;
mod progress;
mod quota;
mod reading;
mod redirect;
mod reply;
mod retry;
mod room;
mod streamed;
mod tally;
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
pub use download::{Download, FileVersion, Partial};
pub use progress::ProgressFloor;
pub use reading::Reading;
pub use retry::RetryPolicy;
pub use streamed::ListSink;
pub use tally::Tally;
pub use waiting::{WaitReason, Waiting};
pub use windows::Window;

use crate::BaseUrl;
use crate::operation::{Endpoint, Lacks};
use crate::text::Redactor;
use crate::transport::{Moment, Transport};

/// A server to ask, over a transport.
///
/// Cheap to clone: clones share the transport, the rate limit, the limit on requests in flight and what is known of
/// the server.
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

/// How many of the longest parts fill the memory, if it is little.
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
    /// The largest file that is downloaded, in bytes.
    file_limit: u64,
    floor: ProgressFloor,
    deadline: Option<waiting::Deadline>,
    observer: Option<waiting::Observer>,
    /// When the observer was called last.
    last_notice: Mutex<Option<Moment>>,
    /// Whether the server wants to be left alone for longer than the client waits.
    closed: Mutex<Option<waiting::Closed>>,
    memory: budget::MemoryBudget,
    /// One permit a request in flight to the server itself.
    permits: Semaphore,
    /// The same for downloads, so that storage and server do not hold each other up.
    download_permits: Semaphore,
    /// Storage hosts that refused a file, or were not reached, while another address of the file worked.
    closed_origins: Mutex<HashSet<url::Origin>>,
    pacer: Mutex<pace::Pacer>,
    lacks: Mutex<Lacks>,
    jitter: Mutex<fastrand::Rng>,
    tally: tally::Counters,
    reading: Reading,
}

impl Client {
    /// A client of the server at `base_url`, to be built.
    pub fn builder(transport: Arc<dyn Transport>, base_url: BaseUrl) -> ClientBuilder {
        ClientBuilder::new(transport, base_url)
    }

    /// The server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.shared.endpoint.base_url()
    }

    /// The largest number of requests in flight to the server at once.
    pub fn concurrency(&self) -> usize {
        self.shared.concurrency
    }

    /// The fields that the server has turned out to lack so far.
    pub fn lacks(&self) -> Lacks {
        lock(&self.shared.lacks).clone()
    }

    /// Takes the API key, and names and passwords in addresses, out of texts.
    pub fn redactor(&self) -> &Redactor {
        &self.shared.redactor
    }

    /// The time by the transport's clock.
    pub fn now(&self) -> Moment {
        self.shared.transport.now()
    }

    /// Does work that would hold up what else is in flight, also such that waits for a disk, on another thread, or in
    /// place where large answers are read in place: see [`Reading`].
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.shared.reading.wait(work).await
    }

    /// The bytes of answers that may be in memory at once.
    pub fn memory(&self) -> u64 {
        self.shared.memory.total()
    }

    /// The longest answer to a request that could be asked for in parts.
    fn most_of_a_part(&self) -> u64 {
        let share = (self.memory() / PARTS_IN_MEMORY).max(room::LEAST_OF_A_PART);
        share.min(room::MOST_OF_A_PART).min(self.shared.body_limit)
    }

    /// What the client has done so far.
    pub fn tally(&self) -> Tally {
        Tally { most_memory: self.shared.memory.most_used(), ..self.shared.tally.read() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", self.base_url())
            .field("concurrency", &self.shared.concurrency)
            .field("retry", &self.shared.retry)
            .finish_non_exhaustive()
    }
}

/// What the mutexes guard is whole between statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
