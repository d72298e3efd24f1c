//! The loop over pages, where each answer determines the next request.

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::Client;
use super::call::{CanSplit, Failed};
use super::reply::Failure;
use crate::error::Error;
use crate::operation::Paged;

/// The state after a page.
enum NextPage<O> {
    Page(O),
    /// The list has not ended, but the next page cannot be requested.
    Broken(Error),
    End,
}

impl Client {
    /// Requests page after page, in order.
    ///
    /// A page that the server rejects as too large, or that times out, is requested again with half the items. The
    /// stream ends after the last page or the first error.
    ///
    /// A page is requested when the stream is polled for it. Dropping the stream cancels the request.
    pub fn pages<O: Paged>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Answer, Error>> + Send + use<O> {
        let client = self.clone();
        stream::unfold(NextPage::Page(operation), move |ahead| {
            let client = client.clone();
            async move {
                match ahead {
                    NextPage::Page(operation) => Some(match client.page(operation).await {
                        Ok((answer, ahead)) => (Ok(answer), ahead),
                        Err(error) => (Err(error), NextPage::End),
                    }),
                    NextPage::Broken(error) => Some((Err(error), NextPage::End)),
                    NextPage::End => None,
                }
            }
        })
    }

    /// Returns the items of all pages, in order. The stream ends after the last item or the first error.
    pub fn items<O: Paged>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Item, Error>> + Send + use<O> {
        self.pages(operation)
            .map_ok(|answer| stream::iter(O::items(answer)).map(Ok::<_, Error>))
            .try_flatten()
    }

    /// Requests a page, and returns it with the state after it.
    ///
    /// The full length of an answer that was aborted is unknown, so the page then shrinks by more than half.
    async fn page<O: Paged>(&self, mut operation: O) -> Result<(O::Answer, NextPage<O>), Error> {
        let mut is_repeated = false;
        loop {
            let smaller = operation.smaller();
            let divisible = if smaller.is_some() { CanSplit::Yes } else { CanSplit::No };
            match (self.attempt(&operation, divisible).await, smaller) {
                // Retry once: a failure of a single entry may be temporary.
                (Ok(answer), _)
                    if !is_repeated && O::unreadable(&answer).iter().any(|entry| entry.may_pass) =>
                {
                    is_repeated = true;
                }
                (Ok(answer), _) => {
                    let ahead = match operation.next(&answer) {
                        Some(next) => NextPage::Page(next),
                        None => operation.broken(&answer).map_or(NextPage::End, |error| {
                            let failed = Failed { failure: Failure::Answer(error), attempts: 1 };
                            NextPage::Broken(self.error(&operation, failed))
                        }),
                    };
                    return Ok((answer, ahead));
                }
                (Err(failed), Some(smaller)) if failed.failure.suggests_smaller_request(failed.attempts) => {
                    let was_aborted = failed.failure.is_longer_than(self.max_part_bytes());
                    operation = if was_aborted { quarter_page(smaller) } else { smaller };
                }
                (Err(failed), _) => return Err(self.error(&operation, failed)),
            }
        }
    }
}

/// Reduces a page to a quarter of its size, if it can be reduced that far.
fn quarter_page<O: Paged>(page: O) -> O {
    match page.smaller() {
        Some(half) => half.smaller().unwrap_or(half),
        None => page,
    }
}
