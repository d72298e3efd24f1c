//! How the columns of a Parquet file are encoded and compressed.

use arrow_array::RecordBatch;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::sizes::column_size;
use crate::columns::{ColumnType, Field, FieldKind, Schema};

/// Columns of so few bytes are not compressed. There is next to nothing to be won, and a compressor of its own for each of
/// them took a quarter of the time that a small table takes.
const LITTLE: usize = 1 << 10;

/// How every file is written.
pub(super) fn builder() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by(concat!("wandb-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        // Metrics seldom repeat, and a dictionary takes its room in memory for each of perhaps thousands of columns.
        .set_dictionary_enabled(false)
}

/// How a table is written, whose rows are `all` if they are known already.
///
/// Nothing here depends on the time, the machine or the process: the same rows give the same bytes.
pub(super) fn properties(schema: &Schema, all: Option<&[RecordBatch]>) -> WriterProperties {
    let builder = builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
    let fields = schema.fields().iter().enumerate();
    let builder = fields.fold(builder, |builder, (index, field)| {
        let is_little = all.is_some_and(|all| column_size(all, index) <= LITTLE);
        column(builder, field, &[], is_little)
    });
    builder.build()
}

fn column(
    mut builder: WriterPropertiesBuilder,
    field: &Field,
    outer: &[String],
    is_little: bool,
) -> WriterPropertiesBuilder {
    let path = [outer, &[field.name().to_owned()]].concat();
    let column_type = match field.kind() {
        FieldKind::Struct(fields) => {
            return fields.iter().fold(builder, |builder, field| column(builder, field, &path, is_little));
        }
        FieldKind::Column(column_type) => column_type,
    };
    let path = ColumnPath::new(path);
    if is_little {
        builder = builder.set_column_compression(path.clone(), Compression::UNCOMPRESSED);
    }
    match column_type {
        ColumnType::Utf8 | ColumnType::Json => builder.set_column_dictionary_enabled(path, true),
        // Steps and counts grow evenly.
        ColumnType::Int64 => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        ColumnType::Bool | ColumnType::Float64 => builder,
    }
}
