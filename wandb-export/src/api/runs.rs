//! The runs of a project.

mod here;
mod on_disk;

use std::collections::HashSet;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::PageSize;
use wandb_core::{ProjectPage, ProjectPath, Row, Value};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};

use super::export::{self, Exported};
use super::{Api, Run, RunColumns};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalProject;
use crate::sink::Sink;

/// The runs of a project, as a request to be refined. Without any refinement: all of them, oldest first, in full.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// use futures_util::TryStreamExt;
///
/// let api = wandb_export::Api::connect()?;
/// let runs = api.runs("my-team/my-project").await?.filter(r#"{"state": "finished"}"#)?.order("-created_at")?;
/// let mut runs = runs.stream();
/// while let Some(run) = runs.try_next().await? {
///     println!("{} {:?}", run.id, run.summary);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Runs {
    api: Api,
    path: ProjectPath,
    filter: Filter,
    order: Order,
    detail: Detail,
    page_size: Option<PageSize>,
    /// What every filter is added to.
    base: Option<Filter>,
    page: Option<ProjectPage>,
    local: Option<LocalProject>,
    limit: Option<usize>,
    columns: RunColumns,
}

impl Runs {
    pub(crate) fn new(api: Api, path: ProjectPath) -> Self {
        Self {
            api,
            path,
            filter: Filter::all(),
            order: Order::default(),
            detail: Detail::Full,
            page_size: None,
            base: None,
            page: None,
            local: None,
            limit: None,
            columns: RunColumns::All,
        }
    }

    pub(crate) fn local(api: Api, project: LocalProject) -> Self {
        Self { local: Some(project.clone()), ..Self::new(api, project.path) }
    }

    /// Only those of a sweep, whatever filter comes on top.
    pub(crate) fn of_sweep(self, id: &str) -> Self {
        self.within(Filter::sweep(id))
    }

    /// Only those that a page of the project shows.
    pub(crate) fn of_page(self, page: Option<ProjectPage>) -> Self {
        let runs = match &page {
            Some(ProjectPage::Group(group)) => self.within(Filter::group(group)),
            Some(ProjectPage::Sweep(sweep)) => self.of_sweep(sweep),
            Some(ProjectPage::Run(run)) => self.within(Filter::ids([run])),
            _ => self,
        };
        Self { page, ..runs }
    }

    /// Only those that `base` lets through, whatever filter comes on top.
    fn within(self, base: Filter) -> Self {
        Self { filter: base.clone(), base: Some(base), ..self }
    }

    /// The page of the project that the path led to: its group, sweep or run is all that is listed. The filters of a
    /// saved workspace are not known, so that all runs are listed.
    pub fn page(&self) -> Option<&ProjectPage> {
        self.page.as_ref()
    }

    /// The project's path.
    pub fn path(&self) -> &ProjectPath {
        &self.path
    }

    /// Only the runs that a filter in the manner of `MongoDB` lets through, as JSON text:
    /// `{"$and": [{"config.lr.value": {"$gt": 0.1}}, {"tags": {"$in": ["good"]}}]}`.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(mut self, json: &str) -> Result<Self, Error> {
        let filter = json.parse::<Filter>()?;
        self.filter = self.base.as_ref().map_or_else(|| filter.clone(), |base| base.and(&filter));
        Ok(self)
    }

    /// The order: a field's name behind `+` or `-`. Default `+created_at`.
    ///
    /// # Errors
    /// If it names no field.
    pub fn order(mut self, order: &str) -> Result<Self, Error> {
        self.order = order.parse()?;
        Ok(self)
    }

    /// Leaves out config, summary, system metrics and history keys, which take the server long.
    pub fn light(mut self) -> Self {
        self.detail = Detail::Light;
        self
    }

    /// No more than the first `runs`.
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = Some(runs);
        if let Ok(runs) = u64::try_from(runs)
            && runs < 50
        {
            self.page_size = Some(PageSize::fixed(runs.max(1)));
        }
        self
    }

    /// So many runs in a request. Default: chosen by itself.
    pub fn page_size(mut self, runs: u64) -> Self {
        self.page_size = Some(PageSize::fixed(runs));
        self
    }

    /// What of each run goes into its row when they are written. Default: [`RunColumns::All`].
    pub fn columns(mut self, columns: RunColumns) -> Self {
        self.columns = columns;
        self
    }

    /// The runs, page after page, each once: a run that moves in the order while the pages are asked for would
    /// otherwise come twice.
    pub fn stream(self) -> BoxStream<'static, Result<Run, Error>> {
        let limit = self.limit.unwrap_or(usize::MAX);
        if let Some(project) = self.local {
            let runs = on_disk::runs(self.api, project, self.filter, self.order, self.detail);
            return runs.take(limit).boxed();
        }
        let api = self.api.clone();
        let wanted = self.clone();
        let mut operation =
            ListRuns::new(self.path).filter(self.filter).order(self.order).detail(self.detail);
        if let Some(size) = self.page_size {
            operation = operation.page_size(size);
        }
        let mut seen = HashSet::new();
        let listed = self
            .api
            .client
            .items(operation)
            .map_err(Error::from)
            .try_filter(move |run| std::future::ready(seen.insert(run.storage_id.clone())))
            .and_then(move |run| std::future::ready(api.wrap(run)))
            .take(limit)
            .boxed();
        here::unless_refused(listed, wanted)
    }

    /// All the runs at once.
    pub async fn collect(self) -> Result<Vec<Run>, Error> {
        self.stream().try_collect().await
    }

    /// Writes a row a run to `sink`.
    pub async fn write(self, sink: Box<dyn Sink>) -> Result<Exported, Error> {
        let (columns, detail) = (self.columns, self.detail);
        let (filter, order) = (self.filter.clone(), self.order.clone());
        let is_on_disk = self.local.is_some();
        let divides_objects = sink.divides_objects();
        let row = move |run: &Run| {
            let row = run.row(columns);
            if divides_objects { without_empty_objects(row) } else { row }
        };
        let api = self.api.clone();
        let mut issues = self.local.as_ref().map(|project| project.issues.clone()).unwrap_or_default();
        let mut of_disk = Vec::new();
        let runs = self.stream().inspect_ok(|run| of_disk.extend_from_slice(run.disk_issues()));
        let rows = runs.ready_chunks(RUNS_IN_A_BATCH).map(move |runs| {
            runs.into_iter().map(|run| run.map(|run| row(&run))).collect::<Result<Vec<_>, Error>>()
        });
        let report = export::write(rows, sink).await?;
        issues.extend(of_disk);
        if is_on_disk {
            return Ok(Exported { report, issues });
        }
        let lacks = api.client.lacks();
        issues.extend(here::issues(&lacks, &filter, &order));
        let lacking = Issue::of_lacks(&lacks.among(detail.optional_fields()), |field| columns.needs(field));
        // What has no column is not missing from the table.
        issues.extend(lacking.into_iter().filter(|issue| columns == RunColumns::All || !issue.is_note()));
        Ok(Exported { report, issues })
    }
}

/// A row in which an empty config or summary takes no column beside those of its keys.
fn without_empty_objects(row: Row) -> Row {
    row.into_iter().filter(|(_, value)| !matches!(value, Value::Map(map) if map.is_empty())).collect()
}

/// Rows of runs that are handed to the sink at once, at the most.
const RUNS_IN_A_BATCH: usize = 256;
