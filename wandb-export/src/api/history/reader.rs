//! Reads a history in batches and checks whether it is complete.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::ops::{GetHistoryKeys, HistoryExtent, SampleHistory};
use wandb_graphql::plan::{HistoryGrowth, HistoryRange, growth_between};
use wandb_graphql::{HistoryRow, Keys, Selection};
use wandb_tables::Batch;

use super::few::{few, first};
use super::findings::Findings;
use super::on_disk::OnDisk;
use super::parents::{Parent, parents};
use super::parse::{PAGES_AT_ONCE, answered};
use super::row_spool::RowSpool;
use super::select::select;
use super::system::{TIME_AXIS, events, remove_measured};
use super::union::union;
use super::whole::Reading;
use super::{Amount, History, Source, Stream, by_keys};
use crate::error::Error;
use crate::issue::Issue;

/// A reader of a history.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let mut reader = api.history("my-team/my-project/abc123").await?.all().open().await?;
/// while let Some(rows) = reader.next_batch().await? {
///     println!("{} more rows", rows.len());
/// }
/// assert!(reader.finish().await?.is_complete());
/// # Ok(())
/// # }
/// ```
pub struct HistoryReader {
    client: Client,
    path: RunPath,
    stream: Stream,
    batches: Batches,
    /// The columns of all rows, if known in advance.
    #[cfg(feature = "parquet")]
    schema: Option<wandb_tables::Schema>,
    /// The extent at the start, if the whole history is read.
    start: Option<HistoryExtent>,
    /// The server's count of rows, if the whole history is read.
    counted: Option<u64>,
    /// Whether the last row has been read.
    has_ended: bool,
    /// The requested keys; empty for all.
    keys: Vec<String>,
    /// Requested keys that no row of system metrics has held so far.
    unmeasured: Arc<Mutex<Vec<String>>>,
    rows: u64,
    findings: Findings,
    /// The issues found in the rows of each ancestor.
    of_parents: Vec<(RunPath, Findings)>,
    /// The run on disk, if the rows do not come from a server.
    on_disk: Option<OnDisk>,
}

/// The result of reading a history to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEnd {
    /// How many rows were read.
    pub rows: u64,
    /// What the run has logged since reading began. It is not among the rows.
    pub growth: Option<HistoryGrowth>,
    /// If there are no rows: the requested keys that the run has never logged, which explains why. Excludes W&B's own
    /// keys, which start with an underscore.
    pub unlogged: Vec<String>,
    /// Missing or inexact data in the rows.
    pub issues: Vec<Issue>,
}

impl HistoryEnd {
    /// Returns whether the rows are exact and include all that the run had logged when reading began.
    pub fn is_complete(&self) -> bool {
        self.issues.iter().all(Issue::is_note)
    }
}

pub(super) type Batches = BoxStream<'static, Result<Batch, Error>>;

impl HistoryReader {
    fn new(history: &History) -> Self {
        Self {
            client: history.api.client.clone(),
            path: history.path.clone(),
            stream: history.stream,
            batches: stream::empty().boxed(),
            #[cfg(feature = "parquet")]
            schema: None,
            start: None,
            counted: None,
            has_ended: false,
            keys: history.keys.clone(),
            unmeasured: Arc::default(),
            rows: 0,
            findings: Findings::default(),
            of_parents: Vec::new(),
            on_disk: None,
        }
    }

    pub(super) async fn open(history: History) -> Result<Self, Error> {
        let limit = history.limit;
        let mut reader = Self::new(&history);
        let selection = history.selection()?;
        let client = history.api.client().clone();
        if let Some(run) = &history.local {
            let ask = history.ask()?;
            let (on_disk, batches) = OnDisk::open(&client, Arc::clone(run), ask).await?;
            let batches = match history.stream {
                Stream::System => chosen(client, batches, selection),
                Stream::Default => batches,
            };
            let batches = if let Some(rows) = limit { first(batches, rows) } else { batches };
            return Ok(Self { on_disk: Some(on_disk), batches, ..reader });
        }
        reader.batches = match (history.stream, history.amount) {
            (Stream::System, _) => {
                let events = events(&history, &reader.findings).await?;
                let unmeasured = Arc::new(Mutex::new(history.keys));
                reader.unmeasured = Arc::clone(&unmeasured);
                let look = move |rows: &[Row]| remove_measured(&mut lock(&unmeasured), rows);
                let losses = reader.findings.losses.clone();
                chosen(client, events.into_batches(reader.path.clone(), losses, look), selection)
            }
            (Stream::Default, Amount::Samples(_)) => reader.samples(&history).await?,
            (Stream::Default, Amount::All) if history.with_parent => {
                let own = reader.open_all(history.clone(), selection.clone()).await?;
                reader.behind_parents(history, selection, own).await?
            }
            (Stream::Default, Amount::All) => reader.open_all(history, selection).await?,
        };
        if let Some(rows) = limit {
            let batches = std::mem::replace(&mut reader.batches, stream::empty().boxed());
            // Only the first rows were requested, so the row count and growth do not apply.
            reader = Self { batches: first(batches, rows), start: None, counted: None, ..reader };
        }
        Ok(reader)
    }

