//! From a stream of rows into a sink, which works on a thread of its own.

use std::thread::{self, JoinHandle};

use async_channel::{Receiver, Sender};
use futures_util::stream::{Stream, StreamExt};
use wandb_core::Row;
use wandb_core::operation::Lacks;

use crate::error::Error;
use crate::sink::{Sink, SinkReport};

/// What was written, and what could not be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// What the sink says of it.
    pub report: SinkReport,
    /// The fields that the server does not have; what they would say is missing.
    pub lacks: Lacks,
}

/// Batches that may wait for the sink; more would be held in memory for nothing.
pub(super) const BATCHES_AHEAD: usize = 2;

/// Writes `rows` to `sink`, encoding on a thread of its own while the next rows arrive.
///
/// When the future is dropped, or the rows end in an error, the sink is dropped unfinished: what was in its place
/// before stays.
pub(crate) async fn write(
    rows: impl Stream<Item = Result<Vec<Row>, Error>>,
    sink: Box<dyn Sink>,
) -> Result<SinkReport, Error> {
    let mut writer = Writer::start(sink)?;
    let mut rows = std::pin::pin!(rows);
    while let Some(batch) = rows.next().await {
        if !writer.write(batch?).await {
            break;
        }
    }
    writer.finish().await
}

/// The thread that a sink works on.
pub(super) struct Writer {
    batches: Option<Sender<Message>>,
    outcome: Receiver<Option<Result<SinkReport, Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(sink: Box<dyn Sink>) -> Result<Self, Error> {
        let (batches, received) = async_channel::bounded(BATCHES_AHEAD);
        let (result, outcome) = async_channel::bounded(1);
        let work = move || {
            // Nobody may be waiting for the outcome any more.
            let _ = result.send_blocking(drain(&received, sink));
        };
        let thread = thread::Builder::new()
            .name("wandb-export-sink".to_owned())
            .spawn(work)
            .map_err(|error| Error::io("starting a thread to write on", error))?;
        Ok(Self { batches: Some(batches), outcome, thread: Some(thread) })
    }

    /// Hands rows over when there is room for them; `false` if the sink has failed, and finishing will say why.
    pub(super) async fn write(&mut self, rows: Vec<Row>) -> bool {
        self.send(Message::Rows(rows)).await
    }

    /// Has the sink finished, and returns what it says of it.
    pub(super) async fn finish(mut self) -> Result<SinkReport, Error> {
        self.send(Message::Finish).await;
        self.batches = None;
        if let Ok(Some(outcome)) = self.outcome.recv().await {
            return outcome;
        }
        let failed = std::io::Error::other("the thread that writes them has failed");
        Err(Error::io("writing rows", failed))
    }

    async fn send(&mut self, message: Message) -> bool {
        match &self.batches {
            Some(batches) => batches.send(message).await.is_ok(),
            None => false,
        }
    }
}

/// Waits until the sink is gone, and with it what it had not finished: a program that ends now leaves nothing behind.
impl Drop for Writer {
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A panic on it has been told as a missing outcome.
            let _ = thread.join();
        }
    }
}

enum Message {
    Rows(Vec<Row>),
    Finish,
}

/// `None` if the sender has gone without saying that it is finished.
fn drain(received: &Receiver<Message>, mut sink: Box<dyn Sink>) -> Option<Result<SinkReport, Error>> {
    while let Ok(message) = received.recv_blocking() {
        match message {
            Message::Rows(rows) => {
                if let Err(error) = sink.write(&rows) {
                    return Some(Err(error.into()));
                }
            }
            Message::Finish => return Some(sink.finish().map_err(Error::from)),
        }
    }
    None
}
