//! The interface of all sinks.

use wandb_core::Row;
use wandb_core::page::Page;

use super::error::SinkError;
use crate::columns::Finding;
use crate::rows::Batch;

/// A writer of rows.
///
/// A sink that fails, or is dropped before it is finished, leaves an existing file unchanged.
pub trait Sink: Send {
    /// Returns whether objects in rows are split into one column per key, as in a flat table. Default: no.
    fn divides_objects(&self) -> bool {
        false
    }

    /// Writes the next rows. May be called any number of times, with any number of rows.
    ///
    /// After an error, nothing more can be written.
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError>;

    /// Writes the next rows as a page of a history, which is faster in sinks that support it. By default the
    /// page is converted to rows and [written](Self::write).
    fn write_page(&mut self, page: &Page) -> Result<(), SinkError> {
        self.write(&page.to_rows())
    }

    /// Offers to pass all rows as record batches of `schema`. Call this before the first row. If it returns
    /// true, use [`write_batch`](Self::write_batch) instead of [`write`](Self::write). By default it returns
    /// false.
    #[cfg(feature = "parquet")]
    fn begin_batches(&mut self, schema: &crate::columns::Schema) -> Result<bool, SinkError> {
        let _ = schema;
        Ok(false)
    }

    /// Writes the next rows as a record batch. By default the batch is converted to rows and
    /// [written](Self::write).
    #[cfg(feature = "parquet")]
    fn write_batch(&mut self, batch: &arrow_array::RecordBatch) -> Result<(), SinkError> {
        self.write(&crate::from_arrow::rows_of(batch)?)
    }

    /// Writes the remaining rows and commits the output.
    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError>;
}

/// Writes a batch to a sink in the form that the batch has.
///
/// # Errors
///
/// Those of [`Sink::write`].
pub fn write_batch(sink: &mut dyn Sink, batch: &Batch) -> Result<(), SinkError> {
    match batch {
        Batch::Rows(rows) => sink.write(rows),
        Batch::Page(page) => sink.write_page(page),
        #[cfg(feature = "parquet")]
        Batch::Columns(columns) => sink.write(&crate::from_arrow::rows_of(columns)?),
    }
}

/// Statistics of a finished sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkReport {
    /// Number of rows written.
    pub rows: u64,
    /// Number of columns; `None` for formats without columns, such as JSON Lines.
    pub columns: Option<usize>,
    /// Number of bytes written.
    pub bytes: u64,
    /// Notes on how the columns were inferred.
    pub findings: Vec<Finding>,
}
