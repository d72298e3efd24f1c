//! The loop for a single call.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Response;
use http::header::CONTENT_LENGTH;

use super::reply::{Failure, sort};
use super::retry::Hope;
use super::room::{Gather, Room};
use super::waiting::WaitReason;
use super::{Client, exchange, lock};
use crate::error::{Error, RequestLabel, shown};
use crate::operation::{AnswerError, Effect, Lacks, Operation, SentBody};
use crate::transport::Moment;

/// An answer, and what it had to do without.
///
/// ```
/// use wandb_core::client::Reply;
/// use wandb_core::operation::Lacks;
///
/// let reply = Reply { answer: 42, lacks: Lacks::nothing() };
/// assert!(reply.lacks.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<A> {
    /// The answer.
    pub answer: A,
    /// The fields and arguments of the operation that the server does not have; the answer is without them.
    pub lacks: Lacks,
}

/// An answer that has been read, and how large it was.
pub(super) struct Answered<A> {
    pub(super) answer: A,
    pub(super) bytes: usize,
}

/// A call that failed for good.
pub(super) struct Failed {
    pub(super) failure: Failure,
    pub(super) attempts: u32,
}

/// The tries of a request that failed so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    /// How many there were.
    pub(super) failed: u32,
    /// How many of them brought something that cannot be read.
    unreadable: u32,
    /// When the first one failed.
    since: Option<Moment>,
}

impl Tries {
    pub(super) fn failed(&mut self, failure: &Failure, now: Moment) {
        self.failed = self.failed.saturating_add(1);
        self.unreadable = self.unreadable.saturating_add(u32::from(failure.hope() == Hope::Once));
        self.since.get_or_insert(now);
    }
}

impl Client {
    /// Asks `operation` and returns its answer, after as many tries as the [`RetryPolicy`](super::RetryPolicy)
    /// allows. A field that the server lacks is left out, and said so. An operation that
    /// [writes](Effect::Writes) is tried again only where it certainly had no effect.
    ///
    /// Dropping the future gives the request up.
    pub async fn call<O: Operation>(&self, operation: O) -> Result<Reply<O::Answer>, Error> {
        let answer = self.attempt(&operation, Divisible::No).await;
        let answer = answer.map_err(|failed| self.error(&operation, failed))?;
        Ok(Reply { answer, lacks: self.lacks_of(&operation) })
    }

    /// What an operation has to do without.
    pub(super) fn lacks_of(&self, operation: &impl Operation) -> Lacks {
        let known = self.lacks();
        let mut lacks = known.among(operation.optional_fields());
        lacks.extend(&known.arguments_among(&operation.optional_arguments()));
        lacks
    }

