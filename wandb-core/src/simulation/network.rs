//! The simulated network. It decides the fate of each request when it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::executor::{self, SimulationError, Threads};
use super::faults::Faults;
use super::world::{CLOCK_START, Shared};
use crate::transport::{
    Body, Moment, Phase, Request, Response, Transport, TransportError, TransportErrorKind,
};

type Server = dyn Fn(&Request) -> http::Response<Bytes> + Send + Sync;

/// A seeded network between a client and a server function.
#[derive(Clone)]
pub struct Simulation {
    seed: u64,
    shared: Shared,
    faults: Arc<Faults>,
    server: Arc<Server>,
}

/// Counters of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Requests sent.
    pub requests: u64,
    /// Requests that met a fault.
    pub faulty: u64,
    /// The peak number of requests in flight.
    pub most_in_flight: u64,
    /// The virtual time elapsed.
    pub elapsed: Duration,
}

/// The time after which the simulated transport times out.
const PATIENCE: Duration = Duration::from_secs(30);

/// The maximum jump of the transport's clock.
const MAX_JUMP_SECONDS: u64 = 3600;

impl Simulation {
    /// Creates a network with faults determined by `seed`. `server` answers the requests that get through.
    pub fn new(
        seed: u64,
        faults: Faults,
        server: impl Fn(&Request) -> http::Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self { seed, shared: Shared::new(seed), faults: Arc::new(faults), server: Arc::new(server) }
    }

    /// Returns a transport over this network.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    /// Runs `future` to completion, skipping idle time.
    ///
    /// # Errors
    /// Fails with [`SimulationError`], which has the seed, if the future never completes.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output, SimulationError> {
        executor::run(self.seed, &self.shared, Threads::Ignored, future)
    }

    /// Runs a future that also waits for other threads, such as those that write files.
    ///
    /// Virtual time stands still for some milliseconds of real time before each jump, to give the threads a turn. The
    /// schedule is therefore not fully deterministic.
    ///
    /// # Errors
    /// Fails with [`SimulationError`], which has the seed, if the future takes longer than `longest` in virtual time, or
    /// waits for a thread for more than a minute.
    pub fn run_with_threads<F: Future>(
        &self,
        longest: Duration,
        future: F,
    ) -> Result<F::Output, SimulationError> {
        executor::run(self.seed, &self.shared, Threads::Awaited(longest), future)
    }

    /// Returns the counters so far.
    pub fn report(&self) -> Report {
        let world = self.shared.lock();
        Report {
            requests: world.requests,
            faulty: world.faulty,
            most_in_flight: world.most_in_flight,
            elapsed: world.now,
        }
    }
}

/// The fate of a request.
enum Fate {
    Fine,
    Cut,
    Trickle,
    Reset,
    Timeout,
    Answer(http::Response<Bytes>),
}

impl Faults {
    fn fate(&self, rng: &mut Rng) -> Fate {
        let mut happens = |chance: f64| chance > 0.0 && rng.f64() < chance;
        if happens(self.reset) {
            Fate::Reset
        } else if happens(self.timeout) {
            Fate::Timeout
        } else if happens(self.rate_limited) {
            Fate::Answer(rate_limited(rng))
        } else if happens(self.failing) {
            Fate::Answer(status([500, 502, 503, 504][rng.usize(0..4)], "text/plain", "overloaded"))
        } else if happens(self.html) {
            Fate::Answer(status(200, "text/html", "<html><body>Sign in</body></html>"))
        } else if happens(self.odd) {
            let odd = self.odd_answers[rng.usize(0..self.odd_answers.len())].clone();
            Fate::Answer(http::Response::new(odd))
        } else if happens(self.cut) {
            Fate::Cut
        } else if happens(self.trickle) {
            Fate::Trickle
        } else {
            Fate::Fine
        }
    }
}

fn status(code: u16, content_type: &'static str, body: &'static str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

fn rate_limited(rng: &mut Rng) -> http::Response<Bytes> {
    let mut response = status(429, "application/json", "{}");
    let headers = response.headers_mut();
    let seconds = http::HeaderValue::from(rng.u32(0..20));
    match rng.u8(0..3) {
        0 => {
            headers.insert(RETRY_AFTER, seconds);
        }
        1 => {
            headers.insert("ratelimit-limit", http::HeaderValue::from(100));
            headers.insert("ratelimit-remaining", http::HeaderValue::from(rng.u32(0..3)));
            headers.insert("ratelimit-reset", seconds);
        }
        _ => {}
    }
    response
}

/// Decrements the number of requests in flight on drop.
struct InFlightGuard(Shared);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

#[async_trait]
impl Transport for Simulation {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (fate, latency) = {
            let mut world = self.shared.lock();
            world.requests += 1;
            world.in_flight += 1;
            world.most_in_flight = world.most_in_flight.max(world.in_flight);
            if world.rng.f64() < self.faults.clock_jump {
                let ahead = world.rng.u64(0..=2 * MAX_JUMP_SECONDS);
                world.shown_ahead = (CLOCK_START + Duration::from_secs(ahead))
                    .saturating_sub(Duration::from_secs(MAX_JUMP_SECONDS));
            }
            let fate = self.faults.fate(&mut world.rng);
            if !matches!(fate, Fate::Fine) {
                world.faulty += 1;
            }
            let span = self.faults.latency.end.saturating_sub(self.faults.latency.start);
            (fate, self.faults.latency.start + span.mul_f64(world.rng.f64()))
        };
        let _in_flight = InFlightGuard(self.shared.clone());
        self.shared.sleep(latency).await;
        match fate {
            Fate::Fine => Ok((self.server)(&request).map(Body::from)),
            Fate::Answer(response) => Ok(response.map(Body::from)),
            Fate::Cut => {
                let (head, body) = (self.server)(&request).into_parts();
                let kept = self.shared.lock().rng.usize(0..=body.len());
                let cut = TransportError::new(TransportErrorKind::Interrupted, "cut by the simulation");
                let chunks = [Ok(body.slice(..kept)), Err(cut)];
                Ok(http::Response::from_parts(head, Body::from_stream(stream::iter(chunks))))
            }
            Fate::Trickle => {
                let (head, body) = (self.server)(&request).into_parts();
                let shared = self.shared.clone();
                let bytes = stream::unfold(body, move |mut body| {
                    let shared = shared.clone();
                    async move {
                        shared.sleep(Duration::from_secs(1)).await;
                        (!body.is_empty()).then(|| (Ok(body.split_to(1)), body))
                    }
                });
                Ok(http::Response::from_parts(head, Body::from_stream(bytes)))
            }
            Fate::Reset => {
                Err(TransportError::new(TransportErrorKind::Interrupted, "reset by the simulation"))
            }
            Fate::Timeout => {
                self.shared.sleep(PATIENCE).await;
                let phase = TransportErrorKind::Timeout(Phase::FirstByte);
                Err(TransportError::new(phase, "timed out by the simulation"))
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.shared.sleep(duration).await;
    }

    fn now(&self) -> Moment {
        let world = self.shared.lock();
        Moment::new(world.now + world.shown_ahead)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("seed", &self.seed)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