    async fn samples(&mut self, history: &History) -> Result<Batches, Error> {
        let client = &history.api.client;
        let operation = SampleHistory::new(history.path.clone()).samples(history.sample_count()?);
        if !history.keys.is_empty() {
            let mut operation = operation.keys(Keys::new(history.keys.clone())?);
            if let Some(key) = &history.x_axis {
                operation = operation.x_axis(key)?;
            }
            return self.parsed(client.call(operation).await?.answer).await;
        }
        if !by_keys::is_needed(&history.api.client) {
            let mut rows = RowSpool::new(client);
            match client.stream_list(operation.clone(), &mut rows).await.map_err(Error::from) {
                Err(error) if by_keys::is_lacking(&error) => {}
                reply => {
                    reply?;
                    rows.check()?;
                    return Ok(rows.into_batches(self.path.clone(), self.findings.losses.clone(), |_| {}));
                }
            }
        }
        let extent = extent(&self.client, &self.path).await?;
        let (keys, issue) = by_keys::keys(&self.client, &self.path, &extent).await?;
        self.findings.add(issue);
        let most = usize::try_from(history.sample_count()?.get()).unwrap_or(usize::MAX);
        let rows = client.call(operation.keys(keys).any()).await?.answer;
        self.parsed(by_keys::thinned(rows, most)).await
    }

    async fn parsed(&mut self, rows: Vec<HistoryRow>) -> Result<Batches, Error> {
        let rows = answered(&self.client, rows, &self.path, &self.findings.losses).await?;
        Ok(one_batch(rows))
    }

    async fn open_all(&mut self, history: History, selection: Selection) -> Result<Batches, Error> {
        let extent = match &history.extent {
            Some(extent) => extent.clone(),
            None if history.source == Source::Exported => extent(&self.client, &self.path).await?,
            None => {
                let first_step = history.min_step.unwrap_or(0);
                probed_extent(&self.client, &self.path, selection.clone(), first_step).await?
            }
        };
        let range = HistoryRange::between(&extent, history.min_step, history.max_step)?;
        let is_whole = history.keys.is_empty() && history.min_step.is_none() && history.max_step.is_none();
        self.counted = extent.line_count.filter(|_| is_whole && history.limit.is_none());
        let steps = range.steps();
        let reading = Reading {
            client: self.client.clone(),
            path: history.path.clone(),
            selection,
            pages: history.pages(),
            row_bytes: extent.row_bytes,
            findings: self.findings.clone(),
            #[cfg(feature = "parquet")]
            is_whole,
            repeats: range.is_certain() && extent.line_count.is_some_and(|rows| rows > width_of(&extent)),
            falls_back: history.source == Source::Live,
        };
        self.start = Some(extent);
        let batches = match history.source {
            Source::Live => self.live(&reading, steps.clone(), history.limit).await?,
            #[cfg(feature = "parquet")]
            Source::Exported => {
                let opening = super::exported::open(reading.clone(), steps.clone());
                let exported = opening.boxed().await?;
                self.schema = exported.schema;
                exported.batches
            }
            #[cfg(not(feature = "parquet"))]
            Source::Exported => return Err(Error::usage("this build cannot read exported histories")),
        };
        Ok(match self.counted {
            Some(rows) if !range.is_certain() => until(batches, rows),
            Some(rows) if self.has_no_schema() => reading.complete(batches, steps.end, rows),
            _ => batches,
        })
    }

