//! The rows of a run on disk, read beside the caller's executor.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt};
use wandb_core::client::Client;

use super::reader::Batches;
use crate::batch::Batch;
use crate::error::Error;
use crate::local::{Ask, Feed, LocalRun, Wanted};

/// What reading has told at its end, each in a sentence.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(super) fn sentences(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A run that is read, and what is told of it at the end.
#[derive(Debug, Clone)]
pub(super) struct OnDisk {
    run: Arc<LocalRun>,
    told: Told,
}

impl OnDisk {
    pub(super) async fn open(
        client: &Client,
        run: Arc<LocalRun>,
        ask: Ask,
    ) -> Result<(Self, Batches), Error> {
        let told = Told::default();
        let opened = Arc::clone(&run);
        let feed = client.work(move || Feed::open(&opened, &ask)).await?;
        Ok((Self { run, told: told.clone() }, batches(client.clone(), feed, told)))
    }

    /// What of the rows is missing.
    pub(super) fn incomplete(&self) -> Vec<String> {
        self.run.untold.iter().cloned().chain(self.told.sentences()).collect()
    }

    /// Those of `keys` that the run has never logged.
    pub(super) async fn unlogged(&self, client: &Client, keys: &[String]) -> Result<Vec<String>, Error> {
        let (run, keys) = (Arc::clone(&self.run), keys.to_vec());
        let never = move || {
            let mut unlogged: Vec<_> = keys.into_iter().filter(|key| !key.starts_with('_')).collect();
            let selection = wandb_runlog::Selection::default().any_of(&unlogged);
            let ask = Ask { wanted: Wanted::Logged(selection), samples: None };
            let mut feed = Feed::open(&run, &ask)?;
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

/// Removes the keys that a batch has.
fn remove_logged(keys: &mut Vec<String>, batch: Batch) -> Result<(), Error> {
    if let Batch::Page(page) = &batch {
        keys.retain(|key| page.column(key).is_none());
    } else {
        let rows = batch.into_rows()?;
        keys.retain(|key| rows.iter().all(|row| row.get(key).is_none()));
    }
    Ok(())
}

fn batches(client: Client, feed: Feed, told: Told) -> Batches {
    let next = move |mut feed: Feed| {
        let (client, told) = (client.clone(), told.clone());
        async move {
            let (batch, feed) = client.work(move || (feed.next(), feed)).await;
            let Some(batch) = batch? else {
                *told.0.lock().unwrap_or_else(PoisonError::into_inner) = feed.incomplete().to_vec();
                return Ok(None);
            };
            Ok(Some((batch, feed)))
        }
    };
    stream::try_unfold(feed, next).boxed()
}
