//! A server in this process that misbehaves as a seed decides.

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
    /// Not at all.
    None,
    /// Answers are changed, from the first one on or now and then.
    Answers(Frequency),
    /// One node of the lists is changed, the same in each answer.
    Node(&'static str),
}

/// Which answers are changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frequency {
    /// One, counted from 0.
    Once(u64),
    /// All from this one on.
    From(u64),
    /// This share of them.
    Share(f64),
}

/// Bytes of an endless body in a chunk.
const CHUNK: usize = 64 << 10;

/// How long transports wait for the next bytes of a body.
const STALL: Duration = Duration::from_secs(30);

/// An endless body breaks off after this many bytes, so that a test which fails does not fill the disk.
pub(super) const MOST_HANDED: u64 = 1 << 30;

pub(super) struct Hostile {
    clock: Arc<dyn Transport>,
    store: Store,
    seed: u64,
    misbehaviour: Misbehaviour,
    requests: AtomicU64,
    handed: Arc<AtomicU64>,
}

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hostile").field("misbehaviour", &self.misbehaviour).finish_non_exhaustive()
    }
}

impl Hostile {
    pub(super) fn new(
        clock: Arc<dyn Transport>,
        store: Store,
        seed: u64,
        misbehaviour: Misbehaviour,
    ) -> Self {
        let (requests, handed) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
        Self { clock, store, seed, misbehaviour, requests, handed }
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that were read.
    pub(super) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Relaxed)
    }

    fn body(&self, bytes: Bytes, how: Delivery) -> Body {
        let (clock, handed) = (Arc::clone(&self.clock), Arc::clone(&self.handed));
        let counted = move |chunk: Bytes| {
            let before = handed.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            let broken =
                || TransportError::new(TransportErrorKind::Interrupted, "more than anyone should read");
            if before > MOST_HANDED { Err(broken()) } else { Ok(chunk) }
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
                // Others have their turn between two chunks.
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
impl Transport for Hostile {
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
                    // Servers that are broken are so in the same way for a while.
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
