//! Writes record batches as Parquet, encoding several columns at once.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, FieldRef, SchemaRef};
use arrow_select::concat::concat;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions,
    compute_leaves,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedFileWriter;
use wandb_core::workers;

use super::super::encoder::WritePieces;
use super::super::error::SinkError;
use super::super::format::Format;
use super::super::output::Output;
use super::super::shared_output::SharedOutput;
use super::super::worker_task::WorkerTask;
use super::properties::properties;
use super::sizes::{rows_of_text, text_size};
use crate::arrow::arrow_schema;
use crate::columns::Schema;

/// Number of rows at which a row group ends. An encoded row group is held in memory until it is written.
const GROUP_ROWS: usize = 64 << 10;

/// Number of encoded bytes at which a row group ends. The last slab may exceed it.
const GROUP_BYTES: usize = 8 << 20;

/// Maximum number of rows, and approximate maximum number of values, to encode at once.
const SLAB_ROWS: usize = 16 << 10;
const SLAB_VALUES: usize = 512 << 10;

/// Bytes of text at which a slab is encoded. The text is then in memory three times: as received,
/// concatenated, and encoded.
const SLAB_TEXT: usize = 2 << 20;

/// A table with at most this many values and bytes of text is encoded on the writing thread.
const FEW_VALUES: usize = 4 << 10;
const LITTLE_TEXT: usize = 64 << 10;

/// A Parquet file in progress.
pub(super) struct ParquetFile {
    output: SharedOutput,
    schema: Schema,
    arrow: SchemaRef,
    /// Opened with the first encoded rows, because the properties depend on whether these are all.
    begun: Option<Begun>,
    slab_rows: usize,
    /// Buffered slices, together smaller than a slab.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    waiting_text: usize,
    /// The columns of the current row group, distributed among the workers.
    working: Vec<WorkerTask<Result<Vec<Column>>>>,
    group_rows: usize,
    groups: usize,
}

/// The open file writer.
struct Begun {
    file: SerializedFileWriter<SharedOutput>,
    factory: ArrowRowGroupWriterFactory,
    /// Whether the table is too small to be distributed among the workers.
    is_little: bool,
}

/// A column of the current row group.
struct Column {
    index: usize,
    field: FieldRef,
    /// One writer per leaf; a struct has several leaves.
    writers: Vec<ArrowColumnWriter>,
}

impl ParquetFile {
    pub(super) fn begin(schema: &Schema, output: Output) -> Self {
        let arrow = arrow_schema(schema);
        let slab_rows = (SLAB_VALUES / arrow.fields().len().max(1)).clamp(1 << 10, SLAB_ROWS) & !1023;
        Self {
            output: SharedOutput::new(output),
            schema: schema.clone(),
            arrow,
            begun: None,
            slab_rows,
            waiting: Vec::new(),
            waiting_rows: 0,
            waiting_text: 0,
            working: Vec::new(),
            group_rows: 0,
            groups: 0,
        }
    }

    /// Returns the file writer, opening it if needed. `is_all` says whether the buffered rows are the whole
    /// table.
    fn begun(&mut self, is_all: bool) -> Result<&mut Begun> {
        let begun = match self.begun.take() {
            Some(begun) => begun,
            None => self.open(is_all)?,
        };
        Ok(self.begun.insert(begun))
    }

    fn open(&self, is_all: bool) -> Result<Begun> {
        let properties = properties(&self.schema, is_all.then_some(&self.waiting));
        let options = ArrowWriterOptions::new().with_properties(properties);
        let arrow = SchemaRef::clone(&self.arrow);
        let writer = ArrowWriter::try_new_with_options(self.output.clone(), arrow, options)?;
        let (file, factory) = writer.into_serialized_writer()?;
        let values = self.waiting_rows.saturating_mul(self.arrow.fields().len());
        let is_little = is_all && values <= FEW_VALUES && self.waiting_text <= LITTLE_TEXT;
        Ok(Begun { file, factory, is_little })
    }

    fn push(&mut self, mut batch: RecordBatch) -> Result<()> {
        while batch.num_rows() > 0 {
            let slice = batch.slice(0, batch.num_rows().min(self.slab_rows - self.waiting_rows));
            let rows = rows_of_text(&slice, SLAB_TEXT - self.waiting_text);
            let slice = slice.slice(0, rows);
            batch = batch.slice(rows, batch.num_rows() - rows);
            self.waiting_rows += rows;
            self.waiting_text += text_size(&slice);
            self.waiting.push(slice);
            if self.waiting_rows >= self.slab_rows || self.waiting_text >= SLAB_TEXT {
                self.encode(false)?;
            }
        }
        Ok(())
    }

