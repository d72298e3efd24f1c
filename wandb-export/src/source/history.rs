//! Which rows of a history to read, and the rows that a source returns.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_core::operation::PageSize;
use wandb_graphql::ops::HistoryExtent;
use wandb_graphql::plan::{HistoryGrowth, HistoryRange};
use wandb_graphql::{Keys, Samples, Selection};
use wandb_tables::Batch;

use crate::error::Error;
use crate::issue::Issue;

/// Maximum automatic window width for dense rows, in steps. A few windows per request in flight are held in memory.
const MAX_WINDOW: u64 = 5_000;

/// Width of the first window in steps, as in the Python SDK.
const FIRST_WINDOW: u64 = 1_000;

/// Maximum number of system metrics requested when all are wanted.
pub(crate) const ALL_EVENTS: u64 = 1_000_000;

/// The options of all kinds of histories. The public builders each set those that apply to their kind.
#[derive(Debug, Clone)]
pub(crate) struct HistoryQuery {
    pub(crate) stream: Stream,
    pub(crate) amount: Amount,
    /// The requested keys; empty for all.
    pub(crate) keys: Vec<String>,
    /// Whether rows need any of the keys instead of all.
    pub(crate) any: bool,
    pub(crate) source: HistorySource,
    pub(crate) min_step: Option<i64>,
    pub(crate) max_step: Option<i64>,
    pub(crate) page_size: Option<u64>,
    pub(crate) x_axis: Option<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) with_parent: bool,
    /// The last step and row count of the history, if known.
    pub(crate) extent: Option<HistoryExtent>,
}

/// How much of a history to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    Samples(u64),
    All,
}

/// One of the two histories of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The metrics that the run logged (`history`).
    Default,
    /// The system metrics of the machine (`events`), such as `system.cpu`.
    System,
}

/// The source of a complete history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HistorySource {
    /// The live query. Returns every row exactly as it was logged.
    #[default]
    Live,
    /// The Parquet files that the server has exported, completed by the live query. Faster for long runs, but a null
    /// in a file may stand for a missing key or for a null. Needs the feature `parquet`.
    Exported,
}

impl HistoryQuery {
    /// Selects all rows.
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            amount: Amount::All,
            keys: Vec::new(),
            any: false,
            source: HistorySource::Live,
            min_step: None,
            max_step: None,
            page_size: None,
            x_axis: None,
            limit: None,
            with_parent: false,
            extent: None,
        }
    }

    /// Checks the values of options that their types cannot.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.x_axis.is_some() && self.keys.is_empty() {
            return Err(Error::usage("samples along another x axis need named keys"));
        }
        // Validate the range independently of the run's last step.
        HistoryRange::between(&HistoryExtent::new(), self.min_step, self.max_step)?;
        if self.any && self.keys.is_empty() {
            return Err(Error::usage("selecting rows with any of the keys needs at least one key"));
        }
        if self.source == HistorySource::Exported && !cfg!(feature = "parquet") {
            return Err(Error::usage(
                "this build cannot read exported histories: it lacks the feature `parquet`",
            ));
        }
        Ok(())
    }

    pub(crate) fn selection(&self) -> Result<Selection, Error> {
        if self.keys.is_empty() {
            return Ok(Selection::Everything);
        }
        let keys = Keys::new(self.keys.iter().cloned())?;
        Ok(if self.any { Selection::AnyOf(keys) } else { Selection::AllOf(keys) })
    }

    pub(crate) fn sample_count(&self) -> Result<Samples, Error> {
        match self.amount {
            Amount::Samples(rows) => Ok(Samples::new(rows)?),
            Amount::All => Ok(Samples::new(ALL_EVENTS)?),
        }
    }

    pub(crate) fn window_size(&self) -> PageSize {
        self.page_size.map_or(PageSize::adaptive(FIRST_WINDOW, MAX_WINDOW), PageSize::fixed)
    }
}

/// Batches of rows, in step order.
pub(crate) type Batches = BoxStream<'static, Result<Batch, Error>>;

/// The rows of a history, opened for reading.
pub(crate) struct HistoryRows {
    pub(crate) batches: Batches,
    /// The columns of all rows, if known in advance. Record batches only occur in that case.
    #[cfg(feature = "parquet")]
    pub(crate) schema: Option<wandb_tables::Schema>,
    pub(crate) check: Box<dyn HistoryCheck>,
}

/// Checks rows after they have been read.
pub(crate) trait HistoryCheck: Send {
    /// Returns the end of a history of which `rows` rows were read. `has_ended` is whether the last one was.
    fn finish(
        self: Box<Self>,
        rows: u64,
        has_ended: bool,
    ) -> BoxFuture<'static, Result<HistoryReport, Error>>;
}

/// Follows a run and returns rows as they are logged.
pub(crate) trait Follower: Send {
    /// Waits for the next rows, at least one. `None` when the run has ended, or has reached the requested step. A
    /// dropped future loses no rows, and the next call after an error polls again.
    fn next_batch(&mut self) -> BoxFuture<'_, Result<Option<Vec<Row>>, Error>>;

    /// Returns the issues of the rows so far.
    fn issues(&self) -> &[Issue];
}

/// The result of reading a history to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryReport {
    /// How many rows were read.
    pub rows: u64,
    /// What the run has logged since reading began. It is not among the rows.
    pub growth: Option<HistoryGrowth>,
    /// If there are no rows: the requested keys that the run has never logged, which explains why. Excludes W&B's own
    /// keys, which start with an underscore.
    pub unlogged: Vec<String>,
    /// Missing or inexact data in the rows.
    pub issues: Vec<Issue>,
}

impl HistoryReport {
    /// Returns whether the rows are exact and include all that the run had logged when reading began.
    pub fn is_complete(&self) -> bool {
        self.issues.iter().all(Issue::is_note)
    }
}

/// Converts a batch to rows on a worker thread.
pub(crate) async fn batch_to_rows(client: &Client, batch: Batch) -> Result<Vec<Row>, Error> {
    if let Batch::Rows(rows) = batch {
        return Ok(rows);
    }
    Ok(client.work(|| batch.into_rows()).await?)
}

/// Truncates `batches` to the first `rows` rows.
pub(crate) fn truncate_batches(batches: Batches, rows: u64) -> Batches {
    let next = |(mut batches, left): (Batches, u64)| async move {
        if left == 0 {
            return None;
        }
        let max = usize::try_from(left).unwrap_or(usize::MAX);
        let batch = batches.next().await?.and_then(|batch| Ok(batch.first(max)?));
        let received = batch.as_ref().map_or(left, |batch| batch.row_count() as u64);
        Some((batch, (batches, left - received.min(left))))
    };
    stream::unfold((batches, rows), next).boxed()
}
