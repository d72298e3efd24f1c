//! Reads the rows of a run on disk without blocking the caller's executor.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt};
use wandb_core::client::Client;
use wandb_tables::Batch;

use super::reader::Batches;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{Ask, Feed, RunData, Wanted};

/// The issues of rows, set after the last row has been read.
#[derive(Debug, Clone, Default)]
struct RowIssues(Arc<Mutex<Vec<Issue>>>);

impl RowIssues {
    fn get(&self) -> Vec<Issue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, issues: Vec<Issue>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = issues;
    }
}

/// A run on disk whose rows are being read.
#[derive(Debug, Clone)]
pub(super) struct OnDisk {
    run: Arc<dyn RunData>,
    row_issues: RowIssues,
}

impl OnDisk {
    pub(super) async fn open(
        client: &Client,
        run: Arc<dyn RunData>,
        ask: Ask,
    ) -> Result<(Self, Batches), Error> {
        let row_issues = RowIssues::default();
        let opened = Arc::clone(&run);
        let feed = client.work(move || Feed::open(&*opened, &ask)).await?;
        Ok((Self { run, row_issues: row_issues.clone() }, batches(client.clone(), feed, row_issues)))
    }

    /// Returns the issues of the rows. Complete after the last row.
    pub(super) fn issues(&self) -> Vec<Issue> {
        self.run.history_issues().into_iter().chain(self.row_issues.get()).collect()
    }

    /// Returns the `keys` that the run has never logged.
    pub(super) async fn unlogged(&self, client: &Client, keys: &[String]) -> Result<Vec<String>, Error> {
        let (run, keys) = (Arc::clone(&self.run), keys.to_vec());
        let never = move || {
            let mut unlogged: Vec<_> = keys.into_iter().filter(|key| !key.starts_with('_')).collect();
            let selection = wandb_runlog::Selection::default().any_of(&unlogged);
            let ask = Ask { wanted: Wanted::Logged(selection), samples: None };
            let mut feed = Feed::open(&*run, &ask)?;
            while !unlogged.is_empty()
                && let Some(batch) = feed.next()?
            {
                remove_logged(&mut unlogged, batch)?;
            }
            Ok(unlogged)
        };
        client.work(never).await
    }
}

/// Removes the keys that a batch contains.
fn remove_logged(keys: &mut Vec<String>, batch: Batch) -> Result<(), Error> {
    if let Batch::Page(page) = &batch {
        keys.retain(|key| page.column(key).is_none());
    } else {
        let rows = batch.into_rows()?;
        keys.retain(|key| rows.iter().all(|row| row.get(key).is_none()));
    }
    Ok(())
}

fn batches(client: Client, feed: Feed, row_issues: RowIssues) -> Batches {
    let next = move |mut feed: Feed| {
        let (client, row_issues) = (client.clone(), row_issues.clone());
        async move {
            let (batch, feed) = client.work(move || (feed.next(), feed)).await;
            let Some(batch) = batch? else {
                row_issues.set(feed.issues().to_vec());
                return Ok(None);
            };
            Ok(Some((batch, feed)))
        }
    };
    stream::try_unfold(feed, next).boxed()
}