    /// Asks until there is an answer or no hope; hands a divisible request back as soon as asking for less may help.
    ///
    /// The future is boxed so that what awaits it can be seen to be `Send` whatever the operation borrows.
    pub(super) fn attempt<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        divisible: Divisible,
    ) -> BoxFuture<'a, Result<O::Answer, Failed>> {
        let read = move |response| std::future::ready(operation.answer(response)).boxed();
        Box::pin(async move {
            let budget = &self.shared.memory;
            let most =
                if divisible == Divisible::Yes { self.most_of_a_part() } else { self.shared.body_limit };
            let room = Room::new(budget.reserve(0), budget.rank(), most);
            Ok(self.attempt_reading(operation, divisible, &room, read).await?.answer)
        })
    }

    /// The same where someone else reads the answers, which take the bytes of `room`: `read` is what the operation's
    /// `answer` is.
    pub(super) fn attempt_reading<'a: 'r, 'r, O: Operation>(
        &'a self,
        operation: &'a O,
        divisible: Divisible,
        room: &'r dyn Gather,
        read: impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync + 'a,
    ) -> BoxFuture<'r, Result<Answered<O::Answer>, Failed>> {
        Box::pin(async move {
            let mut tries = Tries::default();
            let label = || RequestLabel::new(operation.name(), operation.subject());
            loop {
                let lacks = self.lacks();
                let failure = match self.try_once(operation, &lacks, room, &read).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Answer(AnswerError::Lacks(lacking)))
                        if self.learn(operation, &lacking, &lacks) =>
                    {
                        continue;
                    }
                    Err(failure) => failure,
                };
                tries.failed(&failure, self.shared.transport.now());
                let attempts = tries.failed;
                if divisible == Divisible::Yes && failure.suggests_less(attempts) {
                    return Err(Failed { failure, attempts });
                }
                let may_repeat = operation.effect() == Effect::Reads || failure.had_no_effect();
                if !may_repeat || !self.back_off(&failure, &tries, label).await {
                    return Err(Failed { failure, attempts });
                }
            }
        })
    }

    /// Waits before another try after `failure`, the last of `tries`; `false`, at once, if there is to be none.
    pub(super) async fn back_off(
        &self,
        failure: &Failure,
        tries: &Tries,
        label: impl FnOnce() -> RequestLabel,
    ) -> bool {
        let jitter = lock(&self.shared.jitter).f64();
        let hope = failure.hope();
        let failed = if hope == Hope::Once { tries.unreadable } else { tries.failed };
        let Some(wait) = self.shared.retry.wait(failed, hope, failure.asked(), jitter) else {
            return false;
        };
        self.shared.tally.retry();
        let now = self.shared.transport.now();
        let reason =
            || WaitReason::Retry { request: label(), attempts: tries.failed, problem: failure.brief() };
        self.wait(wait, tries.since.unwrap_or(now), reason).await;
        true
    }

    pub(super) fn error<O: Operation>(&self, operation: &O, failed: Failed) -> Error {
        let label = RequestLabel::new(operation.name(), operation.subject());
        let server = self.base_url().to_string();
        let key_given = self.shared.authorization.is_some();
        let longest_wait = self.shared.retry.longest_asked_wait;
        let failure = failed.failure.with_texts(|text| self.shared.redactor.printable(text));
        failure.into_error(label, failed.attempts, &server, key_given, longest_wait)
    }

    async fn try_once<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        lacks: &Lacks,
        room: &dyn Gather,
        read: &(impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync),
    ) -> Result<Answered<O::Answer>, Failure> {
        let request = operation.request(&self.shared.endpoint, lacks).map_err(Failure::Answer)?;
        let sent = SentBody(request.body().clone());
        let permit = self.shared.permits.acquire().await;
        if let Some(left) = self.closed_for() {
            return Err(Failure::Closed { left });
        }
        let label = || RequestLabel::new(operation.name(), operation.subject());
        let exchange::Exchange { url, outcome } = self.paced_exchange(request, label).await;
        let transport_failure = |error| Failure::Transport { url: shown(&url), error };
        let response = match outcome.map_err(transport_failure)? {
            exchange::Arrived::Response(response) => response,
            exchange::Arrived::Elsewhere(to) => return Err(Failure::Redirected { to: shown(&to) }),
        };
        let (head, body) = response.into_parts();
        let expected = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let gathered = room.gather(self, body, expected).await.map_err(transport_failure)?;
        drop(permit);
        let (body, bytes) = (gathered.body.map_err(Failure::Answer)?, gathered.length);
        self.shared.tally.received(bytes);
        let mut response = sort(&url, Response::from_parts(head, body))?;
        response.extensions_mut().insert(sent);
        let answer = read(response).await.map_err(Failure::Answer)?;
        Ok(Answered { answer, bytes })
    }

    /// Notes what the server lacks; whether asking again without it can help: the operation can do without all of it,
    /// and it was asked with some of it. Every round leaves out another optional field or argument, so that there are no
    /// more rounds than these, whatever the server says.
    fn learn<O: Operation>(&self, operation: &O, lacking: &Lacks, asked_without: &Lacks) -> bool {
        let (fields, arguments) = (operation.optional_fields(), operation.optional_arguments());
        let dispensable = lacking.iter().all(|field| fields.contains(field))
            && lacking.arguments().all(|argument| arguments.contains(argument));
        let asked_with_some = lacking.iter().any(|field| !asked_without.contains(field))
            || lacking.arguments().any(|argument| !asked_without.contains_argument(argument));
        lock(&self.shared.lacks).extend(lacking);
        dispensable && asked_with_some
    }
}

/// Whether a request can be asked in smaller parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Divisible {
    Yes,
    No,
}
