//! Opens a history and checks at the end whether it is complete.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::ops::{GetHistoryKeys, HistoryExtent, SampleHistory};
use wandb_graphql::plan::{HistoryRange, growth_between};
use wandb_graphql::{HistoryRow, Keys, Selection};
use wandb_tables::Batch;

use super::by_keys;
use super::limited::read_limited;
use super::merge_sources::merge_sources;
use super::parents::{Parent, find_parents};
use super::parse::parse_on_worker;
use super::row_issues::RowIssues;
use super::row_spool::RowSpool;
use super::scanner::HistoryScanner;
use super::system::{read_system_metrics, remove_present_keys};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::{
    Amount, Batches, HistoryCheck, HistoryQuery, HistoryReport, HistoryRows, HistorySource, Stream,
    truncate_batches,
};
use crate::source::select::select_system_metrics;

/// The rows of a history, and what is needed to check them at the end.
pub(in crate::source::server) struct ServerHistory {
    client: Client,
    path: RunPath,
    stream: Stream,
    pub(super) batches: Batches,
    /// The columns of all rows, if known in advance.
    #[cfg(feature = "parquet")]
    schema: Option<wandb_tables::Schema>,
    /// The extent at the start, if the whole history is read.
    start: Option<HistoryExtent>,
    /// The server's count of rows, if the whole history is read.
    counted: Option<u64>,
    /// The requested keys; empty for all.
    keys: Vec<String>,
    /// Requested keys that no row of system metrics has held so far.
    missing_keys: Arc<Mutex<Vec<String>>>,
    row_issues: RowIssues,
    /// The issues found in the rows of each ancestor.
    parent_issues: Vec<(RunPath, RowIssues)>,
}

impl ServerHistory {
    fn new(client: &Client, path: &RunPath, query: &HistoryQuery) -> Self {
        Self {
            client: client.clone(),
            path: path.clone(),
            stream: query.stream,
            batches: stream::empty().boxed(),
            #[cfg(feature = "parquet")]
            schema: None,
            start: None,
            counted: None,
            keys: query.keys.clone(),
            missing_keys: Arc::default(),
            row_issues: RowIssues::default(),
            parent_issues: Vec::new(),
        }
    }

    pub(in crate::source::server) async fn open(
        client: &Client,
        path: &RunPath,
        query: HistoryQuery,
    ) -> Result<Self, Error> {
        let limit = query.limit;
        let mut reader = Self::new(client, path, &query);
        let selection = query.selection()?;
        reader.batches = match (query.stream, query.amount) {
            (Stream::System, _) => {
                let events = read_system_metrics(client, path, &query, &reader.row_issues).await?;
                let missing_keys = Arc::new(Mutex::new(query.keys));
                reader.missing_keys = Arc::clone(&missing_keys);
                let inspect = move |rows: &[Row]| remove_present_keys(&mut lock(&missing_keys), rows);
                let losses = reader.row_issues.losses.clone();
                select_system_metrics(client, events.into_batches(path.clone(), losses, inspect), selection)
            }
            (Stream::Default, Amount::Samples(_)) => reader.open_samples(&query).await?,
            (Stream::Default, Amount::All) if query.with_parent => {
                let own = reader.open_all(query.clone(), selection.clone()).await?;
                reader.prepend_parents(query, selection, own).await?
            }
            (Stream::Default, Amount::All) => reader.open_all(query, selection).await?,
        };
        if let Some(rows) = limit {
            let batches = std::mem::replace(&mut reader.batches, stream::empty().boxed());
            // Only the first rows were requested, so the row count and growth do not apply.
            reader = Self { batches: truncate_batches(batches, rows), start: None, counted: None, ..reader };
        }
        Ok(reader)
    }

    /// Returns the rows, to be read and then checked.
    pub(in crate::source::server) fn into_rows(mut self) -> HistoryRows {
        HistoryRows {
            batches: std::mem::replace(&mut self.batches, stream::empty().boxed()),
            #[cfg(feature = "parquet")]
            schema: self.schema.take(),
            check: Box::new(self),
        }
    }

    async fn open_samples(&mut self, query: &HistoryQuery) -> Result<Batches, Error> {
        let client = self.client.clone();
        let operation = SampleHistory::new(self.path.clone()).samples(query.sample_count()?);
        if !query.keys.is_empty() {
            let mut operation = operation.keys(Keys::new(query.keys.clone())?);
            if let Some(key) = &query.x_axis {
                operation = operation.x_axis(key)?;
            }
            return self.parse_batch(client.call(operation).await?.answer).await;
        }
        if !by_keys::is_needed(&client) {
            let mut rows = RowSpool::new(&client);
            match client.stream_list(operation.clone(), &mut rows).await.map_err(Error::from) {
                Err(error) if by_keys::is_history_unsupported(&error) => {}
                reply => {
                    reply?;
                    rows.check()?;
                    return Ok(rows.into_batches(self.path.clone(), self.row_issues.losses.clone(), |_| {}));
                }
            }
        }
        let extent = fetch_extent(&self.client, &self.path).await?;
        let (keys, issue) = by_keys::find_keys(&self.client, &self.path, &extent).await?;
        self.row_issues.add(issue);
        let max = usize::try_from(query.sample_count()?.get()).unwrap_or(usize::MAX);
        let rows = client.call(operation.keys(keys).any()).await?.answer;
        self.parse_batch(by_keys::thin_out(rows, max)).await
    }

