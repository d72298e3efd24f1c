use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

/// How often the simulated network and server misbehave: chances from 0 to 1, each taken by itself.
#[derive(Debug, Clone)]
pub struct Faults {
    /// How long an answer takes; different for each, so they arrive in any order.
    pub latency: Range<Duration>,
    /// The connection fails before an answer begins.
    pub reset: f64,
    /// The answer takes so long that the transport gives up.
    pub timeout: f64,
    /// The body ends in the middle.
    pub cut: f64,
    /// The body comes a byte a second.
    pub trickle: f64,
    /// Status 429, with `Retry-After`, with rate limit headers, or with nothing.
    pub rate_limited: f64,
    /// A status from 500 to 504.
    pub failing: f64,
    /// Status 200 and a web page.
    pub html: f64,
    /// Status 200 and one of [`odd_answers`](Self::odd_answers).
    pub odd: f64,
    /// Answers that are well-formed and yet none, such as `data: null` with errors.
    pub odd_answers: Vec<Bytes>,
    /// The clock that the transport shows jumps, an hour forth or back at the most.
    pub clock_jump: f64,
}

impl Faults {
    /// A network without faults, whose answers take 1 to 100 ms.
    pub fn none() -> Self {
        Self {
            latency: Duration::from_millis(1)..Duration::from_millis(100),
            reset: 0.0,
            timeout: 0.0,
            cut: 0.0,
            trickle: 0.0,
            rate_limited: 0.0,
            failing: 0.0,
            html: 0.0,
            odd: 0.0,
            odd_answers: Vec::new(),
            clock_jump: 0.0,
        }
    }

    /// Every fault with the same `chance`; `odd_answers` are the well-formed answers that are none.
    pub fn each(chance: f64, odd_answers: Vec<Bytes>) -> Self {
        Self {
            reset: chance,
            timeout: chance,
            cut: chance,
            trickle: chance,
            rate_limited: chance,
            failing: chance,
            html: chance,
            odd: if odd_answers.is_empty() { 0.0 } else { chance },
            odd_answers,
            clock_jump: chance,
            ..Self::none()
        }
    }
}
