//! Parquet exports: the history of a run in parts, as W&B keeps it once a run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::columns::record_batch;
use super::history::History;
use crate::text;

/// How to export a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Rows in each Parquet file.
    pub rows_per_part: usize,
    /// Rows at the end of the history that stay live, out of the files.
    pub live_tail: usize,
    /// Whether `liveData` lists the live rows. A server that does not leaves the client to notice that
    /// the history goes on behind the files.
    pub list_live: bool,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { rows_per_part: 50_000, live_tail: 0, list_live: true }
    }
}

/// What has been exported of a run.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    /// Blob keys of the files, in step order.
    parts: Vec<String>,
    /// Index of the first row that is not in the files.
    pub(crate) first_live: usize,
    pub(crate) list_live: bool,
    calls: Arc<AtomicUsize>,
}

impl Export {
    /// The blob keys of the files, in another order at every call: clients must not rely on it.
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
    let mut files = Vec::new();
    let mut start = 0;
    while start < first_live {
        let end = first_live.min(start + options.rows_per_part.max(1));
        let rows: Vec<Value> = (start..end)
            .map(|index| {
                let mut row = text::parse(&history.text(index));
                if let Value::Object(fields) = &mut row {
                    fields.insert("_step".to_owned(), history.step(index).into());
                }
                row
            })
            .collect();
        files.push((format!("{prefix}/{:04}.parquet", files.len()), encode(&rows)?));
        start = end;
    }
    let parts = files.iter().map(|(key, _)| key.clone()).collect();
    Ok((Export { parts, first_live, list_live: options.list_live, calls: Arc::default() }, files))
}

fn encode(rows: &[Value]) -> Result<Bytes, ParquetError> {
    let batch = record_batch(rows)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(out.into())
}
