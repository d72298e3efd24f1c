//! Decides which requests fail, and how.

use std::time::Instant;

use super::{FaultKind, Faults, Scope, When};
use crate::request_log::Port;

/// The faults and their remaining counts.
#[derive(Debug)]
pub(crate) struct FaultState {
    faults: Faults,
    random: fastrand::Rng,
    bucket: Option<Bucket>,
}

impl Default for FaultState {
    fn default() -> Self {
        Self::new(Faults::default())
    }
}

/// The token bucket of a rate limit.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// The decision of the rate limit for a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) limit: f64,
    pub(crate) remaining: f64,
    /// Seconds until the quota is full again, or until one request is allowed.
    pub(crate) reset: f64,
}

impl FaultState {
    pub(crate) fn new(faults: Faults) -> Self {
        let random = fastrand::Rng::with_seed(faults.seed);
        let bucket = faults.rate_limit.map(|limit| Bucket { tokens: limit.burst, filled: Instant::now() });
        Self { faults, random, bucket }
    }

    pub(crate) fn page_limit(&self) -> Option<u64> {
        self.faults.page_limit
    }

    /// Returns the fault for this request, if any.
    pub(crate) fn draw(&mut self, port: Port, operation: Option<&str>, path: &str) -> Option<FaultKind> {
        let random = &mut self.random;
        let mut in_scope =
            self.faults.faults.iter_mut().filter(|fault| fault.scope.holds(port, operation, path));
        in_scope.find_map(|fault| {
            let happens = match &mut fault.when {
                When::Next(left) => {
                    let happens = *left > 0;
                    *left = left.saturating_sub(1);
                    happens
                }
                When::Chance(probability) => random.f64() < *probability,
            };
            happens.then(|| fault.kind.clone())
        })
    }

    /// Takes a token for one request, if a rate limit is set.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Verdict> {
        let limit = self.faults.rate_limit?;
        let bucket = self.bucket.as_mut()?;
        let gained = now.duration_since(bucket.filled).as_secs_f64() * limit.per_second;
        bucket.tokens = (bucket.tokens + gained).min(limit.burst);
        bucket.filled = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        let wanted = if allowed { limit.burst } else { 1.0 };
        let reset = ((wanted - bucket.tokens) / limit.per_second).max(0.0);
        Some(Verdict { allowed, limit: limit.burst, remaining: bucket.tokens.max(0.0), reset })
    }
}

impl Scope {
    fn holds(&self, port: Port, operation: Option<&str>, path: &str) -> bool {
        self.port.is_none_or(|wanted| wanted == port)
            && self.matching.as_deref().is_none_or(|text| operation == Some(text) || path.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::faults::{Fault, RateLimit};

    #[test]
    fn next_requests_in_scope_fail() {
        let faults = vec![Fault::next(2, FaultKind::Reset).on("HistoryPage")];
        let mut state = FaultState::new(Faults { faults, ..Faults::default() });
        let mut draw = |operation| state.draw(Port::Api, Some(operation), "/graphql").is_some();
        assert_eq!(
            [draw("Runs"), draw("HistoryPage"), draw("HistoryPage"), draw("HistoryPage")],
            [false, true, true, false]
        );
    }

    #[test]
    fn the_same_seed_fails_the_same_requests() {
        let outcome = |seed| {
            let faults = vec![Fault::chance(0.5, FaultKind::Status(502))];
            let mut state = FaultState::new(Faults { faults, seed, ..Faults::default() });
            (0..64).map(|_| state.draw(Port::Storage, None, "/x").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(outcome(7), outcome(7));
        assert_ne!(outcome(7), outcome(8));
    }

    #[test]
    fn rate_limit_refills_with_time() {
        let rate_limit = Some(RateLimit { per_second: 10.0, burst: 2.0 });
        let mut state = FaultState::new(Faults { rate_limit, ..Faults::default() });
        let now = Instant::now();
        let allowed: Vec<bool> =
            (0..3).filter_map(|_| state.take(now)).map(|verdict| verdict.allowed).collect();
        assert_eq!(allowed, [true, true, false]);
        let later = state.take(now + Duration::from_millis(150)).unwrap();
        assert!(later.allowed && later.remaining < 1.0);
    }
}
