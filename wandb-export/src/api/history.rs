//! A run's metrics: what to read of them, and how.

mod by_keys;
mod content;
#[cfg(feature = "parquet")]
mod exported;
mod few;
mod findings;
mod follow;
mod on_disk;
mod parents;
mod parse;
mod reader;
mod row_spool;
mod select;
mod system;
#[cfg(all(test, feature = "mock"))]
mod tests;
mod union;
mod whole;

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use wandb_core::operation::PageSize;
use wandb_core::{Row, RunPath};
use wandb_graphql::ops::HistoryExtent;
use wandb_graphql::plan::HistoryRange;
use wandb_graphql::{Keys, Samples, Selection};

pub use follow::Follow;
pub(super) use parents::branch_of;
#[cfg(feature = "mirror")]
pub(crate) use parse::{Losses, parse as parse_rows};
pub use reader::{HistoryEnd, HistoryReader};

use super::Api;
use super::export::Writer;
use crate::error::Error;
use crate::local::{Ask, LocalRun, Wanted};
use wandb_tables::{Sink, SinkReport};
#[cfg(feature = "parquet")]
use wandb_tables::TableOptions;

/// The metrics of a run, as a request to be refined. Without any refinement: 500 samples of every key, as
/// `run.history()` gives in Python.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// #[derive(serde::Deserialize)]
/// struct Step {
///     #[serde(rename = "_step")]
///     step: i64,
///     loss: f64,
/// }
///
/// let api = wandb_export::Api::connect()?;
/// let history = api.history("my-team/my-project/abc123").await?;
/// for row in history.keys(["loss"]).all().rows_as::<Step>().await? {
///     println!("{} {}", row.step, row.loss);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct History {
    api: Api,
    path: RunPath,
    local: Option<Arc<LocalRun>>,
    keys: Vec<String>,
    any: bool,
    amount: Amount,
    stream: Stream,
    source: Source,
    min_step: Option<i64>,
    max_step: Option<i64>,
    page_size: Option<u64>,
    x_axis: Option<String>,
    limit: Option<u64>,
    with_parent: bool,
    /// How far the history extends, if that is known.
    extent: Option<HistoryExtent>,
}

/// How much of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    Samples(u64),
    All,
}

/// Which of a run's two histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Stream {
    /// What the run has logged (`history`).
    #[default]
    Default,
    /// What the machine measured meanwhile (`events`): `system.cpu` and the like.
    System,
}

/// Where a complete history is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Source {
    /// The live query: every row just as it was logged.
    #[default]
    Live,
    /// The Parquet files that the server has exported, and the live query for what they lack. It is quicker for long
    /// runs, but a null in a file does not tell whether a key was missing or null. Needs the feature `parquet`.
    Exported,
}

/// The widest window of dense rows that is asked for by itself, in steps. A few windows for each request in flight are
/// held in memory.
const LARGEST_PAGE: u64 = 5_000;

/// The first window's width, as in the Python SDK.
const FIRST_PAGE: u64 = 1_000;

impl History {
    pub(crate) fn new(api: Api, path: RunPath) -> Self {
        Self {
            api,
            path,
            local: None,
            keys: Vec::new(),
            any: false,
            amount: Amount::Samples(500),
            stream: Stream::Default,
            source: Source::Live,
            min_step: None,
            max_step: None,
            page_size: None,
            x_axis: None,
            limit: None,
            with_parent: false,
            extent: None,
        }
    }

    /// As far as it extended when it was looked at.
    #[cfg(feature = "mirror")]
    pub(crate) fn with_extent(self, extent: HistoryExtent) -> Self {
        Self { extent: Some(extent), ..self }
    }

    /// Those of a run on disk, if there is one.
    pub(crate) fn on_disk(self, local: Option<Arc<LocalRun>>) -> Self {
        Self { local, ..self }
    }

    /// The run's path.
    pub fn path(&self) -> &RunPath {
        &self.path
    }

    /// Only these keys, and of the rows only those that hold all of them, as in Python. Default: everything. System
    /// metrics keep `_runtime` and `_timestamp` beside the keys.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// With [`keys`](Self::keys): the rows that hold any of them. Needs [`all`](Self::all).
    pub fn any(mut self) -> Self {
        self.any = true;
        self
    }