    /// Starts encoding the buffered rows. Runs on worker threads unless the table is small and `is_all` is
    /// set.
    fn encode(&mut self, is_all: bool) -> Result<()> {
        let is_little = self.begun(is_all)?.is_little;
        let shares = self.shares()?;
        let bytes: usize = shares
            .iter()
            .flatten()
            .flat_map(|column| &column.writers)
            .map(ArrowColumnWriter::get_estimated_total_bytes)
            .sum();
        let shares = if self.group_rows >= GROUP_ROWS || bytes >= GROUP_BYTES {
            self.end_group(shares)?;
            self.shares()?
        } else {
            shares
        };
        self.group_rows += self.waiting_rows;
        let slab = Arc::new(std::mem::take(&mut self.waiting));
        (self.waiting_rows, self.waiting_text) = (0, 0);
        for share in shares {
            let slab = Arc::clone(&slab);
            self.working.push(WorkerTask::start(is_little, move || encode(share, &slab)));
        }
        Ok(())
    }

    /// Waits for the workers and returns the columns of the current row group. Starts a row group if there is
    /// none.
    fn shares(&mut self) -> Result<Vec<Vec<Column>>> {
        if self.working.is_empty() {
            let groups = self.groups;
            let Begun { factory, is_little, .. } = self.begun(false)?;
            let count = if *is_little { 1 } else { workers::count() };
            let mut writers = factory.create_column_writers(groups)?.into_iter();
            let mut shares: Vec<Vec<Column>> = (0..count).map(|_| Vec::new()).collect();
            for (index, field) in self.arrow.fields().iter().enumerate() {
                let writers = writers.by_ref().take(leaves(field.data_type())).collect();
                shares[index % count].push(Column { index, field: Arc::clone(field), writers });
            }
            return Ok(shares);
        }
        self.working.drain(..).map(|share| share.wait().unwrap_or_else(|| Err(panicked()))).collect()
    }

    /// Writes the current row group.
    fn end_group(&mut self, shares: Vec<Vec<Column>>) -> Result<()> {
        let Begun { is_little, .. } = *self.begun(false)?;
        let close = |share| WorkerTask::start(is_little, move || close(share));
        let closing: Vec<_> = shares.into_iter().map(close).collect();
        let mut chunks = Vec::with_capacity(self.arrow.fields().len());
        for share in closing {
            chunks.extend(share.wait().unwrap_or_else(|| Err(panicked()))?);
        }
        chunks.sort_unstable_by_key(|(index, _)| *index);
        let mut group = self.begun(false)?.file.next_row_group()?;
        for chunk in chunks.into_iter().flat_map(|(_, leaves)| leaves) {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.groups += 1;
        self.group_rows = 0;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.waiting_rows > 0 {
            self.encode(true)?;
        }
        if self.group_rows > 0 {
            let shares = self.shares()?;
            self.end_group(shares)?;
        }
        self.begun(true)?.file.finish().map(drop)
    }

    fn failure(&self, error: ParquetError) -> SinkError {
        self.output.failure(Format::Parquet, error)
    }
}

impl WritePieces for ParquetFile {
    type Piece = RecordBatch;

    fn write(&mut self, batch: RecordBatch) -> std::result::Result<(), SinkError> {
        self.push(batch).map_err(|error| self.failure(error))
    }

    fn finish(mut self) -> std::result::Result<Output, SinkError> {
        self.end().map_err(|error| self.failure(error))?;
        let Self { begun, output, .. } = self;
        drop(begun);
        output.into_output()
    }
}

/// Encodes the rows of a slab into some columns. Each column is concatenated first, so that its pages do not
/// depend on how the rows were batched.
fn encode(mut share: Vec<Column>, slab: &[RecordBatch]) -> Result<Vec<Column>> {
    for Column { index, field, writers } in &mut share {
        let slices: Vec<&dyn Array> = slab.iter().map(|batch| batch.column(*index).as_ref()).collect();
        let column: ArrayRef = match slab {
            [batch] => ArrayRef::clone(batch.column(*index)),
            _ => concat(&slices)?,
        };
        for (leaf, writer) in compute_leaves(field, &column)?.iter().zip(writers) {
            writer.write(leaf)?;
        }
    }
    Ok(share)
}

fn close(share: Vec<Column>) -> Result<Vec<(usize, Vec<ArrowColumnChunk>)>> {
    let close = |column: Column| {
        let leaves = column.writers.into_iter().map(ArrowColumnWriter::close);
        Ok((column.index, leaves.collect::<Result<_>>()?))
    };
    share.into_iter().map(close).collect()
}

/// Returns the number of Parquet columns for a table column.
fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        _ => 1,
    }
}

fn panicked() -> ParquetError {
    ParquetError::General("a column encoder panicked".to_owned())
}
