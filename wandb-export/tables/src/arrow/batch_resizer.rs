//! Record batches of equal size, regardless of how the input is split. The same rows therefore give the same
//! bytes.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::coalesce::BatchCoalescer;

/// Splits and concatenates record batches to a fixed number of rows.
pub(crate) struct BatchResizer(BatchCoalescer);

impl BatchResizer {
    pub(crate) fn new(schema: &SchemaRef, rows: usize) -> Self {
        Self(BatchCoalescer::new(SchemaRef::clone(schema), rows))
    }

    /// Adds a batch of any size.
    pub(crate) fn take(&mut self, piece: RecordBatch) -> Result<(), ArrowError> {
        self.0.push_batch(piece)
    }

    /// Flushes the rows that remain as a final, smaller batch.
    pub(crate) fn end(&mut self) -> Result<(), ArrowError> {
        self.0.finish_buffered_batch()
    }

    /// Returns the next full batch, or the last one after [`end`](Self::end).
    pub(crate) fn next(&mut self) -> Option<RecordBatch> {
        self.0.next_completed_batch()
    }

    /// Adds a batch and passes every full batch to `write`.
    pub(crate) fn push<E: From<ArrowError>>(
        &mut self,
        piece: RecordBatch,
        write: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.take(piece)?;
        self.write_full(write)
    }

    /// Passes the remaining rows to `write`.
    pub(crate) fn finish<E: From<ArrowError>>(
        mut self,
        write: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.end()?;
        self.write_full(write)
    }

    fn write_full<E>(&mut self, mut write: impl FnMut(&RecordBatch) -> Result<(), E>) -> Result<(), E> {
        while let Some(batch) = self.next() {
            write(&batch)?;
        }
        Ok(())
    }
}
