//! Writes a table with a known schema. Pieces are encoded on all processors and written in order.

use std::collections::VecDeque;
use std::sync::Arc;
use wandb_core::workers;

use super::super::encoder::{TableEncoder, WritePieces};
use super::super::error::SinkError;
use super::super::output::Output;
use super::super::sink_trait::SinkReport;
use super::super::worker_task::WorkerTask;
use crate::columns::{Schema, TableError};
use crate::rows::Portion;

/// Pieces of at most this many values are encoded on the current thread, which is faster than passing them
/// on.
const FEW_VALUES: usize = 1 << 10;

/// A table in progress.
pub(super) struct Table<E: TableEncoder> {
    encoding: E,
    schema: Arc<Schema>,
    writer: E::Writer,
    /// Pieces in flight, in order.
    making: VecDeque<WorkerTask<Result<E::Piece, TableError>>>,
    rows: u64,
    name: String,
}

impl<E: TableEncoder> Table<E> {
    pub(super) fn begin(encoding: E, schema: Schema, output: Output) -> Result<Self, SinkError> {
        let name = output.name().to_owned();
        let writer = encoding.begin(&schema, output)?;
        Ok(Self { encoding, schema: Arc::new(schema), writer, making: VecDeque::new(), rows: 0, name })
    }

    /// Encodes and writes the next rows.
    pub(super) fn push(&mut self, rows: Portion) -> Result<(), SinkError> {
        // Keep one more than the number of workers in flight, so that no worker waits for the writer.
        while self.making.len() > workers::count() {
            self.write_first()?;
        }
        self.rows += rows.len() as u64;
        let (encoding, schema) = (self.encoding, Arc::clone(&self.schema));
        let is_little = rows.len().saturating_mul(schema.column_count()) <= FEW_VALUES;
        self.making.push_back(WorkerTask::start(is_little, move || encoding.piece(&schema, &rows)));
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<SinkReport, SinkError> {
        while !self.making.is_empty() {
            self.write_first()?;
        }
        let bytes = self.writer.finish()?.commit()?;
        let schema = Arc::unwrap_or_clone(self.schema);
        let columns = Some(schema.column_count());
        Ok(SinkReport { rows: self.rows, columns, bytes, findings: schema.findings })
    }

    fn write_first(&mut self) -> Result<(), SinkError> {
        let Some(piece) = self.making.pop_front() else { return Ok(()) };
        match piece.wait() {
            Some(piece) => self.writer.write(piece?),
            // The worker panicked, and the panic was already reported.
            None => Err(SinkError::Failed { output: self.name.clone() }),
        }
    }
}
