//! Parquet.

mod file;

use arrow_array::RecordBatch;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use self::file::ParquetFile;
use super::columnar::Columnar;
use super::contract::Sink;
use super::encode::Encode;
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::Portion;
use crate::table::{BatchBuilder, ColumnType, Field, FieldKind, Nested, Schema, TableError};

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
        ParquetFile::begin(schema, output)
    }
}

/// Nothing here depends on the time, the machine or the process: the same rows give the same bytes.
fn properties(schema: &Schema) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_created_by(concat!("wandb-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // Metrics seldom repeat, and a dictionary takes its room in memory for each of perhaps thousands of columns.
        .set_dictionary_enabled(false);
    encodings(builder, schema.fields(), &[]).build()
}

fn encodings(
    mut builder: WriterPropertiesBuilder,
    fields: &[Field],
    outer: &[String],
) -> WriterPropertiesBuilder {
    for field in fields {
        let path = [outer, &[field.name().to_owned()]].concat();
        builder = match field.kind() {
            FieldKind::Struct(fields) => encodings(builder, fields, &path),
            FieldKind::Column(ColumnType::Utf8 | ColumnType::Json) => {
                builder.set_column_dictionary_enabled(ColumnPath::new(path), true)
            }
            // Steps and counts grow evenly.
            FieldKind::Column(ColumnType::Int64) => {
                builder.set_column_encoding(ColumnPath::new(path), Encoding::DELTA_BINARY_PACKED)
            }
            FieldKind::Column(ColumnType::Bool | ColumnType::Float64) => builder,
        };
    }
    builder
}
