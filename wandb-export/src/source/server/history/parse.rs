//! Parses the text of rows on worker threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::{HistoryRow, HistoryWindow};
use wandb_tables::Batch;

use crate::error::Error;
use crate::issue::Issue;

/// Number of pages parsed at once. There are seldom more than a few cores to spare besides the network.
pub(super) const PAGES_AT_ONCE: usize = 4;

/// Counts data lost while parsing rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Losses(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Unpaired surrogates, which UTF-8 cannot encode.
    surrogates: AtomicU64,
    /// Nulls in place of rows.
    nulls: AtomicU64,
}

impl Losses {
    /// Returns the issues of a run's rows.
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

/// Returns the rows of a window. Rows received as text are parsed where `client` parses large answers.
pub(super) async fn to_batches(
    client: &Client,
    window: HistoryWindow,
    path: &RunPath,
    losses: &Losses,
) -> Result<Vec<Batch>, Error> {
    Ok(match window {
        HistoryWindow::Pages(pages) => pages.into_iter().map(Batch::Page).collect(),
        window => vec![Batch::Rows(parse_on_worker(client, window.into_rows(), path, losses).await?)],
    })
}

/// Parses rows received as text where `client` parses large answers.
pub(super) async fn parse_on_worker(
    client: &Client,
    rows: Vec<HistoryRow>,
    path: &RunPath,
    losses: &Losses,
) -> Result<Vec<Row>, Error> {
    let (path, losses) = (path.clone(), losses.clone());
    client.work(move || parse_rows(&rows, &path, &losses)).await
}

/// Parses rows and counts losses. Omits null rows.
pub(crate) fn parse_rows(rows: &[HistoryRow], path: &RunPath, losses: &Losses) -> Result<Vec<Row>, Error> {
    let present: Vec<_> = rows.iter().filter(|row| !row.is_null()).collect();
    losses.0.nulls.fetch_add((rows.len() - present.len()) as u64, Ordering::Relaxed);
    present.into_iter().map(|row| parse_row(row, path, losses)).collect()
}

fn parse_row(row: &HistoryRow, path: &RunPath, losses: &Losses) -> Result<Row, Error> {
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
