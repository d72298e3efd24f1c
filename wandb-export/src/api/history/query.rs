//! What to read of a history, with every option.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use wandb_core::operation::PageSize;
use wandb_core::{Row, RunPath};
use wandb_graphql::ops::HistoryExtent;
use wandb_graphql::plan::HistoryRange;
use wandb_graphql::{Keys, Samples, Selection};
use wandb_tables::Sink;
#[cfg(feature = "parquet")]
use wandb_tables::TableOptions;

use super::{HistoryReader, Source, system};
use crate::api::Api;
use crate::api::export::{WriteReport, Writer};
use crate::error::Error;
use crate::source::RunSource;
use crate::source::disk::{Ask, RunData, Wanted};

/// Maximum automatic window width for dense rows, in steps. A few windows per request in flight are held in memory.
const LARGEST_PAGE: u64 = 5_000;

/// Width of the first window in steps, as in the Python SDK.
const FIRST_PAGE: u64 = 1_000;

/// The options of all kinds of histories. The public builders each set those that apply to their kind.
#[derive(Debug, Clone)]
pub(crate) struct HistoryQuery {
    pub(super) api: Api,
    pub(super) path: RunPath,
    /// The run on disk, if the rows do not come from a server.
    pub(super) local: Option<Arc<dyn RunData>>,
    pub(super) stream: Stream,
    pub(super) amount: Amount,
    /// The requested keys; empty for all.
    pub(super) keys: Vec<String>,
    /// Whether rows need any of the keys instead of all.
    pub(super) any: bool,
    pub(super) source: Source,
    pub(super) min_step: Option<i64>,
    pub(super) max_step: Option<i64>,
    pub(super) page_size: Option<u64>,
    pub(super) x_axis: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) with_parent: bool,
    /// The last step and row count of the history, if known.
    pub(super) extent: Option<HistoryExtent>,
}

/// How much of a history to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    Samples(u64),
    All,
}

/// One of the two histories of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The metrics that the run logged (`history`).
    Default,
    /// The system metrics of the machine (`events`), such as `system.cpu`.
    System,
}

impl HistoryQuery {
    /// Selects all rows of a run.
    pub(crate) fn new(api: Api, run: Arc<dyn RunSource>, stream: Stream) -> Self {
        Self {
            api,
            path: run.path().clone(),
            local: run.disk(),
            stream,
            amount: Amount::All,
            keys: Vec::new(),
            any: false,
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

    /// Selects the steps from `min` up to, but without, `max`.
    #[cfg(feature = "mirror")]
    pub(crate) fn between(self, min: i64, max: i64) -> Self {
        Self { min_step: Some(min), max_step: Some(max), ..self }
    }

    pub(crate) async fn open(self) -> Result<HistoryReader, Error> {
        self.check()?;
        HistoryReader::open(self).await
    }

    pub(super) async fn rows(self) -> Result<Vec<Row>, Error> {
        let mut reader = self.open().await?;
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }

    pub(super) async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let path = self.path.clone();
        self.rows().await?.iter().map(|row| typed(&path, row)).collect()
    }

    pub(super) fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
        stream::once(self.open()).map_ok(HistoryReader::into_rows).try_flatten().boxed()
    }

    pub(super) async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
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
        Ok(WriteReport::of_history(report?, end?))
    }

    #[cfg(feature = "parquet")]
    pub(super) async fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
        let (sender, batches) = async_channel::bounded(crate::api::export::BATCHES_AHEAD);
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

    /// Checks the values of options that their types cannot.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.x_axis.is_some() && self.keys.is_empty() {
            return Err(Error::usage("samples along another x axis need named keys"));
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
    pub(super) fn ask(&self) -> Result<Ask, Error> {
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

    pub(super) fn selection(&self) -> Result<Selection, Error> {
        if self.keys.is_empty() {
            return Ok(Selection::Everything);
        }
        let keys = Keys::new(self.keys.iter().cloned())?;
        Ok(if self.any { Selection::AnyOf(keys) } else { Selection::AllOf(keys) })
    }

    pub(super) fn sample_count(&self) -> Result<Samples, Error> {
        match self.amount {
            Amount::Samples(rows) => Ok(Samples::new(rows)?),
            Amount::All => Ok(Samples::new(system::ALL_EVENTS)?),
        }
    }

    pub(super) fn pages(&self) -> PageSize {
        self.page_size.map_or(PageSize::adaptive(FIRST_PAGE, LARGEST_PAGE), PageSize::fixed)
    }
}

fn typed<T: DeserializeOwned>(path: &RunPath, row: &Row) -> Result<T, Error> {
    row.deserialize().map_err(|source| Error::Type {
        what: match row.step() {
            Some(step) => format!("step {step} of {path}"),
            None => format!("a row of {path}"),
        },
        wanted: std::any::type_name::<T>(),
        source,
    })
}
