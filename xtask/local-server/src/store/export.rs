//! Parquet exports: the history of a run in several files, as W&B stores it after a run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::columns::{record_batch, with_float_steps};
use super::history::History;
use crate::text;

/// Options of an export.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Rows per Parquet file.
    pub rows_per_part: usize,
    /// Rows per row group of a file.
    pub rows_per_group: usize,
    /// Rows at the end of the history that stay live and are not exported.
    pub live_tail: usize,
    /// Whether `liveData` lists the live rows. If not, the client has to notice that the history continues after the
    /// files.
    pub list_live: bool,
    /// Whether steps are nullable 64-bit floats, as W&B writes them (wandb/wandb commit a243579100), instead of
    /// integers.
    pub float_steps: bool,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            rows_per_part: 50_000,
            rows_per_group: 65_536,
            live_tail: 0,
            list_live: true,
            float_steps: true,
        }
    }
}

/// The export of a run.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    /// Blob keys of the files, in step order.
    parts: Vec<String>,
    /// Index of the first row that is not exported.
    pub(crate) first_live: usize,
    pub(crate) list_live: bool,
    calls: Arc<AtomicUsize>,
}

impl Export {
    /// Returns the blob keys of the files, in a different order on every call, since clients must not rely on it.
    pub(crate) fn parts(&self) -> Vec<String> {
        let mut parts = self.parts.clone();
        if !parts.is_empty() {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            let len = parts.len();
            parts.rotate_left((call + 1) % len);
        }
        parts
    }
}

/// Encodes the rows as Parquet files whose blob keys start with `prefix`.
pub(crate) fn export(
    history: &History,
    options: &ExportOptions,
    prefix: &str,
) -> Result<(Export, Vec<(String, Bytes)>), ParquetError> {
    let first_live = history.len().saturating_sub(options.live_tail);
    let typed = |batch: Result<RecordBatch, ArrowError>| match batch {
        Ok(batch) if options.float_steps => with_float_steps(&batch),
        batch => batch,
    };
    let mut files = Vec::new();
    let mut start = 0;
    while start < first_live {
        let end = first_live.min(start + options.rows_per_part.max(1));
        let group = options.rows_per_group.max(1);
        let encoded = match history.generator(end - 1) {
            // The columns of a uniform generated run are known without reading all rows of a file.
            Some(source) if history.is_uniform() => {
                let groups = (start..end).step_by(group);
                let batches = groups.map(|first| source.record_batch(first..end.min(first + group)));
                encode(batches.flatten().map(typed), group)?
            }
            _ => {
                let rows: Vec<Value> = (start..end).map(|index| row(history, index)).collect();
                encode(std::iter::once(typed(record_batch(&rows))), group)?
            }
        };
        files.push((format!("{prefix}/{:04}.parquet", files.len()), encoded));
        start = end;
    }
    let parts = files.iter().map(|(key, _)| key.clone()).collect();
    Ok((Export { parts, first_live, list_live: options.list_live, calls: Arc::default() }, files))
}

fn row(history: &History, index: usize) -> Value {
    let mut row = text::parse(&history.text(index));
    if let Value::Object(fields) = &mut row {
        fields.insert("_step".to_owned(), history.step(index).into());
    }
    row
}

/// Encodes batches with the same schema as one Parquet file.
fn encode(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    rows_per_group: usize,
) -> Result<Bytes, ParquetError> {
    let mut batches = batches.peekable();
    let schema = match batches.peek() {
        Some(Ok(batch)) => batch.schema(),
        _ => Arc::new(Schema::empty()),
    };
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(rows_per_group))
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.close()?;
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::store::generate::{GeneratedRun, Generator};

    #[test]
    fn generated_run_is_exported_in_parts_and_groups() {
        let history = History::generated(Generator::new(&GeneratedRun::new("e", "p", "r", 1_000)));
        let options = ExportOptions {
            rows_per_part: 600,
            rows_per_group: 250,
            live_tail: 100,
            ..ExportOptions::default()
        };
        let (export, files) = export(&history, &options, "x").unwrap();
        assert_eq!((export.first_live, files.len()), (900, 2));
        let open = |at: usize| ParquetRecordBatchReaderBuilder::try_new(files[at].1.clone()).unwrap();
        assert_eq!(open(0).metadata().num_row_groups(), 3);
        assert_eq!(open(1).metadata().file_metadata().num_rows(), 300);
        let rows: Vec<Value> = (600..900).map(|index| row(&history, index)).collect();
        let expected = with_float_steps(&record_batch(&rows).unwrap()).unwrap();
        let read: Vec<RecordBatch> = open(1).build().unwrap().map(Result::unwrap).collect();
        assert_eq!(arrow::compute::concat_batches(&expected.schema(), &read).unwrap(), expected);
    }
}
