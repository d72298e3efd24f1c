//! The loop for pages, where each answer names the next request.

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::Client;
use super::call::{Divisible, Failed};
use super::reply::Failure;
use crate::error::Error;
use crate::operation::Paged;

/// What follows a page.
enum Ahead<O> {
    Page(O),
    /// The list has not ended, but no page can be asked for.
    Broken(Error),
    End,
}

impl Client {
    /// Asks page after page, in order. A page that the server refuses as too much, or that times out, is asked for
    /// again with half the items. The stream ends after the last page, or after the first error.
    ///
    /// A page is asked for when the stream is polled for it; dropping the stream gives it up.
    pub fn pages<O: Paged>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Answer, Error>> + Send + use<O> {
        let client = self.clone();
        stream::unfold(Ahead::Page(operation), move |ahead| {
            let client = client.clone();
            async move {
                match ahead {
                    Ahead::Page(operation) => Some(match client.page(operation).await {
                        Ok((answer, ahead)) => (Ok(answer), ahead),
                        Err(error) => (Err(error), Ahead::End),
                    }),
                    Ahead::Broken(error) => Some((Err(error), Ahead::End)),
                    Ahead::End => None,
                }
            }
        })
    }

    /// The items of all pages, in order. The stream ends after the last item, or after the first error.
    pub fn items<O: Paged>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Item, Error>> + Send + use<O> {
        self.pages(operation)
            .map_ok(|answer| stream::iter(O::items(answer)).map(Ok::<_, Error>))
            .try_flatten()
    }

    /// A page and what follows it. How much too long an answer is that was given up is not known, so the page is made
    /// smaller by more than half then.
    async fn page<O: Paged>(&self, mut operation: O) -> Result<(O::Answer, Ahead<O>), Error> {
        let mut is_repeated = false;
        loop {
            let smaller = operation.smaller();
            let divisible = if smaller.is_some() { Divisible::Yes } else { Divisible::No };
            match (self.attempt(&operation, divisible).await, smaller) {
                // A single entry that failed may not fail again.
                (Ok(answer), _)
                    if !is_repeated && O::unreadable(&answer).iter().any(|entry| entry.may_pass) =>
                {
                    is_repeated = true;
                }
                (Ok(answer), _) => {
                    let ahead = match operation.next(&answer) {
                        Some(next) => Ahead::Page(next),
                        None => operation.broken(&answer).map_or(Ahead::End, |error| {
                            let failed = Failed { failure: Failure::Answer(error), attempts: 1 };
                            Ahead::Broken(self.error(&operation, failed))
                        }),
                    };
                    return Ok((answer, ahead));
                }
                (Err(failed), Some(smaller)) if failed.failure.suggests_less(failed.attempts) => {
                    let is_far_too_long = failed.failure.is_longer_than(self.most_of_a_part());
                    operation = if is_far_too_long { much_smaller(smaller) } else { smaller };
                }
                (Err(failed), _) => return Err(self.error(&operation, failed)),
            }
        }
    }
}

/// A quarter of a page, as far as that can be asked for.
fn much_smaller<O: Paged>(page: O) -> O {
    match page.smaller() {
        Some(half) => half.smaller().unwrap_or(half),
        None => page,
    }
}
