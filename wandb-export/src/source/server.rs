//! Runs on a server.

mod client_filter;
mod history;
mod lister;
mod logs;
mod runs;

use std::sync::Arc;

use async_lock::OnceCell;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::model::Registry;
use wandb_core::operation::UnsupportedFields;
use wandb_core::update::{RunDocument, RunPatch};
use wandb_core::{
    ArtifactPath, BaseUrl, PartialArtifactPath, PartialProjectPath, PartialRunPath, PartialSweepPath,
    PathDefaults, ProjectPath, RunPath, SweepPath, model,
};
use wandb_graphql::ops::{
    GetOrganizations, GetRun, GetRunDocument, GetSweep, GetViewer, ListFiles, Organization, UpdateRun,
};

#[cfg(feature = "mirror")]
pub(crate) use self::history::{Losses, parse_rows};
use self::history::{ServerFollower, ServerHistory, branch_point};
#[cfg(feature = "mirror")]
pub(crate) use self::lister::RunListReader;
#[cfg(feature = "mirror")]
pub(crate) use self::logs::LogPages;
use super::history::{Follower, HistoryQuery, HistoryRows};
use super::list_reader::{Issues, ListReader, read_pages};
use super::{
    FilesQuery, FoundFile, OpenedProject, OpenedRun, OpenedSweep, ProjectSource, RunFacts, RunSource,
    RunsQuery, Source,
};
use crate::error::Error;
use crate::issue::Issue;

/// Maximum number of file names per request.
const NAMES_AT_ONCE: usize = 100;

/// A connection to a server, and the parts of paths that it supplies.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    client: Client,
    defaults: PathDefaults,
    /// The viewer's entity, cached after the first request; used for paths without an entity.
    viewer_entity: Arc<OnceCell<Option<String>>>,
}

