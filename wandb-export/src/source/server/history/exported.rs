//! Reads the history from exported Parquet files and joins it with the live rows.
//!
//! There are two paths from files to rows. If the footers show that the files do not overlap, and list columns of
//! plain types, only the wanted byte ranges are fetched, and the rows are returned as record batches. Otherwise whole
//! files are fetched, and their rows merged one by one.

mod columns;
mod decode;
mod footer;
mod footer_limits;
mod merge;
mod pages;
mod part;
mod parts;
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

use self::part::{Looked, Wanted};
use self::parts::{Files, Parts};
use self::sparse_file::Shared;
use super::union::union;
use super::whole::Reading;
use crate::error::Error;
use crate::source::history::{Batches, batch_to_rows};
use crate::source::memory_size::estimate_row_bytes;

/// Number of batches read ahead from the files.
const BATCHES_AHEAD: usize = 2;

/// Maximum bytes of live rows read before the files, to learn their columns.
const LIVE_BYTES: usize = 10 << 20;

/// A history that is partly in exported files.
pub(super) struct Exported {
    /// The columns of all rows, if the footers show them. The rows of the files are then record batches.
    pub(super) schema: Option<Schema>,
    pub(super) batches: Batches,
}

/// Reads the rows of `steps`: first those of the files, which precede the live steps, then the live rows.
pub(super) async fn open(reading: Reading, steps: Range<i64>) -> Result<Exported, Error> {
    let exported = Exports::find(&reading, steps).await?;
    if exported.plan.urls().is_empty() {
        let batches = reading.live(exported.plan.live_steps());
        return Ok(Exported { schema: None, batches });
    }
    match exported.look(exported.steps()).await? {
        Files::Apart(parts) => exported.by_columns(parts).await,
        files @ Files::Mixed { .. } => {
            Ok(Exported { schema: None, batches: exported.row_by_row(files).await? })
        }
    }
}

/// Reads the rows of `steps` one by one if the server has exported any part of the history. Rows missing from the
/// files come from the live query.
pub(super) async fn rows(reading: Reading, steps: Range<i64>) -> Result<Option<Batches>, Error> {
    let exported = Exports::find(&reading, steps).await?;
    if exported.plan.urls().is_empty() {
        return Ok(None);
    }
    let files = exported.look(exported.steps()).await?;
    exported.row_by_row(files).await.map(Some)
}

/// The exported files of a history that is being read.
struct Exports<'a> {
    reading: &'a Reading,
    plan: HistoryPlan,
}

impl<'a> Exports<'a> {
    async fn find(reading: &'a Reading, steps: Range<i64>) -> Result<Self, Error> {
        let parts = reading.client.call(GetParquetHistory::new(reading.path.clone())).await?.answer;
        Ok(Self { reading, plan: HistoryPlan::new(steps, parts) })
    }

    /// Returns the steps to read from the files: those before the first live one. If nothing is live, the files hold
    /// everything, including rows after the server's last step if that is too small.
    fn steps(&self) -> Range<i64> {
        let start = self.plan.steps().start;
        if self.reading.is_whole && self.plan.live_steps().is_empty() {
            return start..i64::MAX;
        }
        start..self.plan.live_steps().start.max(start)
    }

    async fn look(&self, steps: Range<i64>) -> Result<Files, Error> {
        let client = &self.reading.client;
        Files::of(client, &self.reading.path, self.plan.urls(), &self.wanted(steps)).await
    }

    fn wanted(&self, steps: Range<i64>) -> Wanted {
        Wanted {
            run: self.reading.path.to_string(),
            steps,
            selection: self.reading.selection.clone(),
            late: self.reading.findings.late.clone(),
        }
    }

    async fn by_columns(&self, mut parts: Parts) -> Result<Exported, Error> {
        let client = &self.reading.client;
        let mut live = self.behind(parts.last_step).await?;
        let (behind, is_all) = read_ahead(client, &mut live).await?;
        let schema = if is_all { std::mem::take(&mut parts.columns).schema(&behind) } else { None };
        let behind = stream::iter([Ok(Batch::Rows(behind))]);
        if schema.is_none() {
            let (merged, _) = merged(client, parts.into_files().collect(), self.wanted(self.steps())).await?;
            return Ok(Exported { schema: None, batches: merged.chain(behind).chain(live).boxed() });
        }
        let batches = parts.batches().map_ok(Batch::Columns).chain(behind).boxed();
        Ok(Exported { schema, batches })
    }

    async fn row_by_row(&self, files: Files) -> Result<Batches, Error> {
        let (files, last_step) = match files {
            Files::Apart(parts) => {
                let last_step = parts.last_step;
                (parts.into_files().collect(), last_step)
            }
            Files::Mixed { files, last_step } => (files, last_step),
        };
        let wanted = self.wanted(self.steps());
        let (merged, last_merged) = merged(&self.reading.client, files, wanted).await?;
        let behind = self.behind(last_step.max(last_merged)).await?;
        Ok(merged.chain(behind).boxed())
    }

    /// Reads the rows that follow those held only by the files. Where the files overlap the live steps, joins both.
    async fn behind(&self, last_exported: Option<i64>) -> Result<Batches, Error> {
        let left = self.plan.left_after(last_exported);
        let live_steps = if left.is_empty() { self.plan.live_steps() } else { left };
        let both = live_steps.start..last_exported.map_or(live_steps.start, |last| last.saturating_add(1));
        let both = both.start..both.end.clamp(live_steps.start, live_steps.end);
        if both.is_empty() {
            return Ok(self.reading.live(live_steps));
        }
        let files = match self.look(both.clone()).await? {
            Files::Apart(parts) => parts.into_files().collect(),
            Files::Mixed { files, .. } => files,
        };
        let (exported, _) = merged(&self.reading.client, files, self.wanted(both.clone())).await?;
        let live = self.reading.live(both.clone());
        let joined = union(&self.reading.client, exported, live);
        Ok(joined.chain(self.reading.live(both.end..live_steps.end)).boxed())
    }
}

/// Reads whole files row by row. Also returns the last step of all.
async fn merged(
    client: &Client,
    files: Vec<Looked>,
    wanted: Wanted,
) -> Result<(Batches, Option<i64>), Error> {
    let files = stream::iter(files).map(Looked::whole).buffered(client.concurrency());
    let files: Vec<Shared> = files.try_collect().await?;
    let Wanted { run, steps, selection, .. } = wanted;
    let (merged, last_exported) =
        blocking::unblock(move || merge::open(files, run, steps, selection)).await?;
    let rows = blocking::Unblock::with_capacity(BATCHES_AHEAD, merged).map_ok(Batch::Rows);
    Ok((rows.boxed(), last_exported))
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
fn unpanicked<T>(run: &str, decode: impl FnOnce() -> T) -> Result<T, Error> {
    // The decoder is dropped after an error, so nobody sees it in a half-changed state.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode))
        .map_err(|_| unusable(run, &"a file is damaged: the decoder panicked"))
}

fn unusable(run: &str, message: &(impl ToString + ?Sized)) -> Error {
    Error::Exported { run: run.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests;
