//! Reads a history batch by batch, and says at the end whether it was all.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::operation::Argument;
use wandb_core::{Row, RunPath};
use wandb_graphql::ops::{GetHistoryKeys, HistoryExtent, SampleEvents, SampleHistory, ScanHistory};
use wandb_graphql::plan::{Growth, HistoryPlan, HistoryRange, grown};
use wandb_graphql::{HistoryRow, HistoryWindow, Keys, Selection};

use super::few::{few, first};
use super::on_disk::OnDisk;
use super::parse::{Losses, PAGES_AT_ONCE, parsed};
use super::{Amount, History, Source, Stream, by_keys};
use crate::api::Api;
use crate::batch::Batch;
use crate::error::Error;
use crate::issue::Issue;

/// A history that is being read.
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
    api: Api,
    path: RunPath,
    batches: Batches,
    /// The columns of all rows, where they are known beforehand.
    #[cfg(feature = "parquet")]
    schema: Option<crate::table::Schema>,
    /// The extent at the start, where the whole of it is read.
    start: Option<HistoryExtent>,
    /// The most rows that the server was asked for, where reaching it means that there may be more.
    most_rows: Option<u64>,
    /// The keys that were asked for, if not all of them.
    keys: Vec<String>,
    rows: u64,
    losses: Losses,
    /// Where the rows come from, if not from a server.
    on_disk: Option<OnDisk>,
    /// What it means that the server lacks `Run.history`, if that matters.
    by_keys: Option<Issue>,
    /// What it means that the server cannot be told how many rows to send.
    unlimited: Option<Issue>,
}

/// What a history that was read to its end turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEnd {
    /// How many rows were read.
    pub rows: u64,
    /// What the run has logged since the reading began; it is not among the rows.
    pub growth: Option<Growth>,
    /// If there are no rows: the keys asked for that the run has never logged, which is why. W&B's own keys, which
    /// begin with an underscore, are not among them.
    pub unlogged: Vec<String>,
    /// What is missing or inexact.
    pub issues: Vec<Issue>,
}

impl HistoryEnd {
    /// Whether the rows are all that the run had logged when the reading began, and exact.
    pub fn is_complete(&self) -> bool {
        self.issues.iter().all(Issue::is_note)
    }
}

/// The most system metrics that are asked for at once, where all of them are wanted.
pub(super) const ALL_EVENTS: u64 = 1_000_000;

pub(super) type Batches = BoxStream<'static, Result<Batch, Error>>;

impl HistoryReader {
    pub(super) async fn open(history: History) -> Result<Self, Error> {
        let losses = Losses::default();
        let limit = history.limit;
        let mut reader = Self {
            api: history.api.clone(),
            path: history.path.clone(),
            batches: futures_util::stream::empty().boxed(),
            #[cfg(feature = "parquet")]
            schema: None,
            start: None,
            most_rows: None,
            keys: history.keys.clone(),
            rows: 0,
            losses: losses.clone(),
            on_disk: None,
            by_keys: None,
            unlimited: None,
        };
        if let Some(run) = &history.local {
            let ask = history.ask()?;
            let (on_disk, batches) = OnDisk::open(&history.api.client, Arc::clone(run), ask).await?;
            let batches = if let Some(rows) = limit { first(batches, rows) } else { batches };
            return Ok(Self { on_disk: Some(on_disk), batches, ..reader });
        }
        reader.batches = match (history.stream, history.amount) {
            (Stream::System, amount) => {
                reader.most_rows = (amount == Amount::All).then_some(ALL_EVENTS);
                let operation = SampleEvents::new(history.path.clone()).samples(history.sample_count()?);
                let reply = history.api.client.call(operation).await?;
                reader.unlimited = reply.lacks.arguments().next().map(|argument| unlimited(argument, amount));
                one_page(&history.api.client, reply.answer, history.path, losses)
            }
            (Stream::Default, Amount::Samples(_)) => {
                let rows = reader.samples(&history).await?;
                one_page(&history.api.client, rows, history.path, losses)
            }
            (Stream::Default, Amount::All) => reader.open_all(history).await?,
        };
        if let Some(rows) = limit {
            let batches = std::mem::replace(&mut reader.batches, futures_util::stream::empty().boxed());
            // What lies behind the first rows was not asked for, and neither was whether there is more of it by now.
            reader = Self { batches: first(batches, rows), start: None, most_rows: None, ..reader };
        }
        Ok(reader)
    }

