//! Failures on request, each from a seed or for the next few requests, so that a test can be repeated.

mod spec;
mod state;

use std::time::Duration;

use crate::request_log::Port;

pub use spec::FaultSpecError;
pub(crate) use state::{FaultState, Verdict};

/// What the server does wrong from now on. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The single faults; the first one that applies to a request is used.
    pub faults: Vec<Fault>,
    /// Seed of the faults that happen by chance.
    pub seed: u64,
    /// Answers 500 to history windows wider than this many steps, as W&B does when a request asks for too much
    /// (wandb/wandb issue 8291).
    pub page_limit: Option<u64>,
    /// Refuses API requests beyond a rate, with `RateLimit-*` headers on every answer.
    pub rate_limit: Option<RateLimit>,
}

/// One way to fail.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// To which requests it can happen.
    pub scope: Scope,
    /// How often.
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

    /// Limits the fault to one GraphQL operation, or to paths that hold the text.
    #[must_use]
    pub fn on(mut self, operation_or_path: &str) -> Self {
        self.scope.matching = Some(operation_or_path.to_owned());
        self
    }

    /// Limits the fault to one port.
    #[must_use]
    pub fn at(mut self, port: Port) -> Self {
        self.scope.port = Some(port);
        self
    }
}

/// The requests a fault can happen to; the default is all.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// One of the ports.
    pub port: Option<Port>,
    /// Name of a GraphQL operation, or a part of the path.
    pub matching: Option<String>,
}

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// To the next so many requests in its scope.
    Next(u32),
    /// To each request in its scope with this probability.
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
    /// The request is read, then the connection is reset.
    Reset,
    /// The right answer with the right length, of which only half arrives before the connection closes.
    CutBody,
    /// The right answer, of which only half arrives while the connection stays open.
    Stall,
    /// The right answer, late.
    Latency(Duration),
    /// An HTML page, as proxies and login pages send, with this status.
    Html(u16),
    /// Status 200 with `{"data":null,"errors":[…]}`.
    DataNull(String),
}

/// A rate of requests per second that is really kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub per_second: f64,
    /// Requests that may come at once.
    pub burst: f64,
}