    /// Merges the run's rows after those of its ancestors.
    async fn behind_parents(
        &mut self,
        history: History,
        selection: Selection,
        own: Batches,
    ) -> Result<Batches, Error> {
        let client = self.client.clone();
        let (parents, issue) = parents(&client, &self.path).await?;
        if let Some(issue) = issue {
            self.findings.add(issue);
        }
        // Their columns are not known in advance, and the server's row count does not include them.
        #[cfg(feature = "parquet")]
        drop(self.schema.take());
        let mut batches = match self.counted.take() {
            Some(counted) => check_count(own, counted, self.path.clone(), self.findings.clone()),
            None => own,
        };
        for Parent { path, last_step } in parents {
            let end = last_step.saturating_add(1);
            let end = history.max_step.map_or(end, |max| max.min(end));
            if history.min_step.is_some_and(|min| min >= end) || end <= 0 {
                continue;
            }
            let of_parent =
                History { path: path.clone(), max_step: Some(end), extent: None, ..history.clone() };
            let mut reader = Self::new(&of_parent);
            let rows = reader.open_all(of_parent, selection.clone()).await?;
            self.of_parents.push((path, reader.findings));
            batches = union(&client, rows, batches);
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
    async fn live(
        &mut self,
        reading: &Reading,
        steps: std::ops::Range<i64>,
        limit: Option<u64>,
    ) -> Result<Batches, Error> {
        let read = |reading: &Reading| match limit {
            Some(rows) => few(reading, steps.clone(), rows),
            None => reading.live(steps.clone()),
        };
        if reading.selection != Selection::Everything {
            return Ok(read(reading));
        }
        if !by_keys::is_needed(&self.client)
            && let Some(batches) = by_keys::unless_lacking(read(reading)).await
        {
            return Ok(batches);
        }
        let extent = self.start.clone().unwrap_or_default();
        let (keys, issue) = by_keys::keys(&self.client, &self.path, &extent).await?;
        self.findings.add(issue);
        Ok(read(&Reading { selection: Selection::AnyOf(keys), ..reading.clone() }))
    }

    /// Returns the next rows, at least one, in step order. `None` at the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        Ok(match self.next().await? {
            Some(batch) => Some(rows_of(&self.client, batch).await?),
            None => None,
        })
    }

    /// Returns the next rows in the form in which they were received.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        while let Some(batch) = self.batches.try_next().await? {
            if batch.row_count() > 0 {
                self.rows += batch.row_count() as u64;
                return Ok(Some(batch));
            }
        }
        self.has_ended = true;
        Ok(None)
    }

    /// Returns the columns of all rows, if known in advance. Record batches only occur in that case.
    #[cfg(feature = "parquet")]
    pub(super) fn take_schema(&mut self) -> Option<wandb_tables::Schema> {
        self.schema.take()
    }

    /// Returns the run's last step when reading began, if all rows are read.
    pub(super) fn read_to(&self) -> Option<i64> {
        self.start.as_ref()?.last_step()
    }

    /// Returns how many rows have been read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Streams the remaining rows.
    pub fn into_rows(self) -> BoxStream<'static, Result<Row, Error>> {
        let client = self.client;
        let rows_of = move |batch| {
            let client = client.clone();
            async move { rows_of(&client, batch).await }
        };
        let rows = self.batches.map_ok(rows_of).try_buffered(PAGES_AT_ONCE);
        rows.map_ok(|rows| futures_util::stream::iter(rows).map(Ok)).try_flatten().boxed()
    }

    /// Checks whether the rows are complete, which takes another request. Call it after the last batch.
    pub async fn finish(mut self) -> Result<HistoryEnd, Error> {
        // Drop abandoned requests, which would keep this one from being sent.
        self.batches = stream::empty().boxed();
        let mut issues = Vec::new();
        let mut growth = None;
        let mut unlogged = Vec::new();
        let is_doubtful = self.rows == 0 && !self.keys.is_empty();
        if let Some(on_disk) = &self.on_disk {
            issues.extend(on_disk.issues());
            if is_doubtful {
                unlogged = on_disk.unlogged(&self.client, &self.keys).await?;
            }
        } else if self.stream == Stream::System {
            if is_doubtful {
                unlogged = std::mem::take(&mut *lock(&self.unmeasured));
            }
        } else if self.start.is_some() || is_doubtful {
            let now = extent(&self.client, &self.path).await?;
            growth = self.start.as_ref().and_then(|before| growth_between(before, &now));
            if is_doubtful {
                unlogged = now.unlogged(&self.keys);
            }
        }
        if let Some(counted) = self.counted.filter(|counted| self.has_ended && self.rows < *counted) {
            let (run, received) = (self.path.clone(), self.rows);
            issues.push(Issue::RowsMissing { run, stream: "history", counted, received });
        }
        issues.extend(self.findings.issues(&self.path));
        issues.extend(self.of_parents.iter().flat_map(|(path, findings)| findings.issues(path)));
        Ok(HistoryEnd { rows: self.rows, growth, unlogged, issues })
    }
}

