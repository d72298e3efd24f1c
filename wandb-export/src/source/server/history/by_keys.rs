//! Reads a history key by key, for servers without `Run.history`.
//!
//! `sampledHistory` returns the rows that hold given keys. Querying every key of a run separately therefore returns
//! all rows that hold any key.

use futures_util::stream::{self, StreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;
use wandb_core::operation::{Field, UnsupportedFields};
use wandb_graphql::ops::{GetRun, HistoryExtent};
use wandb_graphql::{HistoryRow, Keys};

use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::Batches;

const HISTORY: Field = Field::new("Run", "history");

/// W&B's own keys that servers may omit from their list of keys.
const BUILT_IN_KEYS: [&str; 2] = ["_runtime", "_timestamp"];

/// Returns whether the server is known to lack `Run.history`.
pub(super) fn is_needed(client: &Client) -> bool {
    has_no_history(&client.unsupported())
}

fn has_no_history(unsupported: &UnsupportedFields) -> bool {
    unsupported.contains(&HISTORY) || unsupported.arguments().any(|argument| *argument.field() == HISTORY)
}

/// Returns whether a request failed because the server lacks `Run.history`, or cannot return a range of it.
pub(super) fn is_history_unsupported(error: &Error) -> bool {
    let Error::Request(error) = error else { return false };
    error.unsupported().is_some_and(has_no_history)
}

/// Awaits the first batch. Returns all batches, or `None` if the server lacks `Run.history`.
pub(super) async fn probe(mut batches: Batches) -> Option<Batches> {
    match batches.next().await {
        Some(Err(error)) if is_history_unsupported(&error) => None,
        first => Some(stream::iter(first).chain(batches).boxed()),
    }
}

/// Returns the keys to request, and the issue that reports rows they may miss.
///
/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if neither the server nor the summary lists the keys.
pub(super) async fn find_keys(
    client: &Client,
    path: &RunPath,
    extent: &HistoryExtent,
) -> Result<(Keys, Issue), Error> {
    let listed = extent.keys.as_ref().map(|known| known.keys.keys().cloned().collect::<Vec<_>>());
    let guessed = listed.is_none() && client.unsupported().contains(&Field::new("Run", "historyKeys"));
    let mut keys = match listed {
        Some(keys) => keys,
        None if guessed => {
            let run = client.call(GetRun::new(path.clone())).await?.answer;
            run.summary.iter().flat_map(wandb_core::Map::iter).map(|(key, _)| key.to_owned()).collect()
        }
        // The run has logged nothing.
        None => Vec::new(),
    };
    keys.retain(|key| !key.is_empty() && !["_step", "_wandb"].contains(&key.as_str()));
    if keys.is_empty() && guessed {
        return Err(Error::Unsupported {
            what: format!("the keys that {path} has logged are unknown"),
            lacking: "Run.history and Run.historyKeys".to_owned(),
        });
    }
    for built_in in BUILT_IN_KEYS {
        if !keys.iter().any(|key| key == built_in) {
            keys.push(built_in.to_owned());
        }
    }
    let issue = Issue::HistoryByKeys { run: path.clone(), keys: keys.len() as u64, guessed };
    Ok((Keys::new(keys)?, issue))
}

/// Reduces `rows` to at most `max`, evenly spaced, including the first and the last.
pub(super) fn thin_out(rows: Vec<HistoryRow>, max: usize) -> Vec<HistoryRow> {
    let count = rows.len();
    if count <= max {
        return rows;
    }
    let index_of = |n: usize| if max > 1 { n * (count - 1) / (max - 1) } else { 0 };
    let mut wanted = (0..max).map(index_of).peekable();
    let is_wanted = |at: usize| wanted.next_if_eq(&at).is_some();
    rows.into_iter()
        .enumerate()
        .scan(is_wanted, |is_wanted, (at, row)| Some((is_wanted(at), row)))
        .filter_map(|(is_wanted, row)| is_wanted.then_some(row))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_thinned_evenly() {
        let rows = |count: usize| (0..count).map(|n| HistoryRow::new(n.to_string())).collect::<Vec<_>>();
        for (count, max) in [(0, 5), (5, 5), (6, 5), (100, 5), (1_000, 7), (9, 1), (9, 2)] {
            let kept = thin_out(rows(count), max);
            assert_eq!(kept.len(), count.min(max), "{count} {max}");
            assert_eq!(kept.first(), rows(count).first());
            if max > 1 {
                assert_eq!(kept.last(), rows(count).last(), "{count} {max}");
            }
        }
    }
}
