//! The entry point of the blocking API.

use wandb_core::blocking::block_on;
use wandb_core::client::{Client, ClientStats};
use wandb_core::model::{Project, Server, User, View, ViewKind};
use wandb_core::{ArtifactPath, BaseUrl, PathDefaults, ProjectPath, RunPath, SweepPath};

use super::{
    Artifact, Artifacts, History, Iter, ListReader, Registries, Run, Runs, ScanHistory, Sweep, SystemMetrics,
    Table, Update,
};
use crate::api::{self, Comparison};
use crate::error::Error;

/// A connection to a W&B server. The blocking form of [`Api`](crate::Api).
///
/// ```no_run
/// let api = wandb_export::blocking::Api::connect()?;
/// for run in api.runs("my-team/my-project")?.iter() {
///     println!("{}", run?.path());
/// }
/// # Ok::<(), wandb_export::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Api(api::Api);

impl crate::ApiBuilder {
    /// Connects over ureq, without an async runtime.
    ///
    /// # Errors
    /// [`Error::NoApiKey`], or an error in the settings. Sends no request yet.
    pub fn connect_blocking(self) -> Result<Api, Error> {
        Ok(Api::from_async(self.connect_over_ureq()?))
    }
}

impl Api {
    /// Returns a builder; finish with [`connect_blocking`](crate::ApiBuilder::connect_blocking).
    pub fn builder() -> crate::ApiBuilder {
        api::Api::builder()
    }

    /// Connects over ureq. Finds the key and the settings where the Python SDK does.
    ///
    /// # Errors
    /// If there is no key, or the settings are invalid. Sends no request yet.
    pub fn connect() -> Result<Self, Error> {
        Self::builder().connect_blocking()
    }

    /// Creates an API for runs on disk, without a server or a key.
    ///
    /// ```no_run
    /// let run = wandb_export::blocking::Api::offline().run("./wandb/offline-run-20260101_120000-abc123")?;
    /// for row in run.scan_history().iter() {
    ///     println!("{:?}", row?.get("loss"));
    /// }
    /// # Ok::<(), wandb_export::Error>(())
    /// ```
    pub fn offline() -> Self {
        Self(api::Api::offline())
    }

    /// Wraps an async API, whose transport must not need a runtime.
    pub fn from_async(api: api::Api) -> Self {
        Self(api)
    }

    /// Returns the wrapped async API.
    pub fn into_inner(self) -> api::Api {
        self.0
    }

    /// Creates an API over an existing client, whose transport must not need a runtime: a
    /// [`BlockingAdapter`](wandb_core::blocking::BlockingAdapter) transport or a mock.
    pub fn with_client(client: Client, defaults: PathDefaults) -> Self {
        Self(api::Api::with_client(client, defaults))
    }

    /// Returns the underlying client, for operations that have no method here.
    pub fn client(&self) -> &Client {
        self.0.client()
    }

