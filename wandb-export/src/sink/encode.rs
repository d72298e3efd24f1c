//! What the formats with columns have in common: rows are put aside until the last one has shown all columns.

use wandb_core::Row;

use super::contract::{Sink, SinkReport};
use super::error::SinkError;
use super::output::Output;
use crate::spool::{BatchSize, Spool, SpooledBatches};
use crate::table::{Nested, Schema, SchemaBuilder, TableOptions};

/// A format with columns.
pub(super) trait Encode: Send + 'static {
    /// Writes a whole table. The batches are never empty and together hold all rows.
    fn encode(&self, schema: &Schema, rows: SpooledBatches, output: &mut Output) -> Result<(), SinkError>;
}

/// Puts rows aside, and encodes them all in the end.
pub(super) struct Columnar<E> {
    encoding: E,
    output: Output,
    builder: SchemaBuilder,
    spool: Spool,
    failed: bool,
}

impl<E: Encode> Columnar<E> {
    /// `default` is what becomes of nested values unless `options` say otherwise.
    pub(super) fn new(encoding: E, output: Output, options: &TableOptions, default: Nested) -> Self {
        let spool = Spool::new(options.memory, output.directory());
        Self { encoding, builder: options.schema_builder(default), spool, output, failed: false }
    }

    fn take(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        for row in rows {
            self.builder.observe(row)?;
            self.spool.push(row)?;
        }
        Ok(())
    }
}

impl<E: Encode> Sink for Columnar<E> {
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        let taken = self.take(rows);
        self.failed |= taken.is_err();
        taken
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        let Self { encoding, mut output, builder, spool, failed } = *self;
        if failed {
            return Err(SinkError::Failed { output: output.name().to_owned() });
        }
        let schema = builder.finish();
        let (rows, columns) = (spool.rows(), schema.column_count());
        let batches = spool.into_batches(BatchSize::for_columns(columns))?;
        encoding.encode(&schema, batches, &mut output)?;
        let bytes = output.commit()?;
        Ok(SinkReport { rows, columns: Some(columns), bytes, findings: schema.findings })
    }
}
