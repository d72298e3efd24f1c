//! The history that the server has exported to Parquet files, joined with what is live.

mod files;
mod merge;

use std::ops::Range;

use futures_util::stream::{BoxStream, StreamExt};
use wandb_core::Row;
use wandb_graphql::Selection;
use wandb_graphql::ops::GetParquetHistory;
use wandb_graphql::plan::HistoryPlan;

use super::History;
use super::parse::Losses;
use super::reader::live;
use crate::error::Error;

/// Batches that are read from the files ahead of who wants them.
const BATCHES_AHEAD: usize = 2;

/// The rows of `steps`: those of the files first, as files hold what lies below the live steps, then the live ones.
pub(super) async fn open(
    history: History,
    steps: Range<i64>,
    losses: Losses,
) -> Result<BoxStream<'static, Result<Vec<Row>, Error>>, Error> {
    let parts = history.api.client().call(GetParquetHistory::new(history.path.clone())).await?.answer;
    let plan = HistoryPlan::new(steps, parts);
    let selection = history.selection()?;
    if plan.urls().is_empty() {
        return Ok(live(&history, plan.live_steps(), selection, losses));
    }
    let files = files::fetch(history.api.client(), &history.path, plan.urls()).await?;
    let live_from = plan.live_steps().start;
    let wanted = plan.steps().start..live_from.max(plan.steps().start);
    let run = history.path.to_string();
    let (merged, last_exported) = {
        let (run, selection) = (run.clone(), selection.clone());
        blocking::unblock(move || merge::open(files, run, wanted, selection)).await?
    };
    let exported = blocking::Unblock::with_capacity(BATCHES_AHEAD, merged);
    let left = plan.left_after(last_exported);
    let live_steps = if left.is_empty() { plan.live_steps() } else { left };
    let live = live(&history, live_steps, selection, losses);
    Ok(exported.chain(live).boxed())
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
