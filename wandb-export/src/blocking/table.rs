//! The tables that a run has logged.

use serde::de::DeserializeOwned;
use wandb_core::Row;
use wandb_core::blocking::block_on;
use wandb_tables::Sink;

use super::Iter;
use crate::api::{self, WriteReport};
use crate::error::Error;
use crate::issue::Issue;

/// A request for a table that a run has logged, to be refined. See the async [`Table`](crate::Table).
#[derive(Debug, Clone)]
#[must_use]
pub struct Table(api::Table);

impl Table {
    pub(super) fn new(table: api::Table) -> Self {
        Self(table)
    }

    /// Selects the table that was logged at this step; see the async [`step`](crate::Table::step).
    pub fn step(self, step: i64) -> Self {
        Self(self.0.step(step))
    }

    /// Selects the tables of all steps, with a column `_step` in front.
    pub fn all_steps(self) -> Self {
        Self(self.0.all_steps())
    }

    /// Keeps times as numbers of milliseconds since 1970.
    pub fn raw(self) -> Self {
        Self(self.0.raw())
    }

    /// Finds the table and opens it for reading.
    ///
    /// # Errors
    /// [`Error::NoSuchTable`] if the run has no such table, [`Error::NoSuchFile`] if the run lacks its file.
    pub fn open(self) -> Result<TableReader, Error> {
        block_on(self.0.open()).map(TableReader)
    }

    /// Collects the rows.
    pub fn rows(self) -> Result<Vec<Row>, Error> {
        block_on(self.0.rows())
    }

    /// Collects the rows, each converted to a `T`.
    ///
    /// # Errors
    /// [`Error::Type`] with the row and the column that do not fit.
    pub fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        block_on(self.0.rows_as())
    }

    /// Iterates over the rows in order. The iterator ends after the first error.
    pub fn iter(self) -> Iter<Row> {
        Iter::new(self.0.stream())
    }

    /// Writes the rows to `sink`. The report counts them, and lists the defects of the table.
    pub fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        block_on(self.0.write(sink))
    }

    /// Collects the rows as Arrow record batches with a common schema.
    #[cfg(feature = "parquet")]
    pub fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        block_on(self.0.record_batches())
    }
}

/// A reader of a table, or of the tables of several steps. See the async [`TableReader`](crate::TableReader).
#[derive(Debug)]
pub struct TableReader(api::TableReader);

impl TableReader {
    /// Returns the names of the columns that are known so far, in order.
    pub fn columns(&self) -> &[String] {
        self.0.columns()
    }

    /// Returns the issues found so far; see the async [`issues`](crate::TableReader::issues).
    pub fn issues(&self) -> Vec<Issue> {
        self.0.issues()
    }

    /// Returns the next rows, at least one. `None` at the end.
    ///
    /// # Errors
    /// If a file cannot be fetched, or is not a table.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        block_on(self.0.next_batch())
    }
}
