//! Converts rows to a series of Arrow record batches.

use std::fmt;
use std::io::{BufReader, BufWriter, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};
use tempfile::SpooledTempFile;
use wandb_core::Row;

use super::batch_resizer::BatchResizer;
use super::scattered_batches::ScatteredBatches;
use super::schema_adapter::SchemaAdapter;
use super::to_arrow::{BatchBuilder, arrow_schema};
use crate::columns::{Nested, Schema, TableError, TableOptions};
use crate::rows::{Batch, Portion, TableSpool, is_wide, rows_at_once};

/// Converts `rows` to record batches with a schema inferred from all of them. The rows are spooled until the
/// last one is read: first in memory, then in an unnamed temporary file. A batch has at most 8192 rows and
/// about a million values.
///
/// Objects become JSON text unless `options` say otherwise.
///
/// ```
/// use wandb_core::Row;
/// use wandb_tables::{TableOptions, batches};
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
    batches_of(rows.into_iter().map(|row| Batch::Rows(vec![row])), options)
}

/// Like [`batches`], for rows in any format.
pub fn batches_of(
    rows: impl IntoIterator<Item = Batch>,
    options: &TableOptions,
) -> Result<RecordBatches, TableError> {
    let mut gathered = TableSpool::new(options, Nested::Json, None);
    for batch in rows {
        match batch {
            Batch::Page(page) => gathered.page(&page)?,
            batch => gathered.rows(&batch.into_rows()?)?,
        }
    }
    let (schema, spool) = gathered.finish();
    if is_wide(&schema) && schema.layout.marks == 0 {
        let batches = ScatteredBatches::new(Arc::new(schema.clone()), spool)?;
        return Ok(RecordBatches::of_batches(schema, batches));
    }
    let portions = spool.into_portions(rows_at_once(schema.column_count()))?;
    Ok(RecordBatches::new(schema, portions))
}

/// Like [`batches_of`], for a known schema and for rows that may already be record batches.
///
/// These batches are spooled too, because the caller may consume them where it must not wait for I/O on the
/// source.
pub fn batches_of_table(
    schema: Schema,
    rows: impl IntoIterator<Item = Batch>,
    options: &TableOptions,
) -> Result<RecordBatches, TableError> {
    let putting = |error| spooling("writing", error);
    let mut fit = SchemaAdapter::new(schema.clone());
    let arrow = arrow_schema(&schema);
    let file = BufWriter::new(SpooledTempFile::new(options.memory));
    let mut writer = StreamWriter::try_new(file, &arrow).map_err(putting)?;
    for batch in rows {
        writer.write(&fit.batch(&batch)?).map_err(putting)?;
    }
    let file = writer.into_inner().map_err(putting)?.into_inner();
    let mut file = file.map_err(|error| putting(error.into_error().into()))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| putting(error.into()))?;
    let reading = |error| spooling("reading", error);
    let batches = StreamReader::try_new(BufReader::new(file), None).map_err(reading)?;
    let batches = batches.map(move |batch| batch.map_err(reading));
    Ok(RecordBatches::of_pieces(schema, batches))
}

fn spooling(action: &'static str, error: ArrowError) -> TableError {
    match error {
        ArrowError::IoError(_, source) => TableError::Spool { action, source },
        error => TableError::Arrow(error),
    }
}

/// Converts rows to record batches of a given schema, without spooling. A key that the schema lacks, or a
/// value that does not fit its column, is an error.
pub fn batches_with(
    schema: Schema,
    rows: impl IntoIterator<Item = Row, IntoIter: Send + 'static>,
) -> RecordBatches {
    let most = rows_at_once(schema.column_count());
    let mut rows = rows.into_iter();
    RecordBatches::new(
        schema,
        std::iter::from_fn(move || {
            let batch: Vec<Row> = rows.by_ref().take(most).collect();
            (!batch.is_empty()).then_some(Ok(Portion::Rows(batch)))
        }),
    )
}

/// An iterator over record batches of one schema, built lazily. It yields none if there are no rows.
pub struct RecordBatches {
    schema: Schema,
    arrow: SchemaRef,
    /// `None` if the pieces already have the right size.
    same_size: Option<BatchResizer>,
    pieces: Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + Send>,
}

impl RecordBatches {
    fn new(schema: Schema, rows: impl Iterator<Item = Result<Portion, TableError>> + Send + 'static) -> Self {
        let own = schema.clone();
        Self::of_pieces(schema, rows.map(move |rows| BatchBuilder::new(&own).build(&rows?)))
    }

    fn of_pieces(
        schema: Schema,
        pieces: impl Iterator<Item = Result<RecordBatch, TableError>> + Send + 'static,
    ) -> Self {
        let arrow = arrow_schema(&schema);
        let same_size = Some(BatchResizer::new(&arrow, rows_at_once(schema.column_count())));
        Self { arrow, same_size, schema, pieces: Box::new(pieces) }
    }

    /// Uses batches that already have the right size.
    fn of_batches(
        schema: Schema,
        batches: impl Iterator<Item = Result<RecordBatch, TableError>> + Send + 'static,
    ) -> Self {
        Self { arrow: arrow_schema(&schema), same_size: None, schema, pieces: Box::new(batches) }
    }

    /// Returns the Arrow schema of every batch.
    pub fn arrow_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.arrow)
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let Some(same_size) = &mut self.same_size else { return self.pieces.next().transpose() };
        loop {
            if let Some(batch) = same_size.next() {
                return Ok(Some(batch));
            }
            let Some(piece) = self.pieces.next() else {
                same_size.end().map_err(TableError::Arrow)?;
                return Ok(same_size.next());
            };
            same_size.take(piece?).map_err(TableError::Arrow)?;
        }
    }

    /// Returns the schema in this library's terms, with findings about its columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

impl Iterator for RecordBatches {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

impl fmt::Debug for RecordBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatches").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
