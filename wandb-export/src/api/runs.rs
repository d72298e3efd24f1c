//! The runs of a project.

mod here;
mod lister;
mod on_disk;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::{PageSize, UnsupportedFields};
use wandb_core::{ProjectPage, ProjectPath, Row, Value, model};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};
use wandb_tables::Sink;

pub(crate) use self::lister::Lister;
use super::export::{self, Exported};
use super::list_reader::{Issues, ListReader};
use super::{Api, Run};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalProject;
use crate::run_rows::{self, RunColumns};

/// A request for the runs of a project, to be refined. Defaults to all runs with full data, oldest first.
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
    /// Every filter is combined with this one.
    base: Option<Filter>,
    page: Option<ProjectPage>,
    local: Option<LocalProject>,
    limit: Option<usize>,
    columns: RunColumns,
}

impl Runs {
    /// The column limit that the program uses for tables of runs, equal to that of Excel and `LibreOffice`. The
    /// configs and summaries of runs may each have different keys. Less common keys go into a column `rest` of JSON
    /// text.
    ///
    /// For [`SinkOptions`](crate::sink::SinkOptions), whose default suits histories:
    ///
    /// ```
    /// let mut options = wandb_export::sink::SinkOptions::default();
    /// options.table.max_columns = wandb_export::Runs::MAX_COLUMNS;
    /// ```
    pub const MAX_COLUMNS: usize = run_rows::MAX_COLUMNS;

    pub(crate) fn new(api: Api, path: ProjectPath) -> Self {
        Self {
            api,
            path,
            filter: Filter::all(),
            order: Order::default(),
            detail: Detail::Standard,
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

    /// Restricts the runs to those of a sweep. Later filters apply in addition.
    pub(crate) fn of_sweep(self, id: &str) -> Self {
        self.within(Filter::sweep(id))
    }

    /// Restricts the runs to those that a page of the project shows.
    pub(crate) fn of_page(self, page: Option<ProjectPage>) -> Self {
        let runs = match &page {
            Some(ProjectPage::Group(group)) => self.within(Filter::group(group)),
            Some(ProjectPage::Sweep(sweep)) => self.of_sweep(sweep),
            Some(ProjectPage::Run(run)) => self.within(Filter::ids([run])),
            _ => self,
        };
        Self { page, ..runs }
    }

    /// Restricts the runs to those that match `base`. Later filters apply in addition.
    fn within(self, base: Filter) -> Self {
        Self { filter: base.clone(), base: Some(base), ..self }
    }

    /// Returns the page of the project that the path pointed to. Only the runs of its group, sweep or run are listed.
    /// For a saved workspace all runs are listed, because its filters are unknown.
    pub fn page(&self) -> Option<&ProjectPage> {
        self.page.as_ref()
    }

    /// Returns the project's path.
    pub fn path(&self) -> &ProjectPath {
        &self.path
    }

    /// Selects only the runs that match a `MongoDB`-style filter, as JSON text:
    /// `{"$and": [{"config.lr.value": {"$gt": 0.1}}, {"tags": {"$in": ["good"]}}]}`.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(mut self, json: &str) -> Result<Self, Error> {
        let filter = json.parse::<Filter>()?;
        self.filter = self.base.as_ref().map_or_else(|| filter.clone(), |base| base.and(&filter));
        Ok(self)
    }

    /// Sets the order: `+` or `-` followed by a field's name. Default `+created_at`.
    ///
    /// # Errors
    /// If it names no field.
    pub fn order(mut self, order: &str) -> Result<Self, Error> {
        self.order = order.parse()?;
        Ok(self)
    }

    /// Omits config, summary and system metrics, which are slow to fetch. Runs never list the keys of their
    /// histories.
    pub fn light(mut self) -> Self {
        self.detail = Detail::Light;
        self
    }

    /// Stops after the first `runs` runs.
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = Some(runs);
        self
    }

    /// Sets the number of runs per request. Default: adaptive.
    pub fn page_size(mut self, runs: u64) -> Self {
        self.page_size = Some(PageSize::fixed(runs));
        self
    }

    /// Sets the columns of a run's row in [`write`](Self::write). Default: [`RunColumns::All`].
    pub fn columns(mut self, columns: RunColumns) -> Self {
        self.columns = columns;
        self
    }

    /// Opens the list, to be read in batches. Returns each run once.
    ///
    /// The pages of a list are not a snapshot. A run that changes its place in the order while the list is read could
    /// appear twice or not at all. The reader therefore compares the number of runs with the server's count, and
    /// reads the list again if runs are missing, up to three times in total. Runs found that way follow the others.
    /// [`ListReader::issues`] reports how many are still missing.
    pub fn open(self) -> ListReader<Run> {
        let issues = Issues::default();
        let batches = match self.local.clone() {
            Some(project) => self.on_disk(project, issues.clone()),
            None => self.on_server(issues.clone()),
        };
        ListReader::new(batches, issues)
    }

