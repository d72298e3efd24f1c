//! The retry policy, as a pure function of the failure and the number of attempts.

use std::time::Duration;

/// The number of retries of a failed request, and the backoff between them.
///
/// The waits double from [`initial_backoff`](Self::initial_backoff) to [`max_backoff`](Self::max_backoff). Jitter shortens
/// each by up to half, so that clients that failed together do not retry together. A server's `Retry-After` is always
/// waited out in full. One longer than [`max_retry_after`](Self::max_retry_after) ends the call at once, since
/// an earlier retry would only be rejected again. An unreadable answer is requested twice.
///
/// ```
/// use wandb_core::client::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_max_attempts(40);
/// assert_eq!(RetryPolicy::never().max_attempts, 1);
/// assert!(patient.max_attempts > RetryPolicy::default().max_attempts);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The maximum number of attempts per request. Default 12, about six minutes with the default waits.
    pub max_attempts: u32,
    /// The maximum for failures that usually persist: no connection, or a server that is not W&B. Default 4.
    pub max_attempts_if_persistent: u32,
    /// The wait after the first failure. Default 0.5 s.
    pub initial_backoff: Duration,
    /// The maximum wait between two attempts. Default 60 s.
    pub max_backoff: Duration,
    /// The maximum `Retry-After`. A longer one is an [`Error::Deferred`](crate::error::Error::Deferred). Default 15
    /// minutes.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 12,
            max_attempts_if_persistent: 4,
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(60),
            max_retry_after: Duration::from_secs(15 * 60),
        }
    }
}

/// The maximum number of attempts if the answer cannot be read.
const MAX_UNREADABLE: u32 = 2;

/// The chance that a retry succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryChance {
    /// The failure is permanent.
    None,
    /// The failure is permanent, unless the answer was corrupted in transit.
    Once,
    /// The failure usually persists.
    Doubtful,
    /// The failure is usually temporary.
    Good,
}

impl RetryPolicy {
    /// A policy without retries.
    pub fn never() -> Self {
        Self { max_attempts: 1, max_attempts_if_persistent: 1, ..Self::default() }
    }

    /// Sets the maximum number of [attempts](Self::max_attempts) per request.
    #[must_use]
    pub fn with_max_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// Sets the maximum number of attempts for failures that usually persist.
    #[must_use]
    pub fn with_max_attempts_if_persistent(self, max_attempts_if_persistent: u32) -> Self {
        Self { max_attempts_if_persistent, ..self }
    }

    /// Sets the wait after the first failure.
    #[must_use]
    pub fn with_initial_backoff(self, initial_backoff: Duration) -> Self {
        Self { initial_backoff, ..self }
    }

    /// Sets the maximum wait between two attempts.
    #[must_use]
    pub fn with_max_backoff(self, max_backoff: Duration) -> Self {
        Self { max_backoff, ..self }
    }

    /// Sets the maximum `Retry-After`.
    #[must_use]
    pub fn with_max_retry_after(self, max_retry_after: Duration) -> Self {
        Self { max_retry_after, ..self }
    }

    /// Returns the wait after the `failed`-th consecutive failure, or `None` to give up. For [`RetryChance::Once`],
    /// only failures of that kind count.
    ///
    /// `asked` is the wait that the server asked for, `jitter` a random number from 0 to 1.
    pub(crate) fn wait(
        &self,
        failed: u32,
        chance: RetryChance,
        asked: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        let attempts = match chance {
            RetryChance::None => 1,
            RetryChance::Once => MAX_UNREADABLE.min(self.max_attempts),
            RetryChance::Doubtful => self.max_attempts_if_persistent.min(self.max_attempts),
            RetryChance::Good => self.max_attempts,
        };
        if failed >= attempts || asked.is_some_and(|asked| asked > self.max_retry_after) {
            return None;
        }
        let doubled = self.initial_backoff.saturating_mul(1 << (failed - 1).min(20)).min(self.max_backoff);
        let backoff = doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0);
        Some(asked.map_or(backoff, |asked| backoff.max(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> RetryPolicy {
        RetryPolicy {
            max_attempts: 6,
            initial_backoff: SECOND,
            max_backoff: 4 * SECOND,
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn waits_double_until_attempts_run_out() {
        let waits: Vec<_> =
            (1..=6).map(|failed| policy().wait(failed, RetryChance::Good, None, 0.0)).collect();
        assert_eq!(
            waits,
            [Some(SECOND), Some(2 * SECOND), Some(4 * SECOND), Some(4 * SECOND), Some(4 * SECOND), None]
        );
    }

    #[test]
    fn jitter_shortens_by_at_most_half() {
        assert_eq!(policy().wait(2, RetryChance::Good, None, 1.0), Some(SECOND));
        assert_eq!(policy().wait(2, RetryChance::Good, None, 7.0), Some(SECOND), "jitter is clamped");
    }

    #[test]
    fn doubtful_failures_have_fewer_attempts() {
        assert!(policy().wait(3, RetryChance::Doubtful, None, 0.0).is_some());
        assert_eq!(policy().wait(4, RetryChance::Doubtful, None, 0.0), None);
        assert!(policy().wait(1, RetryChance::Once, None, 0.0).is_some());
        assert_eq!(policy().wait(2, RetryChance::Once, None, 0.0), None);
        assert_eq!(policy().wait(1, RetryChance::None, None, 0.0), None);
        assert_eq!(RetryPolicy::never().wait(1, RetryChance::Good, None, 0.0), None);
    }

    #[test]
    fn retry_after_is_waited_out_within_limits() {
        assert_eq!(policy().wait(1, RetryChance::Good, Some(30 * SECOND), 0.5), Some(30 * SECOND));
        assert_eq!(
            policy().wait(3, RetryChance::Good, Some(SECOND), 0.0),
            Some(4 * SECOND),
            "at least the backoff"
        );
        let longest = policy().max_retry_after;
        assert_eq!(policy().wait(1, RetryChance::Good, Some(longest), 0.0), Some(longest));
        assert_eq!(
            policy().wait(1, RetryChance::Good, Some(longest + SECOND), 0.0),
            None,
            "an earlier retry is useless"
        );
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let endless = RetryPolicy { max_attempts: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(endless.wait(u32::MAX - 1, RetryChance::Good, None, 0.0), Some(endless.max_backoff));
    }
}
