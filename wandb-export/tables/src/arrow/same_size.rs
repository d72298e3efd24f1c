//! Record batches of the same size, whatever the pieces they come in: the same rows give the same bytes.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::coalesce::BatchCoalescer;

/// Puts pieces together and takes them apart.
pub(crate) struct SameSize(BatchCoalescer);

impl SameSize {
    pub(crate) fn new(schema: &SchemaRef, rows: usize) -> Self {
        Self(BatchCoalescer::new(SchemaRef::clone(schema), rows))
    }

    /// Takes a piece.
    pub(crate) fn take(&mut self, piece: RecordBatch) -> Result<(), ArrowError> {
        self.0.push_batch(piece)
    }

    /// Knows that no more pieces come.
    pub(crate) fn end(&mut self) -> Result<(), ArrowError> {
        self.0.finish_buffered_batch()
    }

    /// A batch that is full, or the last one after the end.
    pub(crate) fn next(&mut self) -> Option<RecordBatch> {
        self.0.next_completed_batch()
    }

    /// Hands the batches that are full to `write`.
    pub(crate) fn push<E: From<ArrowError>>(
        &mut self,
        piece: RecordBatch,
        write: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.take(piece)?;
        self.write_full(write)
    }

    /// Hands over what is left.
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
