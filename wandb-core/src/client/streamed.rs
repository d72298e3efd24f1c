//! The loop for an answer with a list that is parsed while it arrives.

use std::sync::Arc;

use async_lock::Mutex;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Client;
use super::answer_budget::{AnswerBudget, BodyRead, BodyReader};
use super::call::{CanSplit, Reply};
use super::list_scanner::ListScanner;
use crate::error::Error;
use crate::operation::{AnswerError, Streamed};
use crate::transport::{Body, TransportError};

/// Receives the items of a list while the answer arrives; see [`Client::stream_list`].
pub trait ListSink<T>: Send {
    /// Discards all items: the list is about to be requested for the first time, or again.
    fn restart(&mut self);

    /// Receives the next items.
    fn take(&mut self, items: Vec<T>) -> impl Future<Output = ()> + Send;
}

/// The minimum length in bytes of a batch of elements.
const BATCH_BYTES: usize = 512 << 10;

impl Client {
    /// Runs `operation` and passes the items of its list to `sink` while they arrive, so that neither the answer nor
    /// the list is ever in memory as a whole. The returned answer has an empty list.
    ///
    /// Retries failures as the [`RetryPolicy`](super::RetryPolicy) allows, and restarts the sink each time. The items
    /// are complete only if this returns an answer.
    pub async fn stream_list<O, S>(&self, operation: O, sink: &mut S) -> Result<Reply<O::Answer>, Error>
    where
        O: Streamed + 'static,
        S: ListSink<O::Item>,
    {
        let operation = Arc::new(operation);
        let budget = &self.shared.memory;
        let answer_budget = AnswerBudget::new(budget.reserve(0), budget.rank(), self.shared.body_limit);
        let reader =
            StreamingReader { operation: Arc::clone(&operation), answer_budget, sink: Mutex::new(sink) };
        let read = |response| std::future::ready(operation.answer(response)).boxed();
        let answered = self.attempt_with_reader(&*operation, CanSplit::No, &reader, read).await;
        let answer = answered.map_err(|failed| self.error(&*operation, failed))?.answer;
        Ok(Reply { answer, unsupported: self.unsupported_of(&*operation) })
    }
}

/// Reads the elements of a list from a body.
struct StreamingReader<'a, O, S> {
    operation: Arc<O>,
    answer_budget: AnswerBudget,
    sink: Mutex<&'a mut S>,
}

impl<O, S> BodyReader for StreamingReader<'_, O, S>
where
    O: Streamed + 'static,
    S: ListSink<O::Item>,
{
    fn read_body<'x>(
        &'x self,
        client: &'x Client,
        mut body: Body,
        _: Option<usize>,
    ) -> BoxFuture<'x, Result<BodyRead, TransportError>> {
        Box::pin(async move {
            let mut sink = self.sink.lock().await;
            sink.restart();
            let mut scanner = ListScanner::new(self.operation.list_path());
            let mut length = 0;
            let mut reservation = self.answer_budget.reservation().await;
            while let Some(chunk) = body.chunk().await? {
                length += chunk.len();
                self.answer_budget.admit(&mut reservation, client, scanner.held() + chunk.len()).await?;
                scanner.push(&chunk);
                drop(chunk);
                if scanner.count() > self.operation.most_items() {
                    let message = format!("the list has more than {} items", self.operation.most_items());
                    return Ok(BodyRead::failed(AnswerError::malformed(message, b"")));
                }
                if let Err(error) = self.send_elements(client, &mut scanner, &mut **sink).await {
                    return Ok(BodyRead::failed(error));
                }
            }
            Ok(BodyRead::whole(Bytes::from(scanner.into_rest()), length))
        })
    }
}

impl<O, S> StreamingReader<'_, O, S>
where
    O: Streamed + 'static,
    S: ListSink<O::Item>,
{
    async fn send_elements(
        &self,
        client: &Client,
        scanner: &mut ListScanner,
        sink: &mut S,
    ) -> Result<(), AnswerError> {
        if let Some(elements) = scanner.elements(BATCH_BYTES) {
            let operation = Arc::clone(&self.operation);
            let items = client.shared.parse_mode.read(move || operation.items(&elements)).await?;
            sink.take(items).await;
        }
        Ok(())
    }
}
