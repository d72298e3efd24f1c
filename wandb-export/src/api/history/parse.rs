//! From the text of rows to rows, on threads that have time for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::{HistoryRow, HistoryWindow};

use wandb_tables::Batch;
use crate::error::Error;
use crate::issue::Issue;

/// Pages that are parsed at once: there are seldom more than a few cores to spare beside the network.
pub(super) const PAGES_AT_ONCE: usize = 4;

/// What rows lost on their way, counted over all rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Losses(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Halves of surrogate pairs, which no UTF-8 text holds.
    surrogates: AtomicU64,
    /// Nulls in place of rows.
    nulls: AtomicU64,
}

impl Losses {
    /// The issues with the rows of a run.
    pub(crate) fn issues(&self, path: &RunPath) -> Vec<Issue> {
        let mut issues = Vec::new();
        let count = self.0.nulls.load(Ordering::Relaxed);
        if count > 0 {
            issues.push(Issue::NullEntries { list: format!("rows of {path}"), count });
        }
        let count = self.0.surrogates.load(Ordering::Relaxed);
        if count > 0 {
            issues.push(Issue::TextAltered { run: path.clone(), count });
        }
        issues
    }
}

/// The rows of a window. Those that came as text are parsed where `client` reads large answers.
pub(super) async fn batches(
    client: &Client,
    window: HistoryWindow,
    path: &RunPath,
    losses: &Losses,
) -> Result<Vec<Batch>, Error> {
    Ok(match window {
        HistoryWindow::Pages(pages) => pages.into_iter().map(Batch::Page).collect(),
        window => vec![Batch::Rows(answered(client, window.into_rows(), path, losses).await?)],
    })
}

/// Rows that came as text, parsed where `client` reads large answers.
pub(super) async fn answered(
    client: &Client,
    rows: Vec<HistoryRow>,
    path: &RunPath,
    losses: &Losses,
) -> Result<Vec<Row>, Error> {
    let (path, losses) = (path.clone(), losses.clone());
    client.work(move || parse(&rows, &path, &losses)).await
}

/// Parses rows, and counts what is lost. Null rows are left out.
pub(crate) fn parse(rows: &[HistoryRow], path: &RunPath, losses: &Losses) -> Result<Vec<Row>, Error> {
    let there: Vec<_> = rows.iter().filter(|row| !row.is_null()).collect();
    losses.0.nulls.fetch_add((rows.len() - there.len()) as u64, Ordering::Relaxed);
    there.into_iter().map(|row| parse_one(row, path, losses)).collect()
}

fn parse_one(row: &HistoryRow, path: &RunPath, losses: &Losses) -> Result<Row, Error> {
    match Row::parse_with_repairs(row.json().as_bytes()) {
        Ok((parsed, repairs)) => {
            if repairs.lone_surrogates > 0 {
                losses.0.surrogates.fetch_add(repairs.lone_surrogates as u64, Ordering::Relaxed);
            }
            Ok(parsed)
        }
        Err(source) => {
            let what = match row.step() {
                Some(step) => format!("step {step} of {path}"),
                None => format!("a row of {path}"),
            };
            Err(Error::Value { what, source })
        }
    }
}
