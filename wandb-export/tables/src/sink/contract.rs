//! What every sink does.

use wandb_core::Row;
use wandb_core::page::Page;

use super::error::SinkError;
use crate::columns::Finding;

/// A place for rows to go.
///
/// A sink that is dropped before it is finished, or that has failed, leaves nothing in a file's place: what was there
/// before stays.
pub trait Sink: Send {
    /// Whether objects in rows become columns, one for each of their keys, as in a flat table. Default: no.
    fn divides_objects(&self) -> bool {
        false
    }

    /// Takes the next rows. May be called any number of times, with any number of rows.
    ///
    /// After an error nothing more can be written.
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError>;

    /// Takes the next rows as a page of a history, which sinks for many rows make use of. By default its rows are made
    /// and [written](Self::write).
    fn write_page(&mut self, page: &Page) -> Result<(), SinkError> {
        self.write(&page.to_rows())
    }

    /// Offers all rows as record batches of `schema`, before the first one comes. A sink that takes them says so, and
    /// gets [`write_batch`](Self::write_batch) instead of [`write`](Self::write). Most sinks want rows, which is the
    /// default.
    #[cfg(feature = "parquet")]
    fn begin_batches(&mut self, schema: &crate::columns::Schema) -> Result<bool, SinkError> {
        let _ = schema;
        Ok(false)
    }

    /// Takes the next rows as a record batch. By default its rows are made and [written](Self::write).
    #[cfg(feature = "parquet")]
    fn write_batch(&mut self, batch: &arrow_array::RecordBatch) -> Result<(), SinkError> {
        self.write(&crate::from_arrow::rows_of(batch)?)
    }

    /// Writes what is left and puts the output in its place.
    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError>;
}

/// What a finished sink has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkReport {
    /// How many rows were written.
    pub rows: u64,
    /// How many columns they have; `None` where rows have their own keys instead, as in JSON Lines.
    pub columns: Option<usize>,
    /// How many bytes were written.
    pub bytes: u64,
    /// What a reader of the table should know about its columns.
    pub findings: Vec<Finding>,
}
