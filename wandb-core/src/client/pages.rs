//! The loop for pages, where each answer names the next request.

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::Client;
use super::call::Divisible;
use crate::error::Error;
use crate::operation::Paged;

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
        stream::unfold(Some(operation), move |operation| {
            let client = client.clone();
            async move {
                match client.page(operation?).await {
                    Ok((answer, next)) => Some((Ok(answer), next)),
                    Err(error) => Some((Err(error), None)),
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

    /// A page and the request for the next one.
    async fn page<O: Paged>(&self, mut operation: O) -> Result<(O::Answer, Option<O>), Error> {
        loop {
            let smaller = operation.smaller();
            let divisible = if smaller.is_some() { Divisible::Yes } else { Divisible::No };
            match (self.attempt(&operation, divisible).await, smaller) {
                (Ok(answer), _) => {
                    let next = operation.next(&answer);
                    return Ok((answer, next));
                }
                (Err(failed), Some(smaller)) if failed.failure.suggests_less(failed.attempts) => {
                    operation = smaller;
                }
                (Err(failed), _) => return Err(self.error(&operation, failed)),
            }
        }
    }
}
