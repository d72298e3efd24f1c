//! The history that the server has exported to Parquet files, joined with what is live.
//!
//! There are two ways from files to rows. Where the footers of all files tell that they can be read one after the other,
//! and which columns of plain types they have, only the wanted bytes are fetched and go as record batches to who wants
//! them. Otherwise the files are fetched whole, and their rows merged one by one.

mod columns;
mod decode;
mod footer;
mod held;
mod merge;
mod part;
mod parts;
mod ranges;
mod storage;

use std::ops::Range;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::Selection;
use wandb_graphql::ops::GetParquetHistory;
use wandb_graphql::plan::HistoryPlan;

use self::held::Shared;
use self::part::{Looked, Wanted};
use self::parts::Files;
use super::History;
use super::parse::Losses;
use super::reader::{Batches, live, rows_of};
use crate::batch::Batch;
use crate::error::Error;
use crate::table::Schema;

/// Batches that are read from the files ahead of who wants them.
const BATCHES_AHEAD: usize = 2;

/// The most values of live rows that are read before the files, in order to know their columns.
const LIVE_VALUES: usize = 200_000;

/// A history that is partly in files.
pub(super) struct Exported {
    /// The columns of all rows, if they are known from the footers. Then the files' rows come as record batches.
    pub(super) schema: Option<Schema>,
    pub(super) batches: Batches,
}

/// The rows of `steps`: those of the files first, as files hold what lies below the live steps, then the live ones.
pub(super) async fn open(history: History, steps: Range<i64>, losses: Losses) -> Result<Exported, Error> {
    let client = history.api.client().clone();
    let parts = client.call(GetParquetHistory::new(history.path.clone())).await?.answer;
    let plan = HistoryPlan::new(steps, parts);
    let selection = history.selection()?;
    if plan.urls().is_empty() {
        let batches = live(&history, plan.live_steps(), selection, losses);
        return Ok(Exported { schema: None, batches });
    }
    let live_from = plan.live_steps().start;
    let wanted = Wanted {
        run: history.path.to_string(),
        steps: plan.steps().start..live_from.max(plan.steps().start),
        selection: selection.clone(),
    };
    let mut parts = match Files::of(&client, &history.path, plan.urls(), &wanted).await? {
        Files::Apart(parts) => parts,
        Files::Mixed { files, last_step } => {
            let (merged, last_merged) = merged(&client, files, wanted).await?;
            let live = live(&history, live_steps(&plan, last_step.max(last_merged)), selection, losses);
            return Ok(Exported { schema: None, batches: merged.chain(live).boxed() });
        }
    };
    let mut live = live(&history, live_steps(&plan, parts.last_step), selection, losses);
    let (behind, is_all) = read_ahead(&history.api.client, &mut live).await?;
    let schema = if is_all { std::mem::take(&mut parts.columns).schema(&behind) } else { None };
    let behind = stream::iter([Ok(Batch::Rows(behind))]);
    if schema.is_none() {
        let (merged, _) = merged(&client, parts.into_files().collect(), wanted).await?;
        return Ok(Exported { schema: None, batches: merged.chain(behind).chain(live).boxed() });
    }
    let batches = parts.batches().map_ok(Batch::Columns).chain(behind).boxed();
    Ok(Exported { schema, batches })
}

/// The steps that the files lack.
fn live_steps(plan: &HistoryPlan, last_exported: Option<i64>) -> Range<i64> {
    let left = plan.left_after(last_exported);
    if left.is_empty() { plan.live_steps() } else { left }
}

/// The rows of whole files, one by one, and the last step of all.
async fn merged(
    client: &Client,
    files: Vec<Looked>,
    wanted: Wanted,
) -> Result<(Batches, Option<i64>), Error> {
    let files = stream::iter(files).map(Looked::whole).buffered(client.concurrency());
    let files: Vec<Shared> = files.try_collect().await?;
    let Wanted { run, steps, selection } = wanted;
    let (merged, last_exported) =
        blocking::unblock(move || merge::open(files, run, steps, selection)).await?;
    let rows = blocking::Unblock::with_capacity(BATCHES_AHEAD, merged).map_ok(Batch::Rows);
    Ok((rows.boxed(), last_exported))
}

/// Reads rows, unless there are many; says whether these are all.
async fn read_ahead(client: &Client, live: &mut Batches) -> Result<(Vec<Row>, bool), Error> {
    let mut rows = Vec::new();
    let mut values = 0;
    while let Some(batch) = live.try_next().await? {
        let batch = rows_of(client, batch).await?;
        values += batch.iter().map(Row::len).sum::<usize>();
        rows.extend(batch);
        if values > LIVE_VALUES {
            return Ok((rows, false));
        }
    }
    Ok((rows, true))
}

/// What of a row a selection asks for, if it asks for the row at all. The live query does this on the server.
fn select(row: Row, selection: &Selection) -> Option<Row> {
    let Some(keys) = selection.keys() else { return Some(row) };
    let held = keys.iter().filter(|key| row.get(key).is_some()).count();
    let wanted = match selection {
        Selection::AllOf(_) => held == keys.len(),
        _ => held > 0,
    };
    let kept = |key: &str| key == "_step" || keys.iter().any(|own| own == key);
    wanted.then(|| row.into_iter().filter(|(key, _)| kept(key)).collect())
}

fn unusable(run: &str, message: &(impl ToString + ?Sized)) -> Error {
    Error::Exported { run: run.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests;
