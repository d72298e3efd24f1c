//! The entry point: a connection to a W&B server with an API key.

mod artifact;
mod artifacts;
mod builder;
mod command;
mod compare;
mod console;
mod export;
mod files;
mod history;
mod media;
mod registries;
mod run;
mod runs;
mod sweep;
mod table;
mod update;

use std::sync::Arc;

use futures_util::stream::BoxStream;
use wandb_core::client::{Client, ClientStats, ParseMode};
use wandb_core::model::{Project, Server, User, View, ViewKind};
use wandb_core::transport::NoServer;
use wandb_core::{BaseUrl, PathDefaults, ProjectPath, RunPath, SweepPath};
use wandb_graphql::ops::{GetServer, GetViewer, ListProjects, ListViews};

pub use artifact::{Artifact, ArtifactFile, ArtifactFiles};
pub use artifacts::Artifacts;
#[cfg(feature = "cli")]
pub(crate) use artifacts::{download_listed, has_labels};
pub use builder::ApiBuilder;
pub use command::RunCommand;
pub use compare::{ComparedKey, ComparedSection, Comparison};
pub use console::Console;
pub use export::WriteReport;
#[cfg(feature = "cli")]
pub(crate) use export::write as write_rows;
#[cfg(feature = "cli")]
pub(crate) use files::Pattern as NamePattern;
pub use files::{Files, RunFile};
#[cfg(feature = "mirror")]
pub(crate) use history::HistoryRequest;
#[cfg(not(feature = "mirror"))]
use history::HistoryRequest;
pub use history::{
    History, HistoryFollower, HistoryReader, HistoryReport, HistorySource, ScanHistory, SystemMetrics,
};
pub use media::Media;
pub use registries::Registries;
pub use run::Run;
pub use runs::Runs;
pub use sweep::Sweep;
pub use table::{Table, TableReader};
pub use update::{Update, UpdateReport};

use crate::error::Error;
use crate::source::history::Stream;
use crate::source::list_reader;
pub use crate::source::list_reader::ListReader;
use crate::source::server::{self, Connection};
use crate::source::{reject_local_path, resolve};

/// A connection to a W&B server.
///
/// `Api` is async and not tied to a runtime. With the feature `async`, [`Api::connect`] uses reqwest, which needs
/// tokio. Any other [`Transport`](wandb_core::transport::Transport) works without tokio.
/// [`blocking::Api`](crate::blocking::Api) has the same methods without `.await`.
///
/// Clones share the connections, the rate limit and the limit on requests in flight.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let run = api.run("my-team/my-project/abc123").await?;
/// for row in run.scan_history().keys(["loss"]).rows().await? {
///     println!("{:?} {:?}", row.step(), row.get("loss"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    connection: Connection,
    #[cfg(feature = "files")]
    fetch_limits: Arc<crate::download::FetchLimits>,
}

impl Api {
    /// Returns a builder for a connection. Settings default to those of the Python SDK.
    pub fn builder() -> ApiBuilder {
        ApiBuilder::default()
    }

    /// Connects over reqwest. Finds the key and the settings where the Python SDK does: `WANDB_API_KEY` or the netrc
    /// file, `WANDB_BASE_URL`, `WANDB_ENTITY`, `WANDB_PROJECT` and the settings files.
    ///
    /// # Errors
    /// If there is no key, or the settings are invalid. Sends no request yet.
    #[cfg(feature = "async")]
    pub fn connect() -> Result<Self, Error> {
        Self::builder().connect()
    }

