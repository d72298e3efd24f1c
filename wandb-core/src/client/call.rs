//! The retry loop of a single call.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Response;
use http::header::CONTENT_LENGTH;

use super::answer_budget::{AnswerBudget, BodyReader};
use super::reply::{Failure, classify};
use super::retry::RetryChance;
use super::waiting::WaitReason;
use super::{Client, exchange, lock};
use crate::error::{Error, RequestLabel, printable_url};
use crate::operation::{AnswerError, Effect, Operation, SentBody, UnsupportedFields};
use crate::transport::Moment;

/// An answer, with the fields that the server lacks.
///
/// ```
/// # async fn example<O: wandb_core::operation::Operation>(
/// #     client: &wandb_core::client::Client,
/// #     operation: O,
/// # ) -> Result<O::Answer, wandb_core::error::Error> {
/// let reply = client.call(operation).await?;
/// if !reply.unsupported.is_empty() {
///     eprintln!("the server lacks some fields");
/// }
/// Ok(reply.answer)
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply<A> {
    /// The answer.
    pub answer: A,
    /// The fields and arguments of the operation that the server lacks. The answer omits them.
    pub unsupported: UnsupportedFields,
}

/// A parsed answer and its length.
pub(super) struct Answered<A> {
    pub(super) answer: A,
    pub(super) bytes: usize,
}

/// A call that failed permanently.
pub(super) struct Failed {
    pub(super) failure: Failure,
    pub(super) attempts: u32,
}

/// The failed attempts of a request so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FailedAttempts {
    /// The number of failed attempts.
    pub(super) failed: u32,
    /// The number of attempts whose response could not be read.
    unreadable: u32,
    /// The time of the first failure.
    since: Option<Moment>,
}

impl FailedAttempts {
    pub(super) fn failed(&mut self, failure: &Failure, now: Moment) {
        self.failed = self.failed.saturating_add(1);
        self.unreadable =
            self.unreadable.saturating_add(u32::from(failure.retry_chance() == RetryChance::Once));
        self.since.get_or_insert(now);
    }
}

impl Client {
    /// Runs `operation` and returns its answer, with retries as the [`RetryPolicy`](super::RetryPolicy) allows.
    ///
    /// Fields that the server lacks are left out and reported. An operation that [writes](Effect::Writes) is retried
    /// only if the failed attempt certainly had no effect.
    ///
    /// Dropping the future cancels the request.
    pub async fn call<O: Operation>(&self, operation: O) -> Result<Reply<O::Answer>, Error> {
        let answer = self.attempt(&operation, CanSplit::No).await;
        let answer = answer.map_err(|failed| self.error(&operation, failed))?;
        Ok(Reply { answer, unsupported: self.unsupported_of(&operation) })
    }

    /// The fields and arguments of an operation that the server lacks.
    pub(super) fn unsupported_of(&self, operation: &impl Operation) -> UnsupportedFields {
        let known = self.unsupported();
        let mut unsupported = known.among(operation.optional_fields());
        unsupported.extend(&known.arguments_among(&operation.optional_arguments()));
        unsupported
    }

