//! Waits: bounded by the time allowed in all, and announced when they are long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::{Client, lock};
use crate::duration::Shown;
use crate::error::RequestLabel;
use crate::transport::{Moment, TransportError, TransportErrorKind};

/// A wait that has lasted ten seconds, for an observer; see [`ClientBuilder::on_wait`](super::ClientBuilder::on_wait).
///
/// [`Display`](fmt::Display) gives a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// What is waited for.
    pub reason: WaitReason,
    /// How long it has been waited for.
    pub waited: Duration,
    /// How long the wait goes on; `None` if that depends on the server.
    pub left: Option<Duration>,
}

/// What a client waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The server's rate limit: the next request may not go yet.
    RateLimit,
    /// The next try of a request that failed.
    Retry {
        /// The request.
        request: RequestLabel,
        /// How often it has been tried.
        attempts: u32,
        /// How it failed.
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
            Some(left) => write!(f, ": {} left", Shown(left)),
            None => write!(f, ": {} so far", Shown(self.waited)),
        }
    }
}

/// Who is called when a wait is long.
pub(super) type Observer = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// A wait as long as this is announced, and waits are announced no more often.
const NOTICE: Duration = Duration::from_secs(10);

/// When the time allowed in all is over.
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

/// When the server wants to be asked again, where that is too far off to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    since: Moment,
    until: Moment,
}

impl Client {
    /// Waits by the transport's clock, which need not be the real one, but not beyond the time allowed in all.
    pub async fn sleep(&self, duration: Duration) {
        let transport = &self.shared.transport;
        let left = self.shared.deadline.map_or(duration, |deadline| deadline.left(transport.now()));
        transport.sleep(duration.min(left)).await;
    }

    /// Waits as [`sleep`](Self::sleep) does, and announces a wait that is long, counted from `since`.
    pub(super) async fn wait(&self, duration: Duration, since: Moment, reason: impl FnOnce() -> WaitReason) {
        let now = self.shared.transport.now();
        self.shared.tally.waited(duration);
        // A clock set back makes it later, and one set forward makes it sooner: no harm either way.
        let quiet = NOTICE.saturating_sub(now - since);
        if self.shared.observer.is_none() || duration <= quiet {
            return self.sleep(duration).await;
        }
        self.sleep(quiet).await;
        let rest = duration.saturating_sub(quiet);
        let left = Some(rest);
        self.announce(|| Waiting { reason: reason(), waited: (now - since) + quiet, left });
        self.sleep(rest).await;
    }

    /// Awaits `answer`, at most until the time allowed in all is over, and announces that it takes long.
    pub(super) async fn answered<T>(
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
        if left.is_none_or(|left| left > NOTICE) && self.shared.observer.is_some() {
            answer = match select(answer, transport.sleep(NOTICE)).await {
                Either::Left((answer, _)) => return answer,
                Either::Right(((), answer)) => answer,
            };
            let reason = || WaitReason::Answer { request: label() };
            self.announce(|| Waiting { reason: reason(), waited: NOTICE, left: None });
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
        if last.is_some_and(|last| last <= now && now - last < NOTICE) {
            return;
        }
        *last = Some(now);
        drop(last);
        observer(&waiting());
    }

    /// An error once the time allowed in all is over.
    pub(super) fn check_time(&self) -> Result<(), TransportError> {
        match self.shared.deadline {
            Some(deadline) if deadline.left(self.shared.transport.now()).is_zero() => Err(deadline.error()),
            _ => Ok(()),
        }
    }

    /// Remembers that the server wants to be asked again only after `wait`, so that nothing asks it before.
    pub(super) fn close_for(&self, wait: Duration) {
        let now = self.shared.transport.now();
        *lock(&self.shared.closed) = Some(Closed { since: now, until: now + wait });
    }

    /// How long the server still does not want to be asked, if that is too long to wait for.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let now = self.shared.transport.now();
        let mut closed = lock(&self.shared.closed);
        // A clock set back must not make it last.
        *closed = closed.filter(|closed| closed.since <= now && now < closed.until);
        closed.map(|closed| closed.until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_said_in_a_sentence() {
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