    /// Every row there is, as `run.scan_history()` gives in Python. A run that goes on meanwhile is read up to the last
    /// step it had at the start.
    pub fn all(mut self) -> Self {
        self.amount = Amount::All;
        self
    }

    /// So many rows at the most, chosen by the server from the whole history. Default 500.
    pub fn samples(mut self, rows: u64) -> Self {
        self.amount = Amount::Samples(rows);
        self
    }

    /// Samples along another key than `_step`, as `run.history(x_axis=…)` gives in Python: rows hold it, too. Needs
    /// [`keys`](Self::keys).
    pub fn x_axis(mut self, key: impl Into<String>) -> Self {
        self.x_axis = Some(key.into());
        self
    }

    /// No more than the first `rows`. Of a whole history, no more is asked for than it takes.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// What the machine measured instead of what the run has logged.
    pub fn system(mut self) -> Self {
        self.stream = Stream::System;
        self
    }

    /// Where to read from. Default: [`Source::Live`]. Needs [`all`](Self::all).
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// From this step on. Needs [`all`](Self::all).
    pub fn min_step(mut self, step: i64) -> Self {
        self.min_step = Some(step);
        self
    }

    /// Up to, but not including, this step. Needs [`all`](Self::all).
    pub fn max_step(mut self, step: i64) -> Self {
        self.max_step = Some(step);
        self
    }

    /// With the rows of the run that this one was forked from, up to the step of the fork, and of the runs that that one was
    /// forked from. Without, a fork has only the rows that it has logged itself. Needs [`all`](Self::all).
    pub fn with_parent(mut self) -> Self {
        self.with_parent = true;
        self
    }

    /// So many steps in a request. Default: 1 000 to begin with, up to 5 000 while the server is quick.
    pub fn page_size(mut self, steps: u64) -> Self {
        self.page_size = Some(steps);
        self
    }

    /// Begins to read.
    ///
    /// # Errors
    /// If the request makes no sense, such as one for steps up to a last one that is not greater than the first, or the run
    /// does not exist.
    pub async fn open(self) -> Result<HistoryReader, Error> {
        self.check()?;
        HistoryReader::open(self).await
    }

    /// All the rows at once.
    pub async fn rows(self) -> Result<Vec<Row>, Error> {
        let mut reader = self.open().await?;
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }

