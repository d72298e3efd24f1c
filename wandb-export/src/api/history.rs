//! The history of a run: a request for its metrics.

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
#[cfg(feature = "parquet")]
use wandb_tables::TableOptions;
use wandb_tables::{Sink, SinkReport};

pub use follow::Follow;
#[cfg(feature = "mirror")]
pub(crate) use parse::{Losses, parse as parse_rows};
pub use reader::{HistoryEnd, HistoryReader};

use super::Api;
use super::export::Writer;
use crate::error::Error;
use crate::source::RunSource;
use crate::source::disk::{Ask, RunData, Wanted};

/// A request for the metrics of a run, to be refined. Defaults to 500 samples of every key, like `run.history()` in
/// Python.
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
    local: Option<Arc<dyn RunData>>,
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
    /// The last step and row count of the history, if known.
    extent: Option<HistoryExtent>,
}

/// How much of a history to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    Samples(u64),
    All,
}

/// One of the two histories of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Stream {
    /// The metrics that the run logged (`history`).
    #[default]
    Default,
    /// The system metrics of the machine (`events`), such as `system.cpu`.
    System,
}

/// The source of a complete history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Source {
    /// The live query. Returns every row exactly as it was logged.
    #[default]
    Live,
    /// The Parquet files that the server has exported, completed by the live query. Faster for long runs, but a null
    /// in a file may stand for a missing key or for a null. Needs the feature `parquet`.
    Exported,
}

/// Maximum automatic window width for dense rows, in steps. A few windows per request in flight are held in memory.
const LARGEST_PAGE: u64 = 5_000;

/// Width of the first window in steps, as in the Python SDK.
const FIRST_PAGE: u64 = 1_000;

impl History {
    pub(crate) fn new(api: Api, run: Arc<dyn RunSource>) -> Self {
        Self {
            api,
            path: run.path().clone(),
            local: run.disk(),
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

    /// Reads only up to a known extent.
    #[cfg(feature = "mirror")]
    pub(crate) fn with_extent(self, extent: HistoryExtent) -> Self {
        Self { extent: Some(extent), ..self }
    }

    /// Returns the run's path.
    pub fn path(&self) -> &RunPath {
        &self.path
    }

    /// Selects only these keys, and only rows that hold all of them, as in Python. Default: everything. System
    /// metrics also keep `_runtime` and `_timestamp`.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all. Needs [`all`](Self::all).
    pub fn any(mut self) -> Self {
        self.any = true;
        self
    }

    /// Reads every row, like `run.scan_history()` in Python. A run that is still logging is read up to the last step
    /// that it had at the start.
    pub fn all(mut self) -> Self {
        self.amount = Amount::All;
        self
    }

    /// Reads at most `rows` rows, sampled by the server from the whole history. Default 500.
    pub fn samples(mut self, rows: u64) -> Self {
        self.amount = Amount::Samples(rows);
        self
    }

    /// Samples along a key other than `_step`, like `run.history(x_axis=…)` in Python. The rows also hold this key.
    /// Needs [`keys`](Self::keys).
    pub fn x_axis(mut self, key: impl Into<String>) -> Self {
        self.x_axis = Some(key.into());
        self
    }

    /// Stops after the first `rows` rows. For a whole history, requests no more than that takes.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Reads the system metrics of the machine instead of the metrics that the run logged.
    pub fn system(mut self) -> Self {
        self.stream = Stream::System;
        self
    }

    /// Sets the source of the rows. Default: [`Source::Live`]. Needs [`all`](Self::all).
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Starts at this step. Needs [`all`](Self::all).
    pub fn min_step(mut self, step: i64) -> Self {
        self.min_step = Some(step);
        self
    }

    /// Stops before this step. Needs [`all`](Self::all).
    pub fn max_step(mut self, step: i64) -> Self {
        self.max_step = Some(step);
        self
    }

    /// Includes the rows of the parent run up to the step of the fork, and of its parents in turn. Otherwise a fork
    /// has only the rows that it logged itself. Needs [`all`](Self::all).
    pub fn with_parent(mut self) -> Self {
        self.with_parent = true;
        self
    }

    /// Sets the number of steps per request. Default: starts at 1 000, and grows to 5 000 while the server is fast.
    pub fn page_size(mut self, steps: u64) -> Self {
        self.page_size = Some(steps);
        self
    }

    /// Opens the history for reading.
    ///
    /// # Errors
    /// If the request is invalid, such as an empty range of steps, or the run does not exist.
    pub async fn open(self) -> Result<HistoryReader, Error> {
        self.check()?;
        HistoryReader::open(self).await
    }

    /// Collects all rows.
    pub async fn rows(self) -> Result<Vec<Row>, Error> {
        let mut reader = self.open().await?;
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }

    /// Collects all rows, each converted to a `T`. Non-finite numbers may be floats or W&B's strings for them. Both
    /// deserialize into `f64`.
    ///
    /// # Errors
    /// [`Error::Type`] with the row and the key that do not fit.
    pub async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let path = self.path.clone();
        self.rows().await?.iter().map(|row| typed(&path, row)).collect()
    }

    /// Streams the rows as they arrive, in step order. The stream ends after the first error.
    pub fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
        stream::once(self.open()).map_ok(HistoryReader::into_rows).try_flatten().boxed()
    }

    /// Writes the rows to `sink`. Returns the sink's report and any missing rows.
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
        // Overlap the final request to the server with the rest of the writing.
        let (report, end) = futures_util::future::join(writer.finish(), reader.finish()).await;
        Ok((report?, end?))
    }

    /// Collects all rows as Arrow record batches with a common schema. Rows that do not fit into memory are spooled
    /// to disk until the last row completes the schema.
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
                    // The builder has failed; its result holds the error.
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
                    "{what} is only available for the whole history, not for samples"
                )));
            }
        }
        if self.stream == Stream::System && (self.min_step.is_some() || self.max_step.is_some()) {
            return Err(Error::usage("system metrics have no steps to select by"));
        }
        if self.x_axis.is_some() && (self.keys.is_empty() || self.amount == Amount::All) {
            return Err(Error::usage(
                "another x axis is only available for samples of named keys; name the keys, and do not ask for all rows",
            ));
        }
        if self.with_parent && self.stream == Stream::System {
            return Err(Error::usage(
                "system metrics have no steps, so a parent's cannot be told from a fork's",
            ));
        }
        // Validate the range independently of the run's last step.
        HistoryRange::between(&HistoryExtent::new(), self.min_step, self.max_step)?;
        if self.any && self.keys.is_empty() {
            return Err(Error::usage("selecting rows with any of the keys needs at least one key"));
        }
        if self.source == Source::Exported && !cfg!(feature = "parquet") {
            return Err(Error::usage(
                "this build cannot read exported histories: it lacks the feature `parquet`",
            ));
        }
        Ok(())
    }

    /// Converts the request to one for files on disk.
    fn ask(&self) -> Result<Ask, Error> {
        if self.source != Source::Live {
            return Err(Error::usage("a run on disk has no exported history; only a server has one"));
        }
        if self.with_parent {
            return Err(Error::usage(
                "a run on disk does not record where its parent's files are; read the parent separately",
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
