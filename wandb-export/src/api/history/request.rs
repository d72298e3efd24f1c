//! A request for the rows of a run.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_tables::Sink;
#[cfg(feature = "parquet")]
use wandb_tables::TableOptions;

use super::HistoryReader;
use crate::api::export::{SinkThread, WriteReport};
use crate::error::Error;
use crate::source::RunSource;
use crate::source::history::{HistoryQuery, Stream};

/// A run, and which of its rows to read.
#[derive(Debug, Clone)]
pub(crate) struct HistoryRequest {
    pub(super) client: Client,
    pub(super) run: Arc<dyn RunSource>,
    pub(super) query: HistoryQuery,
}

impl HistoryRequest {
    /// Requests all rows of a run.
    pub(crate) fn new(client: Client, run: Arc<dyn RunSource>, stream: Stream) -> Self {
        Self { client, run, query: HistoryQuery::new(stream) }
    }

    /// Reads only up to a known extent.
    #[cfg(feature = "mirror")]
    pub(crate) fn with_extent(self, extent: wandb_graphql::ops::HistoryExtent) -> Self {
        Self { query: HistoryQuery { extent: Some(extent), ..self.query }, ..self }
    }

    /// Selects the steps from `min` up to, but without, `max`.
    #[cfg(feature = "mirror")]
    pub(crate) fn between(self, min: i64, max: i64) -> Self {
        let query = HistoryQuery { min_step: Some(min), max_step: Some(max), ..self.query };
        Self { query, ..self }
    }

    pub(crate) async fn open(self) -> Result<HistoryReader, Error> {
        self.query.check()?;
        HistoryReader::open(self).await
    }

    pub(super) async fn rows(self) -> Result<Vec<Row>, Error> {
        let mut reader = self.open().await?;
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }

    pub(super) async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let path = self.run.path().clone();
        self.rows().await?.iter().map(|row| deserialize_row(&path, row)).collect()
    }

    pub(super) fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
        stream::once(self.open()).map_ok(HistoryReader::into_rows).try_flatten().boxed()
    }

    pub(super) async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        let mut reader = self.open().await?;
        let mut writer = SinkThread::start(sink)?;
        #[cfg(feature = "parquet")]
        if let Some(schema) = reader.take_schema() {
            writer.begin_table(schema).await;
        }
        while let Some(batch) = reader.next().await? {
            if !writer.write(batch).await {
                break;
            }
        }
        // Overlap the final request to the server with the rest of the writing.
        let (report, end) = futures_util::future::join(writer.finish(), reader.finish()).await;
        Ok(WriteReport::from_history(report?, end?))
    }

    #[cfg(feature = "parquet")]
    pub(super) async fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        let (sender, batches) = async_channel::bounded(crate::api::export::BATCHES_AHEAD);
        let batches = std::iter::from_fn(move || batches.recv_blocking().ok());
        let mut reader = self.open().await?;
        let schema = reader.take_schema();
        let build = blocking::unblock(move || match schema {
            Some(schema) => wandb_tables::batches_of_table(schema, batches, &TableOptions::default()),
            None => wandb_tables::batches_of(batches, &TableOptions::default()),
        });
        let feed = async move {
            while let Some(batch) = reader.next().await? {
                if sender.send(batch).await.is_err() {
                    // The builder has failed; its result holds the error.
                    break;
                }
            }
            Ok::<(), Error>(())
        };
        let (reading, batches) = futures_util::future::join(feed, build).await;
        reading?;
        Ok(batches?)
    }
}

fn deserialize_row<T: DeserializeOwned>(path: &RunPath, row: &Row) -> Result<T, Error> {
    row.deserialize().map_err(|source| Error::Type {
        what: match row.step() {
            Some(step) => format!("step {step} of {path}"),
            None => format!("a row of {path}"),
        },
        wanted: std::any::type_name::<T>(),
        source,
    })
}
