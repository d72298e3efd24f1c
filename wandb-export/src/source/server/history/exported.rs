//! Reads the history from exported Parquet files and joins it with the live rows.
//!
//! There are two paths from files to rows. If the footers show that the files do not overlap, and list columns of
//! plain types, only the wanted byte ranges are fetched, and the rows are returned as record batches. Otherwise whole
//! files are fetched, and their rows merged one by one.

mod columns;
mod decode;
mod file_layout;
mod footer;
mod footer_limits;
mod inspect;
mod merge;
mod pages;
mod ranges;
mod sparse_file;
mod storage;
mod thrift;

use std::ops::Range;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::ops::GetParquetHistory;
use wandb_graphql::plan::HistoryPlan;
use wandb_tables::Batch;
use wandb_tables::Schema;

use self::file_layout::{FileLayout, OrderedFiles};
use self::inspect::{InspectedFile, RowFilter};
use self::sparse_file::SharedFile;
use super::merge_sources::merge_sources;
use super::scanner::HistoryScanner;
use crate::error::Error;
use crate::source::history::{Batches, batch_to_rows};
use crate::source::memory_size::estimate_row_bytes;

/// Number of batches read ahead from the files.
const BATCHES_AHEAD: usize = 2;

/// Maximum number of files inspected or fetched at once. Each takes a file descriptor, and up to 2 MiB of memory.
const MAX_FILES_AT_ONCE: usize = 16;

/// Maximum bytes of live rows read before the files, to learn their columns.
const LIVE_BYTES: usize = 10 << 20;

/// A history that is partly in exported files.
pub(super) struct ExportedRows {
    /// The columns of all rows, if the footers show them. The rows of the files are then record batches.
    pub(super) schema: Option<Schema>,
    pub(super) batches: Batches,
}

/// Reads the rows of `steps`: first those of the files, which precede the live steps, then the live rows.
pub(super) async fn open(scanner: HistoryScanner, steps: Range<i64>) -> Result<ExportedRows, Error> {
    let exported = ExportReader::find(&scanner, steps).await?;
    if exported.plan.urls().is_empty() {
        let batches = scanner.read_live(exported.plan.live_steps());
        return Ok(ExportedRows { schema: None, batches });
    }
    match exported.inspect(exported.steps()).await? {
        FileLayout::Ordered(files) => exported.read_by_column(files).await,
        files @ FileLayout::Mixed { .. } => {
            Ok(ExportedRows { schema: None, batches: exported.read_by_row(files).await? })
        }
    }
}

/// Reads the rows of `steps` one by one if the server has exported any part of the history. Rows missing from the
/// files come from the live query.
pub(super) async fn read_rows(scanner: HistoryScanner, steps: Range<i64>) -> Result<Option<Batches>, Error> {
    let exported = ExportReader::find(&scanner, steps).await?;
    if exported.plan.urls().is_empty() {
        return Ok(None);
    }
    let files = exported.inspect(exported.steps()).await?;
    exported.read_by_row(files).await.map(Some)
}

/// The exported files of a history that is being read.
struct ExportReader<'a> {
    scanner: &'a HistoryScanner,
    plan: HistoryPlan,
}

impl<'a> ExportReader<'a> {
    async fn find(scanner: &'a HistoryScanner, steps: Range<i64>) -> Result<Self, Error> {
        let files = scanner.client.call(GetParquetHistory::new(scanner.path.clone())).await?.answer;
        Ok(Self { scanner, plan: HistoryPlan::new(steps, files) })
    }

    /// Returns the steps to read from the files: those before the first live one. If nothing is live, the files hold
    /// everything, including rows after the server's last step if that is too small.
    fn steps(&self) -> Range<i64> {
        let start = self.plan.steps().start;
        if self.scanner.is_whole && self.plan.live_steps().is_empty() {
            return start..i64::MAX;
        }
        start..self.plan.live_steps().start.max(start)
    }

    async fn inspect(&self, steps: Range<i64>) -> Result<FileLayout, Error> {
        let client = &self.scanner.client;
        FileLayout::inspect(client, &self.scanner.path, self.plan.urls(), &self.row_filter(steps)).await
    }

    fn row_filter(&self, steps: Range<i64>) -> RowFilter {
        RowFilter {
            run: self.scanner.path.to_string(),
            steps,
            selection: self.scanner.selection.clone(),
            late: self.scanner.row_issues.late.clone(),
        }
    }

