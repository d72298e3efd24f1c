//! From a stream of rows into a sink, which works on a thread of its own.

use std::thread::{self, JoinHandle};

use async_channel::{Receiver, Sender};
use futures_util::stream::{Stream, StreamExt};
use wandb_core::Row;

use wandb_tables::Batch;
use crate::error::Error;
use crate::issue::Issue;
use wandb_tables::{Sink, SinkError, SinkReport};

/// What was written, and what could not be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// What the sink says of it.
    pub report: SinkReport,
    /// What is missing or inexact.
    pub issues: Vec<Issue>,
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
        if !writer.write(Batch::Rows(batch?)).await {
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
    pub(super) async fn write(&mut self, batch: Batch) -> bool {
        self.send(Message::Batch(batch)).await
    }

    /// Says that all rows are of a table with these columns, so that some may come as record batches.
    #[cfg(feature = "parquet")]
    pub(super) async fn begin_table(&mut self, schema: wandb_tables::Schema) -> bool {
        self.send(Message::Table(schema)).await
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
    Batch(Batch),
    #[cfg(feature = "parquet")]
    Table(wandb_tables::Schema),
    Finish,
}

/// `None` if the sender has gone without saying that it is finished.
fn drain(received: &Receiver<Message>, sink: Box<dyn Sink>) -> Option<Result<SinkReport, Error>> {
    let mut desk = Desk {
        sink,
        #[cfg(feature = "parquet")]
        fit: None,
    };
    while let Ok(message) = received.recv_blocking() {
        let done = match message {
            Message::Batch(batch) => desk.write(&batch),
            #[cfg(feature = "parquet")]
            Message::Table(schema) => desk.table(schema),
            Message::Finish => return Some(desk.sink.finish().map_err(Error::from)),
        };
        if let Err(error) = done {
            return Some(Err(error.into()));
        }
    }
    None
}

/// Hands to a sink what it takes.
struct Desk {
    sink: Box<dyn Sink>,
    /// For a sink that takes record batches.
    #[cfg(feature = "parquet")]
    fit: Option<wandb_tables::Fit>,
}

#[cfg(not(feature = "parquet"))]
impl Desk {
    fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        match batch {
            Batch::Rows(rows) => self.sink.write(rows),
            Batch::Page(page) => self.sink.write_page(page),
        }
    }
}

#[cfg(feature = "parquet")]
impl Desk {
    fn table(&mut self, schema: wandb_tables::Schema) -> Result<(), SinkError> {
        if self.sink.begin_batches(&schema)? {
            self.fit = Some(wandb_tables::Fit::new(schema));
        }
        Ok(())
    }

    /// A sink for rows gets them as a file has them, before integers become floats for the sake of a column.
    fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        match (&mut self.fit, batch) {
            (Some(fit), batch) => self.sink.write_batch(&fit.batch(batch)?),
            (None, Batch::Rows(rows)) => self.sink.write(rows),
            (None, Batch::Page(page)) => self.sink.write_page(page),
            (None, Batch::Columns(columns)) => self.sink.write(&wandb_tables::rows_of(columns)?),
        }
    }
}
