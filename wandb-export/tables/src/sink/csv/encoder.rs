//! Writes a table with a known schema from record batches.

use wandb_core::Row;

use super::dialect::Dialect;
use super::early::write;
use super::record_batch::push_batch;
use crate::columns::{Nested, Schema, TableError, TableOptions};
use crate::rows::{Portion, Spool};
use crate::sink::columnar::{ColumnarSink, write_spooled};
use crate::sink::encoder::{TableEncoder, WritePieces};
use crate::sink::error::SinkError;
use crate::sink::output::Output;
use crate::sink::sink_trait::SinkReport;

pub(super) type ColumnarCsvSink = ColumnarSink<CsvEncoder>;

pub(super) fn sink(dialect: Dialect, output: Output, options: &TableOptions) -> ColumnarCsvSink {
    ColumnarSink::new(CsvEncoder(dialect), output, options, Nested::Dotted)
}

#[derive(Clone, Copy)]
pub(super) struct CsvEncoder(Dialect);

impl TableEncoder for CsvEncoder {
    type Piece = String;
    type Writer = TextWriter;

    fn piece(self, schema: &Schema, rows: &Portion) -> Result<String, TableError> {
        let mut text = String::new();
        match rows {
            Portion::Rows(rows) => push_records(self.0, schema, rows, &mut text)?,
            Portion::Page(page, rows) => {
                push_records(self.0, schema, &page.to_rows()[rows.clone()], &mut text)?;
            }
            Portion::Columns(batch) => push_batch(self.0, batch, &mut text),
        }
        Ok(text)
    }

    fn begin(self, schema: &Schema, mut output: Output) -> Result<TextWriter, SinkError> {
        write(&mut output, self.0.header(schema).as_bytes())?;
        Ok(TextWriter(output))
    }

    fn write_wide(self, schema: Schema, rows: Spool, output: Output) -> Result<SinkReport, SinkError> {
        write_spooled(self, schema, rows, output)
    }
}

fn push_records(
    dialect: Dialect,
    schema: &Schema,
    rows: &[Row],
    text: &mut String,
) -> Result<(), TableError> {
    for row in rows {
        let start = text.len();
        dialect.push_rows(schema, std::slice::from_ref(row), text)?;
        // A blank line would not be a record.
        if schema.fields().len() == 1 && text.len() == start + 1 {
            text.insert_str(start, "\"\"");
        }
    }
    Ok(())
}

/// Writes text as it arrives.
pub(super) struct TextWriter(Output);

impl WritePieces for TextWriter {
    type Piece = String;

    fn write(&mut self, piece: String) -> Result<(), SinkError> {
        write(&mut self.0, piece.as_bytes())
    }

    fn finish(self) -> Result<Output, SinkError> {
        Ok(self.0)
    }
}
