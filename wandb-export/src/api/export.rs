//! Writes a stream of rows to a sink, on a separate thread.

use std::thread::{self, JoinHandle};

use async_channel::{Receiver, Sender};
use futures_util::stream::{Stream, StreamExt};
use wandb_core::Row;
use wandb_graphql::plan::HistoryGrowth;
use wandb_tables::{Batch, ColumnType, Finding, Sink, SinkError, SinkReport};

use super::HistoryReport;
use crate::error::Error;
use crate::issue::Issue;

/// The result of writing rows to a sink.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct WriteReport {
    /// Number of rows written.
    pub rows: u64,
    /// Number of columns; `None` for formats without columns, such as JSON Lines.
    pub columns: Option<usize>,
    /// Number of bytes written.
    pub bytes: u64,
    /// Notes on how the columns were inferred.
    pub findings: Vec<Finding>,
    /// The data that a run has logged since reading began, which is not in the rows. `None` for lists.
    pub growth: Option<HistoryGrowth>,
    /// If a history has no rows: the requested keys that the run has never logged; see [`HistoryReport::unlogged`].
    pub unlogged: Vec<String>,
    /// Missing or inexact data in the rows.
    pub issues: Vec<Issue>,
}

impl WriteReport {
    /// Returns whether the rows are exact and include everything that existed when reading began.
    pub fn is_complete(&self) -> bool {
        self.issues.iter().all(Issue::is_note)
    }

    pub(super) fn from_history(written: SinkReport, end: HistoryReport) -> Self {
        let HistoryReport { rows: _, growth, unlogged, issues } = end;
        Self { growth, unlogged, issues, ..written.into() }
    }
}

impl From<SinkReport> for WriteReport {
    fn from(written: SinkReport) -> Self {
        let SinkReport { rows, columns, bytes, findings, .. } = written;
        Self { rows, columns, bytes, findings, ..Self::default() }
    }
}

/// Number of batches queued for the sink. More would only use memory.
pub(super) const BATCHES_AHEAD: usize = 2;

/// Writes `rows` to `sink`. Encodes on a separate thread while the next rows arrive.
///
/// If the future is dropped, or the rows end in an error, the sink is dropped unfinished. A file that existed before
/// is then left unchanged.
pub(crate) async fn write(
    rows: impl Stream<Item = Result<Vec<Row>, Error>>,
    sink: Box<dyn Sink>,
) -> Result<WriteReport, Error> {
    let mut writer = SinkThread::start(sink)?;
    let mut rows = std::pin::pin!(rows);
    while let Some(batch) = rows.next().await {
        if !writer.write(Batch::Rows(batch?)).await {
            break;
        }
    }
    Ok(writer.finish().await?.into())
}

/// The thread that a sink runs on.
pub(super) struct SinkThread {
    batches: Option<Sender<Message>>,
    outcome: Receiver<Option<Result<SinkReport, Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl SinkThread {
    pub(super) fn start(sink: Box<dyn Sink>) -> Result<Self, Error> {
        let (batches, received) = async_channel::bounded(BATCHES_AHEAD);
        let (result, outcome) = async_channel::bounded(1);
        let work = move || {
            // The receiver may have been dropped.
            let _ = result.send_blocking(run_sink(&received, sink));
        };
        let thread = thread::Builder::new()
            .name("wandb-export-sink".to_owned())
            .spawn(work)
            .map_err(|error| Error::io("starting the writer thread", error))?;
        Ok(Self { batches: Some(batches), outcome, thread: Some(thread) })
    }

    /// Queues a batch once there is room. Returns false if the sink has failed; [`finish`](Self::finish) returns the
    /// error.
    pub(super) async fn write(&mut self, batch: Batch) -> bool {
        self.send(Message::Batch(batch)).await
    }

    /// Declares the columns of all rows, after which record batches may be sent.
    #[cfg(feature = "parquet")]
    pub(super) async fn begin_table(&mut self, schema: wandb_tables::Schema) -> bool {
        self.send(Message::Table(schema)).await
    }

    /// Names columns that the output has even if no row does; see [`Sink::expect_columns`].
    pub(super) async fn expect_columns(&mut self, columns: ExpectedColumns) -> bool {
        self.send(Message::Expect(columns)).await
    }

    /// Finishes the sink and returns its report.
    pub(super) async fn finish(mut self) -> Result<SinkReport, Error> {
        self.send(Message::Finish).await;
        self.batches = None;
        if let Ok(Some(outcome)) = self.outcome.recv().await {
            return outcome;
        }
        let failed = std::io::Error::other("the writer thread has failed");
        Err(Error::io("writing rows", failed))
    }

    async fn send(&mut self, message: Message) -> bool {
        match &self.batches {
            Some(batches) => batches.send(message).await.is_ok(),
            None => false,
        }
    }
}

/// Waits for the thread, so that the sink has removed its unfinished files before the program can exit.
impl Drop for SinkThread {
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread already shows as a missing outcome.
            let _ = thread.join();
        }
    }
}

/// Columns of a table, with their types where the values do not show them.
pub(super) type ExpectedColumns = Vec<(String, Option<ColumnType>)>;

enum Message {
    Batch(Batch),
    Expect(ExpectedColumns),
    #[cfg(feature = "parquet")]
    Table(wandb_tables::Schema),
    Finish,
}

/// Feeds messages to the sink. Returns `None` if the sender was dropped before [`Message::Finish`].
fn run_sink(received: &Receiver<Message>, sink: Box<dyn Sink>) -> Option<Result<SinkReport, Error>> {
    let mut dispatch = SinkDispatch {
        sink,
        #[cfg(feature = "parquet")]
        adapter: None,
    };
    while let Ok(message) = received.recv_blocking() {
        let done = match message {
            Message::Batch(batch) => dispatch.write(&batch),
            Message::Expect(columns) => dispatch.sink.expect_columns(&columns),
            #[cfg(feature = "parquet")]
            Message::Table(schema) => dispatch.begin_table(schema),
            Message::Finish => return Some(dispatch.sink.finish().map_err(Error::from)),
        };
        if let Err(error) = done {
            return Some(Err(error.into()));
        }
    }
    None
}

/// Passes each batch to the sink in the form that it accepts.
struct SinkDispatch {
    sink: Box<dyn Sink>,
    /// Set if the sink accepts columns.
    #[cfg(feature = "parquet")]
    adapter: Option<wandb_tables::SchemaAdapter>,
}

impl SinkDispatch {
    #[cfg(feature = "parquet")]
    fn begin_table(&mut self, schema: wandb_tables::Schema) -> Result<(), SinkError> {
        if self.sink.begin_columns(&schema)? {
            self.adapter = Some(wandb_tables::SchemaAdapter::new(schema));
        }
        Ok(())
    }

    /// Passes rows to a row sink unconverted, before integers become floats to match the column type.
    fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        #[cfg(feature = "parquet")]
        if let Some(adapter) = &mut self.adapter {
            return self.sink.write_batch(&Batch::Columns(adapter.batch(batch)?));
        }
        self.sink.write_batch(batch)
    }
}
