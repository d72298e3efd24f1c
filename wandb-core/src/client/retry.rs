//! The retry policy, as a pure function of the failure and the number of attempts.

use std::time::Duration;

/// The number of retries of a failed request, and the backoff between them.
///
/// The waits double from [`first_wait`](Self::first_wait) to [`longest_wait`](Self::longest_wait). Jitter shortens
/// each by up to half, so that clients that failed together do not retry together. A server's `Retry-After` is always
/// waited out in full. One longer than [`longest_asked_wait`](Self::longest_asked_wait) ends the call at once, since
/// an earlier retry would only be rejected again. An unreadable answer is requested twice.
///
/// ```
/// use wandb_core::client::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_attempts(40);
/// assert_eq!(RetryPolicy::never().attempts, 1);
/// assert!(patient.attempts > RetryPolicy::default().attempts);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The maximum number of attempts per request. Default 12, about six minutes with the default waits.
    pub attempts: u32,
    /// The maximum for failures that usually persist: no connection, or a server that is not W&B. Default 4.
    pub doubtful_attempts: u32,
    /// The wait after the first failure. Default 0.5 s.
    pub first_wait: Duration,
    /// The maximum wait between two attempts. Default 60 s.
    pub longest_wait: Duration,
    /// The maximum `Retry-After`. A longer one is an [`Error::Deferred`](crate::error::Error::Deferred). Default 15
    /// minutes.
    pub longest_asked_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 12,
            doubtful_attempts: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            longest_asked_wait: Duration::from_secs(15 * 60),
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
        Self { attempts: 1, doubtful_attempts: 1, ..Self::default() }
    }

    /// Sets the maximum number of [`attempts`](Self::attempts) per request.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// Sets the maximum number of attempts for failures that usually persist.
    #[must_use]
    pub fn with_doubtful_attempts(self, doubtful_attempts: u32) -> Self {
        Self { doubtful_attempts, ..self }
    }

    /// Sets the wait after the first failure.
    #[must_use]
    pub fn with_first_wait(self, first_wait: Duration) -> Self {
        Self { first_wait, ..self }
    }

    /// Sets the maximum wait between two attempts.
    #[must_use]
    pub fn with_longest_wait(self, longest_wait: Duration) -> Self {
        Self { longest_wait, ..self }
    }

    /// Sets the maximum `Retry-After`.
    #[must_use]
    pub fn with_longest_asked_wait(self, longest_asked_wait: Duration) -> Self {
        Self { longest_asked_wait, ..self }
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
            RetryChance::Once => MAX_UNREADABLE.min(self.attempts),
            RetryChance::Doubtful => self.doubtful_attempts.min(self.attempts),
            RetryChance::Good => self.attempts,
        };
        if failed >= attempts || asked.is_some_and(|asked| asked > self.longest_asked_wait) {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << (failed - 1).min(20)).min(self.longest_wait);
        let backoff = doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0);
        Some(asked.map_or(backoff, |asked| backoff.max(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> RetryPolicy {
        RetryPolicy { attempts: 6, first_wait: SECOND, longest_wait: 4 * SECOND, ..RetryPolicy::default() }
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
        let longest = policy().longest_asked_wait;
        assert_eq!(policy().wait(1, RetryChance::Good, Some(longest), 0.0), Some(longest));
        assert_eq!(
            policy().wait(1, RetryChance::Good, Some(longest + SECOND), 0.0),
            None,
            "an earlier retry is useless"
        );
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let endless = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(endless.wait(u32::MAX - 1, RetryChance::Good, None, 0.0), Some(endless.longest_wait));
    }
}