    /// Retries until an answer arrives or no retry can help. Returns a divisible request as soon as asking for less
    /// may help.
    ///
    /// The future is boxed so that callers are `Send`, whatever the operation borrows.
    pub(super) fn attempt<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        divisible: CanSplit,
    ) -> BoxFuture<'a, Result<O::Answer, Failed>> {
        let read = move |response| std::future::ready(operation.answer(response)).boxed();
        Box::pin(async move {
            let budget = &self.shared.memory;
            let most =
                if divisible == CanSplit::Yes { self.max_part_bytes() } else { self.shared.body_limit };
            let answer_budget = AnswerBudget::new(budget.reserve(0), budget.rank(), most);
            Ok(self.attempt_with_reader(operation, divisible, &answer_budget, read).await?.answer)
        })
    }

    /// Like `attempt`, but parses answers with `read` instead of `Operation::answer`, and reads their bodies with
    /// `reader`.
    pub(super) fn attempt_with_reader<'a: 'r, 'r, O: Operation>(
        &'a self,
        operation: &'a O,
        divisible: CanSplit,
        reader: &'r dyn BodyReader,
        read: impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync + 'a,
    ) -> BoxFuture<'r, Result<Answered<O::Answer>, Failed>> {
        Box::pin(async move {
            let mut tries = FailedAttempts::default();
            let label = || RequestLabel::new(operation.name(), operation.subject());
            loop {
                let unsupported = self.unsupported();
                let failure = match self.try_once(operation, &unsupported, reader, &read).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Answer(AnswerError::UnsupportedFields(lacking)))
                        if self.record_missing(operation, &lacking, &unsupported) =>
                    {
                        continue;
                    }
                    Err(failure) => failure,
                };
                tries.failed(&failure, self.shared.transport.now());
                let attempts = tries.failed;
                if divisible == CanSplit::Yes && failure.suggests_smaller_request(attempts) {
                    return Err(Failed { failure, attempts });
                }
                let may_repeat = operation.effect() == Effect::Reads || failure.had_no_effect();
                if !may_repeat || !self.back_off(&failure, &tries, label).await {
                    return Err(Failed { failure, attempts });
                }
            }
        })
    }

    /// Waits before the next attempt after `failure`, the last of `tries`. Returns false at once if there is to be
    /// none.
    pub(super) async fn back_off(
        &self,
        failure: &Failure,
        tries: &FailedAttempts,
        label: impl FnOnce() -> RequestLabel,
    ) -> bool {
        let jitter = lock(&self.shared.jitter).f64();
        let chance = failure.retry_chance();
        let failed = if chance == RetryChance::Once { tries.unreadable } else { tries.failed };
        let Some(wait) = self.shared.retry.wait(failed, chance, failure.asked(), jitter) else {
            return false;
        };
        self.shared.counters.retry();
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
        let max_wait = self.shared.retry.max_retry_after;
        let failure = failed.failure.with_texts(|text| self.shared.redactor.printable(text));
        failure.into_error(label, failed.attempts, &server, key_given, max_wait)
    }

    async fn try_once<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        unsupported: &UnsupportedFields,
        reader: &dyn BodyReader,
        read: &(impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync),
    ) -> Result<Answered<O::Answer>, Failure> {
        let request = operation.request(&self.shared.endpoint, unsupported).map_err(Failure::Answer)?;
        let sent = SentBody(request.body().clone());
        let permit = self.shared.permits.acquire().await;
        if let Some(left) = self.closed_for() {
            return Err(Failure::Closed { left });
        }
        let label = || RequestLabel::new(operation.name(), operation.subject());
        let exchange::Exchange { url, outcome } = self.paced_exchange(request, label).await;
        let transport_failure = |error| Failure::Transport { url: printable_url(&url), error };
        let response = match outcome.map_err(transport_failure)? {
            exchange::Received::Response(response) => response,
            exchange::Received::Redirect(to) => return Err(Failure::Redirected { to: printable_url(&to) }),
        };
        let (head, body) = response.into_parts();
        let expected = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let body_read = reader.read_body(self, body, expected).await.map_err(transport_failure)?;
        drop(permit);
        let (body, bytes) = (body_read.body.map_err(Failure::Answer)?, body_read.length);
        self.shared.counters.received(bytes);
        let mut response = classify(&url, Response::from_parts(head, body))?;
        response.extensions_mut().insert(sent);
        let answer = read(response).await.map_err(Failure::Answer)?;
        Ok(Answered { answer, bytes })
    }

    /// Records the fields that the server lacks. Returns true if a retry without them can help: the operation can
    /// omit all of them, and the request had some of them.
    ///
    /// Every round omits another optional field or argument, so their number bounds the rounds, whatever the server
    /// says.
    fn record_missing<O: Operation>(
        &self,
        operation: &O,
        lacking: &UnsupportedFields,
        asked_without: &UnsupportedFields,
    ) -> bool {
        let (fields, arguments) = (operation.optional_fields(), operation.optional_arguments());
        let dispensable = lacking.iter().all(|field| fields.contains(field))
            && lacking.arguments().all(|argument| arguments.contains(argument));
        let asked_with_some = lacking.iter().any(|field| !asked_without.contains(field))
            || lacking.arguments().any(|argument| !asked_without.contains_argument(argument));
        lock(&self.shared.unsupported).extend(lacking);
        dispensable && asked_with_some
    }
}

/// Whether a request can be split into smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CanSplit {
    Yes,
    No,
}
