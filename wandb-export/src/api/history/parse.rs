//! From the text of rows to rows, on threads that have time for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::{HistoryRow, HistoryWindow};

use crate::batch::Batch;
use crate::error::Error;
use crate::issue::Issue;

/// Pages that are parsed at once: there are seldom more than a few cores to spare beside the network.
pub(super) const PAGES_AT_ONCE: usize = 4;

/// Characters that could not be kept, counted over all rows: halves of surrogate pairs, which no UTF-8 text holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Losses(Arc<AtomicU64>);

impl Losses {
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The issue with the rows of a run, if any character was lost.
    pub(crate) fn issue(&self, path: &RunPath) -> Option<Issue> {
        let count = self.count();
        (count > 0).then(|| Issue::TextAltered { run: path.clone(), count })
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
    client.work(move || rows.iter().map(|row| parse(row, &path, &losses)).collect()).await
}

pub(crate) fn parse(row: &HistoryRow, path: &RunPath, losses: &Losses) -> Result<Row, Error> {
    match Row::parse_with_repairs(row.json().as_bytes()) {
        Ok((parsed, repairs)) => {
            if repairs.lone_surrogates > 0 {
                losses.0.fetch_add(repairs.lone_surrogates as u64, Ordering::Relaxed);
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
