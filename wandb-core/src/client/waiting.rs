//! Waits: bounded by the deadline, and reported to the observer if they are long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::{Client, lock};
use crate::duration::HumanDuration;
use crate::error::RequestLabel;
use crate::transport::{Moment, TransportError, TransportErrorKind};

/// A wait that has lasted ten seconds; see [`ClientBuilder::on_wait`](super::ClientBuilder::on_wait).
///
/// [`Display`](fmt::Display) formats it as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// The reason for the wait.
    pub reason: WaitReason,
    /// The time waited so far.
    pub waited: Duration,
    /// The remaining time; `None` if it depends on the server.
    pub left: Option<Duration>,
}

/// The reason for a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The server's rate limit does not allow the next request yet.
    RateLimit,
    /// The backoff before the retry of a failed request.
    Retry {
        /// The request.
        request: RequestLabel,
        /// The number of attempts so far.
        attempts: u32,
        /// The failure.
        problem: String,
    },
    /// The answer to a request.
    Answer {
        /// The request.
        request: RequestLabel,
    },
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            WaitReason::RateLimit => f.write_str("waiting for the server's rate limit")?,
            WaitReason::Retry { request, attempts, problem } => {
                let tries = if *attempts == 1 { "try" } else { "tries" };
                write!(f, "waiting to try {request} again after {attempts} {tries} ({problem})")?;
            }
            WaitReason::Answer { request } => write!(f, "waiting for the answer to {request}")?,
        }
        match self.left {
            Some(left) => write!(f, ": {} left", HumanDuration(left)),
            None => write!(f, ": {} so far", HumanDuration(self.waited)),
        }
    }
}

/// The callback for long waits.
pub(super) type Observer = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// The length of a wait that is reported, and the minimum time between reports.
const NOTICE_AFTER: Duration = Duration::from_secs(10);

/// The deadline of all requests of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Moment,
    pub(super) allowed: Duration,
}

impl Deadline {
    /// The time left.
    pub(super) fn left(self, now: Moment) -> Duration {
        self.at - now
    }

    pub(super) fn error(self) -> TransportError {
        TransportError::new(TransportErrorKind::OutOfTime { allowed: self.allowed }, "")
    }
}

/// The time until which the server refuses requests, if that is too long to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    since: Moment,
    until: Moment,
}

impl Client {
    /// Sleeps on the transport's clock, which may be virtual, but not beyond the deadline.
    pub async fn sleep(&self, duration: Duration) {
        let transport = &self.shared.transport;
        let left = self.shared.deadline.map_or(duration, |deadline| deadline.left(transport.now()));
        transport.sleep(duration.min(left)).await;
    }

    /// Sleeps like [`sleep`](Self::sleep), and reports a long wait, counted from `since`.
    pub(super) async fn wait(&self, duration: Duration, since: Moment, reason: impl FnOnce() -> WaitReason) {
        let now = self.shared.transport.now();
        self.shared.counters.waited(duration);
        // A clock set back delays the report, one set forward hastens it. Both are harmless.
        let quiet = NOTICE_AFTER.saturating_sub(now - since);
        if self.shared.observer.is_none() || duration <= quiet {
            return self.sleep(duration).await;
        }
        self.sleep(quiet).await;
        let rest = duration.saturating_sub(quiet);
        let left = Some(rest);
        self.announce(|| Waiting { reason: reason(), waited: (now - since) + quiet, left });
        self.sleep(rest).await;
    }

    /// Awaits `answer` until the deadline, and reports a long wait.
    pub(super) async fn await_answer<T>(
        &self,
        answer: impl Future<Output = Result<T, TransportError>> + Send,
        label: impl FnOnce() -> RequestLabel,
    ) -> Result<T, TransportError> {
        let transport = &self.shared.transport;
        if self.shared.observer.is_none() && self.shared.deadline.is_none() {
            return answer.await;
        }
        let mut answer = Box::pin(answer);
        let left = self.shared.deadline.map(|deadline| deadline.left(transport.now()));
        if left.is_none_or(|left| left > NOTICE_AFTER) && self.shared.observer.is_some() {
            answer = match select(answer, transport.sleep(NOTICE_AFTER)).await {
                Either::Left((answer, _)) => return answer,
                Either::Right(((), answer)) => answer,
            };
            let reason = || WaitReason::Answer { request: label() };
            self.announce(|| Waiting { reason: reason(), waited: NOTICE_AFTER, left: None });
        }
        let Some(deadline) = self.shared.deadline else { return answer.await };
        match select(answer, transport.sleep(deadline.left(transport.now()))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(deadline.error()),
        }
    }

    fn announce(&self, waiting: impl FnOnce() -> Waiting) {
        let Some(observer) = &self.shared.observer else { return };
        let now = self.shared.transport.now();
        let mut last = lock(&self.shared.last_notice);
        if last.is_some_and(|last| last <= now && now - last < NOTICE_AFTER) {
            return;
        }
        *last = Some(now);
        drop(last);
        observer(&waiting());
    }

    /// Fails once the deadline has passed.
    pub(super) fn check_time(&self) -> Result<(), TransportError> {
        match self.shared.deadline {
            Some(deadline) if deadline.left(self.shared.transport.now()).is_zero() => Err(deadline.error()),
            _ => Ok(()),
        }
    }

    /// Records that the server refuses requests for `wait`, so that none are sent until then.
    pub(super) fn close_for(&self, wait: Duration) {
        let now = self.shared.transport.now();
        *lock(&self.shared.closed) = Some(Closed { since: now, until: now + wait });
    }

    /// The time for which the server still refuses requests, if that is too long to wait for.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let now = self.shared.transport.now();
        let mut closed = lock(&self.shared.closed);
        // Expires even if the clock was set back.
        *closed = closed.filter(|closed| closed.since <= now && now < closed.until);
        closed.map(|closed| closed.until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_formatted_as_sentences() {
        let request = RequestLabel::new("RunFiles", "team/project/run");
        let reason = WaitReason::Retry {
            request: request.clone(),
            attempts: 3,
            problem: "the server answered 503".to_owned(),
        };
        let waiting =
            Waiting { reason, waited: Duration::from_secs(10), left: Some(Duration::from_secs(90)) };
        assert_eq!(
            waiting.to_string(),
            "waiting to try RunFiles of team/project/run again after 3 tries (the server answered 503): 1 min 30 s left"
        );
        let reason = WaitReason::Answer { request };
        let waiting = Waiting { reason, waited: Duration::from_secs(10), left: None };
        assert_eq!(
            waiting.to_string(),
            "waiting for the answer to RunFiles of team/project/run: 10 s so far"
        );
    }
}
