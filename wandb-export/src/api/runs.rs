//! The runs of a project.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::PageSize;
use wandb_core::{ProjectPage, ProjectPath, Row, Value};
use wandb_graphql::Filter;
use wandb_graphql::ops::Detail;
use wandb_tables::Sink;

use super::export::{self, WriteReport};
use super::{Api, Run};
use crate::error::Error;
use crate::run_rows::RunColumns;
use crate::source::list_reader::{Issues, ListReader};
use crate::source::{OpenedProject, OpenedRun, ProjectSource, RunsQuery};

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
    source: Arc<dyn ProjectSource>,
    query: RunsQuery,
    /// Every filter is combined with this one.
    base: Option<Filter>,
    page: Option<ProjectPage>,
}

impl Runs {
    /// The column limit that the program uses for tables of runs, equal to that of Excel and `LibreOffice`. The
    /// configs and summaries of runs may each have different keys. Less common keys go into a column `rest` of JSON
    /// text.
    ///
    /// For [`SinkOptions`](crate::sink::SinkOptions), whose default suits histories:
    ///
    /// ```
    /// use wandb_export::Runs;
    /// use wandb_export::sink::SinkOptions;
    /// use wandb_export::table::TableOptions;
    ///
    /// let table = TableOptions::default().with_max_columns(Runs::MAX_COLUMNS);
    /// let options = SinkOptions::default().with_table(table);
    /// ```
    pub const MAX_COLUMNS: usize = wandb_core::run_row::MAX_COLUMNS;

    pub(super) fn new(api: Api, project: OpenedProject) -> Self {
        let OpenedProject { source, page } = project;
        Self::from_source(api, source).restrict_to_page(page)
    }

    pub(super) fn from_source(api: Api, source: Arc<dyn ProjectSource>) -> Self {
        Self { api, source, query: RunsQuery::default(), base: None, page: None }
    }

    /// Restricts the runs to those of a sweep. Later filters apply in addition.
    pub(super) fn restrict_to_sweep(self, id: &str) -> Self {
        self.restrict(Filter::sweep(id))
    }

    /// Restricts the runs to those that a page of the project shows.
    fn restrict_to_page(self, page: Option<ProjectPage>) -> Self {
        let runs = match &page {
            Some(ProjectPage::Group(group)) => self.restrict(Filter::group(group)),
            Some(ProjectPage::Sweep(sweep)) => self.restrict_to_sweep(sweep),
            Some(ProjectPage::Run(run)) => self.restrict(Filter::ids([run])),
            _ => self,
        };
        Self { page, ..runs }
    }

    /// Restricts the runs to those that match `base`. Later filters apply in addition.
    fn restrict(mut self, base: Filter) -> Self {
        self.query.filter = base.clone();
        Self { base: Some(base), ..self }
    }

    /// Returns the page of the project that the path pointed to. Only the runs of its group, sweep or run are listed.
    /// For a saved workspace all runs are listed, because its filters are unknown.
    pub fn page(&self) -> Option<&ProjectPage> {
        self.page.as_ref()
    }

    /// Returns the project's path.
    pub fn path(&self) -> &ProjectPath {
        self.source.path()
    }

    /// Selects only the runs that match a `MongoDB`-style filter, as JSON text:
    /// `{"$and": [{"config.lr.value": {"$gt": 0.1}}, {"tags": {"$in": ["good"]}}]}`.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(mut self, json: &str) -> Result<Self, Error> {
        let filter = json.parse::<Filter>()?;
        self.query.filter = self.base.as_ref().map_or_else(|| filter.clone(), |base| base.and(&filter));
        Ok(self)
    }

    /// Sets the order: `+` or `-` followed by a field's name. Default `+created_at`.
    ///
    /// # Errors
    /// If it names no field.
    pub fn order(mut self, order: &str) -> Result<Self, Error> {
        self.query.order = order.parse()?;
        Ok(self)
    }

    /// Omits config, summary and system metrics, which are slow to fetch. Runs never list the keys of their
    /// histories.
    pub fn light(mut self) -> Self {
        self.query.detail = Detail::Light;
        self
    }

    /// Stops after the first `runs` runs.
    pub fn limit(mut self, runs: usize) -> Self {
        self.query.limit = Some(runs);
        self
    }

    /// Sets the number of runs per request. Default: adaptive.
    pub fn page_size(mut self, runs: u64) -> Self {
        self.query.page_size = Some(PageSize::fixed(runs));
        self
    }

    /// Sets the columns of a run's row in [`write`](Self::write). Default: [`RunColumns::All`].
    pub fn columns(mut self, columns: RunColumns) -> Self {
        self.query.columns = columns;
        self
    }

    /// Opens the list, to be read in batches. Returns each run once.
    ///
    /// The pages of a list are not a snapshot. A run that changes its place in the order while the list is read could
    /// appear twice or not at all. The reader therefore compares the number of runs with the server's count, and
    /// reads the list again if runs are missing, up to three times in total. Runs found that way follow the others.
    /// [`ListReader::issues`] reports how many are still missing.
    pub fn open(self) -> ListReader<Run> {
        let Self { api, source, query, .. } = self;
        let issues = Issues::default();
        let runs = source.runs(query, issues.clone());
        let found = issues.clone();
        let handles = runs.map_ok(move |runs| {
            let handle = |run: OpenedRun| {
                found.add(run.facts.issues.iter().cloned());
                Run::new(api.clone(), run)
            };
            runs.into_iter().map(handle).collect()
        });
        ListReader::new(handles.boxed(), issues)
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
    pub async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        let columns = self.query.columns;
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
        let issues = reader.issues_handle();
        let rows =
            stream::try_unfold(reader, next).map_ok(move |runs| runs.iter().map(row).collect::<Vec<_>>());
        let report = export::write(rows, sink).await?;
        Ok(WriteReport { issues: issues.to_vec(), ..report })
    }
}

/// Removes an empty config or summary, which would add a column next to those of the keys.
fn without_empty_objects(row: Row) -> Row {
    row.into_iter().filter(|(_, value)| !matches!(value, Value::Map(map) if map.is_empty())).collect()
}