impl Connection {
    pub(crate) fn new(client: Client, defaults: PathDefaults) -> Self {
        Self { client, defaults, viewer_entity: Arc::default() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Completes the path of a run.
    pub(crate) async fn run_path(&self, path: &str) -> Result<RunPath, Error> {
        let partial = PartialRunPath::parse(path)?;
        Ok(partial.complete(&self.defaults(partial.needs_entity()).await?)?)
    }

    /// Completes the path of a project.
    pub(crate) async fn project_path(&self, path: &str) -> Result<ProjectPath, Error> {
        let partial = PartialProjectPath::parse(path)?;
        Ok(partial.complete(&self.defaults(partial.needs_entity()).await?)?)
    }

    /// Completes the path of a version of an artifact. The organization of a registry becomes its entity.
    pub(crate) async fn artifact_path(&self, path: &str) -> Result<ArtifactPath, Error> {
        let partial = PartialArtifactPath::parse(path)?;
        let path = partial.complete(&self.defaults(partial.needs_entity()).await?)?;
        if path.registry().is_none() {
            return Ok(path);
        }
        let named = partial.entity().is_some().then(|| path.entity());
        let Some(organization) = self.organization(named).await? else { return Ok(path) };
        Ok(ArtifactPath::new(organization.entity, path.project(), path.collection(), path.alias())?)
    }

    /// Completes the path of a project that has artifacts. The organization of a registry becomes its entity.
    pub(crate) async fn artifacts_path(&self, path: &str) -> Result<ProjectPath, Error> {
        let partial = PartialProjectPath::parse(path)?;
        let path = partial.complete(&self.defaults(partial.needs_entity()).await?)?;
        if Registry::new("", "", path.project()).name() == path.project() {
            return Ok(path);
        }
        let named = partial.entity().is_some().then(|| path.entity());
        let Some(organization) = self.organization(named).await? else { return Ok(path) };
        Ok(ProjectPath::new(organization.entity, path.project())?)
    }

    /// Returns the organization with this name among those of the default entity, or their only one if none is named.
    /// `None` if there is no such organization, or the server knows none.
    ///
    /// (`_resolve_org_info` in `sdk/artifacts/_gqlutils.py` of the Python SDK.)
    pub(crate) async fn organization(&self, name: Option<&str>) -> Result<Option<Organization>, Error> {
        let defaults = self.defaults(true).await?;
        let Some(entity) = defaults.entity() else { return Ok(None) };
        let mut organizations = match self.client.call(GetOrganizations::new(entity)).await {
            Ok(reply) => reply.answer,
            Err(error) if error.is_unsupported() || error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(match name {
            Some(name) => organizations.into_iter().find(|organization| organization.has_name(name)),
            None if organizations.len() == 1 => organizations.pop(),
            None => None,
        })
    }

    /// Completes the path of a sweep.
    pub(crate) async fn sweep_path(&self, path: &str) -> Result<SweepPath, Error> {
        let partial = PartialSweepPath::parse(path)?;
        Ok(partial.complete(&self.defaults(partial.needs_entity()).await?)?)
    }

    /// Returns the defaults for paths, with the viewer's entity if it is needed.
    pub(crate) async fn defaults(&self, needs_entity: bool) -> Result<PathDefaults, Error> {
        if !needs_entity || self.defaults.entity().is_some() {
            return Ok(self.defaults.clone());
        }
        let ask = || async { Ok::<_, Error>(self.client.call(GetViewer::new()).await?.answer.entity) };
        match self.viewer_entity.get_or_try_init(ask).await? {
            Some(entity) => Ok(self.defaults.clone().with_entity(entity.clone())),
            None => Ok(self.defaults.clone()),
        }
    }
}

/// A path on a server.
pub(super) struct ServerPath {
    connection: Connection,
    path: String,
}

impl ServerPath {
    pub(super) fn new(connection: Connection, path: &str) -> Self {
        Self { connection, path: path.to_owned() }
    }
}

impl Source for ServerPath {
    fn run(&self) -> BoxFuture<'_, Result<OpenedRun, Error>> {
        async {
            let path = self.connection.run_path(&self.path).await?;
            let reply = self.connection.client.call(GetRun::new(path.clone())).await?;
            Ok(to_opened_run(&self.connection.client, path, reply.answer, &reply.unsupported))
        }
        .boxed()
    }

    fn rows(&self) -> BoxFuture<'_, Result<Arc<dyn RunSource>, Error>> {
        async { Ok(run_source(&self.connection.client, self.connection.run_path(&self.path).await?)) }.boxed()
    }

    fn project(&self) -> BoxFuture<'_, Result<OpenedProject, Error>> {
        async {
            let path = self.connection.project_path(&self.path).await?;
            let page = PartialProjectPath::parse(&self.path)?.page().cloned();
            Ok(OpenedProject { source: project_source(&self.connection.client, path), page })
        }
        .boxed()
    }

    fn sweep(&self) -> BoxFuture<'_, Result<OpenedSweep, Error>> {
        async {
            let path = self.connection.sweep_path(&self.path).await?;
            let reply = self.connection.client.call(GetSweep::new(path.clone())).await?;
            let project = project_source(&self.connection.client, path.project_path().clone());
            let issues = Issue::from_unsupported_fields(&reply.unsupported, |_| false);
            Ok(OpenedSweep { path, model: reply.answer, issues, project })
        }
        .boxed()
    }

    fn run_name(&self) -> BoxFuture<'_, Result<String, Error>> {
        async { Ok(self.connection.run_path(&self.path).await?.to_string()) }.boxed()
    }
}

/// Returns the run at `path` on the server of `client`.
pub(crate) fn run_source(client: &Client, path: RunPath) -> Arc<dyn RunSource> {
    Arc::new(ServerRun { client: client.clone(), path })
}

fn project_source(client: &Client, path: ProjectPath) -> Arc<dyn ProjectSource> {
    Arc::new(ServerProject { client: client.clone(), path })
}

