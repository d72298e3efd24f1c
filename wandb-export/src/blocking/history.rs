//! The histories of a run.

use serde::de::DeserializeOwned;
use wandb_core::blocking::block_on;
use wandb_core::{Row, RunPath};
use wandb_tables::Sink;

use super::Iter;
use crate::api::{self, HistoryReport, HistorySource, WriteReport};
use crate::error::Error;
use crate::issue::Issue;

/// The methods that every history has.
macro_rules! reading {
    () => {
        /// Returns the run's path.
        pub fn path(&self) -> &RunPath {
            self.0.path()
        }

        /// Stops after the first `rows` rows. Requests no more pages than they take.
        pub fn limit(self, rows: u64) -> Self {
            Self(self.0.limit(rows))
        }

        /// Opens the history for reading.
        ///
        /// # Errors
        /// If the value of an option is invalid, or the run does not exist.
        pub fn open(self) -> Result<HistoryReader, Error> {
            block_on(self.0.open()).map(HistoryReader)
        }

        /// Collects the rows.
        pub fn rows(self) -> Result<Vec<Row>, Error> {
            block_on(self.0.rows())
        }

        /// Collects the rows, each converted to a `T`.
        ///
        /// # Errors
        /// [`Error::Type`] with the row and the key that do not fit.
        pub fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
            block_on(self.0.rows_as())
        }

        /// Iterates over the rows as they arrive, in order. The iterator ends after the first error.
        pub fn iter(self) -> Iter<Row> {
            Iter::new(self.0.stream())
        }

        /// Writes the rows to `sink`. The report counts them, and lists missing rows.
        pub fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
            block_on(self.0.write(sink))
        }

        /// Collects the rows as Arrow record batches with a common schema.
        #[cfg(feature = "parquet")]
        pub fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
            block_on(self.0.record_batches())
        }
    };
}

/// A request for samples of the metrics that a run logged. See the async [`History`](crate::History).
#[derive(Debug, Clone)]
#[must_use]
pub struct History(api::History);

impl History {
    pub(super) fn new(history: api::History) -> Self {
        Self(history)
    }

    /// Selects only these keys, and only rows that hold all of them, as in Python. Default: everything.
    pub fn keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        Self(self.0.keys(keys))
    }

    /// Reads at most `rows` rows, sampled by the server from the whole history. Default 500.
    pub fn samples(self, rows: u64) -> Self {
        Self(self.0.samples(rows))
    }

    /// Samples along a key other than `_step`; see the async [`x_axis`](crate::History::x_axis).
    pub fn x_axis(self, key: impl Into<String>) -> Self {
        Self(self.0.x_axis(key))
    }

    reading!();
}

/// A request for every row that a run logged. See the async [`ScanHistory`](crate::ScanHistory).
#[derive(Debug, Clone)]
#[must_use]
pub struct ScanHistory(api::ScanHistory);

impl ScanHistory {
    pub(super) fn new(history: api::ScanHistory) -> Self {
        Self(history)
    }

    /// Selects only these keys, and only rows that hold all of them, as in Python. Default: everything.
    pub fn keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        Self(self.0.keys(keys))
    }

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all.
    pub fn any(self) -> Self {
        Self(self.0.any())
    }

    /// Sets the source of the rows. Default: [`HistorySource::Live`].
    pub fn source(self, source: HistorySource) -> Self {
        Self(self.0.source(source))
    }

    /// Starts at this step.
    pub fn min_step(self, step: i64) -> Self {
        Self(self.0.min_step(step))
    }

    /// Stops before this step.
    pub fn max_step(self, step: i64) -> Self {
        Self(self.0.max_step(step))
    }

    /// Includes the rows of the parent run up to the step of the fork.
    pub fn with_parent(self) -> Self {
        Self(self.0.with_parent())
    }

    /// Sets the number of steps per request. Default: adaptive.
    pub fn page_size(self, steps: u64) -> Self {
        Self(self.0.page_size(steps))
    }

    /// Reads all existing rows, then waits for new ones until the run has ended or reached
    /// [`max_step`](Self::max_step). See the async [`follow`](crate::ScanHistory::follow).
    ///
    /// # Errors
    /// If the request is invalid.
    pub fn follow(self) -> Result<HistoryFollower, Error> {
        block_on(self.0.follow()).map(HistoryFollower)
    }

    reading!();
}

/// A request for the system metrics of the machine that a run ran on. See the async
/// [`SystemMetrics`](crate::SystemMetrics).
#[derive(Debug, Clone)]
#[must_use]
pub struct SystemMetrics(api::SystemMetrics);

impl SystemMetrics {
    pub(super) fn new(metrics: api::SystemMetrics) -> Self {
        Self(metrics)
    }

    /// Selects only these keys with `_runtime` and `_timestamp`, and only rows that hold all of them. Default:
    /// everything.
    pub fn keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        Self(self.0.keys(keys))
    }

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all.
    pub fn any(self) -> Self {
        Self(self.0.any())
    }

    /// Reads at most `rows` rows, sampled by the server. Default: all.
    pub fn samples(self, rows: u64) -> Self {
        Self(self.0.samples(rows))
    }

    reading!();
}

/// A reader of a history. See the async [`HistoryReader`](crate::HistoryReader).
#[derive(Debug)]
pub struct HistoryReader(api::HistoryReader);

impl HistoryReader {
    /// Returns the next rows, at least one, in step order. `None` at the end.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }

    /// Returns how many rows have been read.
    pub fn rows(&self) -> u64 {
        self.0.rows()
    }

    /// Iterates over the remaining rows.
    pub fn into_rows(self) -> Iter<Row> {
        Iter::new(self.0.into_rows())
    }

    /// Checks whether the rows are complete. Call it after the last batch.
    pub fn finish(self) -> Result<HistoryReport, Error> {
        block_on(self.0.finish())
    }
}

/// A reader that follows a run. See the async [`HistoryFollower`](crate::HistoryFollower).
#[derive(Debug)]
pub struct HistoryFollower(api::HistoryFollower);

impl HistoryFollower {
    /// Waits for the next rows, at least one. `None` when the run has ended.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }

    /// Returns the issues of the rows so far.
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }
}
