//! Reads the rows of a run on disk without blocking the caller's executor.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_tables::Batch;

use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{Ask, Feed, News, RunData, Tail, Wanted};
use crate::source::history::{
    Amount, Batches, Follower, HistoryCheck, HistoryEnd, HistoryQuery, HistoryRows, Source, Stream, first,
};
use crate::source::select::choose_measured;

/// Poll interval for a local file, which is cheap to check.
const PATIENCE: Duration = Duration::from_millis(500);

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

/// Opens the rows of a run.
pub(super) async fn open(
    client: &Client,
    run: Arc<dyn RunData>,
    query: &HistoryQuery,
) -> Result<HistoryRows, Error> {
    let (ask, selection, issues) = (ask(query)?, query.selection()?, RowIssues::default());
    let opened = Arc::clone(&run);
    let feed = client.work(move || Feed::open(&*opened, &ask)).await?;
    let mut batches = batches(client.clone(), feed, issues.clone());
    if query.stream == Stream::System {
        batches = choose_measured(client, batches, selection);
    }
    if let Some(rows) = query.limit {
        batches = first(batches, rows);
    }
    let check = Box::new(Check { client: client.clone(), run, keys: query.keys.clone(), issues });
    Ok(HistoryRows {
        batches,
        #[cfg(feature = "parquet")]
        schema: None,
        check,
    })
}

/// Opens a run to follow its rows.
pub(super) async fn follow(
    client: &Client,
    run: Arc<dyn RunData>,
    query: &HistoryQuery,
) -> Result<Box<dyn Follower>, Error> {
    let Wanted::Logged(selection) = ask(query)?.wanted else {
        return Err(Error::usage("only the metrics that a run logs can be followed"));
    };
    let tail = client.work(move || run.follow(selection)).await?;
    Ok(Box::new(DiskFollower { client: client.clone(), tail: Some(tail), looking: None, issues: Vec::new() }))
}

/// Converts the request to one for files on disk.
fn ask(query: &HistoryQuery) -> Result<Ask, Error> {
    if query.source != Source::Live {
        return Err(Error::usage("a run on disk has no exported history; only a server has one"));
    }
    if query.with_parent {
        return Err(Error::usage(
            "a run on disk does not record where its parent's files are; read the parent separately",
        ));
    }
    let samples = match query.amount {
        Amount::All => None,
        Amount::Samples(_) => u64::try_from(query.sample_count()?.get()).ok(),
    };
    if query.stream == Stream::System {
        return Ok(Ask { wanted: Wanted::System, samples });
    }
    let keys = || query.keys.iter().chain(&query.x_axis).cloned();
    let mut selection = wandb_runlog::Selection::default();
    selection = if query.any { selection.any_of(keys()) } else { selection.all_of(keys()) };
    if let Some(step) = query.min_step {
        selection = selection.min_step(step);
    }
    if let Some(step) = query.max_step {
        selection = selection.max_step(step);
    }
    Ok(Ask { wanted: Wanted::Logged(selection), samples })
}

/// The issues of rows, and the keys that a run never logged.
struct Check {
    client: Client,
    run: Arc<dyn RunData>,
    /// The requested keys; empty for all.
    keys: Vec<String>,
    issues: RowIssues,
}

impl HistoryCheck for Check {
    fn finish(self: Box<Self>, rows: u64, _has_ended: bool) -> BoxFuture<'static, Result<HistoryEnd, Error>> {
        async move {
            let issues = self.run.history_issues().into_iter().chain(self.issues.get()).collect();
            let is_doubtful = rows == 0 && !self.keys.is_empty();
            let unlogged = if is_doubtful { self.unlogged().await? } else { Vec::new() };
            Ok(HistoryEnd { rows, growth: None, unlogged, issues })
        }
        .boxed()
    }
}

impl Check {
    /// Returns the requested keys that the run has never logged.
    async fn unlogged(&self) -> Result<Vec<String>, Error> {
        let (run, keys) = (Arc::clone(&self.run), self.keys.clone());
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
        self.client.work(never).await
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

/// Follows a run by looking at its files again and again.
struct DiskFollower {
    client: Client,
    /// `None` during a look.
    tail: Option<Box<dyn Tail>>,
    looking: Option<Looking>,
    issues: Vec<Issue>,
}

/// A look in progress.
type Looking = BoxFuture<'static, (Result<News, Error>, Box<dyn Tail>)>;

impl Follower for DiskFollower {
    fn next_batch(&mut self) -> BoxFuture<'_, Result<Option<Vec<Row>>, Error>> {
        self.next().boxed()
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

impl DiskFollower {
    async fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            // Keep the running poll in `self`, so that cancelling this future loses no rows.
            let looking = match (&mut self.looking, self.tail.take()) {
                (Some(looking), _) => looking,
                (none, Some(tail)) => none.insert(look(self.client.clone(), tail)),
                (None, None) => return Ok(None),
            };
            let (news, tail) = looking.await;
            self.looking = None;
            self.issues = tail.issues().to_vec();
            self.tail = Some(tail);
            match news? {
                News::Rows(rows) => return Ok(Some(rows)),
                News::Nothing => {}
                News::Over => return Ok(None),
            }
        }
    }
}

/// Looks at files on a thread that may block, and waits there if there is nothing new.
fn look(client: Client, mut tail: Box<dyn Tail>) -> Looking {
    let look = move || {
        let news = tail.look();
        if matches!(news, Ok(News::Nothing)) {
            std::thread::sleep(PATIENCE);
        }
        (news, tail)
    };
    async move { client.work(look).await }.boxed()
}
