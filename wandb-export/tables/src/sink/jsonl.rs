//! JSON Lines.

use std::io::Write as _;

use wandb_core::Row;

use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use super::sink_trait::{Sink, SinkReport};
use crate::rows::Batch;

/// Amount of text to buffer before writing it.
const CHUNK: usize = 64 << 10;

#[expect(clippy::unnecessary_wraps, reason = "the signature of all formats")]
pub(super) fn sink(output: Output, _: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(JsonLines { output, text: String::new(), rows: 0 }))
}

/// Writes rows as they arrive.
pub(super) struct JsonLines {
    output: Output,
    text: String,
    rows: u64,
}

impl JsonLines {
    fn write_text(&mut self) -> Result<(), SinkError> {
        let written = self.output.write_all(self.text.as_bytes());
        self.text.clear();
        written.map_err(|error| self.output.error(error))
    }
}

impl Sink for JsonLines {
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        for row in rows {
            row.write_json_line(&mut self.text);
            self.rows += 1;
            if self.text.len() >= CHUNK {
                self.write_text()?;
            }
        }
        self.write_text()?;
        self.output.end_batch()
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let Batch::Page(page) = batch else { return self.write(&batch.to_rows()?) };
        page.write_json_lines(&mut self.text);
        self.rows += page.len() as u64;
        self.write_text()?;
        self.output.end_batch()
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        Ok(SinkReport { rows: self.rows, columns: None, bytes: self.output.commit()?, findings: Vec::new() })
    }
}
