//! The runs of a project.

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::ProjectPath;
use wandb_core::blocking::block_on;

use super::{Iter, ListReader, Run};
use crate::api::{self, Exported, RunColumns};
use crate::error::Error;
use wandb_tables::Sink;

/// The runs of a project, as a request to be refined. See the async [`Runs`](crate::Runs).
#[derive(Debug, Clone)]
#[must_use]
pub struct Runs(api::Runs);

impl Runs {
    pub(super) fn new(runs: api::Runs) -> Self {
        Self(runs)
    }

    /// The project's path.
    pub fn path(&self) -> &ProjectPath {
        self.0.path()
    }

    /// Only the runs that a filter in the manner of `MongoDB` lets through, as JSON text.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        self.0.filter(json).map(Self)
    }

    /// The order: a field's name behind `+` or `-`. Default `+created_at`.
    ///
    /// # Errors
    /// If it names no field.
    pub fn order(self, order: &str) -> Result<Self, Error> {
        self.0.order(order).map(Self)
    }

    /// Leaves out config, summary and system metrics, which take the server long. The keys of histories are never listed.
    pub fn light(self) -> Self {
        Self(self.0.light())
    }

    /// No more than the first `runs`.
    pub fn limit(self, runs: usize) -> Self {
        Self(self.0.limit(runs))
    }

    /// So many runs in a request. Default: chosen by itself.
    pub fn page_size(self, runs: u64) -> Self {
        Self(self.0.page_size(runs))
    }

    /// What of each run goes into its row when they are written. Default: [`RunColumns::All`].
    pub fn columns(self, columns: RunColumns) -> Self {
        Self(self.0.columns(columns))
    }

    /// Opens the list, to be read batch by batch; see the async [`Runs::open`](crate::Runs::open).
    pub fn open(self) -> ListReader<Run> {
        ListReader::new(self.0.open().map(Run::new))
    }

    /// The runs, page after page.
    pub fn iter(self) -> Iter<Run> {
        Iter::new(self.0.stream().map_ok(Run::new).boxed())
    }

    /// All the runs at once.
    pub fn collect(self) -> Result<Vec<Run>, Error> {
        self.iter().collect()
    }

    /// Writes a row a run to `sink`.
    pub fn write(self, sink: Box<dyn Sink>) -> Result<Exported, Error> {
        block_on(self.0.write(sink))
    }
}