    async fn parse_batch(&mut self, rows: Vec<HistoryRow>) -> Result<Batches, Error> {
        let rows = parse_on_worker(&self.client, rows, &self.path, &self.row_issues.losses).await?;
        Ok(one_batch(rows))
    }

    async fn open_all(&mut self, query: HistoryQuery, selection: Selection) -> Result<Batches, Error> {
        let extent = match &query.extent {
            Some(extent) => extent.clone(),
            None if query.source == HistorySource::Exported => fetch_extent(&self.client, &self.path).await?,
            None => {
                let first_step = query.min_step.unwrap_or(0);
                probe_extent(&self.client, &self.path, selection.clone(), first_step).await?
            }
        };
        let range = HistoryRange::between(&extent, query.min_step, query.max_step)?;
        let is_whole = query.keys.is_empty() && query.min_step.is_none() && query.max_step.is_none();
        self.counted = extent.line_count.filter(|_| is_whole && query.limit.is_none());
        let steps = range.steps();
        let scanner = HistoryScanner {
            client: self.client.clone(),
            path: self.path.clone(),
            selection,
            pages: query.window_size(),
            row_bytes: extent.row_bytes,
            row_issues: self.row_issues.clone(),
            #[cfg(feature = "parquet")]
            is_whole,
            repeats: range.is_certain() && extent.line_count.is_some_and(|rows| rows > count_steps(&extent)),
            falls_back: query.source == HistorySource::Live,
        };
        self.start = Some(extent);
        let batches = match query.source {
            HistorySource::Live => self.read_live(&scanner, steps.clone(), query.limit).await?,
            #[cfg(feature = "parquet")]
            HistorySource::Exported => {
                let opening = super::exported::open(scanner.clone(), steps.clone());
                let exported = opening.boxed().await?;
                self.schema = exported.schema;
                exported.batches
            }
            #[cfg(not(feature = "parquet"))]
            HistorySource::Exported => return Err(Error::usage("this build cannot read exported histories")),
        };
        Ok(match self.counted {
            Some(rows) if !range.is_certain() => stop_after(batches, rows),
            Some(rows) if self.has_no_schema() => scanner.read_until_counted(batches, steps.end, rows),
            _ => batches,
        })
    }

    /// Merges the run's rows after those of its ancestors.
    async fn prepend_parents(
        &mut self,
        query: HistoryQuery,
        selection: Selection,
        own: Batches,
    ) -> Result<Batches, Error> {
        let client = self.client.clone();
        let (parents, issue) = find_parents(&client, &self.path).await?;
        if let Some(issue) = issue {
            self.row_issues.add(issue);
        }
        // Their columns are not known in advance, and the server's row count does not include them.
        #[cfg(feature = "parquet")]
        drop(self.schema.take());
        let mut batches = match self.counted.take() {
            Some(counted) => check_count(own, counted, self.path.clone(), self.row_issues.clone()),
            None => own,
        };
        for Parent { path, last_step } in parents {
            let end = last_step.saturating_add(1);
            let end = query.max_step.map_or(end, |max| max.min(end));
            if query.min_step.is_some_and(|min| min >= end) || end <= 0 {
                continue;
            }
            let of_parent = HistoryQuery { max_step: Some(end), extent: None, ..query.clone() };
            let mut reader = Self::new(&client, &path, &of_parent);
            let rows = reader.open_all(of_parent, selection.clone()).await?;
            self.parent_issues.push((path, reader.row_issues));
            batches = merge_sources(&client, rows, batches);
        }
        Ok(batches)
    }

    /// Returns whether the columns are unknown before the rows are read, so that more may appear.
    fn has_no_schema(&self) -> bool {
        #[cfg(feature = "parquet")]
        return self.schema.is_none();
        #[cfg(not(feature = "parquet"))]
        true
    }