    /// Creates an API for runs on disk, without a server or a key. Methods that read a run, project or sweep accept
    /// local paths. Operations that need a server fail.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let run = wandb_export::Api::offline().run("./wandb/offline-run-20260101_120000-abc123").await?;
    /// println!("{:?} {:?}", run.name, run.summary);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offline() -> Self {
        let client = Client::builder(Arc::new(NoServer), BaseUrl::default());
        Self::with_client(client.parse_mode(ParseMode::OnThreads).build(), PathDefaults::default())
    }

    /// Creates an API over an existing client. `defaults` supplies the entity or project that a path omits.
    pub fn with_client(client: Client, defaults: PathDefaults) -> Self {
        Self {
            client: client.clone(),
            #[cfg(feature = "files")]
            fetch_limits: crate::download::FetchLimits::new(client.downloads()),
            connection: Connection::new(client, defaults),
        }
    }

    /// Returns the limits of all downloads together.
    #[cfg(feature = "files")]
    pub(crate) fn fetch_limits(&self) -> Arc<crate::download::FetchLimits> {
        Arc::clone(&self.fetch_limits)
    }

    /// Returns the underlying client, for operations that have no method here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.client.base_url()
    }

    /// Returns counts of the requests sent and the data received so far.
    pub fn stats(&self) -> ClientStats {
        self.client.stats()
    }

    /// Fetches the user that the API key belongs to (query `viewer`).
    pub async fn viewer(&self) -> Result<User, Error> {
        Ok(self.client.call(GetViewer::new()).await?.answer)
    }

    /// Fetches the server's version and capabilities (query `serverInfo`).
    pub async fn server(&self) -> Result<Server, Error> {
        Ok(self.client.call(GetServer::new()).await?.answer)
    }

    /// Streams the projects of a user or team (query `models`), fetched page by page. Does not report missing
    /// entries; use [`open_projects`](Self::open_projects) for that.
    pub fn projects(&self, entity: &str) -> BoxStream<'static, Result<Project, Error>> {
        self.open_projects(entity).into_stream()
    }

    /// Lists the projects of a user or team in batches.
    pub fn open_projects(&self, entity: &str) -> ListReader<Project> {
        let list = format!("projects of {entity}");
        list_reader::read_pages(&self.client, vec![ListProjects::new(entity)], list)
    }

    /// Lists the reports of the project at `path` (query `allViews`) in batches, newest first.
    /// [`report_to_markdown`](crate::report_to_markdown) converts one.
    ///
    /// # Errors
    /// If `path` is not a project path. The project itself is looked up only when the list is read.
    pub async fn reports(&self, path: &str) -> Result<ListReader<View>, Error> {
        self.views(path, ViewKind::Report).await
    }

    /// Lists the reports, drafts or saved workspaces of the project at `path`; see [`reports`](Self::reports).
    ///
    /// # Errors
    /// If `path` is not a project path.
    pub async fn views(&self, path: &str, kind: ViewKind) -> Result<ListReader<View>, Error> {
        let path = self.project_path(path).await?;
        let name = match kind {
            ViewKind::Report => "reports",
            ViewKind::Draft => "drafts of reports",
            ViewKind::Workspace => "workspaces",
        };
        let list = format!("{name} of {path}");
        Ok(list_reader::read_pages(&self.client, vec![ListViews::new(path, kind)], list))
    }

    /// Fetches the run at `path`: any form that the Python SDK accepts, the URL of its page, or a local path.
    ///
    /// A local path starts with `./` or `../`, starts with `/` and exists, or ends in `.wandb`. It names one of:
    /// - a `.wandb` file written by the SDK, or its folder;
    /// - a folder of such folders or the mirror of a project, followed by the run's id, or by `PROJECT/ID`.
    ///
    /// A program that accepts paths from untrusted users should parse them into [`RunPath`]s first, which are never
    /// local.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the run does not exist or the key may not see it.
    pub async fn run(&self, path: &str) -> Result<Run, Error> {
        Ok(Run::new(self.clone(), resolve(&self.connection, path).run().await?))
    }

    /// Selects the runs of the project at `path`, to be filtered, ordered and listed. A local `wandb` folder or the
    /// mirror of a project also counts as a project; see [`run`](Self::run).
    ///
    /// # Errors
    /// If `path` is not a project path. The project itself is looked up only when the runs are listed.
    pub async fn runs(&self, path: &str) -> Result<Runs, Error> {
        Ok(Runs::new(self.clone(), resolve(&self.connection, path).project().await?))
    }

    /// Fetches the sweep at `path`: any form that the Python SDK accepts, the URL of its page, or a local folder of
    /// runs followed by the sweep's id. Such a folder lacks the sweep's settings, but the mirror of a project has
    /// them.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the sweep does not exist or the key may not see it.
    pub async fn sweep(&self, path: &str) -> Result<Sweep, Error> {
        Ok(Sweep::new(self.clone(), resolve(&self.connection, path).sweep().await?))
    }

    /// Compares the configs and summaries of two or more runs, which are fetched in parallel.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if there are fewer than two paths, or a run is named twice. Also
    /// any error from fetching a run.
    pub async fn compare<P: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Comparison, Error> {
        compare::fetch_and_compare(self, paths).await
    }

    /// Selects samples of the history of the run at `path` without fetching the run first. A run on disk is opened
    /// right away; see [`run`](Self::run).
    pub async fn history(&self, path: &str) -> Result<History, Error> {
        self.query(path, Stream::Default).await.map(History::new)
    }

    /// Selects every row of the history of the run at `path`; see [`history`](Self::history).
    pub async fn scan_history(&self, path: &str) -> Result<ScanHistory, Error> {
        self.query(path, Stream::Default).await.map(ScanHistory::new)
    }

    /// Selects the system metrics of the run at `path`; see [`history`](Self::history).
    pub async fn system_metrics(&self, path: &str) -> Result<SystemMetrics, Error> {
        self.query(path, Stream::System).await.map(SystemMetrics::new)
    }

    async fn query(&self, path: &str, stream: Stream) -> Result<HistoryRequest, Error> {
        let run = resolve(&self.connection, path).rows().await?;
        Ok(HistoryRequest::new(self.client.clone(), run, stream))
    }

    /// Starts an update of the run at `path` without fetching the run first. Sends nothing until it is saved.
    pub async fn update(&self, path: &str) -> Result<Update, Error> {
        Ok(Update::new(self.clone(), server::run_source(&self.client, self.run_path(path).await?)))
    }

    /// Completes the path of a run. If neither the path nor the settings name an entity, asks the server for the
    /// viewer's.
    pub async fn run_path(&self, path: &str) -> Result<RunPath, Error> {
        reject_local_path(path)?;
        self.connection.run_path(path).await
    }

    /// Completes the path of a project; see [`run_path`](Self::run_path).
    pub async fn project_path(&self, path: &str) -> Result<ProjectPath, Error> {
        reject_local_path(path)?;
        self.connection.project_path(path).await
    }

    /// Completes the path of a sweep; see [`run_path`](Self::run_path).
    pub async fn sweep_path(&self, path: &str) -> Result<SweepPath, Error> {
        reject_local_path(path)?;
        self.connection.sweep_path(path).await
    }

    /// Returns the entity for paths without one: from the settings, or else the viewer's.
    ///
    /// # Errors
    /// If neither the settings nor the server has a default entity.
    pub async fn default_entity(&self) -> Result<String, Error> {
        let defaults = self.connection.defaults(true).await?;
        defaults.entity().map(str::to_owned).ok_or_else(|| {
            Error::usage(
                "no user or team is named, and the server has no default for this key; name one or set WANDB_ENTITY",
            )
        })
    }
}
