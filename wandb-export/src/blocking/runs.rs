//! The runs of a project.

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::blocking::block_on;
use wandb_core::{ProjectPage, ProjectPath};
use wandb_tables::Sink;

use super::{Iter, ListReader, Run};
use crate::RunColumns;
use crate::api::{self, WriteReport};
use crate::error::Error;

/// A request for the runs of a project, to be refined. See the async [`Runs`](crate::Runs).
#[derive(Debug, Clone)]
#[must_use]
pub struct Runs(api::Runs);

impl Runs {
    pub(super) fn new(runs: api::Runs) -> Self {
        Self(runs)
    }

    /// Returns the page of the project that the path pointed to; see the async [`page`](crate::Runs::page).
    pub fn page(&self) -> Option<&ProjectPage> {
        self.0.page()
    }

    /// Returns the project's path.
    pub fn path(&self) -> &ProjectPath {
        self.0.path()
    }

    /// Selects only the runs that match a `MongoDB`-style filter, as JSON text.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        self.0.filter(json).map(Self)
    }

    /// Sets the order: `+` or `-` followed by a field's name. Default `+created_at`.
    ///
    /// # Errors
    /// If it names no field.
    pub fn order(self, order: &str) -> Result<Self, Error> {
        self.0.order(order).map(Self)
    }

    /// Omits config, summary and system metrics, which are slow to fetch. Runs never list the keys of their
    /// histories.
    pub fn light(self) -> Self {
        Self(self.0.light())
    }

    /// Stops after the first `runs` runs.
    pub fn limit(self, runs: usize) -> Self {
        Self(self.0.limit(runs))
    }

    /// Sets the number of runs per request. Default: adaptive.
    pub fn page_size(self, runs: u64) -> Self {
        Self(self.0.page_size(runs))
    }

    /// Sets the columns of a run's row in [`write`](Self::write). Default: [`RunColumns::All`].
    pub fn columns(self, columns: RunColumns) -> Self {
        Self(self.0.columns(columns))
    }

    /// Opens the list, to be read in batches; see the async [`Runs::open`](crate::Runs::open).
    pub fn open(self) -> ListReader<Run> {
        ListReader::new(self.0.open().map(Run::new))
    }

    /// Iterates over the runs, fetched page by page.
    pub fn iter(self) -> Iter<Run> {
        Iter::new(self.0.stream().map_ok(Run::new).boxed())
    }

    /// Collects all runs.
    pub fn collect(self) -> Result<Vec<Run>, Error> {
        self.iter().collect()
    }

    /// Writes one row per run to `sink`.
    pub fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        block_on(self.0.write(sink))
    }
}
