//! The history of a run.

use serde::de::DeserializeOwned;
use wandb_core::Row;
use wandb_core::blocking::block_on;
use wandb_tables::{Sink, SinkReport};

use super::Iter;
use crate::api::{self, HistoryEnd, Source};
use crate::error::Error;
use crate::issue::Issue;

/// A request for the metrics of a run, to be refined. See the async [`History`](crate::History).
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

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all. Needs [`all`](Self::all).
    pub fn any(self) -> Self {
        Self(self.0.any())
    }

    /// Reads every row, like `run.scan_history()` in Python.
    pub fn all(self) -> Self {
        Self(self.0.all())
    }

    /// Reads at most `rows` rows, sampled by the server from the whole history. Default 500.
    pub fn samples(self, rows: u64) -> Self {
        Self(self.0.samples(rows))
    }

    /// Samples along a key other than `_step`; see the async [`x_axis`](crate::History::x_axis).
    pub fn x_axis(self, key: impl Into<String>) -> Self {
        Self(self.0.x_axis(key))
    }

    /// Stops after the first `rows` rows. For a whole history, requests no more than that takes.
    pub fn limit(self, rows: u64) -> Self {
        Self(self.0.limit(rows))
    }

    /// Reads the system metrics of the machine instead of the metrics that the run logged.
    pub fn system(self) -> Self {
        Self(self.0.system())
    }

    /// Sets the source of the rows. Default: [`Source::Live`]. Needs [`all`](Self::all).
    pub fn source(self, source: Source) -> Self {
        Self(self.0.source(source))
    }

    /// Starts at this step. Needs [`all`](Self::all).
    pub fn min_step(self, step: i64) -> Self {
        Self(self.0.min_step(step))
    }

    /// Stops before this step. Needs [`all`](Self::all).
    pub fn max_step(self, step: i64) -> Self {
        Self(self.0.max_step(step))
    }

    /// Includes the rows of the parent run up to the step of the fork. Needs [`all`](Self::all).
    pub fn with_parent(self) -> Self {
        Self(self.0.with_parent())
    }

    /// Sets the number of steps per request. Default: adaptive.
    pub fn page_size(self, steps: u64) -> Self {
        Self(self.0.page_size(steps))
    }

    /// Opens the history for reading.
    ///
    /// # Errors
    /// If the request is invalid, or the run does not exist.
    pub fn open(self) -> Result<HistoryReader, Error> {
        block_on(self.0.open()).map(HistoryReader)
    }

    /// Collects all rows.
    pub fn rows(self) -> Result<Vec<Row>, Error> {
        block_on(self.0.rows())
    }

    /// Collects all rows, each converted to a `T`.
    ///
    /// # Errors
    /// [`Error::Type`] with the row and the key that do not fit.
    pub fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        block_on(self.0.rows_as())
    }

    /// Iterates over the rows as they arrive, in step order. The iterator ends after the first error.
    pub fn iter(self) -> Iter<Row> {
        Iter::new(self.0.stream())
    }

    /// Reads all existing rows, then waits for new ones until the run has ended or reached
    /// [`max_step`](Self::max_step).
    ///
    /// # Errors
    /// If the request is invalid.
    pub fn follow(self) -> Result<Follow, Error> {
        block_on(self.0.follow()).map(Follow)
    }

    /// Writes the rows to `sink`. Returns the sink's report and any missing rows.
    pub fn write(self, sink: Box<dyn Sink>) -> Result<(SinkReport, HistoryEnd), Error> {
        block_on(self.0.write(sink))
    }

    /// Collects all rows as Arrow record batches with a common schema.
    #[cfg(feature = "parquet")]
    pub fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        block_on(self.0.record_batches())
    }
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

    /// Checks whether the rows are complete. Call it after the last batch.
    pub fn finish(self) -> Result<HistoryEnd, Error> {
        block_on(self.0.finish())
    }
}

/// A reader that follows a run. See the async [`Follow`](crate::Follow).
#[derive(Debug)]
pub struct Follow(api::Follow);

impl Follow {
    /// Waits for the next rows, at least one. `None` when the run has ended.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }

    /// Returns the issues of the rows so far.
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }
}