    /// Reads the rows of `steps` from the live query, key by key if the server lacks `Run.history`.
    async fn read_live(
        &mut self,
        scanner: &HistoryScanner,
        steps: std::ops::Range<i64>,
        limit: Option<u64>,
    ) -> Result<Batches, Error> {
        let read = |scanner: &HistoryScanner| match limit {
            Some(rows) => read_limited(scanner, steps.clone(), rows),
            None => scanner.read_live(steps.clone()),
        };
        if scanner.selection != Selection::Everything {
            return Ok(read(scanner));
        }
        if !by_keys::is_needed(&self.client)
            && let Some(batches) = by_keys::probe(read(scanner)).await
        {
            return Ok(batches);
        }
        let extent = self.start.clone().unwrap_or_default();
        let (keys, issue) = by_keys::find_keys(&self.client, &self.path, &extent).await?;
        self.row_issues.add(issue);
        Ok(read(&HistoryScanner { selection: Selection::AnyOf(keys), ..scanner.clone() }))
    }

    /// Returns the run's last step when reading began, if all rows are read.
    pub(super) fn last_step_at_start(&self) -> Option<i64> {
        self.start.as_ref()?.last_step()
    }

    /// Checks whether the rows are complete, which takes another request.
    pub(super) async fn finish(mut self, rows: u64, has_ended: bool) -> Result<HistoryReport, Error> {
        // Drop abandoned requests, which would keep this one from being sent.
        self.batches = stream::empty().boxed();
        let mut issues = Vec::new();
        let mut growth = None;
        let mut unlogged = Vec::new();
        let is_doubtful = rows == 0 && !self.keys.is_empty();
        if self.stream == Stream::System {
            if is_doubtful {
                unlogged = std::mem::take(&mut *lock(&self.missing_keys));
            }
        } else if self.start.is_some() || is_doubtful {
            let now = fetch_extent(&self.client, &self.path).await?;
            growth = self.start.as_ref().and_then(|before| growth_between(before, &now));
            if is_doubtful {
                unlogged = now.unlogged(&self.keys);
            }
        }
        if let Some(counted) = self.counted.filter(|counted| has_ended && rows < *counted) {
            let (run, received) = (self.path.clone(), rows);
            issues.push(Issue::RowsMissing { run, stream: "history", counted, received });
        }
        issues.extend(self.row_issues.issues(&self.path));
        issues.extend(self.parent_issues.iter().flat_map(|(path, row_issues)| row_issues.issues(path)));
        Ok(HistoryReport { rows, growth, unlogged, issues })
    }
}

impl HistoryCheck for ServerHistory {
    fn finish(
        self: Box<Self>,
        rows: u64,
        has_ended: bool,
    ) -> BoxFuture<'static, Result<HistoryReport, Error>> {
        Self::finish(*self, rows, has_ended).boxed()
    }
}

async fn fetch_extent(client: &Client, path: &RunPath) -> Result<HistoryExtent, Error> {
    let reply = client.call(GetHistoryKeys::new(path.clone())).boxed().await?;
    Ok(reply.answer)
}

/// Fetches the extent together with an estimate of the row size, in the same request.
async fn probe_extent(
    client: &Client,
    path: &RunPath,
    selection: Selection,
    first_step: i64,
) -> Result<HistoryExtent, Error> {
    let probe = GetHistoryKeys::new(path.clone()).probe(selection, first_step);
    match client.pages(probe).boxed().next().await {
        Some(extent) => Ok(extent?),
        None => Ok(HistoryExtent::new()),
    }
}

/// Ends `batches` after `rows` rows. Used if the server reports a row count but no last step: nothing follows the
/// last counted row.
fn stop_after(batches: Batches, rows: u64) -> Batches {
    let next = |(mut batches, left): (Batches, u64)| async move {
        if left == 0 {
            return None;
        }
        let batch = batches.next().await?;
        let received = batch.as_ref().map_or(0, |batch| batch.row_count() as u64);
        Some((batch, (batches, left.saturating_sub(received))))
    };
    stream::unfold((batches, rows), next).boxed()
}

/// Passes `batches` through, and adds an issue if they end with fewer rows than `counted`.
fn check_count(batches: Batches, counted: u64, run: RunPath, row_issues: RowIssues) -> Batches {
    let mut received = 0;
    let check = move |batch: Option<Result<Batch, Error>>| {
        if let Some(batch) = &batch {
            received += batch.as_ref().map_or(0, |batch| batch.row_count() as u64);
        } else if received < counted {
            let run = run.clone();
            row_issues.add(Issue::RowsMissing { run, stream: "history", counted, received });
        }
        std::future::ready(batch)
    };
    let ended = stream::once(std::future::ready(None));
    batches.map(Some).chain(ended).map(check).buffered(1).filter_map(std::future::ready).boxed()
}

/// Returns the number of steps up to the last one.
fn count_steps(extent: &HistoryExtent) -> u64 {
    extent.last_step().and_then(|last| u64::try_from(last).ok()).map_or(0, |last| last.saturating_add(1))
}

/// Locks a list. Ignores poisoning, since the list is consistent between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_batch(rows: Vec<Row>) -> Batches {
    stream::once(std::future::ready(Ok(Batch::Rows(rows)))).boxed()
}
