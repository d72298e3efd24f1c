//! Adapts sources on disk, which block, to the asynchronous traits: their methods run on threads.

mod rows;
mod runs;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::update::{RunDocument, RunPatch};
use wandb_core::{BaseUrl, ProjectPath, RunPath, SweepPath, model};
use wandb_graphql::Filter;
use wandb_graphql::ops::Detail;

use super::disk::{DiskProject, DiskRun, LineBatches, RunData};
use super::history::{Follower, HistoryQuery, HistoryRows};
use super::list_reader::{Issues, ListReader};
use super::{
    FilesQuery, FoundFile, LocalPath, OpenedProject, OpenedRun, OpenedSweep, ProjectSource, RunSource,
    RunsQuery, Source, lookup,
};
use crate::error::Error;
use crate::issue::Issue;

/// Maximum number of runs in a batch of a list.
const RUNS_IN_A_BATCH: usize = 256;

/// The source at a path on disk.
pub(super) struct DiskSource {
    client: Client,
    path: LocalPath,
}

impl DiskSource {
    pub(super) fn new(client: Client, path: LocalPath) -> Self {
        Self { client, path }
    }

    fn open(
        &self,
        open: fn(&LocalPath) -> Result<DiskRun, Error>,
    ) -> BoxFuture<'_, Result<OpenedRun, Error>> {
        let path = self.path.clone();
        async move { Ok(to_opened_run(&self.client, self.client.work(move || open(&path)).await?)) }.boxed()
    }
}

impl Source for DiskSource {
    fn run(&self) -> BoxFuture<'_, Result<OpenedRun, Error>> {
        self.open(lookup::open_run)
    }

    fn rows(&self) -> BoxFuture<'_, Result<Arc<dyn RunSource>, Error>> {
        self.open(lookup::open_rows).map(|opened| Ok(opened?.source)).boxed()
    }

    fn project(&self) -> BoxFuture<'_, Result<OpenedProject, Error>> {
        let path = self.path.clone();
        async move {
            let project = self.client.work(move || lookup::open_project(&path)).await?;
            let source = Arc::new(DiskProjectSource { client: self.client.clone(), project });
            Ok(OpenedProject { source, page: None })
        }
        .boxed()
    }

    fn sweep(&self) -> BoxFuture<'_, Result<OpenedSweep, Error>> {
        let path = self.path.clone();
        async move {
            let (project, id, known) = self.client.work(move || lookup::open_sweep(&path)).await?;
            let (entity, name) = (project.path.entity(), project.path.project());
            let path = SweepPath::new(entity, name, &id)?;
            let is_known = known.is_some();
            let model = known.unwrap_or_else(|| model::Sweep::new(entity, name, &id, ""));
            let project = Arc::new(DiskProjectSource { client: self.client.clone(), project });
            // Without settings, a sweep consists of the runs that belong to it.
            if !is_known {
                let filter = Filter::sweep(&id);
                let query =
                    RunsQuery { filter, detail: Detail::Light, limit: Some(1), ..RunsQuery::default() };
                if project.runs(query, Issues::default()).try_next().await?.is_none() {
                    return Err(Error::NotOnDisk {
                        message: format!("no run in that folder is in sweep {id}"),
                    });
                }
            }
            Ok(OpenedSweep { path, model, issues: Vec::new(), project })
        }
        .boxed()
    }

    fn run_name(&self) -> BoxFuture<'_, Result<String, Error>> {
        std::future::ready(Ok(self.path.to_string())).boxed()
    }
}

fn to_opened_run(client: &Client, run: DiskRun) -> OpenedRun {
    let DiskRun { facts, data } = run;
    let source = Arc::new(DiskRunSource { client: client.clone(), path: facts.path.clone(), data });
    OpenedRun { facts, source }
}

/// A project on disk.
#[derive(Debug)]
struct DiskProjectSource {
    client: Client,
    project: DiskProject,
}

impl ProjectSource for DiskProjectSource {
    fn path(&self) -> &ProjectPath {
        &self.project.path
    }

    fn server(&self) -> Option<&BaseUrl> {
        self.project.server.as_ref()
    }

    fn runs(&self, query: RunsQuery, issues: Issues) -> BoxStream<'static, Result<Vec<OpenedRun>, Error>> {
        issues.add(self.project.issues.clone());
        let limit = query.limit.unwrap_or(usize::MAX);
        let client = self.client.clone();
        let runs = runs::list(client.clone(), self.project.clone(), query).take(limit);
        let runs = runs.map_ok(move |run| to_opened_run(&client, run));
        runs.ready_chunks(RUNS_IN_A_BATCH).map(|runs| runs.into_iter().collect()).boxed()
    }
}

/// A run on disk.
#[derive(Debug)]
struct DiskRunSource {
    client: Client,
    path: RunPath,
    data: Arc<dyn RunData>,
}

impl RunSource for DiskRunSource {
    fn path(&self) -> &RunPath {
        &self.path
    }

    fn is_on_disk(&self) -> bool {
        true
    }

    fn console(&self, issues: Issues) -> BoxStream<'static, Result<Vec<String>, Error>> {
        let (client, data) = (self.client.clone(), Arc::clone(&self.data));
        // Open the files lazily, with the first read.
        let open = async move {
            let read = move || Ok::<_, Error>((data.console()?, data.console_issues()?));
            let (lines, found) = client.work(read).await?;
            issues.add(found);
            let next = move |mut lines: LineBatches| {
                let client = client.clone();
                async move {
                    let (next, lines) = client.work(move || (lines.next(), lines)).await;
                    Ok::<_, Error>(next.transpose()?.map(|next| (next, lines)))
                }
            };
            Ok::<_, Error>(stream::try_unfold(lines, next))
        };
        stream::once(open).try_flatten().boxed()
    }

    fn files(&self, _: &FilesQuery) -> ListReader<FoundFile> {
        let (client, data) = (self.client.clone(), Arc::clone(&self.data));
        let list = async move { client.work(move || data.files()).await };
        ListReader::new(stream::once(list).boxed(), Issues::default())
    }

    fn file_issues(&self) -> BoxFuture<'_, Result<Vec<Issue>, Error>> {
        let data = Arc::clone(&self.data);
        self.client.work(move || data.file_issues()).boxed()
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<HistoryRows, Error>> {
        async move { rows::open(&self.client, Arc::clone(&self.data), &query).await }.boxed()
    }

    fn follow(&self, query: HistoryQuery) -> BoxFuture<'_, Result<Box<dyn Follower>, Error>> {
        async move { rows::follow(&self.client, Arc::clone(&self.data), &query).await }.boxed()
    }

    fn document(&self) -> BoxFuture<'_, Result<RunDocument, Error>> {
        std::future::ready(Err(Error::only_on_a_server(&self.path))).boxed()
    }

    fn change(&self, _: RunPatch) -> BoxFuture<'_, Result<Option<Error>, Error>> {
        std::future::ready(Err(Error::only_on_a_server(&self.path))).boxed()
    }
}
