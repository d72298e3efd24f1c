//! An in-process server that misbehaves, driven by a seed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use futures_util::stream::{self, StreamExt as _};
use wandb_core::transport::{
    Body, Moment, Phase, Request, Response, Transport, TransportError, TransportErrorKind,
};
use wandb_local_server::Store;

use super::mutation::{Delivery, change_headers, changed_answer, delivery, status, with_changed_node};

/// How a server misbehaves.
#[derive(Debug, Clone)]
pub(super) enum Misbehaviour {
    /// Responses are unchanged.
    None,
    /// Responses are changed with this frequency.
    Answers(Frequency),
    /// The list node with this name is changed in the same way in every response.
    Node(&'static str),
}

/// Which responses are changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frequency {
    /// Only the response with this number, counted from 0.
    Once(u64),
    /// All responses from this number on.
    From(u64),
    /// This fraction of the responses.
    Share(f64),
}

/// Chunk size of an endless body in bytes.
const CHUNK: usize = 512 << 10;

/// Time after which a transport reports a stalled body.
const STALL: Duration = Duration::from_secs(30);

/// The limit of a file. Answers have the same one.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;

/// No body is read further than this. An endless one breaks off here, so that a failing test does not fill the disk.
const MAX_BODY_BYTES: u64 = MAX_FILE_BYTES + (1 << 20);

/// A transport that answers from a store, with misbehaviour.
pub(super) struct HostileServer {
    clock: Arc<dyn Transport>,
    store: Store,
    seed: u64,
    misbehaviour: Misbehaviour,
    requests: AtomicU64,
    /// The bytes that were read of a body beyond its limit.
    excess: Arc<AtomicU64>,
}

impl fmt::Debug for HostileServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostileServer").field("misbehaviour", &self.misbehaviour).finish_non_exhaustive()
    }
}

impl HostileServer {
    pub(super) fn new(
        clock: Arc<dyn Transport>,
        store: Store,
        seed: u64,
        misbehaviour: Misbehaviour,
    ) -> Self {
        let (requests, excess) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
        Self { clock, store, seed, misbehaviour, requests, excess }
    }

    /// Number of requests received.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The bytes that were read beyond the limit of the body that exceeds it furthest.
    pub(super) fn excess(&self) -> u64 {
        self.excess.load(Ordering::Relaxed)
    }

    fn body(&self, bytes: Bytes, how: Delivery) -> Body {
        let (clock, excess) = (Arc::clone(&self.clock), Arc::clone(&self.excess));
        let mut bytes_read = 0;
        let mut counted = move |chunk: Bytes| {
            bytes_read += chunk.len() as u64;
            excess.fetch_max(bytes_read.saturating_sub(MAX_BODY_BYTES), Ordering::Relaxed);
            let broken = || TransportError::new(TransportErrorKind::Interrupted, "body over the limit");
            if bytes_read > MAX_BODY_BYTES { Err(broken()) } else { Ok(chunk) }
        };
        match how {
            Delivery::Whole => Body::from_stream(stream::iter([bytes]).map(counted)),
            Delivery::Cut(length) => {
                let broken = TransportError::new(TransportErrorKind::Interrupted, "cut");
                let begin = stream::iter([bytes.slice(..length)]).map(counted);
                Body::from_stream(begin.chain(stream::iter([Err(broken)])))
            }
            Delivery::Late(wait) => Body::from_stream(stream::once(async move {
                clock.sleep(wait.min(STALL)).await;
                let stalled = || TransportError::new(TransportErrorKind::Timeout(Phase::Stall), "stalled");
                if wait > STALL { Err(stalled()) } else { counted(bytes) }
            })),
            Delivery::Trickle(wait) => {
                let next = move |rest: Bytes| {
                    let clock = Arc::clone(&clock);
                    async move {
                        if rest.is_empty() {
                            return None;
                        }
                        clock.sleep(wait).await;
                        Some((rest.slice(..1), rest.slice(1..)))
                    }
                };
                Body::from_stream(stream::unfold(bytes, next).map(counted))
            }
            Delivery::Endless => {
                let more = Bytes::from(vec![b' '; CHUNK]);
                let chunks = stream::iter([bytes]).chain(stream::repeat(more)).map(counted);
                // The sleep lets other tasks run between two chunks.
                Body::from_stream(chunks.then(move |chunk| {
                    let clock = Arc::clone(&clock);
                    async move {
                        clock.sleep(Duration::from_millis(1)).await;
                        chunk
                    }
                }))
            }
        }
    }
}

#[async_trait]
impl Transport for HostileServer {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut rng = Rng::with_seed(self.seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        self.clock.sleep(Duration::from_millis(rng.u64(1..20))).await;
        let (mut head, mut body) = self.store.answer(&request).into_parts();
        let mut how = Delivery::Whole;
        match &self.misbehaviour {
            Misbehaviour::None => {}
            Misbehaviour::Node(name) => {
                if let Some(changed) = with_changed_node(self.seed, name, &body) {
                    body = changed.into();
                }
            }
            Misbehaviour::Answers(frequency) => {
                let is_changed = match *frequency {
                    Frequency::Once(at) => number == at,
                    Frequency::From(at) => number >= at,
                    Frequency::Share(share) => rng.f64() < share,
                };
                if is_changed {
                    // Half of the time, changes responses in the same way, like a server that stays broken for a while.
                    let mut rng = if rng.bool() { Rng::with_seed(self.seed) } else { rng };
                    match rng.u8(0..10) {
                        0 => head.status = status(&mut rng),
                        1 => change_headers(&mut rng, &mut head.headers),
                        2 => {
                            head.status = status(&mut rng);
                            change_headers(&mut rng, &mut head.headers);
                        }
                        3 | 4 => how = delivery(&mut rng, body.len()),
                        _ => {
                            if let Some(changed) = changed_answer(&mut rng, &body) {
                                body = changed.into();
                            } else {
                                how = delivery(&mut rng, body.len());
                            }
                        }
                    }
                }
            }
        }
        let body = self.body(body, how);
        Ok(http::Response::from_parts(head, body))
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }
}