    fn on_disk(self, project: LocalProject, issues: Issues) -> BoxStream<'static, Result<Vec<Run>, Error>> {
        issues.add(project.issues.clone());
        let limit = self.limit.unwrap_or(usize::MAX);
        let api = self.api;
        let runs = on_disk::runs(api.client.clone(), project, self.filter, self.order, self.detail);
        let runs = runs.map_ok(move |run| Run::local(api.clone(), run));
        let runs = runs.take(limit).inspect_ok(move |run| issues.add(run.disk_issues().iter().cloned()));
        runs.ready_chunks(RUNS_IN_A_BATCH).map(|runs| runs.into_iter().collect()).boxed()
    }

    fn on_server(self, issues: Issues) -> BoxStream<'static, Result<Vec<Run>, Error>> {
        let wanted = self.clone();
        let mut list =
            ListRuns::new(self.path.clone()).filter(self.filter).order(self.order).detail(self.detail);
        if let Some(size) = self.page_size {
            list = list.page_size(size);
        }
        let (api, columns) = (self.api, self.columns);
        let lister = Lister::new(api.client.clone(), self.path, list, self.limit);
        let found = issues.clone();
        let next = move |mut lister: Lister| {
            let found = found.clone();
            async move {
                let Some(runs) = lister.next_runs().await? else {
                    found.add(lister.issues());
                    found.add(lacking(&lister.unsupported(), columns));
                    return Ok(None);
                };
                Ok(Some((here::Found { runs, unsupported: lister.unsupported() }, lister)))
            }
        };
        let pages = stream::try_unfold(lister, next).boxed();
        let found = here::unless_refused(pages, wanted, issues.clone());
        found.map_ok(move |found| wrapped(&api, found.runs, &found.unsupported, &issues)).boxed()
    }

    /// Streams the runs, each once, fetched page by page. Does not report missing runs; [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<Run, Error>> {
        self.open().into_stream()
    }

    /// Collects all runs. Does not report missing runs; [`ListReader::collect`] does.
    pub async fn collect(self) -> Result<Vec<Run>, Error> {
        self.stream().try_collect().await
    }

    /// Writes one row per run to `sink`.
    pub async fn write(self, sink: Box<dyn Sink>) -> Result<Exported, Error> {
        let columns = self.columns;
        let divides_objects = sink.divides_objects();
        let row = move |run: &Run| {
            let row = run.row(columns);
            if divides_objects { without_empty_objects(row) } else { row }
        };
        let reader = self.open();
        let next = |mut reader: ListReader<Run>| async move {
            let runs = reader.next_batch().await?;
            Ok::<_, Error>(runs.map(|runs| (runs, reader)))
        };
        let issues = reader.issues_later();
        let rows =
            stream::try_unfold(reader, next).map_ok(move |runs| runs.iter().map(row).collect::<Vec<_>>());
        let report = export::write(rows, sink).await?;
        Ok(Exported { report, issues: issues.all() })
    }
}

/// Wraps runs in handles. Runs with unusable names are left out and, like unreadable fields, reported as issues.
fn wrapped(api: &Api, runs: Vec<model::Run>, unsupported: &UnsupportedFields, issues: &Issues) -> Vec<Run> {
    let wrap = |run: model::Run| {
        issues.add(Issue::of_fields(&run));
        match run.path() {
            Ok(path) => Some(Run::new(api.clone(), path, run, unsupported)),
            Err(error) => {
                let list = format!("runs of {}/{}", run.entity, run.project);
                issues.add([Issue::unusable_name(&list, &error)]);
                None
            }
        }
    };
    runs.into_iter().filter_map(wrap).collect()
}

/// Removes an empty config or summary, which would add a column next to those of the keys.
fn without_empty_objects(row: Row) -> Row {
    row.into_iter().filter(|(_, value)| !matches!(value, Value::Map(map) if map.is_empty())).collect()
}

/// Maximum number of rows passed to the sink at once.
const RUNS_IN_A_BATCH: usize = 256;

/// Converts fields that the runs lack to issues. Ignores fields without a column in the table.
fn lacking(unsupported: &UnsupportedFields, columns: RunColumns) -> Vec<Issue> {
    let mut issues = Issue::of_unsupported(unsupported, |field| columns.needs(field));
    issues.retain(|issue| columns == RunColumns::All || !issue.is_note());
    issues
}
