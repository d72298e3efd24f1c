//! Parquet.

use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::contract::Sink;
use super::encode::{Columnar, Encode};
use super::error::SinkError;
use super::format::Format;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::SpooledBatches;
use crate::table::{BatchBuilder, Nested, Schema};

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
        let options = ArrowWriterOptions::new().with_properties(properties());
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
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(concat!("wandb-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .build()
}

fn failure(error: ParquetError, output: &Output) -> SinkError {
    output.take_failure().unwrap_or_else(|| SinkError::Encode {
        format: Format::Parquet,
        output: output.name().to_owned(),
        source: Box::new(error),
    })
}
