//! Parquet.

use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::contract::Sink;
use super::encode::{Columnar, Encode};
use super::error::SinkError;
use super::format::Format;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::SpooledBatches;
use crate::table::{BatchBuilder, ColumnType, Field, FieldKind, Nested, Schema};

/// The most rows of a row group, which readers take as the unit of their work.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// The most encoded bytes of a row group, all of which are in memory until it is written.
const ROW_GROUP_BYTES: usize = 64 << 20;

pub(super) fn sink(output: Output, options: &SinkOptions) -> Box<dyn Sink> {
    Box::new(Columnar::new(Parquet, output, &options.table, Nested::Json))
}

struct Parquet;

impl Encode for Parquet {
    fn encode(&self, schema: &Schema, rows: SpooledBatches, output: &mut Output) -> Result<(), SinkError> {
        let builder = BatchBuilder::new(schema.clone());
        let options = ArrowWriterOptions::new().with_properties(properties(schema));
        let mut writer =
            ArrowWriter::try_new_with_options(&mut *output, builder.arrow_schema().clone(), options);
        for batch in rows {
            let batch = builder.build(&batch?)?;
            writer = writer.and_then(|mut writer| writer.write(&batch).map(|()| writer));
            if writer.is_err() {
                break;
            }
        }
        writer.and_then(ArrowWriter::close).map(drop).map_err(|error| failure(error, output))
    }
}

/// Nothing here depends on the time, the machine or the process: the same rows give the same bytes.
fn properties(schema: &Schema) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_created_by(concat!("wandb-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
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

fn failure(error: ParquetError, output: &Output) -> SinkError {
    output.take_failure().unwrap_or_else(|| SinkError::Encode {
        format: Format::Parquet,
        output: output.name().to_owned(),
        source: Box::new(error),
    })
}