/// Converts a batch to rows on a worker thread.
pub(super) async fn rows_of(client: &Client, batch: Batch) -> Result<Vec<Row>, Error> {
    if let Batch::Rows(rows) = batch {
        return Ok(rows);
    }
    Ok(client.work(|| batch.into_rows()).await?)
}

async fn extent(client: &Client, path: &RunPath) -> Result<HistoryExtent, Error> {
    let reply = client.call(GetHistoryKeys::new(path.clone())).boxed().await?;
    Ok(reply.answer)
}

/// Fetches the extent together with an estimate of the row size, in the same request.
async fn probed_extent(
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
fn until(batches: Batches, rows: u64) -> Batches {
    let next = |(mut batches, left): (Batches, u64)| async move {
        if left == 0 {
            return None;
        }
        let batch = batches.next().await?;
        let came = batch.as_ref().map_or(0, |batch| batch.row_count() as u64);
        Some((batch, (batches, left.saturating_sub(came))))
    };
    stream::unfold((batches, rows), next).boxed()
}

/// Passes `batches` through, and adds an issue if they end with fewer rows than `counted`.
fn check_count(batches: Batches, counted: u64, run: RunPath, findings: Findings) -> Batches {
    let mut received = 0;
    let check = move |batch: Option<Result<Batch, Error>>| {
        if let Some(batch) = &batch {
            received += batch.as_ref().map_or(0, |batch| batch.row_count() as u64);
        } else if received < counted {
            let run = run.clone();
            findings.add(Issue::RowsMissing { run, stream: "history", counted, received });
        }
        std::future::ready(batch)
    };
    let ended = stream::once(std::future::ready(None));
    batches.map(Some).chain(ended).map(check).buffered(1).filter_map(std::future::ready).boxed()
}

/// Returns the number of steps up to the last one.
fn width_of(extent: &HistoryExtent) -> u64 {
    extent.last_step().and_then(|last| u64::try_from(last).ok()).map_or(0, |last| last.saturating_add(1))
}

/// Locks a list. Ignores poisoning, since the list is consistent between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_batch(rows: Vec<Row>) -> Batches {
    stream::once(std::future::ready(Ok(Batch::Rows(rows)))).boxed()
}

/// Applies a selection to system metrics, because no server does.
fn chosen(client: Client, batches: Batches, selection: Selection) -> Batches {
    if selection.keys().is_none() {
        return batches;
    }
    let selection = Arc::new(selection);
    let choose = move |batch| {
        let (client, selection) = (client.clone(), Arc::clone(&selection));
        async move {
            let rows = rows_of(&client, batch).await?.into_iter();
            Ok(Batch::Rows(rows.filter_map(|row| select(row, &selection, &TIME_AXIS)).collect()))
        }
    };
    batches.and_then(choose).boxed()
}

impl std::fmt::Debug for HistoryReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryReader")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wandb_tables::Sink;

    /// Compiles only if services can run these on any executor's threads.
    #[test]
    fn futures_can_move_between_threads() {
        use crate::api::Api;

        fn check<T: Send>(_: impl FnOnce(Api, History, Box<dyn Sink>) -> T) {}
        check(|_, history, _| history.open());
        check(|_, history, _| history.rows());
        check(|_, history, sink| history.write(sink));
        check(|_, history, _| async { history.open().await?.finish().await });
        check(|api, _, _| async move { api.run("e/p/r").await });
        check(|api, _, sink| async move { api.runs("e/p").await?.write(sink).await });
    }
}
