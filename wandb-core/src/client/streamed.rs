//! The loop for an answer whose list is read while it arrives.

use std::sync::Arc;

use async_lock::Mutex;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Client;
use super::call::{Divisible, Reply};
use super::list_scanner::ListScanner;
use super::room::{Gather, Gathered, Room};
use crate::error::Error;
use crate::operation::{AnswerError, Streamed};
use crate::transport::{Body, TransportError};

/// Takes the items of a list while the answer that holds them arrives; see [`Client::stream_list`].
pub trait ListSink<T>: Send {
    /// Forgets all items: the list is asked for, or asked for again.
    fn restart(&mut self);

    /// Takes the next items.
    fn take(&mut self, items: Vec<T>) -> impl Future<Output = ()> + Send;
}

/// A list is read in parts of at least this many bytes.
const PART: usize = 512 << 10;

impl Client {
    /// Asks `operation` and hands the items of its list to `sink` while they arrive, so that neither the answer nor the list
    /// is in memory as a whole. The answer has an empty list in their place.
    ///
    /// After a failure the operation is asked again, as often as the [`RetryPolicy`](super::RetryPolicy) allows; the sink is
    /// told to begin again. Only if there is an answer in the end the items are those of its list.
    pub async fn stream_list<O, S>(&self, operation: O, sink: &mut S) -> Result<Reply<O::Answer>, Error>
    where
        O: Streamed + 'static,
        S: ListSink<O::Item>,
    {
        let operation = Arc::new(operation);
        let budget = &self.shared.memory;
        let room = Room::new(budget.reserve(0), budget.rank(), self.shared.body_limit);
        let gather = Streaming { operation: Arc::clone(&operation), room, sink: Mutex::new(sink) };
        let read = |response| std::future::ready(operation.answer(response)).boxed();
        let answered = self.attempt_reading(&*operation, Divisible::No, &gather, read).await;
        let answer = answered.map_err(|failed| self.error(&*operation, failed))?.answer;
        Ok(Reply { answer, lacks: self.lacks_of(&*operation) })
    }
}

/// Reads a list out of a body.
struct Streaming<'a, O, S> {
    operation: Arc<O>,
    room: Room,
    sink: Mutex<&'a mut S>,
}

impl<O, S> Gather for Streaming<'_, O, S>
where
    O: Streamed + 'static,
    S: ListSink<O::Item>,
{
    fn gather<'x>(
        &'x self,
        client: &'x Client,
        mut body: Body,
        _: Option<usize>,
    ) -> BoxFuture<'x, Result<Gathered, TransportError>> {
        Box::pin(async move {
            let mut sink = self.sink.lock().await;
            sink.restart();
            let mut scanner = ListScanner::new(self.operation.list_path());
            let mut length = 0;
            let mut reservation = self.room.reservation().await;
            while let Some(chunk) = body.chunk().await? {
                length += chunk.len();
                self.room.admit(&mut reservation, client, scanner.held() + chunk.len()).await?;
                scanner.push(&chunk);
                drop(chunk);
                if scanner.count() > self.operation.most_items() {
                    let message = format!("its list has more than {} items", self.operation.most_items());
                    return Ok(Gathered::refused(AnswerError::malformed(message, b"")));
                }
                if let Err(error) = self.hand_on(client, &mut scanner, &mut **sink).await {
                    return Ok(Gathered::refused(error));
                }
            }
            Ok(Gathered::whole(Bytes::from(scanner.into_rest()), length))
        })
    }
}

impl<O, S> Streaming<'_, O, S>
where
    O: Streamed + 'static,
    S: ListSink<O::Item>,
{
    async fn hand_on(
        &self,
        client: &Client,
        scanner: &mut ListScanner,
        sink: &mut S,
    ) -> Result<(), AnswerError> {
        if let Some(elements) = scanner.elements(PART) {
            let operation = Arc::clone(&self.operation);
            let items = client.shared.reading.read(move || operation.items(&elements)).await?;
            sink.take(items).await;
        }
        Ok(())
    }
}
