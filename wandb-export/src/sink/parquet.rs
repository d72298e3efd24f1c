//! Parquet.

mod file;
mod properties;
mod sizes;

use arrow_array::RecordBatch;

use self::file::ParquetFile;
use super::columnar::Columnar;
use super::contract::Sink;
use super::encode::Encode;
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::Portion;
use crate::table::{BatchBuilder, Nested, Schema, TableError};

pub(super) fn sink(output: Output, options: &SinkOptions) -> Box<dyn Sink> {
    Box::new(Columnar::new(Parquet, output, &options.table, Nested::Json))
}

#[derive(Clone, Copy)]
struct Parquet;

impl Encode for Parquet {
    type Piece = RecordBatch;
    type Writer = ParquetFile;

    fn piece(self, schema: &Schema, rows: &Portion) -> Result<RecordBatch, TableError> {
        BatchBuilder::new(schema).build(rows)
    }

    fn begin(self, schema: &Schema, output: Output) -> Result<ParquetFile, SinkError> {
        Ok(ParquetFile::begin(schema, output))
    }
}
