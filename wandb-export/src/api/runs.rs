//! The runs of a project.

mod here;
mod lister;
mod on_disk;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::{Lacks, PageSize};
use wandb_core::{ProjectPage, ProjectPath, Row, Value, model};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};

pub(crate) use self::lister::Lister;
use super::export::{self, Exported};
use super::list_reader::{Issues, ListReader};
use super::{Api, Run, RunColumns};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalProject;
use wandb_tables::Sink;

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
    /// The most columns that the program gives a table of runs, whose configs and summaries may have other keys in each
    /// run: as many as Excel and `LibreOffice` show. Less common keys go into a column `rest` of JSON text.
    ///
    /// For [`SinkOptions`](wandb_tables::SinkOptions), whose own default suits histories:
    ///
    /// ```
    /// let mut options = wandb_export::sink::SinkOptions::default();
    /// options.table.max_columns = wandb_export::Runs::MAX_COLUMNS;
    /// ```
    pub const MAX_COLUMNS: usize = 16_384;

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

    /// Leaves out config, summary and system metrics, which take the server long. The keys of histories are never listed.
    pub fn light(mut self) -> Self {
        self.detail = Detail::Light;
        self
    }

    /// No more than the first `runs`.
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = Some(runs);
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

    /// Opens the list, to be read batch by batch. Each run comes once.
    ///
    /// The pages of a list are not a snapshot: a run whose place in the order changes meanwhile would come twice, or not
    /// at all. So the number of runs is compared with what the server counts, and the list is read again where some are
    /// missing, up to three times in all. Runs that are found then come after the others.
    /// [`ListReader::issues`] says how many are still missing.
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
        let runs = on_disk::runs(self.api, project, self.filter, self.order, self.detail);
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
            let (api, found) = (api.clone(), found.clone());
            async move {
                let Some(runs) = lister.next_runs().await? else {
                    found.add(lister.issues());
                    found.add(lacking(&lister.lacks(), columns));
                    return Ok(None);
                };
                let runs = wrapped(&api, runs, &lister.lacks(), &found);
                Ok(Some((runs, lister)))
            }
        };
        here::unless_refused(stream::try_unfold(lister, next).boxed(), wanted, issues)
    }

    /// The runs, page after page, each once. Does not report missing runs; [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<Run, Error>> {
        self.open().into_stream()
    }

    /// All the runs at once. Does not report missing runs; [`ListReader::collect`] does.
    pub async fn collect(self) -> Result<Vec<Run>, Error> {
        self.stream().try_collect().await
    }

    /// Writes a row a run to `sink`.
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

/// The runs that can be asked something. Those that cannot, and fields that cannot be read, are issues.
fn wrapped(api: &Api, runs: Vec<model::Run>, lacks: &Lacks, issues: &Issues) -> Vec<Run> {
    let wrap = |run: model::Run| {
        issues.add(Issue::of_fields(&run));
        match run.path() {
            Ok(path) => Some(Run::new(api.clone(), path, run, lacks)),
            Err(error) => {
                let list = format!("runs of {}/{}", run.entity, run.project);
                issues.add([Issue::unusable_name(&list, &error)]);
                None
            }
        }
    };
    runs.into_iter().filter_map(wrap).collect()
}

/// A row in which an empty config or summary takes no column beside those of its keys.
fn without_empty_objects(row: Row) -> Row {
    row.into_iter().filter(|(_, value)| !matches!(value, Value::Map(map) if map.is_empty())).collect()
}

/// Rows of runs that are handed to the sink at once, at the most.
const RUNS_IN_A_BATCH: usize = 256;

/// The fields that runs lack, as issues. A field without a column is not missing from a table.
fn lacking(lacks: &Lacks, columns: RunColumns) -> Vec<Issue> {
    let mut issues = Issue::of_lacks(lacks, |field| columns.needs(field));
    issues.retain(|issue| columns == RunColumns::All || !issue.is_note());
    issues
}
