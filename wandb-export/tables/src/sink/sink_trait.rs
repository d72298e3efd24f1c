//! The interface of all sinks.

use wandb_core::Row;

use super::error::SinkError;
use crate::columns::{ColumnType, Finding, Schema};
use crate::rows::Batch;

/// A writer of rows.
///
/// A sink that fails, or is dropped before it is finished, leaves an existing file unchanged.
///
/// A sink for a format or a database of your own needs two methods, whatever cargo features are on:
///
/// ```
/// use wandb_core::Row;
/// use wandb_tables::{Sink, SinkError, SinkReport};
///
/// /// Counts rows.
/// #[derive(Default)]
/// struct RowCounter(u64);
///
/// impl Sink for RowCounter {
///     fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
///         self.0 += rows.len() as u64;
///         Ok(())
///     }
///
///     fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
///         Ok(SinkReport::new(self.0))
///     }
/// }
///
/// let mut sink = Box::new(RowCounter::default());
/// sink.write(&[Row::parse(br#"{"loss": 0.5}"#)?])?;
/// assert_eq!(sink.finish()?.rows, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Sink: Send {
    /// Returns whether objects in rows are split into one column per key, as in a flat table. Default: no.
    fn divides_objects(&self) -> bool {
        false
    }

    /// Writes the next rows. May be called any number of times, with any number of rows.
    ///
    /// After an error, nothing more can be written.
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError>;

    /// Writes the remaining rows and commits the output.
    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError>;

    /// Offers to pass all rows as columns of `schema`, before the first row. If this returns true, every
    /// [batch](Self::write_batch) has to be [`Batch::Columns`] with this schema.
    #[doc(hidden)]
    fn begin_columns(&mut self, schema: &Schema) -> Result<bool, SinkError> {
        let _ = schema;
        Ok(false)
    }

    /// Names columns that the output has even if no row does, with their types where the values do not show them. Called
    /// before the rows that have them.
    #[doc(hidden)]
    fn expect_columns(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        let _ = columns;
        Ok(())
    }

    /// Writes the next rows in the form of their source, which the sinks of this crate write faster than rows.
    #[doc(hidden)]
    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.write(&batch.to_rows()?)
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

impl SinkReport {
    /// Creates the report of a sink without columns, which has written `rows` rows and an unknown number of bytes.
    pub fn new(rows: u64) -> Self {
        Self { rows, ..Self::default() }
    }
}
