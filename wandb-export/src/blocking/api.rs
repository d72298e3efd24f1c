//! The way in.

use wandb_core::blocking::block_on;
use wandb_core::client::{Client, Tally};
use wandb_core::model::{Project, Server, User};
use wandb_core::{BaseUrl, PathDefaults, ProjectPath, RunPath, SweepPath};

use super::{History, Iter, ListReader, Run, Runs, Sweep, Update};
use crate::api::{self, Comparison};
use crate::error::Error;

/// A W&B server. See the async [`Api`](crate::Api), of which this is the blocking form.
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

impl Api {
    /// Settings for a connection; finish with [`connect_blocking`](crate::ApiBuilder::connect_blocking).
    pub fn builder() -> crate::ApiBuilder {
        api::Api::builder()
    }

    /// Connects over ureq, with the key and the settings of the environment, as the Python SDK finds them.
    ///
    /// # Errors
    /// Where there is no key, or the settings make no sense. Nothing is sent yet.
    pub fn connect() -> Result<Self, Error> {
        Self::builder().connect_blocking()
    }

    /// An API that has no server and needs no key, for runs on disk.
    ///
    /// ```no_run
    /// let run = wandb_export::blocking::Api::offline().run("./wandb/offline-run-20260101_120000-abc123")?;
    /// for row in run.history().all().iter() {
    ///     println!("{:?}", row?.get("loss"));
    /// }
    /// # Ok::<(), wandb_export::Error>(())
    /// ```
    pub fn offline() -> Self {
        Self(api::Api::offline())
    }

    /// The blocking form of an async API, whose transport must not need a runtime.
    pub fn over(api: api::Api) -> Self {
        Self(api)
    }

    /// The async form.
    pub fn into_inner(self) -> api::Api {
        self.0
    }

    /// The API over a client that is already there, whose transport must not need a runtime: a
    /// [`Lifted`](wandb_core::blocking::Lifted) one or a mock.
    pub fn over_client(client: Client, defaults: PathDefaults) -> Self {
        Self(api::Api::over(client, defaults))
    }

    /// The client underneath, for operations that have no method here.
    pub fn client(&self) -> &Client {
        self.0.client()
    }

    /// The server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.0.base_url()
    }

    /// What has been asked and received so far.
    pub fn tally(&self) -> Tally {
        self.0.tally()
    }

    /// Whose key it is (query `viewer`).
    pub fn viewer(&self) -> Result<User, Error> {
        block_on(self.0.viewer())
    }

    /// What the server can do (query `serverInfo`).
    pub fn server(&self) -> Result<Server, Error> {
        block_on(self.0.server())
    }

    /// The projects of a user or team (query `models`), page after page.
    pub fn projects(&self, entity: &str) -> Iter<Project> {
        Iter::new(self.0.projects(entity))
    }

    /// The projects of a user or team, to be read batch by batch.
    pub fn open_projects(&self, entity: &str) -> ListReader<Project> {
        ListReader::new(self.0.open_projects(entity))
    }

    /// The run at `path`: any form the Python SDK takes, or its page's URL.
    pub fn run(&self, path: &str) -> Result<Run, Error> {
        block_on(self.0.run(path)).map(Run::new)
    }

    /// The runs of the project at `path`, to be narrowed down, ordered and read.
    pub fn runs(&self, path: &str) -> Result<Runs, Error> {
        block_on(self.0.runs(path)).map(Runs::new)
    }

    /// The sweep at `path`: any form the Python SDK takes, or its page's URL.
    pub fn sweep(&self, path: &str) -> Result<Sweep, Error> {
        block_on(self.0.sweep(path)).map(Sweep::new)
    }

    /// The configs and summaries of two or more runs side by side; the runs are asked for in parallel.
    pub fn compare<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> Result<Comparison, Error> {
        block_on(self.0.compare(paths))
    }

    /// The history of the run at `path`, without asking for the run itself first.
    pub fn history(&self, path: &str) -> Result<History, Error> {
        block_on(self.0.history(path)).map(History::new)
    }

    /// Changes to the run at `path`, without asking for the run itself first.
    pub fn update(&self, path: &str) -> Result<Update, Error> {
        block_on(self.0.update(path)).map(Update::new)
    }

    /// A mirror of the project at `path`, to be brought up to date in a folder.
    #[cfg(feature = "mirror")]
    pub fn mirror(&self, path: &str) -> Result<super::Mirror, Error> {
        block_on(self.0.mirror(path)).map(super::Mirror::new)
    }

    /// A mirror of all projects of a user or team.
    #[cfg(feature = "mirror")]
    pub fn mirror_all(&self, entity: &str) -> super::Mirror {
        super::Mirror::new(self.0.mirror_all(entity))
    }

    /// The full path of a run; what it does not name comes from the settings, or the viewer.
    pub fn run_path(&self, path: &str) -> Result<RunPath, Error> {
        block_on(self.0.run_path(path))
    }

    /// The full path of a project; what it does not name comes from the settings, or the viewer.
    pub fn project_path(&self, path: &str) -> Result<ProjectPath, Error> {
        block_on(self.0.project_path(path))
    }

    /// The full path of a sweep; what it does not name comes from the settings, or the viewer.
    pub fn sweep_path(&self, path: &str) -> Result<SweepPath, Error> {
        block_on(self.0.sweep_path(path))
    }
}
