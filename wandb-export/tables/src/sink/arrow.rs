//! The Arrow IPC file format.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;

use super::columnar::{ColumnarSink, write_spooled};
use super::encoder::{TableEncoder, WritePieces};
use super::error::SinkError;
use super::format::Format;
use super::options::SinkOptions;
use super::output::Output;
use super::shared_output::SharedOutput;
use super::sink_trait::{Sink, SinkReport};
use crate::arrow::{BatchBuilder, BatchResizer, ScatteredBatches, arrow_schema};
use crate::columns::{Nested, Schema, TableError};
use crate::rows::{Portion, Spool, rows_at_once};

#[expect(clippy::unnecessary_wraps, reason = "the signature of all formats")]
pub(super) fn sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(ColumnarSink::new(Arrow, output, &options.table, Nested::Json)))
}

/// Writes uncompressed data, so that readers can map the file into memory and use it directly.
#[derive(Clone, Copy)]
struct Arrow;

impl TableEncoder for Arrow {
    type Piece = RecordBatch;
    type Writer = ArrowFile;

    fn piece(self, schema: &Schema, rows: &Portion) -> Result<RecordBatch, TableError> {
        BatchBuilder::new(schema).build(rows)
    }

    fn begin(self, schema: &Schema, output: Output) -> Result<ArrowFile, SinkError> {
        let arrow = arrow_schema(schema);
        let output = SharedOutput::new(output);
        match FileWriter::try_new(output.clone(), &arrow) {
            Ok(file) => {
                let batches = BatchResizer::new(&arrow, rows_at_once(schema.column_count()));
                Ok(ArrowFile { file, output, batches })
            }
            Err(error) => Err(output.failure(Format::Arrow, error)),
        }
    }

    fn write_wide(self, schema: Schema, rows: Spool, output: Output) -> Result<SinkReport, SinkError> {
        if schema.layout.marks > 0 {
            return write_spooled(self, schema, rows, output);
        }
        let count = rows.rows();
        let mut writer = self.begin(&schema, output)?;
        let schema = Arc::new(schema);
        for batch in ScatteredBatches::new(Arc::clone(&schema), rows)? {
            // The batches already have the right size.
            let written = writer.file.write(&batch?);
            written.map_err(|error| writer.output.failure(Format::Arrow, error))?;
        }
        let bytes = writer.finish()?.commit()?;
        let schema = Arc::unwrap_or_clone(schema);
        let columns = Some(schema.column_count());
        Ok(SinkReport { rows: count, columns, bytes, findings: schema.findings })
    }
}

/// An Arrow IPC file in progress.
struct ArrowFile {
    file: FileWriter<SharedOutput>,
    output: SharedOutput,
    batches: BatchResizer,
}

impl WritePieces for ArrowFile {
    type Piece = RecordBatch;

    fn write(&mut self, piece: RecordBatch) -> Result<(), SinkError> {
        let Self { file, output, batches } = self;
        let written = batches.push(piece, |batch| file.write(batch));
        written.map_err(|error| output.failure(Format::Arrow, error))
    }

    fn finish(self) -> Result<Output, SinkError> {
        let Self { mut file, output, batches } = self;
        let written = batches.finish(|batch| file.write(batch)).and_then(|()| file.finish());
        drop(file);
        match written {
            Ok(()) => output.into_output(),
            Err(error) => Err(output.failure(Format::Arrow, error)),
        }
    }
}
