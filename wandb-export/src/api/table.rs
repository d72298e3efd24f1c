//! Reads the tables that a run has logged.

mod content;
mod find;
mod reader;

use std::path::PathBuf;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use wandb_core::Row;
use wandb_tables::{Batch, RowOptions, Sink};

use super::export::SinkThread;
use super::{Api, Run, WriteReport};
use crate::error::Error;

pub use reader::TableReader;

/// A request for a table that a run has logged (`wandb.Table`), to be refined. Defaults to the newest one.
///
/// The rows have the columns of the table. Cells are as they were logged: media are the objects that name their files.
/// Times become RFC 3339 text. A histogram is read as a table, too, with a row for each bin: `lower`, `upper`, `count`.
///
/// The file is checked against the size, the SHA-256 digest and the numbers of rows and columns in the history. The
/// first 10 000 rows of a table are in the run's file; the SDK saves further ones only in an artifact, which is reported.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let run = wandb_export::Api::connect()?.run("my-team/my-project/abc123").await?;
/// for row in run.table("predictions").rows().await? {
///     println!("{:?} {:?}", row.get("label"), row.get("score"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Table {
    api: Api,
    place: Place,
    steps: Steps,
    raw: bool,
}

/// Where the table is.
#[derive(Debug, Clone)]
enum Place {
    Run { run: Box<Run>, key: String },
    File(PathBuf),
}

/// Which of the tables that were logged under a key to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steps {
    Newest,
    At(i64),
    All,
}

impl Run {
    /// Selects the table that the run has logged under `key`. Objects in objects have keys with dots.
    pub fn table(&self, key: impl Into<String>) -> Table {
        let place = Place::Run { run: Box::new(self.clone()), key: key.into() };
        Table { api: self.api().clone(), place, steps: Steps::Newest, raw: false }
    }
}

impl Api {
    /// Selects the table in a local file, such as one that was downloaded (`*.table.json`).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let rows = wandb_export::Api::offline().table_file("predictions.table.json").rows().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn table_file(&self, path: impl Into<PathBuf>) -> Table {
        Table { api: self.clone(), place: Place::File(path.into()), steps: Steps::Newest, raw: false }
    }
}

impl Table {
    /// Selects the table that was logged at this step. For an incremental table, the rows that were logged until then.
    pub fn step(mut self, step: i64) -> Self {
        self.steps = Steps::At(step);
        self
    }

    /// Selects the tables of all steps. Their rows follow each other, with a column `_step` in front.
    pub fn all_steps(mut self) -> Self {
        self.steps = Steps::All;
        self
    }

    /// Keeps times as numbers of milliseconds since 1970.
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Finds the table and opens it for reading.
    ///
    /// # Errors
    /// [`Error::NoSuchTable`] if the run has no such table, [`Error::NoSuchFile`] if the run lacks its file.
    pub async fn open(self) -> Result<TableReader, Error> {
        let options = RowOptions::default().raw(self.raw);
        TableReader::open(self, options).await
    }

    /// Collects the rows.
    pub async fn rows(self) -> Result<Vec<Row>, Error> {
        let mut reader = self.open().await?;
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }

    /// Collects the rows, each converted to a `T`. Non-finite numbers may be floats or W&B's strings for them.
    /// Both deserialize into `f64`.
    ///
    /// # Errors
    /// [`Error::Type`] with the row and the column that do not fit.
    pub async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let rows = self.rows().await?;
        let convert = |(number, row): (usize, &Row)| {
            row.deserialize().map_err(|source| Error::Type {
                what: format!("row {number} of a table"),
                wanted: std::any::type_name::<T>(),
                source,
            })
        };
        rows.iter().enumerate().map(convert).collect()
    }

    /// Streams the rows in order. The stream ends after the first error.
    pub fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
        let next = |mut reader: TableReader| async move {
            Ok::<_, Error>(reader.next_batch().await?.map(|rows| (rows, reader)))
        };
        let batches = stream::once(self.open()).map_ok(move |reader| stream::try_unfold(reader, next));
        batches.try_flatten().map_ok(|rows| stream::iter(rows).map(Ok)).try_flatten().boxed()
    }

    /// Writes the rows to `sink`. The report counts them, and lists the defects of the table.
    pub async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        let mut reader = self.open().await?;
        let mut writer = SinkThread::start(sink)?;
        loop {
            let batch = reader.next_batch().await?;
            if let Some(columns) = reader.take_columns()
                && !writer.expect_columns(columns).await
            {
                break;
            }
            let Some(rows) = batch else { break };
            if !writer.write(Batch::Rows(rows)).await {
                break;
            }
        }
        let report = WriteReport::from(writer.finish().await?);
        Ok(WriteReport { issues: reader.issues(), ..report })
    }

    /// Collects the rows as Arrow record batches with a common schema. Rows that do not fit into memory are spooled to
    /// disk until the last row completes the schema.
    #[cfg(feature = "parquet")]
    pub async fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        let mut reader = self.open().await?;
        let mut next = reader.next_batch().await?;
        let columns = reader.take_columns().unwrap_or_default();
        let options = wandb_tables::TableOptions::default().with_expected_columns(&columns);
        let (sender, batches) = async_channel::bounded(super::export::BATCHES_AHEAD);
        let batches = std::iter::from_fn(move || batches.recv_blocking().ok());
        let build = blocking::unblock(move || wandb_tables::batches_of(batches, &options));
        let feed = async move {
            while let Some(rows) = next {
                if sender.send(Batch::Rows(rows)).await.is_err() {
                    // The builder has failed; its result holds the error.
                    break;
                }
                next = reader.next_batch().await?;
            }
            Ok::<(), Error>(())
        };
        let (reading, batches) = futures_util::future::join(feed, build).await;
        reading?;
        Ok(batches?)
    }
}
