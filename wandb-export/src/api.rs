//! The way in: a server, as somebody with an API key sees it.

mod builder;
mod command;
mod compare;
mod console;
mod export;
mod files;
mod history;
pub(crate) mod list_reader;
mod run;
mod run_rows;
mod runs;
mod sweep;
mod update;
mod weight;

use std::sync::Arc;

use async_lock::OnceCell;
use futures_util::stream::BoxStream;
use wandb_core::client::{Client, Reading, Tally};
use wandb_core::model::{Project, Server, User};
use wandb_core::transport::NoServer;
use wandb_core::{
    BaseUrl, PartialProjectPath, PartialRunPath, PartialSweepPath, PathDefaults, ProjectPath, RunPath,
    SweepPath,
};
use wandb_graphql::ops::{GetRun, GetServer, GetSweep, GetViewer, ListProjects};

pub use builder::ApiBuilder;
pub use command::RunCommand;
pub use compare::{ComparedKey, Comparison, Section};
pub use console::Console;
#[cfg(feature = "mirror")]
pub(crate) use console::LogPages;
pub use export::Exported;
#[cfg(feature = "cli")]
pub(crate) use export::write as write_rows;
#[cfg(feature = "files")]
pub use files::DownloadProgress;
#[cfg(feature = "mirror")]
pub(crate) use files::{Fetched, Receipts, fetch_all};
pub use files::{Files, RunFile};
pub use history::{Follow, History, HistoryEnd, HistoryReader, Source, Stream};
#[cfg(feature = "mirror")]
pub(crate) use history::{Losses, parse_rows};
pub use list_reader::ListReader;
pub use run::Run;
pub use run_rows::RunColumns;
#[cfg(feature = "mirror")]
pub(crate) use run_rows::run_of;
#[cfg(feature = "mirror")]
pub(crate) use runs::Lister;
pub use runs::Runs;
pub use sweep::Sweep;
pub use update::{Update, Updated};

use crate::error::Error;
use crate::local::{self, Place};

/// A W&B server.
///
/// It is async and bound to no runtime: with the feature `async`, [`Api::connect`] carries it over reqwest and wants
/// tokio; over any other [`Transport`](wandb_core::transport::Transport) it wants nothing.
/// [`blocking::Api`](crate::blocking::Api) is the same without `.await`.
///
/// Clones share the connections, the rate limit and the limit on requests in flight.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let run = api.run("my-team/my-project/abc123").await?;
/// for row in run.history().keys(["loss"]).all().rows().await? {
///     println!("{:?} {:?}", row.step(), row.get("loss"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    defaults: PathDefaults,
    /// The entity of paths that name none, once the server has been asked for it.
    viewers_entity: Arc<OnceCell<Option<String>>>,
}

impl Api {
    /// Settings for a connection; each has the default that the Python SDK has.
    pub fn builder() -> ApiBuilder {
        ApiBuilder::default()
    }

    /// Connects over reqwest, with the key and the settings of the environment, as the Python SDK finds them:
    /// `WANDB_API_KEY` or the netrc file, `WANDB_BASE_URL`, `WANDB_ENTITY`, `WANDB_PROJECT`, the settings files.
    ///
    /// # Errors
    /// Where there is no key, or the settings make no sense. Nothing is sent yet.
    #[cfg(feature = "async")]
    pub fn connect() -> Result<Self, Error> {
        Self::builder().connect()
    }

