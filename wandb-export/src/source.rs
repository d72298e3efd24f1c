//! The sources of runs: what a run, its history, files, console output and facts come from.
//!
//! The handles of `api` hold these traits and never ask which source it is. A source on disk implements the synchronous
//! traits in `disk.rs`, which `on_disk.rs` adapts, and a line in `local_path.rs` gives its path syntax.

mod disk;
pub(crate) mod history;
#[cfg(test)]
mod jsonl;
pub(crate) mod list_reader;
mod local_path;
mod lookup;
mod memory_size;
#[cfg(feature = "mirror")]
mod mirror;
mod on_disk;
mod resolve;
mod sdk;
mod select;
pub(crate) mod server;
mod stored_file;
#[cfg(all(test, feature = "parquet"))]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use wandb_core::model::{self, File, Run};
use wandb_core::operation::PageSize;
use wandb_core::update::{RunDocument, RunPatch};
use wandb_core::{BaseUrl, Map, ProjectPage, ProjectPath, RunPath, SweepPath};
use wandb_graphql::ops::Detail;
use wandb_graphql::{Filter, LikePattern, Order};
use wandb_runlog::{Alert, Artifact, Branch};

pub(crate) use local_path::LocalPath;
pub(crate) use resolve::{reject_local_path, resolve};
pub(crate) use stored_file::StoredFile;

use self::history::{Follower, HistoryQuery, HistoryRows};
use self::list_reader::{Issues, ListReader};
use crate::error::Error;
use crate::issue::Issue;
use crate::run_rows::RunColumns;

/// The source that a path leads to, with the path.
pub(crate) trait Source: Send + Sync {
    /// Opens the run at the path.
    fn run(&self) -> BoxFuture<'_, Result<OpenedRun, Error>>;

    /// Opens the run at the path for reading its rows only, which may be faster.
    fn rows(&self) -> BoxFuture<'_, Result<Arc<dyn RunSource>, Error>>;

    /// Opens the project at the path.
    fn project(&self) -> BoxFuture<'_, Result<OpenedProject, Error>>;

    /// Opens the sweep at the path.
    fn sweep(&self) -> BoxFuture<'_, Result<OpenedSweep, Error>>;

    /// Returns the full form of the path of a run, in which equal paths are equal.
    fn run_name(&self) -> BoxFuture<'_, Result<String, Error>>;
}

/// A run and its facts.
#[derive(Debug, Clone)]
pub(crate) struct OpenedRun {
    pub(crate) facts: RunFacts,
    pub(crate) source: Arc<dyn RunSource>,
}

/// A project, and its page that the path named.
#[derive(Debug)]
pub(crate) struct OpenedProject {
    pub(crate) source: Arc<dyn ProjectSource>,
    pub(crate) page: Option<ProjectPage>,
}

/// A sweep and its project.
#[derive(Debug)]
pub(crate) struct OpenedSweep {
    pub(crate) path: SweepPath,
    pub(crate) model: model::Sweep,
    pub(crate) issues: Vec<Issue>,
    pub(crate) project: Arc<dyn ProjectSource>,
}

/// A project that has runs.
pub(crate) trait ProjectSource: fmt::Debug + Send + Sync {
    /// Returns the project's path.
    fn path(&self) -> &ProjectPath;

    /// Returns the server that has the project's pages, if known.
    fn server(&self) -> Option<&BaseUrl>;

    /// Lists runs, each once. Adds the issues of the list to `issues`, but not those of the runs.
    fn runs(&self, query: RunsQuery, issues: Issues) -> BoxStream<'static, Result<Vec<OpenedRun>, Error>>;
}

/// Which runs of a project to list, and how.
#[derive(Debug, Clone)]
pub(crate) struct RunsQuery {
    pub(crate) filter: Filter,
    pub(crate) order: Order,
    pub(crate) detail: Detail,
    pub(crate) page_size: Option<PageSize>,
    pub(crate) limit: Option<usize>,
    /// The columns of the table that the runs go into.
    pub(crate) columns: RunColumns,
}

impl Default for RunsQuery {
    fn default() -> Self {
        Self {
            filter: Filter::all(),
            order: Order::default(),
            detail: Detail::Standard,
            page_size: None,
            limit: None,
            columns: RunColumns::All,
        }
    }
}

/// A run, to read its data.
pub(crate) trait RunSource: fmt::Debug + Send + Sync {
    /// Returns the run's path.
    fn path(&self) -> &RunPath;

    /// Returns whether the run was read from disk rather than from a server.
    fn is_on_disk(&self) -> bool;

    /// Opens the console output. Adds its issues to `issues`.
    fn console(&self, issues: Issues) -> BoxStream<'static, Result<Vec<String>, Error>>;

    /// Lists the files, and possibly more than `query` selects.
    fn files(&self, query: &FilesQuery) -> ListReader<FoundFile>;

    /// Returns the issues of the files that are known without listing them.
    fn file_issues(&self) -> BoxFuture<'_, Result<Vec<Issue>, Error>>;

    /// Opens rows of the run's history.
    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<HistoryRows, Error>>;

    /// Follows the run's history.
    fn follow(&self, query: HistoryQuery) -> BoxFuture<'_, Result<Box<dyn Follower>, Error>>;

    /// Reads the parts of the run that can be changed. Fails if the source cannot change runs.
    fn document(&self) -> BoxFuture<'_, Result<RunDocument, Error>>;

    /// Changes the run. Returns the error if the change may have taken effect anyway.
    fn change(&self, patch: RunPatch) -> BoxFuture<'_, Result<Option<Error>, Error>>;
}

/// Which files of a run to list.
#[derive(Debug, Clone)]
pub(crate) struct FilesQuery {
    pub(crate) names: Option<Vec<String>>,
    /// A `LIKE` pattern that all wanted names match.
    pub(crate) like: Option<LikePattern>,
    pub(crate) page_size: PageSize,
}

/// A file of a run, and how to open it if it is on disk.
#[derive(Debug, Clone)]
pub(crate) struct FoundFile {
    pub(crate) model: File,
    pub(crate) on_disk: Option<Arc<dyn StoredFile>>,
}

/// The facts of a run: everything but its rows, files and console output.
#[derive(Debug, Clone)]
pub(crate) struct RunFacts {
    pub(crate) path: RunPath,
    pub(crate) model: Run,
    /// How and where the run was started, if the source records it outside of the run's files.
    pub(crate) metadata: Option<Map>,
    /// The point of another run from which this run continues, if any.
    pub(crate) branch: Option<Branch>,
    /// The alerts, in order.
    pub(crate) alerts: Vec<Alert>,
    /// The artifacts that the run created and used, in order.
    pub(crate) artifacts: Vec<Artifact>,
    /// The issues of the fields above: missing or inexact data.
    pub(crate) issues: Vec<Issue>,
    /// The fields that the server does not support.
    pub(crate) unsupported: Vec<Issue>,
    /// The server that has the run's page, if known.
    pub(crate) server: Option<BaseUrl>,
    /// The folder that tells the run from others without a name, if it has one.
    pub(crate) folder: Option<PathBuf>,
}

impl RunFacts {
    /// Creates the facts of a run of which nothing but `model` is known.
    pub(crate) fn new(path: RunPath, model: Run) -> Self {
        Self {
            path,
            model,
            metadata: None,
            branch: None,
            alerts: Vec::new(),
            artifacts: Vec::new(),
            issues: Vec::new(),
            unsupported: Vec::new(),
            server: None,
            folder: None,
        }
    }
}
