//! From the text of rows to rows, on threads that have time for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{Stream, StreamExt};
use wandb_core::{Row, RunPath};
use wandb_graphql::HistoryRow;

use crate::error::Error;

/// Pages that are parsed at once: there are seldom more than a few cores to spare beside the network.
const PAGES_AT_ONCE: usize = 4;

/// Characters that could not be kept, counted over all rows: halves of surrogate pairs, which no UTF-8 text holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Losses(Arc<AtomicU64>);

impl Losses {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Parses pages beside the stream's own task, several at once, and keeps their order.
pub(super) fn parsed(
    pages: impl Stream<Item = Result<Vec<HistoryRow>, Error>> + Send + 'static,
    path: RunPath,
    losses: Losses,
) -> impl Stream<Item = Result<Vec<Row>, Error>> + Send + 'static {
    let parse = move |page: Result<Vec<HistoryRow>, Error>| {
        let (path, losses) = (path.clone(), losses.clone());
        async move {
            let page = page?;
            blocking::unblock(move || page.iter().map(|row| parse(row, &path, &losses)).collect()).await
        }
    };
    pages.map(parse).buffered(PAGES_AT_ONCE)
}

fn parse(row: &HistoryRow, path: &RunPath, losses: &Losses) -> Result<Row, Error> {
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