    async fn samples(&mut self, history: &History) -> Result<Vec<HistoryRow>, Error> {
        let client = &history.api.client;
        let operation = SampleHistory::new(history.path.clone()).samples(history.sample_count()?);
        if !history.keys.is_empty() {
            let mut operation = operation.keys(Keys::new(history.keys.clone())?);
            if let Some(key) = &history.x_axis {
                operation = operation.x_axis(key)?;
            }
            return Ok(client.call(operation).await?.answer);
        }
        if !by_keys::is_needed(&history.api) {
            match client.call(operation.clone()).await.map_err(Error::from) {
                Err(error) if by_keys::is_lacking(&error) => {}
                reply => return Ok(reply?.answer),
            }
        }
        let extent = extent(&self.api, &self.path).await?;
        let (keys, issue) = by_keys::keys(&self.api, &self.path, &extent).await?;
        self.by_keys = Some(issue);
        let most = usize::try_from(history.sample_count()?.get()).unwrap_or(usize::MAX);
        Ok(by_keys::thinned(client.call(operation.keys(keys).any()).await?.answer, most))
    }

    async fn open_all(&mut self, history: History) -> Result<Batches, Error> {
        let extent = extent(&self.api, &self.path).await?;
        let range = HistoryRange::between(&extent, history.min_step, history.max_step)?;
        let everything = history.keys.is_empty() && history.min_step.is_none() && history.max_step.is_none();
        let counted = if everything && !range.is_certain() { extent.line_count } else { None };
        let batches = match history.source {
            Source::Live => {
                let steps = HistoryPlan::live(range.steps()).live_steps();
                self.live(&history, steps, &extent).await?
            }
            #[cfg(feature = "parquet")]
            Source::Exported => {
                let opening = super::exported::open(history, range.steps(), self.losses.clone());
                let exported = opening.boxed().await?;
                self.schema = exported.schema;
                exported.batches
            }
            #[cfg(not(feature = "parquet"))]
            Source::Exported => return Err(Error::usage("this build cannot read exported histories")),
        };
        self.start = Some(extent);
        Ok(match counted {
            Some(rows) => until(batches, rows),
            None => batches,
        })
    }

    /// The rows of `steps`: by their keys, if the server lacks `Run.history`.
    async fn live(
        &mut self,
        history: &History,
        steps: std::ops::Range<i64>,
        extent: &HistoryExtent,
    ) -> Result<Batches, Error> {
        let read = |selection| match history.limit {
            Some(rows) => few(history, steps.clone(), selection, self.losses.clone(), rows),
            None => live(history, steps.clone(), selection, self.losses.clone()),
        };
        let selection = history.selection()?;
        if selection != Selection::Everything {
            return Ok(read(selection));
        }
        if !by_keys::is_needed(&self.api)
            && let Some(batches) = by_keys::unless_lacking(read(selection)).await
        {
            return Ok(batches);
        }
        let (keys, issue) = by_keys::keys(&self.api, &self.path, extent).await?;
        let batches = read(Selection::AnyOf(keys));
        self.by_keys = Some(issue);
        Ok(batches)
    }

