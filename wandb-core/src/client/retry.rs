//! When to try again, as a pure function of what failed and how often.

use std::time::Duration;

/// How often a failed request is tried again, and how long to wait before.
///
/// The waits double from [`first_wait`](Self::first_wait) to [`longest_wait`](Self::longest_wait), each shortened by
/// up to half at random so that clients which failed together do not come back together. A server's `Retry-After`
/// is waited out whole. One longer than [`longest_asked_wait`](Self::longest_asked_wait) ends the call at once, since
/// asking earlier only earns more refusals. An answer that cannot be read is asked for twice.
///
/// ```
/// use wandb_core::client::RetryPolicy;
///
/// let patient = RetryPolicy { attempts: 40, ..RetryPolicy::default() };
/// assert_eq!(RetryPolicy::never().attempts, 1);
/// assert!(patient.attempts > RetryPolicy::default().attempts);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at the most. Default 12, which with the default waits is about six minutes.
    pub attempts: u32,
    /// The same for failures that mostly last: no connection, or something that is not a W&B server. Default 4.
    pub doubtful_attempts: u32,
    /// The wait after the first failure. Default 0.5 s.
    pub first_wait: Duration,
    /// The longest wait between two tries. Default 60 s.
    pub longest_wait: Duration,
    /// The longest `Retry-After` that is waited for; a longer one is an
    /// [`Error::Deferred`](crate::error::Error::Deferred). Default 15 minutes.
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

/// How often an answer is asked for that cannot be read.
const MOST_UNREADABLE: u32 = 2;

/// How likely a failure is to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hope {
    /// It would fail again.
    None,
    /// It fails again, unless the answer was garbled on its way.
    Once,
    /// It mostly lasts.
    Doubtful,
    /// It mostly passes.
    Good,
}

impl RetryPolicy {
    /// Every request is sent once.
    pub fn never() -> Self {
        Self { attempts: 1, doubtful_attempts: 1, ..Self::default() }
    }

    /// How long to wait after the `failed`-th failure in a row, or `None` to give up. With [`Hope::Once`] only the failures
    /// of that kind count.
    ///
    /// `asked` is what the server asked for, `jitter` a random number from 0 to 1.
    pub(crate) fn wait(
        &self,
        failed: u32,
        hope: Hope,
        asked: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        let attempts = match hope {
            Hope::None => 1,
            Hope::Once => MOST_UNREADABLE.min(self.attempts),
            Hope::Doubtful => self.doubtful_attempts.min(self.attempts),
            Hope::Good => self.attempts,
        };
        if failed >= attempts || asked.is_some_and(|asked| asked > self.longest_asked_wait) {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << (failed - 1).min(20)).min(self.longest_wait);
        let own = doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0);
        Some(asked.map_or(own, |asked| own.max(asked)))
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
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let waits: Vec<_> = (1..=6).map(|failed| policy().wait(failed, Hope::Good, None, 0.0)).collect();
        assert_eq!(
            waits,
            [Some(SECOND), Some(2 * SECOND), Some(4 * SECOND), Some(4 * SECOND), Some(4 * SECOND), None]
        );
    }

    #[test]
    fn jitter_shortens_by_at_most_half() {
        assert_eq!(policy().wait(2, Hope::Good, None, 1.0), Some(SECOND));
        assert_eq!(policy().wait(2, Hope::Good, None, 7.0), Some(SECOND), "a bad random number does no harm");
    }

    #[test]
    fn doubtful_failures_are_given_up_sooner_and_hopeless_ones_at_once() {
        assert!(policy().wait(3, Hope::Doubtful, None, 0.0).is_some());
        assert_eq!(policy().wait(4, Hope::Doubtful, None, 0.0), None);
        assert!(policy().wait(1, Hope::Once, None, 0.0).is_some());
        assert_eq!(policy().wait(2, Hope::Once, None, 0.0), None);
        assert_eq!(policy().wait(1, Hope::None, None, 0.0), None);
        assert_eq!(RetryPolicy::never().wait(1, Hope::Good, None, 0.0), None);
    }

    #[test]
    fn what_the_server_asks_is_waited_out_within_reason() {
        assert_eq!(policy().wait(1, Hope::Good, Some(30 * SECOND), 0.5), Some(30 * SECOND));
        assert_eq!(
            policy().wait(3, Hope::Good, Some(SECOND), 0.0),
            Some(4 * SECOND),
            "but never less than our own"
        );
        let longest = policy().longest_asked_wait;
        assert_eq!(policy().wait(1, Hope::Good, Some(longest), 0.0), Some(longest));
        assert_eq!(policy().wait(1, Hope::Good, Some(longest + SECOND), 0.0), None, "sooner is of no use");
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let endless = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(endless.wait(u32::MAX - 1, Hope::Good, None, 0.0), Some(endless.longest_wait));
    }
}
