//! Reads a history in batches.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_tables::Batch;

use super::{HistoryReport, HistoryRequest};
use crate::error::Error;
use crate::source::history::{HistoryRows, batch_to_rows};

/// Number of batches converted to rows at once.
const BATCHES_AT_ONCE: usize = 4;

/// A reader of a history.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let mut reader = api.scan_history("my-team/my-project/abc123").await?.open().await?;
/// while let Some(rows) = reader.next_batch().await? {
///     println!("{} more rows", rows.len());
/// }
/// assert!(reader.finish().await?.is_complete());
/// # Ok(())
/// # }
/// ```
pub struct HistoryReader {
    client: Client,
    path: RunPath,
    source: HistoryRows,
    /// Whether the last row has been read.
    has_ended: bool,
    rows: u64,
}

impl HistoryReader {
    pub(super) async fn open(request: HistoryRequest) -> Result<Self, Error> {
        let HistoryRequest { client, run, query } = request;
        let (path, source) = (run.path().clone(), run.history(query).await?);
        Ok(Self { client, path, source, has_ended: false, rows: 0 })
    }

    /// Returns the next rows, at least one, in step order. `None` at the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        Ok(match self.next().await? {
            Some(batch) => Some(batch_to_rows(&self.client, batch).await?),
            None => None,
        })
    }

    /// Returns the next rows in the form in which they were received.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        while let Some(batch) = self.source.batches.try_next().await? {
            if batch.row_count() > 0 {
                self.rows += batch.row_count() as u64;
                return Ok(Some(batch));
            }
        }
        self.has_ended = true;
        Ok(None)
    }

    /// Returns the columns of all rows, if known in advance. Record batches only occur in that case.
    #[cfg(feature = "parquet")]
    pub(super) fn take_schema(&mut self) -> Option<wandb_tables::Schema> {
        self.source.schema.take()
    }

    /// Returns how many rows have been read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Streams the remaining rows.
    pub fn into_rows(self) -> BoxStream<'static, Result<Row, Error>> {
        let client = self.client;
        let batch_to_rows = move |batch| {
            let client = client.clone();
            async move { batch_to_rows(&client, batch).await }
        };
        let rows = self.source.batches.map_ok(batch_to_rows).try_buffered(BATCHES_AT_ONCE);
        rows.map_ok(|rows| stream::iter(rows).map(Ok)).try_flatten().boxed()
    }

    /// Checks whether the rows are complete, which takes another request. Call it after the last batch.
    pub async fn finish(self) -> Result<HistoryReport, Error> {
        let HistoryRows { batches, check, .. } = self.source;
        // Drop abandoned requests, which would keep another one from being sent.
        drop(batches);
        check.finish(self.rows, self.has_ended).await
    }
}

impl std::fmt::Debug for HistoryReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryReader")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wandb_tables::Sink;

    /// Compiles only if services can run these on any executor's threads.
    #[test]
    fn futures_can_move_between_threads() {
        use crate::api::{Api, ScanHistory};

        fn check<T: Send>(_: impl FnOnce(Api, ScanHistory, Box<dyn Sink>) -> T) {}
        check(|_, history, _| history.open());
        check(|_, history, _| history.rows());
        check(|_, history, sink| history.write(sink));
        check(|_, history, _| async { history.open().await?.finish().await });
        check(|api, _, _| async move { api.run("e/p/r").await });
        check(|api, _, sink| async move { api.runs("e/p").await?.write(sink).await });
    }
}