    /// The next rows, in order of steps; `None` at the end. There is at least one row in a batch.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        Ok(match self.next().await? {
            Some(batch) => Some(rows_of(&self.api.client, batch).await?),
            None => None,
        })
    }

    /// The next rows in the form in which they came.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        while let Some(batch) = self.batches.try_next().await? {
            if batch.len() > 0 {
                self.rows += batch.len() as u64;
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The columns of all rows, where they are known beforehand. Only then there may be record batches.
    #[cfg(feature = "parquet")]
    pub(super) fn take_schema(&mut self) -> Option<crate::table::Schema> {
        self.schema.take()
    }

    /// The last step that there was when the reading began, where all rows are read.
    pub(super) fn read_to(&self) -> Option<i64> {
        self.start.as_ref()?.last_step()
    }

    /// How many rows have been read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that are left, one by one.
    pub fn into_rows(self) -> BoxStream<'static, Result<Row, Error>> {
        let client = self.api.client;
        let rows_of = move |batch| {
            let client = client.clone();
            async move { rows_of(&client, batch).await }
        };
        let rows = self.batches.map_ok(rows_of).try_buffered(PAGES_AT_ONCE);
        rows.map_ok(|rows| futures_util::stream::iter(rows).map(Ok)).try_flatten().boxed()
    }

    /// Says whether the rows are all there is, which takes another look at the run. To be called after the last batch.
    pub async fn finish(mut self) -> Result<HistoryEnd, Error> {
        // Requests that nobody waits for any more would keep this one from being sent.
        self.batches = futures_util::stream::empty().boxed();
        let mut issues = Vec::new();
        let mut growth = None;
        let mut unlogged = Vec::new();
        let is_doubtful = self.rows == 0 && !self.keys.is_empty();
        if let Some(on_disk) = &self.on_disk {
            issues.extend(on_disk.issues());
            if is_doubtful {
                unlogged = on_disk.unlogged(&self.api.client, &self.keys).await?;
            }
        } else if self.start.is_some() || is_doubtful {
            let now = extent(&self.api, &self.path).await?;
            growth = self.start.as_ref().and_then(|before| grown(before, &now));
            if is_doubtful {
                unlogged = now.unlogged(&self.keys);
            }
        }
        if self.most_rows.is_some_and(|most| self.rows >= most) {
            issues.push(Issue::Sampled { run: self.path.clone(), rows: self.rows });
        }
        issues.extend(self.by_keys);
        issues.extend(self.unlimited);
        issues.extend(self.losses.issue(&self.path));
        Ok(HistoryEnd { rows: self.rows, growth, unlogged, issues })
    }
}

/// What it means that the server does not take a number of rows.
fn unlimited(argument: &Argument, amount: Amount) -> Issue {
    let consequence = match amount {
        Amount::All => "there may be more rows than it sent",
        Amount::Samples(_) => "it chose how many rows it sent",
    };
    Issue::UnsupportedArgument {
        field: argument.field().to_string(),
        argument: argument.name().to_owned(),
        consequence: Some(consequence.to_owned()),
    }
}

/// The rows of a batch, made on a thread that has time for it.
pub(super) async fn rows_of(client: &Client, batch: Batch) -> Result<Vec<Row>, Error> {
    if let Batch::Rows(rows) = batch {
        return Ok(rows);
    }
    Ok(client.work(|| batch.into_rows()).await?)
}

async fn extent(api: &Api, path: &RunPath) -> Result<HistoryExtent, Error> {
    let reply = api.client.call(GetHistoryKeys::new(path.clone())).boxed().await?;
    Ok(reply.answer)
}

/// `batches` until `rows` rows have come: where the server does not tell the last step, it tells how many rows there
/// are, and nothing has to be looked for behind the last of them.
fn until(batches: Batches, rows: u64) -> Batches {
    let next = |(mut batches, left): (Batches, u64)| async move {
        if left == 0 {
            return None;
        }
        let batch = batches.next().await?;
        let came = batch.as_ref().map_or(0, |batch| batch.len() as u64);
        Some((batch, (batches, left.saturating_sub(came))))
    };
    futures_util::stream::unfold((batches, rows), next).boxed()
}

/// The rows of `steps` from the live query, several windows in flight.
pub(super) fn live(
    history: &History,
    steps: std::ops::Range<i64>,
    selection: Selection,
    losses: Losses,
) -> Batches {
    let scan = ScanHistory::new(history.path.clone(), steps).select(selection).page_size(history.pages());
    let windows = history.api.client.windows(scan);
    let client = history.api.client.clone();
    parsed(client, windows.map(|window| Ok(window?.answer)), history.path.clone(), losses).boxed()
}

fn one_page(client: &Client, rows: Vec<HistoryRow>, path: RunPath, losses: Losses) -> Batches {
    let page = futures_util::stream::once(std::future::ready(Ok(HistoryWindow::Rows(rows))));
    parsed(client.clone(), page, path, losses).boxed()
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
    use crate::sink::Sink;

    /// Compiles only if services can run these on any executor's threads.
    #[test]
    fn what_is_awaited_can_move_between_threads() {
        fn check<T: Send>(_: impl FnOnce(Api, History, Box<dyn Sink>) -> T) {}
        check(|_, history, _| history.open());
        check(|_, history, _| history.rows());
        check(|_, history, sink| history.write(sink));
        check(|_, history, _| async { history.open().await?.finish().await });
        check(|api, _, _| async move { api.run("e/p/r").await });
        check(|api, _, sink| async move { api.runs("e/p").await?.write(sink).await });
    }
}