    /// All the rows at once, each as a `T`. Numbers that are not finite may come as floats or as W&B's strings for
    /// them; both deserialize into `f64`.
    ///
    /// # Errors
    /// [`Error::Type`] naming the row and the key that does not fit.
    pub async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let path = self.path.clone();
        self.rows().await?.iter().map(|row| typed(&path, row)).collect()
    }

    /// The rows as they arrive, in order of steps. The stream ends after the first error.
    pub fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
        stream::once(self.open()).map_ok(HistoryReader::into_rows).try_flatten().boxed()
    }

    /// Writes the rows to `sink`, and says at the end what is missing, if anything is.
    pub async fn write(self, sink: Box<dyn Sink>) -> Result<(SinkReport, HistoryEnd), Error> {
        let mut reader = self.open().await?;
        let mut writer = Writer::start(sink)?;
        #[cfg(feature = "parquet")]
        if let Some(schema) = reader.take_schema() {
            writer.begin_table(schema).await;
        }
        while let Some(batch) = reader.next().await? {
            if !writer.write(batch).await {
                break;
            }
        }
        // The last look at the run hides behind what is still to be written.
        let (report, end) = futures_util::future::join(writer.finish(), reader.finish()).await;
        Ok((report?, end?))
    }

    /// All the rows as Arrow record batches, one schema for all of them. What does not fit into memory is put aside on
    /// disk until the last row has told the schema.
    #[cfg(feature = "parquet")]
    pub async fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        let (sender, batches) = async_channel::bounded(super::export::BATCHES_AHEAD);
        let batches = std::iter::from_fn(move || batches.recv_blocking().ok());
        let mut reader = self.open().await?;
        let schema = reader.take_schema();
        let build = blocking::unblock(move || match schema {
            Some(schema) => wandb_tables::batches_of_table(schema, batches, &TableOptions::default()),
            None => wandb_tables::batches_of(batches, &TableOptions::default()),
        });
        let feed = async move {
            while let Some(batch) = reader.next().await? {
                if sender.send(batch).await.is_err() {
                    // The builder has failed; its result says why.
                    break;
                }
            }
            Ok::<(), Error>(())
        };
        let (reading, batches) = futures_util::future::join(feed, build).await;
        reading?;
        Ok(batches?)
    }

    fn check(&self) -> Result<(), Error> {
        if self.amount != Amount::All {
            let needs_all = [
                (self.any, "any of several keys"),
                (self.min_step.is_some(), "a first step"),
                (self.max_step.is_some(), "a last step"),
                (self.source != Source::Live, "the exported history"),
                (self.with_parent, "the history of the parent run"),
            ];
            if let Some((_, what)) = needs_all.into_iter().find(|(asked, _)| *asked) {
                return Err(Error::usage(format!(
                    "{what} can only be asked of the whole history, not of samples"
                )));
            }
        }
        if self.stream == Stream::System && (self.min_step.is_some() || self.max_step.is_some()) {
            return Err(Error::usage("system metrics have no steps to be narrowed down to"));
        }
        if self.x_axis.is_some() && (self.keys.is_empty() || self.amount == Amount::All) {
            return Err(Error::usage(
                "only samples of some keys can be taken along another x axis; name the keys, and do not ask for all rows",
            ));
        }
        if self.with_parent && self.stream == Stream::System {
            return Err(Error::usage(
                "system metrics have no steps, so a parent's cannot be told from a fork's",
            ));
        }
        // However far the run has come.
        HistoryRange::between(&HistoryExtent::new(), self.min_step, self.max_step)?;
        if self.any && self.keys.is_empty() {
            return Err(Error::usage("any of which keys? none were given"));
        }
        if self.source == Source::Exported && !cfg!(feature = "parquet") {
            return Err(Error::usage(
                "this build cannot read exported histories: it lacks the feature `parquet`",
            ));
        }
        Ok(())
    }

    /// The same, asked of files on disk.
    fn ask(&self) -> Result<Ask, Error> {
        if self.source != Source::Live {
            return Err(Error::usage("the exported history is a server's; a run on disk has none"));
        }
        if self.with_parent {
            return Err(Error::usage(
                "a run on disk does not tell where its parent's files are; read them by themselves",
            ));
        }
        let samples = match self.amount {
            Amount::All => None,
            Amount::Samples(_) => u64::try_from(self.sample_count()?.get()).ok(),
        };
        if self.stream == Stream::System {
            return Ok(Ask { wanted: Wanted::System, samples });
        }
        let keys = || self.keys.iter().chain(&self.x_axis).cloned();
        let mut selection = wandb_runlog::Selection::default();
        selection = if self.any { selection.any_of(keys()) } else { selection.all_of(keys()) };
        if let Some(step) = self.min_step {
            selection = selection.min_step(step);
        }
        if let Some(step) = self.max_step {
            selection = selection.max_step(step);
        }
        Ok(Ask { wanted: Wanted::Logged(selection), samples })
    }

    fn selection(&self) -> Result<Selection, Error> {
        if self.keys.is_empty() {
            return Ok(Selection::Everything);
        }
        let keys = Keys::new(self.keys.iter().cloned())?;
        Ok(if self.any { Selection::AnyOf(keys) } else { Selection::AllOf(keys) })
    }

    fn sample_count(&self) -> Result<Samples, Error> {
        match self.amount {
            Amount::Samples(rows) => Ok(Samples::new(rows)?),
            Amount::All => Ok(Samples::new(system::ALL_EVENTS)?),
        }
    }

    fn pages(&self) -> PageSize {
        self.page_size.map_or(PageSize::adaptive(FIRST_PAGE, LARGEST_PAGE), PageSize::fixed)
    }
}

pub(crate) fn typed<T: DeserializeOwned>(path: &RunPath, row: &Row) -> Result<T, Error> {
    row.deserialize().map_err(|source| Error::Type {
        what: match row.step() {
            Some(step) => format!("step {step} of {path}"),
            None => format!("a row of {path}"),
        },
        wanted: std::any::type_name::<T>(),
        source,
    })
}