    async fn read_by_column(&self, mut files: OrderedFiles) -> Result<ExportedRows, Error> {
        let client = &self.scanner.client;
        let mut live = self.read_after_files(files.last_step).await?;
        let (live_rows, is_all) = read_ahead(client, &mut live).await?;
        let schema = if is_all { std::mem::take(&mut files.columns).into_schema(&live_rows) } else { None };
        let live_rows = stream::iter([Ok(Batch::Rows(live_rows))]);
        if schema.is_none() {
            let (merged, _) =
                merge_files(client, files.into_files().collect(), self.row_filter(self.steps())).await?;
            return Ok(ExportedRows { schema: None, batches: merged.chain(live_rows).chain(live).boxed() });
        }
        let batches = files.batches().map_ok(Batch::Columns).chain(live_rows).boxed();
        Ok(ExportedRows { schema, batches })
    }

    async fn read_by_row(&self, files: FileLayout) -> Result<Batches, Error> {
        let (files, last_step) = match files {
            FileLayout::Ordered(files) => {
                let last_step = files.last_step;
                (files.into_files().collect(), last_step)
            }
            FileLayout::Mixed { files, last_step } => (files, last_step),
        };
        let filter = self.row_filter(self.steps());
        let (merged, last_merged) = merge_files(&self.scanner.client, files, filter).await?;
        let live_rows = self.read_after_files(last_step.max(last_merged)).await?;
        Ok(merged.chain(live_rows).boxed())
    }

    /// Reads the rows that follow those held only by the files. Where the files overlap the live steps, joins both.
    async fn read_after_files(&self, last_exported: Option<i64>) -> Result<Batches, Error> {
        let left = self.plan.left_after(last_exported);
        let live_steps = if left.is_empty() { self.plan.live_steps() } else { left };
        let overlap = live_steps.start..last_exported.map_or(live_steps.start, |last| last.saturating_add(1));
        let overlap = overlap.start..overlap.end.clamp(live_steps.start, live_steps.end);
        if overlap.is_empty() {
            return Ok(self.scanner.read_live(live_steps));
        }
        let files = match self.inspect(overlap.clone()).await? {
            FileLayout::Ordered(files) => files.into_files().collect(),
            FileLayout::Mixed { files, .. } => files,
        };
        let (exported, _) =
            merge_files(&self.scanner.client, files, self.row_filter(overlap.clone())).await?;
        let live = self.scanner.read_live(overlap.clone());
        let joined = merge_sources(&self.scanner.client, exported, live);
        Ok(joined.chain(self.scanner.read_live(overlap.end..live_steps.end)).boxed())
    }
}

/// Reads whole files row by row. Also returns the last step of all.
async fn merge_files(
    client: &Client,
    files: Vec<InspectedFile>,
    filter: RowFilter,
) -> Result<(Batches, Option<i64>), Error> {
    let files = stream::iter(files).map(InspectedFile::fetch_whole).buffered(files_at_once(client));
    let files: Vec<SharedFile> = files.try_collect().await?;
    let RowFilter { run, steps, selection, .. } = filter;
    let (merged, last_exported) =
        blocking::unblock(move || merge::open(files, run, steps, selection)).await?;
    let rows = blocking::Unblock::with_capacity(BATCHES_AHEAD, merged).map_ok(Batch::Rows);
    Ok((rows.boxed(), last_exported))
}

/// Returns the number of files to inspect or fetch at once.
fn files_at_once(client: &Client) -> usize {
    client.downloads().min(MAX_FILES_AT_ONCE)
}

/// Reads live rows up to a size limit. Returns whether these are all.
async fn read_ahead(client: &Client, live: &mut Batches) -> Result<(Vec<Row>, bool), Error> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    while let Some(batch) = live.try_next().await? {
        let batch = batch_to_rows(client, batch).await?;
        bytes += batch.iter().map(estimate_row_bytes).sum::<usize>();
        rows.extend(batch);
        if bytes > LIVE_BYTES {
            return Ok((rows, false));
        }
    }
    Ok((rows, true))
}

/// Runs a decoder step. A panic caused by a damaged file becomes an error.
fn catch_panic<T>(run: &str, decode: impl FnOnce() -> T) -> Result<T, Error> {
    // The decoder is dropped after an error, so nobody sees it in a half-changed state.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode))
        .map_err(|_| unusable(run, &"a file is damaged: the decoder panicked"))
}

fn unusable(run: &str, message: &(impl ToString + ?Sized)) -> Error {
    Error::Exported { run: run.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests;
