//! The loop for pages, where each answer names the next request.

use std::collections::VecDeque;

use futures_util::stream::{self, Stream};

use super::Client;
use crate::error::Error;
use crate::operation::Paged;

impl Client {
    /// Asks page after page, in order. The stream ends after the last page, or after the first error.
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
                let operation = operation?;
                match client.call(&operation).await {
                    Ok(reply) => {
                        let next = operation.next(&reply.answer);
                        Some((Ok(reply.answer), next))
                    }
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
        let client = self.clone();
        let state = (VecDeque::new(), Some(operation));
        stream::unfold(state, move |(mut items, mut operation)| {
            let client = client.clone();
            async move {
                while items.is_empty() {
                    let asked: O = operation.take()?;
                    match client.call(&asked).await {
                        Ok(reply) => {
                            operation = asked.next(&reply.answer);
                            items = O::items(reply.answer).into();
                        }
                        Err(error) => return Some((Err(error), (items, None))),
                    }
                }
                let item: O::Item = items.pop_front()?;
                Some((Ok(item), (items, operation)))
            }
        })
    }
}
