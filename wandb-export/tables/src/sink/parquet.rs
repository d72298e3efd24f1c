//! Parquet.

mod bins;
mod file;
mod properties;
mod sizes;
mod wide;

use arrow_array::RecordBatch;

use self::file::ParquetFile;
use super::columnar::ColumnarSink;
use super::encoder::TableEncoder;
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use super::sink_trait::{Sink, SinkReport};
use crate::arrow::BatchBuilder;
use crate::columns::{Nested, Schema, TableError};
use crate::rows::{Portion, Spool};

#[expect(clippy::unnecessary_wraps, reason = "the signature of all formats")]
pub(super) fn sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(ColumnarSink::new(Parquet, output, &options.table, Nested::Json)))
}

#[derive(Clone, Copy)]
struct Parquet;

impl TableEncoder for Parquet {
    type Piece = RecordBatch;
    type Writer = ParquetFile;

    fn piece(self, schema: &Schema, rows: &Portion) -> Result<RecordBatch, TableError> {
        BatchBuilder::new(schema).build(rows)
    }

    fn begin(self, schema: &Schema, output: Output) -> Result<ParquetFile, SinkError> {
        Ok(ParquetFile::begin(schema, output))
    }

    fn write_wide(self, schema: Schema, rows: Spool, output: Output) -> Result<SinkReport, SinkError> {
        wide::write(schema, rows, output)
    }
}
