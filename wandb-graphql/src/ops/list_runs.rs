//! `Runs`: the runs of a project.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::Run;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::entry::connection;
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use super::run_fields::{Detail, RunFields};
use crate::schema::{JsonText, sdl as schema};
use crate::{Filter, Order};

/// Lists the runs of a project, page by page (`Runs` in the Python SDK).
///
/// The pages are not a snapshot: a run may appear twice and another not at all. [`RunLister`](crate::RunLister) lists
/// each run once.
///
/// ```
/// use wandb_graphql::ops::{Detail, ListRuns};
///
/// let finished = ListRuns::new("team/project".parse()?)
///     .filter(r#"{"state": "finished"}"#.parse()?)
///     .order("-summary_metrics.accuracy".parse()?)
///     .detail(Detail::Full);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRuns {
    path: ProjectPath,
    filter: Filter,
    order: Order,
    detail: Detail,
    page_size: Option<PageSize>,
    position: PagePosition,
}

/// Largest page in bytes. The next page is smaller after a larger one, because parsed data takes several times as much
/// memory.
const MAX_PAGE_BYTES: u64 = 2 << 20;

const RUN_COUNT: Field = Field::new("Project", "runCount");
const COUNT_FILTERS: Argument = Argument::new("Project", "runCount", "filters");
const FILTERS: Argument = Argument::new("Project", "runs", "filters");
const ORDER: Argument = Argument::new("Project", "runs", "order");

impl ListRuns {
    /// Default number of light runs per page. The Python SDK uses 50 for either form.
    pub const LIGHT_PAGE_SIZE: PageSize = PageSize::fixed(500);

    /// Default number of full runs per page. Smaller, because a config or summary may be large.
    pub const FULL_PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists all runs of the project at `path` in the light form, oldest first.
    pub fn new(path: ProjectPath) -> Self {
        Self {
            path,
            filter: Filter::all(),
            order: Order::default(),
            detail: Detail::Light,
            page_size: None,
            position: PagePosition::default(),
        }
    }

    /// Lists only the runs that match the filter.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Sets the order.
    #[must_use]
    pub fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// Sets how much of each run to read.
    #[must_use]
    pub fn detail(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }

    /// Sets the number of runs per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size: Some(page_size), ..self }
    }

    /// Requests the page at a position.
    pub(crate) fn at(self, position: PagePosition) -> Self {
        Self { position, ..self }
    }

    #[cfg(test)]
    pub(crate) fn position(&self) -> &PagePosition {
        &self.position
    }

    pub(crate) fn current_order(&self) -> &Order {
        &self.order
    }

    pub(crate) fn current_filter(&self) -> &Filter {
        &self.filter
    }

    /// The number of runs per page.
    pub(crate) fn size(&self) -> PageSize {
        self.page_size.unwrap_or(match self.detail {
            Detail::Light => Self::LIGHT_PAGE_SIZE,
            Detail::Standard | Detail::Full => Self::FULL_PAGE_SIZE,
        })
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    filters: JsonText,
    order: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(filters: $filters)]
    #[cynic(feature = "Project.runCount")]
    run_count: Option<i32>,
    #[arguments(filters: $filters, after: $cursor, first: $per_page, order: $order)]
    runs: Option<RunConnection>,
}

connection!(RunConnection, edges: [RunEdge!]!, node: RunFields, cursor);

impl Operation for ListRuns {
    type Answer = ListPage<Run>;

    fn name(&self) -> &'static str {
        "Runs"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        self.detail.optional_fields()
    }

    /// A filter that matches all runs and the default order can be left out.
    ///
    /// `runCount` without its filter would count other runs, so the field is left out along with the argument.
    fn optional_arguments(&self) -> Vec<Argument> {
        let mut arguments = paging_arguments("Project", "runs", self.position.after());
        arguments.push(COUNT_FILTERS);
        if self.filter.is_all() {
            arguments.push(FILTERS);
        }
        if self.order == Order::default() {
            arguments.push(ORDER);
        }
        arguments
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            filters: JsonText(self.filter.json().into()),
            order: self.order.text(),
            cursor: self.position.after(),
            per_page: page_size_argument(self.size()),
        };
        if unsupported.contains_argument(&COUNT_FILTERS) && !self.filter.is_all() {
            let mut unsupported = unsupported.clone();
            unsupported.insert(RUN_COUNT);
            return project_request::<Project, _>(self, &self.path, variables, endpoint, &unsupported);
        }
        project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Run>, AnswerError> {
        let what = || format!("project {}", self.path);
        let bytes = response.body().len() as u64;
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let Some(runs) = project.runs else {
            return Err(AnswerError::malformed("it holds a project without runs", response.body()));
        };
        let read = |fields: RunFields| Ok(fields.into_run(self.path.entity(), self.path.project()));
        let mut page = ListPage::read(runs, &errors, read).with_total(project.run_count);
        page.next_size = Some(self.size().within(MAX_PAGE_BYTES, page.entries() as u64, bytes));
        Ok(page)
    }
}

