//! The loop for a single call.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Response;
use http::header::CONTENT_LENGTH;

use super::reply::{Failure, sort};
use super::{Client, exchange, lock};
use crate::error::{Error, RequestLabel, shown};
use crate::operation::{AnswerError, Effect, Lacks, Operation, SentBody};

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

impl Client {
    /// Asks `operation` and returns its answer, after as many tries as the [`RetryPolicy`](super::RetryPolicy)
    /// allows. A field that the server lacks is left out, and said so. An operation that
    /// [writes](Effect::Writes) is tried again only where it certainly had no effect.
    ///
    /// Dropping the future gives the request up.
    pub async fn call<O: Operation>(&self, operation: O) -> Result<Reply<O::Answer>, Error> {
        let answer = self.attempt(&operation, Divisible::No).await;
        let answer = answer.map_err(|failed| self.error(&operation, failed))?;
        let known = self.lacks();
        let mut lacks = known.among(operation.optional_fields());
        lacks.extend(&known.arguments_among(&operation.optional_arguments()));
        Ok(Reply { answer, lacks })
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
        Box::pin(async move { Ok(self.attempt_reading(operation, divisible, read).await?.answer) })
    }

    /// The same where someone else reads the answers: `read` is what the operation's `answer` is.
    pub(super) fn attempt_reading<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        divisible: Divisible,
        read: impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync + 'a,
    ) -> BoxFuture<'a, Result<Answered<O::Answer>, Failed>> {
        Box::pin(async move {
            let mut attempts = 0;
            loop {
                let lacks = self.lacks();
                let failure = match self.try_once(operation, &lacks, &read).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Answer(AnswerError::Lacks(lacking)))
                        if self.learn(operation, &lacking, &lacks) =>
                    {
                        continue;
                    }
                    Err(failure) => failure,
                };
                attempts += 1;
                if divisible == Divisible::Yes && failure.suggests_less(attempts) {
                    return Err(Failed { failure, attempts });
                }
                let may_repeat = operation.effect() == Effect::Reads || failure.had_no_effect();
                if !may_repeat || !self.back_off(&failure, attempts).await {
                    return Err(Failed { failure, attempts });
                }
            }
        })
    }

    /// Waits before another try after the `failed`-th failure in a row; `false`, at once, if there is to be none.
    pub(super) async fn back_off(&self, failure: &Failure, failed: u32) -> bool {
        let jitter = lock(&self.shared.jitter).f64();
        let Some(wait) = self.shared.retry.wait(failed, failure.hope(), failure.asked(), jitter) else {
            return false;
        };
        self.shared.tally.retry();
        self.wait(wait).await;
        true
    }

    pub(super) fn error<O: Operation>(&self, operation: &O, failed: Failed) -> Error {
        let label = RequestLabel::new(operation.name(), operation.subject());
        let server = self.base_url().to_string();
        let failure = failed.failure.with_texts(|text| self.shared.redactor.printable(text));
        failure.into_error(label, failed.attempts, &server, self.shared.authorization.is_some())
    }

    async fn try_once<'a, O: Operation>(
        &'a self,
        operation: &'a O,
        lacks: &Lacks,
        read: &(impl Fn(Response<Bytes>) -> BoxFuture<'a, Result<O::Answer, AnswerError>> + Send + Sync),
    ) -> Result<Answered<O::Answer>, Failure> {
        let request = operation.request(&self.shared.endpoint, lacks).map_err(Failure::Answer)?;
        let sent = SentBody(request.body().clone());
        let permit = self.shared.permits.acquire().await;
        let exchange::Exchange { url, outcome } = self.paced_exchange(request).await;
        let transport_failure = |error| Failure::Transport { url: shown(&url), error };
        let response = match outcome.map_err(transport_failure)? {
            exchange::Arrived::Response(response) => response,
            exchange::Arrived::Elsewhere(to) => return Err(Failure::Redirected { to: shown(&to) }),
        };
        let (head, body) = response.into_parts();
        let expected = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let body = body.gathered(self.shared.body_limit, expected).await.map_err(transport_failure)?;
        drop(permit);
        let bytes = body.len();
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