/// Returns a run that the server has sent.
fn to_opened_run(
    client: &Client,
    path: RunPath,
    model: model::Run,
    unsupported: &UnsupportedFields,
) -> OpenedRun {
    let facts = RunFacts {
        branch: branch_point(&model),
        issues: Issue::from_unreadable_fields(&model),
        unsupported: Issue::from_unsupported_fields(unsupported, |_| false),
        server: Some(client.base_url().clone()),
        ..RunFacts::new(path.clone(), model)
    };
    OpenedRun { facts, source: run_source(client, path) }
}

/// Returns the runs that have usable names. The others become issues.
fn to_opened_runs(
    client: &Client,
    runs: Vec<model::Run>,
    unsupported: &UnsupportedFields,
    issues: &Issues,
) -> Vec<OpenedRun> {
    let open = |run: model::Run| match run.path() {
        Ok(path) => Some(to_opened_run(client, path, run, unsupported)),
        Err(error) => {
            let list = format!("runs of {}/{}", run.entity, run.project);
            issues.add(Issue::from_unreadable_fields(&run));
            issues.add([Issue::unusable_name(&list, &error)]);
            None
        }
    };
    runs.into_iter().filter_map(open).collect()
}

/// A project on a server.
#[derive(Debug)]
struct ServerProject {
    client: Client,
    path: ProjectPath,
}

impl ProjectSource for ServerProject {
    fn path(&self) -> &ProjectPath {
        &self.path
    }

    fn server(&self) -> Option<&BaseUrl> {
        Some(self.client.base_url())
    }

    fn runs(&self, query: RunsQuery, issues: Issues) -> BoxStream<'static, Result<Vec<OpenedRun>, Error>> {
        let client = self.client.clone();
        let found = runs::list(client.clone(), self.path.clone(), query, issues.clone());
        found.map_ok(move |found| to_opened_runs(&client, found.runs, &found.unsupported, &issues)).boxed()
    }
}

/// A run on a server.
#[derive(Debug)]
struct ServerRun {
    client: Client,
    path: RunPath,
}

impl RunSource for ServerRun {
    fn path(&self) -> &RunPath {
        &self.path
    }

    fn is_on_disk(&self) -> bool {
        false
    }

    fn console(&self, issues: Issues) -> BoxStream<'static, Result<Vec<String>, Error>> {
        logs::read_lines(&self.client, &self.path, issues)
    }

    fn files(&self, query: &FilesQuery) -> ListReader<FoundFile> {
        let all = ListFiles::new(self.path.clone()).page_size(query.page_size);
        let requests: Vec<ListFiles> = match (&query.names, &query.like) {
            (Some(names), _) => names.chunks(NAMES_AT_ONCE).map(|names| all.clone().names(names)).collect(),
            (None, Some(like)) => vec![all.like(like.clone())],
            (None, None) => vec![all],
        };
        let files = read_pages(&self.client, requests, format!("files of {}", self.path));
        files.map(|model| FoundFile { model, on_disk: None })
    }

    fn file_issues(&self) -> BoxFuture<'_, Result<Vec<Issue>, Error>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<HistoryRows, Error>> {
        async { Ok(ServerHistory::open(&self.client, &self.path, query).await?.into_rows()) }.boxed()
    }

    fn follow(&self, query: HistoryQuery) -> BoxFuture<'_, Result<Box<dyn Follower>, Error>> {
        let follower = ServerFollower::new(self.client.clone(), self.path.clone(), query);
        std::future::ready(Ok(Box::new(follower) as Box<dyn Follower>)).boxed()
    }

    fn document(&self) -> BoxFuture<'_, Result<RunDocument, Error>> {
        async { Ok(self.client.call(GetRunDocument::new(self.path.clone())).await?.answer) }.boxed()
    }

    fn change(&self, patch: RunPatch) -> BoxFuture<'_, Result<Option<Error>, Error>> {
        async {
            match self.client.call(UpdateRun::new(self.path.clone(), patch)).await {
                Ok(_) => Ok(None),
                Err(error) if error.may_have_taken_effect() => Ok(Some(error.into())),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }
}
