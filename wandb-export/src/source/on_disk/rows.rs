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
use crate::source::disk::{PollResult, RowKind, RowRequest, RunData, SampledRows, Tail};
use crate::source::history::{
    Amount, Batches, Follower, HistoryCheck, HistoryQuery, HistoryReport, HistoryRows, HistorySource, Stream,
    truncate_batches,
};
use crate::source::select::select_system_metrics;

/// Poll interval for a local file, which is cheap to check.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

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
    let (request, selection, issues) = (build_request(query)?, query.selection()?, RowIssues::default());
    let opened = Arc::clone(&run);
    let sampled = client.work(move || SampledRows::open(&*opened, &request)).await?;
    let mut batches = stream_batches(client.clone(), sampled, issues.clone());
    if query.stream == Stream::System {
        batches = select_system_metrics(client, batches, selection);
    }
    if let Some(rows) = query.limit {
        batches = truncate_batches(batches, rows);
    }
    let check = Box::new(DiskHistoryCheck { client: client.clone(), run, keys: query.keys.clone(), issues });
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
    let RowKind::Logged(selection) = build_request(query)?.kind else {
        return Err(Error::usage("only the metrics that a run logs can be followed"));
    };
    let tail = client.work(move || run.follow(selection)).await?;
    Ok(Box::new(DiskFollower { client: client.clone(), tail: Some(tail), pending: None, issues: Vec::new() }))
}

/// Converts the request to one for files on disk.
fn build_request(query: &HistoryQuery) -> Result<RowRequest, Error> {
    if query.source != HistorySource::Live {
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
        return Ok(RowRequest { kind: RowKind::System, samples });
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
    Ok(RowRequest { kind: RowKind::Logged(selection), samples })
}

/// The issues of rows, and the keys that a run never logged.
struct DiskHistoryCheck {
    client: Client,
    run: Arc<dyn RunData>,
    /// The requested keys; empty for all.
    keys: Vec<String>,
    issues: RowIssues,
}

impl HistoryCheck for DiskHistoryCheck {
    fn finish(
        self: Box<Self>,
        rows: u64,
        _has_ended: bool,
    ) -> BoxFuture<'static, Result<HistoryReport, Error>> {
        async move {
            let issues = self.run.history_issues().into_iter().chain(self.issues.get()).collect();
            let is_doubtful = rows == 0 && !self.keys.is_empty();
            let unlogged = if is_doubtful { self.find_unlogged_keys().await? } else { Vec::new() };
            Ok(HistoryReport { rows, growth: None, unlogged, issues })
        }
        .boxed()
    }
}

impl DiskHistoryCheck {
    /// Returns the requested keys that the run has never logged.
    async fn find_unlogged_keys(&self) -> Result<Vec<String>, Error> {
        let (run, keys) = (Arc::clone(&self.run), self.keys.clone());
        let find = move || {
            let mut unlogged: Vec<_> = keys.into_iter().filter(|key| !key.starts_with('_')).collect();
            let selection = wandb_runlog::Selection::default().any_of(&unlogged);
            let request = RowRequest { kind: RowKind::Logged(selection), samples: None };
            let mut sampled = SampledRows::open(&*run, &request)?;
            while !unlogged.is_empty()
                && let Some(batch) = sampled.next()?
            {
                remove_logged(&mut unlogged, batch)?;
            }
            Ok(unlogged)
        };
        self.client.work(find).await
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

fn stream_batches(client: Client, sampled: SampledRows, row_issues: RowIssues) -> Batches {
    let next = move |mut sampled: SampledRows| {
        let (client, row_issues) = (client.clone(), row_issues.clone());
        async move {
            let (batch, sampled) = client.work(move || (sampled.next(), sampled)).await;
            let Some(batch) = batch? else {
                row_issues.set(sampled.issues().to_vec());
                return Ok(None);
            };
            Ok(Some((batch, sampled)))
        }
    };
    stream::try_unfold(sampled, next).boxed()
}

/// Follows a run by polling its files.
struct DiskFollower {
    client: Client,
    /// `None` during a poll.
    tail: Option<Box<dyn Tail>>,
    pending: Option<PendingPoll>,
    issues: Vec<Issue>,
}

/// A poll in progress.
type PendingPoll = BoxFuture<'static, (Result<PollResult, Error>, Box<dyn Tail>)>;

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
            let pending = match (&mut self.pending, self.tail.take()) {
                (Some(pending), _) => pending,
                (none, Some(tail)) => none.insert(start_poll(self.client.clone(), tail)),
                (None, None) => return Ok(None),
            };
            let (result, tail) = pending.await;
            self.pending = None;
            self.issues = tail.issues().to_vec();
            self.tail = Some(tail);
            match result? {
                PollResult::Rows(rows) => return Ok(Some(rows)),
                PollResult::Pending => {}
                PollResult::Ended => return Ok(None),
            }
        }
    }
}

/// Polls the files on a thread that may block, and sleeps there if there is nothing new.
fn start_poll(client: Client, mut tail: Box<dyn Tail>) -> PendingPoll {
    let poll = move || {
        let result = tail.poll();
        if matches!(result, Ok(PollResult::Pending)) {
            std::thread::sleep(POLL_INTERVAL);
        }
        (result, tail)
    };
    async move { client.work(poll).await }.boxed()
}