    /// An API that has no server and needs no key: for runs on disk, which every method that takes a path reads as it does
    /// those of a server. Whatever wants a server fails.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let run = wandb_export::Api::offline().run("./wandb/offline-run-20260101_120000-abc123").await?;
    /// println!("{:?} {:?}", run.name, run.summary);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offline() -> Self {
        let nowhere = Client::builder(Arc::new(NoServer), BaseUrl::default());
        Self::over(nowhere.reading(Reading::OnThreads).build(), PathDefaults::default())
    }

    /// The API over a client that is already there. Paths that name no entity or project get them from `defaults`.
    pub fn over(client: Client, defaults: PathDefaults) -> Self {
        Self { client, defaults, viewers_entity: Arc::default() }
    }

    /// The client underneath, for operations that have no method here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        self.client.base_url()
    }

    /// What has been asked and received so far.
    pub fn tally(&self) -> Tally {
        self.client.tally()
    }

    /// Whose key it is (query `viewer`).
    pub async fn viewer(&self) -> Result<User, Error> {
        Ok(self.client.call(GetViewer::new()).await?.answer)
    }

    /// What the server can do (query `serverInfo`).
    pub async fn server(&self) -> Result<Server, Error> {
        Ok(self.client.call(GetServer::new()).await?.answer)
    }

    /// The projects of a user or team (query `models`), page after page. Does not report missing entries;
    /// [`open_projects`](Self::open_projects) does.
    pub fn projects(&self, entity: &str) -> BoxStream<'static, Result<Project, Error>> {
        self.open_projects(entity).into_stream()
    }

    /// The projects of a user or team, to be read batch by batch.
    pub fn open_projects(&self, entity: &str) -> ListReader<Project> {
        let list = format!("projects of {entity}");
        list_reader::paged(&self.client, vec![ListProjects::new(entity)], list)
    }

    /// The run at `path`: any form the Python SDK takes, or its page's URL, or a place on disk.
    ///
    /// A place on disk begins with `./`, `../` or, where something is there, `/`, or it ends in `.wandb`: a file that the
    /// SDK has written, its folder, or a folder of such folders or the mirror of a project with the run's id behind it, if need
    /// be as `PROJECT/ID`. (A
    /// program that takes paths from strangers makes [`RunPath`]s of them first, which are never places.)
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none that the key may see.
    pub async fn run(&self, path: &str) -> Result<Run, Error> {
        if let Some(place) = Place::of(path) {
            let run = self.client.work(move || local::open_run(&place)).await?;
            return Ok(Run::local(self.clone(), run));
        }
        let path = self.run_path(path).await?;
        let reply = self.client.call(GetRun::new(path.clone())).await?;
        Ok(Run::new(self.clone(), path, reply.answer, &reply.lacks))
    }

    /// The runs of the project at `path`, to be narrowed down, ordered and read. A folder `wandb` on disk is a project, too,
    /// and so is the mirror of one; see [`run`](Self::run).
    ///
    /// # Errors
    /// If `path` is none of a project. The project itself is looked up when the runs are read.
    pub async fn runs(&self, path: &str) -> Result<Runs, Error> {
        if let Some(place) = Place::of(path) {
            let project = self.client.work(move || local::open_project(&place)).await?;
            return Ok(Runs::local(self.clone(), project));
        }
        let runs = Runs::new(self.clone(), self.project_path(path).await?);
        Ok(runs.of_page(PartialProjectPath::parse(path)?.page().cloned()))
    }

    /// The sweep at `path`: any form the Python SDK takes, or its page's URL, or a folder of runs on disk with the sweep's id
    /// behind it. Such a folder does not have the sweep's own settings, but the mirror of a project does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none that the key may see.
    pub async fn sweep(&self, path: &str) -> Result<Sweep, Error> {
        if let Some(place) = Place::of(path) {
            let (project, id, sweep) = self.client.work(move || local::open_sweep(&place)).await?;
            return Sweep::local(self.clone(), project, &id, sweep).await;
        }
        let path = self.sweep_path(path).await?;
        let reply = self.client.call(GetSweep::new(path.clone())).await?;
        Ok(Sweep::new(self.clone(), path, reply.answer, &reply.lacks))
    }

    /// The configs and summaries of two or more runs side by side; the runs are asked for in parallel.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if fewer than two runs are named, or one of them twice, and
    /// whatever goes wrong with any of them.
    pub async fn compare<P: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Comparison, Error> {
        compare::fetch(self, paths).await
    }

    /// The history of the run at `path`, without asking for the run itself first. A run on disk is looked at; see
    /// [`run`](Self::run).
    pub async fn history(&self, path: &str) -> Result<History, Error> {
        if let Some(place) = Place::of(path) {
            let run = self.client.work(move || local::open_rows(&place)).await?;
            return Ok(Run::local(self.clone(), run).history());
        }
        Ok(History::new(self.clone(), self.run_path(path).await?))
    }

    /// Changes to the run at `path`, without asking for the run itself first; nothing is sent before they are saved.
    pub async fn update(&self, path: &str) -> Result<Update, Error> {
        Ok(Update::new(self.clone(), self.run_path(path).await?))
    }

    /// A mirror of the project at `path`, to be brought up to date in a folder.
    ///
    /// # Errors
    /// If `path` is none of a project. The project itself is looked up when the mirror is brought up to date.
    #[cfg(feature = "mirror")]
    pub async fn mirror(&self, path: &str) -> Result<crate::mirror::Mirror, Error> {
        Ok(crate::mirror::Mirror::of_project(self.clone(), self.project_path(path).await?))
    }

    /// A mirror of all projects of a user or team.
    #[cfg(feature = "mirror")]
    pub fn mirror_all(&self, entity: &str) -> crate::mirror::Mirror {
        crate::mirror::Mirror::of_entity(self.clone(), entity.to_owned())
    }

    /// The full path of a run. Where it names no entity, and the settings name none, the server is asked for the
    /// viewer's own.
    pub async fn run_path(&self, path: &str) -> Result<RunPath, Error> {
        not_on_disk(path)?;
        let partial = PartialRunPath::parse(path)?;
        let defaults = self.defaults(partial.needs_entity()).await?;
        Ok(partial.complete(&defaults)?)
    }

    /// The full path of a project; see [`run_path`](Self::run_path).
    pub async fn project_path(&self, path: &str) -> Result<ProjectPath, Error> {
        not_on_disk(path)?;
        let partial = PartialProjectPath::parse(path)?;
        let defaults = self.defaults(partial.needs_entity()).await?;
        Ok(partial.complete(&defaults)?)
    }

    /// The full path of a sweep; see [`run_path`](Self::run_path).
    pub async fn sweep_path(&self, path: &str) -> Result<SweepPath, Error> {
        not_on_disk(path)?;
        let partial = PartialSweepPath::parse(path)?;
        let defaults = self.defaults(partial.needs_entity()).await?;
        Ok(partial.complete(&defaults)?)
    }

    /// The entity of paths that name none: that of the settings, or the viewer's own.
    ///
    /// # Errors
    /// If the settings name none and the server has none for the viewer.
    pub async fn default_entity(&self) -> Result<String, Error> {
        let defaults = self.defaults(true).await?;
        defaults.entity().map(str::to_owned).ok_or_else(|| {
            Error::usage(
                "which user or team? the server has no default for this key; name it or set WANDB_ENTITY",
            )
        })
    }

    async fn defaults(&self, needs_entity: bool) -> Result<PathDefaults, Error> {
        if !needs_entity || self.defaults.entity().is_some() {
            return Ok(self.defaults.clone());
        }
        let ask = || async { self.viewer().await.map(|viewer| viewer.entity) };
        match self.viewers_entity.get_or_try_init(ask).await? {
            Some(entity) => Ok(self.defaults.clone().with_entity(entity.clone())),
            None => Ok(self.defaults.clone()),
        }
    }
}

/// Refuses a place on disk where only a server will do.
fn not_on_disk(path: &str) -> Result<(), Error> {
    Place::of(path).map_or(Ok(()), |place| Err(only_on_a_server(&place)))
}

/// Why what is on disk will not do.
fn only_on_a_server(what: &dyn std::fmt::Display) -> Error {
    Error::usage(format!(
        "{what} is on disk, and this can only be done with what is on a server: entity/project/run"
    ))
}
