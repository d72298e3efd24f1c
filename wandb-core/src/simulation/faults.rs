use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

/// The fault rates of the simulated network and server: independent probabilities from 0 to 1. Begin with
/// [`none`](Self::none) or [`each`](Self::each), and set the fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Faults {
    /// The range of latencies. They differ between answers, which therefore arrive in any order.
    pub latency: Range<Duration>,
    /// The connection fails before the response starts.
    pub reset: f64,
    /// The response takes so long that the transport times out.
    pub timeout: f64,
    /// The body is truncated.
    pub cut: f64,
    /// The body arrives at one byte per second.
    pub trickle: f64,
    /// Status 429, with `Retry-After`, with rate limit headers, or with nothing.
    pub rate_limited: f64,
    /// A status from 500 to 504.
    pub failing: f64,
    /// Status 200 with a web page.
    pub html: f64,
    /// Status 200 with one of [`odd_answers`](Self::odd_answers).
    pub odd: f64,
    /// Well-formed responses without an answer, such as `data: null` with errors.
    pub odd_answers: Vec<Bytes>,
    /// The transport's clock jumps by up to an hour forward or backward.
    pub clock_jump: f64,
}

impl Faults {
    /// A network without faults and with latencies of 1 to 100 ms.
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

    /// Every fault with the same probability. `odd_answers` are well-formed responses without an answer.
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