paged_list!(ListRuns of Run);

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListRuns {
        ListRuns::new("team/my project".parse().unwrap())
    }

    #[test]
    fn too_large_page_is_halved_down_to_one_run() {
        let sizes = std::iter::successors(Some(list().detail(Detail::Full)), ListRuns::smaller);
        let sizes: Vec<_> = sizes.map(|list| list.size().initial()).collect();
        assert_eq!(sizes, [100, 50, 25, 12, 6, 3, 1]);
    }

    #[test]
    fn light_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn full_request_with_all_options() {
        let list = list()
            .filter(r#"{"config.lr.value": {"$gt": 0.1}}"#.parse().unwrap())
            .order("-summary_metrics.loss".parse().unwrap())
            .detail(Detail::Full)
            .page_size(PageSize::fixed(7));
        insta::assert_snapshot!(request(&list, &[]));
    }

    fn query_without(list: &ListRuns, arguments: &[Argument]) -> String {
        let unsupported: UnsupportedFields = arguments.iter().cloned().collect();
        let request = list.request(&crate::ops::testing::endpoint(), &unsupported).unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        body["query"].as_str().unwrap().to_owned()
    }

    #[test]
    fn default_arguments_are_optional() {
        let query = query_without(&list(), &[FILTERS, COUNT_FILTERS, ORDER]);
        assert!(query.contains("runCount\n") && query.contains("runs(, after: $cursor"), "{query}");
        assert!(!query.contains("$filters") && !query.contains("$order"), "{query}");
        let chosen = list().filter(r#"{"state": "finished"}"#.parse().unwrap());
        let optional = chosen.optional_arguments();
        assert!(!optional.contains(&FILTERS) && optional.contains(&ORDER));
        let query = query_without(&chosen, &[COUNT_FILTERS]);
        assert!(!query.contains("runCount") && query.contains("runs(filters: $filters"), "{query}");
    }

    #[test]
    fn later_pages_need_their_cursor() {
        let after = Argument::new("Project", "runs", "after");
        assert!(list().optional_arguments().contains(&after));
        let position = PagePosition::default()
            .advance(&crate::ops::page::NextPage::After("c".to_owned()), 1)
            .unwrap()
            .unwrap();
        let second = list().at(position);
        assert!(!second.optional_arguments().contains(&after));
    }

    #[test]
    fn next_page_starts_after_the_cursor() {
        let page = answer(
            &list(),
            r#"{"data": {"project": {"runCount": 3, "runs": {
                "pageInfo": {"endCursor": null, "hasNextPage": true},
                "edges": [
                    {"cursor": "c1", "node": {"id": "s1", "name": "r1", "displayName": "one", "state": "finished",
                                              "createdAt": "2024-05-01T12:00:00"}},
                    {"cursor": "c2", "node": {"id": "s2", "name": "r2", "displayName": null, "state": null,
                                              "createdAt": null, "tags": []}}]}}}}"#,
        )
        .unwrap();
        assert_eq!((page.total, page.next_page.cursor()), (Some(3), Some("c2")));
        let second = list().next(&page).unwrap();
        assert_eq!(second.subject(), "team/my project, page after c2");
        assert!(request(&second, &[]).contains(r#""cursor": "c2""#));

        let runs = ListRuns::items(page);
        assert_eq!(runs[0].path().unwrap().to_string(), "team/my project/r1");
        assert_eq!(runs[0].config, None, "light");
        assert_eq!(runs[1].tags, Some(Vec::new()));

        let empty = r#"{"data": {"project": {"runCount": 0, "runs": {
            "pageInfo": {"endCursor": null, "hasNextPage": false}, "edges": []}}}}"#;
        let empty = answer(&second, empty).unwrap();
        assert_eq!((second.next(&empty), empty.items), (None, Vec::new()));
    }

    #[test]
    fn large_runs_make_the_next_page_smaller() {
        let page = |notes: usize| {
            let run = serde_json::json!({"id": "s", "name": "r", "notes": "n".repeat(notes)});
            let edges = vec![serde_json::json!({"node": run, "cursor": "c"}); 10];
            let page_info = serde_json::json!({"endCursor": "c", "hasNextPage": true});
            let runs = serde_json::json!({"edges": edges, "pageInfo": page_info});
            let body = serde_json::json!({"data": {"project": {"runs": runs}}}).to_string();
            let list = list().page_size(PageSize::fixed(100));
            let page = answer(&list, &body).unwrap();
            list.next(&page).unwrap().size()
        };
        assert_eq!(page(1_000), PageSize::fixed(100));
        assert_eq!(page(400_000), PageSize::fixed(5));
        assert_eq!(page(3_000_000), PageSize::fixed(1));
    }

    #[test]
    fn unknown_project_is_not_found() {
        let error = answer(&list(), r#"{"data": {"project": null}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "project team/my project does not exist, or the API key may not see it"
        );
    }

    #[test]
    fn missing_runs_are_not_an_empty_project() {
        let error = answer(&list(), r#"{"data": {"project": {"runs": null}}}"#).unwrap_err();
        assert!(matches!(error, AnswerError::Malformed { .. }), "{error}");
    }
}
