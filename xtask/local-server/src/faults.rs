//! Fault injection. Faults are seeded or apply to the next few requests, so that tests are reproducible.

mod spec;
mod state;

use std::time::Duration;

use crate::request_log::Port;

pub use spec::FaultSpecError;
pub(crate) use state::{FaultState, Verdict};

/// Faults that the server injects from now on. The default is none.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The faults. The first one that applies to a request is used.
    pub faults: Vec<Fault>,
    /// Seed of the random faults.
    pub seed: u64,
    /// Maximum width of a history window in steps. Wider ones get status 500, as on W&B when a request is too large
    /// (wandb/wandb issue 8291).
    pub page_limit: Option<u64>,
    /// Limits the rate of API requests, with `RateLimit-*` headers in every response.
    pub rate_limit: Option<RateLimit>,
}

/// A fault.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Which requests it can affect.
    pub scope: Scope,
    /// How often it happens.
    pub when: When,
}

impl Fault {
    /// Fails the next `count` requests of any kind.
    pub fn next(count: u32, kind: FaultKind) -> Self {
        Self { kind, scope: Scope::default(), when: When::Next(count) }
    }

    /// Fails requests of any kind with a probability from 0 to 1.
    pub fn chance(probability: f64, kind: FaultKind) -> Self {
        Self { kind, scope: Scope::default(), when: When::Chance(probability) }
    }

    /// Restricts the fault to one GraphQL operation, or to paths that contain the text.
    #[must_use]
    pub fn on(mut self, operation_or_path: &str) -> Self {
        self.scope.matching = Some(operation_or_path.to_owned());
        self
    }

    /// Restricts the fault to one port.
    #[must_use]
    pub fn at(mut self, port: Port) -> Self {
        self.scope.port = Some(port);
        self
    }
}

/// The requests that a fault can affect. The default is all.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The port, or both if `None`.
    pub port: Option<Port>,
    /// Name of a GraphQL operation, or part of the path.
    pub matching: Option<String>,
}

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// For the next requests in its scope, this many.
    Next(u32),
    /// For each request in its scope with this probability.
    Chance(f64),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FaultKind {
    /// 429 with `RateLimit-Limit`, `RateLimit-Remaining: 0` and `RateLimit-Reset`, and with `Retry-After` if given,
    /// both in seconds.
    TooManyRequests {
        /// Value of `RateLimit-Reset`.
        reset: u64,
        /// Value of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// A status with a short JSON body.
    Status(u16),
    /// Reads the request, then resets the connection.
    Reset,
    /// Sends the right headers and half of the body, then closes the connection.
    CutBody,
    /// Sends half of the right body, then keeps the connection open.
    Stall,
    /// Delays the right response.
    Latency(Duration),
    /// An HTML page with this status, as from a proxy or login page.
    Html(u16),
    /// Status 200 with `{"data":null,"errors":[…]}`.
    DataNull(String),
}

/// A token bucket that limits the rate of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Sustained requests per second.
    pub per_second: f64,
    /// Maximum number of requests in a burst.
    pub burst: f64,
}
