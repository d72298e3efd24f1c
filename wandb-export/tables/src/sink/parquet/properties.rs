//! Encoding and compression of Parquet columns.

use arrow_array::RecordBatch;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::sizes::column_size;
use crate::columns::{ColumnType, Field, FieldKind, Schema};

/// Columns of at most this many bytes are not compressed. Compression would save almost nothing, and creating
/// a compressor per column took a quarter of the time for a small table.
const LITTLE: usize = 1 << 10;

/// Returns the settings common to all files.
pub(super) fn builder() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by(concat!("wandb-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        // Metrics seldom repeat, and dictionaries for thousands of columns take much memory.
        .set_dictionary_enabled(false)
}

/// Returns the settings for a table. `all` has its rows, if all of them are known already.
///
/// The settings do not depend on the time, the machine or the process, so the same rows give the same bytes.
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
        // Steps and counts grow evenly, which suits delta encoding.
        ColumnType::Int64 => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        ColumnType::Bool | ColumnType::Float64 => builder,
    }
}
