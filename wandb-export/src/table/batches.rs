//! Rows to a series of Arrow record batches.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use wandb_core::Row;

use super::error::TableError;
use super::nested::Nested;
use super::options::TableOptions;
use super::schema::Schema;
use super::to_arrow::BatchBuilder;
use crate::spool::{BatchSize, Spool};

/// Record batches of a schema that is inferred from all of `rows`. Rows are put aside until the last one is known, in
/// memory and then in an unnamed temporary file; a batch has at most 8192 rows and about a million values.
///
/// Objects are JSON text unless `options` say otherwise.
///
/// ```
/// use wandb_core::Row;
/// use wandb_export::table::{TableOptions, batches};
///
/// let rows = [Row::parse(br#"{"_step": 0, "loss": 1}"#)?, Row::parse(br#"{"_step": 1, "loss": 0.5}"#)?];
/// let mut batches = batches(rows, &TableOptions::default())?;
/// assert_eq!(batches.arrow_schema().field(1).data_type().to_string(), "Float64");
/// assert_eq!(batches.next().expect("one batch")?.num_rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn batches(
    rows: impl IntoIterator<Item = Row>,
    options: &TableOptions,
) -> Result<RecordBatches, TableError> {
    let mut builder = options.schema_builder(Nested::Json);
    let mut spool = Spool::new(options.memory, None);
    for row in rows {
        builder.observe(&row)?;
        spool.push(&row)?;
    }
    let schema = builder.finish();
    let size = BatchSize::for_columns(schema.column_count());
    Ok(RecordBatches::new(schema, spool.into_batches(size)?))
}

/// Record batches of a schema that is known; nothing is put aside. A row with a key that the schema does not have, or a
/// value that does not fit, is an error.
pub fn batches_with(
    schema: Schema,
    rows: impl IntoIterator<Item = Row, IntoIter: Send + 'static>,
) -> RecordBatches {
    let size = BatchSize::for_columns(schema.column_count());
    let mut rows = rows.into_iter();
    RecordBatches::new(
        schema,
        std::iter::from_fn(move || {
            let batch: Vec<Row> = rows.by_ref().take(size.rows).collect();
            (!batch.is_empty()).then_some(Ok(batch))
        }),
    )
}

/// A series of record batches of the same schema, made as they are asked for. Without rows there are none.
pub struct RecordBatches {
    builder: BatchBuilder,
    rows: Box<dyn Iterator<Item = Result<Vec<Row>, TableError>> + Send>,
}

impl RecordBatches {
    fn new(
        schema: Schema,
        rows: impl Iterator<Item = Result<Vec<Row>, TableError>> + Send + 'static,
    ) -> Self {
        Self { builder: BatchBuilder::new(schema), rows: Box::new(rows) }
    }

    /// The schema of every batch.
    pub fn arrow_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.builder.arrow_schema())
    }

    /// The same schema in this library's terms, with what there is to know about its columns.
    pub fn schema(&self) -> &Schema {
        self.builder.schema()
    }
}

impl Iterator for RecordBatches {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.next()?;
        Some(rows.and_then(|rows| self.builder.build(&rows)))
    }
}

impl fmt::Debug for RecordBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatches").field("builder", &self.builder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