    /// Returns the server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.0.base_url()
    }

    /// Returns counts of the requests sent and the data received so far.
    pub fn stats(&self) -> ClientStats {
        self.0.stats()
    }

    /// Fetches the user that the API key belongs to (query `viewer`).
    pub fn viewer(&self) -> Result<User, Error> {
        block_on(self.0.viewer())
    }

    /// Fetches the server's version and capabilities (query `serverInfo`).
    pub fn server(&self) -> Result<Server, Error> {
        block_on(self.0.server())
    }

    /// Iterates over the projects of a user or team (query `models`), fetched page by page.
    pub fn projects(&self, entity: &str) -> Iter<Project> {
        Iter::new(self.0.projects(entity))
    }

    /// Lists the projects of a user or team in batches.
    pub fn open_projects(&self, entity: &str) -> ListReader<Project> {
        ListReader::new(self.0.open_projects(entity))
    }

    /// Lists the reports of the project at `path` in batches; see the async [`reports`](crate::Api::reports).
    ///
    /// # Errors
    /// If `path` is not a project path.
    pub fn reports(&self, path: &str) -> Result<ListReader<View>, Error> {
        block_on(self.0.reports(path)).map(ListReader::new)
    }

    /// Lists the reports, drafts or saved workspaces of the project at `path` in batches.
    ///
    /// # Errors
    /// If `path` is not a project path.
    pub fn views(&self, path: &str, kind: ViewKind) -> Result<ListReader<View>, Error> {
        block_on(self.0.views(path, kind)).map(ListReader::new)
    }

    /// Fetches the run at `path`: any form that the Python SDK accepts, the URL of its page, or a local path. See the
    /// async [`run`](crate::Api::run).
    pub fn run(&self, path: &str) -> Result<Run, Error> {
        block_on(self.0.run(path)).map(Run::new)
    }

    /// Selects the runs of the project at `path`, to be filtered, ordered and listed.
    pub fn runs(&self, path: &str) -> Result<Runs, Error> {
        block_on(self.0.runs(path)).map(Runs::new)
    }

    /// Fetches the sweep at `path`: any form that the Python SDK accepts, the URL of its page, or a local folder. See
    /// the async [`sweep`](crate::Api::sweep).
    pub fn sweep(&self, path: &str) -> Result<Sweep, Error> {
        block_on(self.0.sweep(path)).map(Sweep::new)
    }

    /// Fetches a version of an artifact: any form of its path that the Python SDK accepts, the URL of its page, or a
    /// reference to it. See the async [`artifact`](crate::Api::artifact).
    pub fn artifact(&self, path: &str) -> Result<Artifact, Error> {
        block_on(self.0.artifact(path)).map(Artifact::new)
    }

    /// Fetches a version of an artifact by its storage id.
    pub fn artifact_by_id(&self, id: &str) -> Result<Artifact, Error> {
        block_on(self.0.artifact_by_id(id)).map(Artifact::new)
    }

    /// Selects the artifacts of the project at `path`, to be filtered, listed and downloaded. See the async
    /// [`artifacts`](crate::Api::artifacts).
    pub fn artifacts(&self, path: &str) -> Result<Artifacts, Error> {
        block_on(self.0.artifacts(path)).map(Artifacts::new)
    }

    /// Selects the registries of an organization. See the async [`registries`](crate::Api::registries).
    pub fn registries(&self, organization: &str) -> Result<Registries, Error> {
        block_on(self.0.registries(organization)).map(Registries::new)
    }

    /// Compares the configs and summaries of two or more runs, which are fetched in parallel.
    pub fn compare<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> Result<Comparison, Error> {
        block_on(self.0.compare(paths))
    }

    /// Selects samples of the history of the run at `path` without fetching the run first.
    pub fn history(&self, path: &str) -> Result<History, Error> {
        block_on(self.0.history(path)).map(History::new)
    }

    /// Selects every row of the history of the run at `path` without fetching the run first.
    pub fn scan_history(&self, path: &str) -> Result<ScanHistory, Error> {
        block_on(self.0.scan_history(path)).map(ScanHistory::new)
    }

    /// Selects the system metrics of the run at `path` without fetching the run first.
    pub fn system_metrics(&self, path: &str) -> Result<SystemMetrics, Error> {
        block_on(self.0.system_metrics(path)).map(SystemMetrics::new)
    }

    /// Selects the table in a local file, such as one that was downloaded (`*.table.json`).
    pub fn table_file(&self, path: impl Into<std::path::PathBuf>) -> Table {
        Table::new(self.0.table_file(path))
    }

    /// Starts an update of the run at `path` without fetching the run first.
    pub fn update(&self, path: &str) -> Result<Update, Error> {
        block_on(self.0.update(path)).map(Update::new)
    }

    /// Creates a mirror of the project at `path`, to be synced into a folder.
    #[cfg(feature = "mirror")]
    pub fn mirror(&self, path: &str) -> Result<super::Mirror, Error> {
        block_on(self.0.mirror(path)).map(super::Mirror::new)
    }

    /// Creates a mirror of all projects of a user or team.
    #[cfg(feature = "mirror")]
    pub fn mirror_all(&self, entity: &str) -> super::Mirror {
        super::Mirror::new(self.0.mirror_all(entity))
    }

    /// Returns the entity for paths without one: from the settings, or else the viewer's.
    ///
    /// # Errors
    /// If neither the settings nor the server has a default entity.
    pub fn default_entity(&self) -> Result<String, Error> {
        block_on(self.0.default_entity())
    }

    /// Completes the path of a run. Missing parts come from the settings or the viewer.
    pub fn run_path(&self, path: &str) -> Result<RunPath, Error> {
        block_on(self.0.run_path(path))
    }

    /// Completes the path of a project. Missing parts come from the settings or the viewer.
    pub fn project_path(&self, path: &str) -> Result<ProjectPath, Error> {
        block_on(self.0.project_path(path))
    }

    /// Completes the path of a version of an artifact. Missing parts come from the settings or the viewer.
    pub fn artifact_path(&self, path: &str) -> Result<ArtifactPath, Error> {
        block_on(self.0.artifact_path(path))
    }

    /// Completes the path of a sweep. Missing parts come from the settings or the viewer.
    pub fn sweep_path(&self, path: &str) -> Result<SweepPath, Error> {
        block_on(self.0.sweep_path(path))
    }
}
