//! A run's metrics.

use serde::de::DeserializeOwned;
use wandb_core::Row;
use wandb_core::blocking::block_on;

use super::Iter;
use crate::api::{self, HistoryEnd, Source};
use crate::error::Error;
use crate::issue::Issue;
use wandb_tables::{Sink, SinkReport};

/// The metrics of a run, as a request to be refined. See the async [`History`](crate::History).
#[derive(Debug, Clone)]
#[must_use]
pub struct History(api::History);

impl History {
    pub(super) fn new(history: api::History) -> Self {
        Self(history)
    }

    /// Only these keys, and of the rows only those that hold all of them, as in Python. Default: everything.
    pub fn keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        Self(self.0.keys(keys))
    }

    /// With [`keys`](Self::keys): the rows that hold any of them. Needs [`all`](Self::all).
    pub fn any(self) -> Self {
        Self(self.0.any())
    }

    /// Every row there is, as `run.scan_history()` gives in Python.
    pub fn all(self) -> Self {
        Self(self.0.all())
    }

    /// So many rows at the most, chosen by the server from the whole history. Default 500.
    pub fn samples(self, rows: u64) -> Self {
        Self(self.0.samples(rows))
    }

    /// Samples along another key than `_step`; see the async [`x_axis`](crate::History::x_axis).
    pub fn x_axis(self, key: impl Into<String>) -> Self {
        Self(self.0.x_axis(key))
    }

    /// No more than the first `rows`. Of a whole history, no more is asked for than it takes.
    pub fn limit(self, rows: u64) -> Self {
        Self(self.0.limit(rows))
    }

    /// What the machine measured instead of what the run has logged.
    pub fn system(self) -> Self {
        Self(self.0.system())
    }

    /// Where to read from. Default: [`Source::Live`]. Needs [`all`](Self::all).
    pub fn source(self, source: Source) -> Self {
        Self(self.0.source(source))
    }

    /// From this step on. Needs [`all`](Self::all).
    pub fn min_step(self, step: i64) -> Self {
        Self(self.0.min_step(step))
    }

    /// Up to, but not including, this step. Needs [`all`](Self::all).
    pub fn max_step(self, step: i64) -> Self {
        Self(self.0.max_step(step))
    }

    /// With the rows of the run that this one was forked from, up to the step of the fork. Needs [`all`](Self::all).
    pub fn with_parent(self) -> Self {
        Self(self.0.with_parent())
    }

    /// So many steps in a request. Default: chosen by itself.
    pub fn page_size(self, steps: u64) -> Self {
        Self(self.0.page_size(steps))
    }

    /// Begins to read.
    ///
    /// # Errors
    /// If the request makes no sense, or the run does not exist.
    pub fn open(self) -> Result<HistoryReader, Error> {
        block_on(self.0.open()).map(HistoryReader)
    }

    /// All the rows at once.
    pub fn rows(self) -> Result<Vec<Row>, Error> {
        block_on(self.0.rows())
    }

    /// All the rows at once, each as a `T`.
    ///
    /// # Errors
    /// [`Error::Type`] naming the row and the key that does not fit.
    pub fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        block_on(self.0.rows_as())
    }

    /// The rows as they arrive, in order of steps. The iterator ends after the first error.
    pub fn iter(self) -> Iter<Row> {
        Iter::new(self.0.stream())
    }

    /// Reads all rows that there are, and goes on with those that come, until the run has ended or has got as far as
    /// [`max_step`](Self::max_step).
    ///
    /// # Errors
    /// If the request makes no sense.
    pub fn follow(self) -> Result<Follow, Error> {
        block_on(self.0.follow()).map(Follow)
    }

    /// Writes the rows to `sink`, and says at the end what is missing, if anything is.
    pub fn write(self, sink: Box<dyn Sink>) -> Result<(SinkReport, HistoryEnd), Error> {
        block_on(self.0.write(sink))
    }

    /// All the rows as Arrow record batches, one schema for all of them.
    #[cfg(feature = "parquet")]
    pub fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        block_on(self.0.record_batches())
    }
}

/// A history that is being read. See the async [`HistoryReader`](crate::HistoryReader).
#[derive(Debug)]
pub struct HistoryReader(api::HistoryReader);

impl HistoryReader {
    /// The next rows, in order of steps; `None` at the end. There is at least one row in a batch.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }

    /// How many rows have been read.
    pub fn rows(&self) -> u64 {
        self.0.rows()
    }

    /// Says whether the rows are all there is. To be called after the last batch.
    pub fn finish(self) -> Result<HistoryEnd, Error> {
        block_on(self.0.finish())
    }
}

/// A run that is followed. See the async [`Follow`](crate::Follow).
#[derive(Debug)]
pub struct Follow(api::Follow);

impl Follow {
    /// The next rows, at least one, once there are any; `None` when the run has ended.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }

    /// What is missing from the rows so far, or inexact.
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }
}
