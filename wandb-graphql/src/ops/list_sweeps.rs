//! `ListSweeps`: the sweeps of a project.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::Sweep;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::entry::connection;
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use super::sweep_fields::{OPTIONAL_FIELDS, SweepFields};
use crate::schema::sdl as schema;

/// Lists the sweeps of a project, page by page (`project.sweeps`).
///
/// ```
/// use wandb_graphql::ops::ListSweeps;
///
/// let sweeps = ListSweeps::new("team/project".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSweeps {
    path: ProjectPath,
    page_size: PageSize,
    position: PagePosition,
}

impl ListSweeps {
    /// Default number of sweeps per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(50);

    /// Lists all sweeps of the project at `path`.
    pub fn new(path: ProjectPath) -> Self {
        Self { path, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of sweeps per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(after: $cursor, first: $per_page)]
    sweeps: Option<SweepConnection>,
}

connection!(SweepConnection, edges: [SweepEdge], node: SweepFields, cursor);

impl Operation for ListSweeps {
    type Answer = ListPage<Sweep>;

    fn name(&self) -> &'static str {
        "ListSweeps"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Project", "sweeps", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables =
            Variables { cursor: self.position.after(), per_page: page_size_argument(self.page_size) };
        project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Sweep>, AnswerError> {
        let what = || format!("project {}", self.path);
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let Some(sweeps) = project.sweeps else {
            return Err(AnswerError::malformed("it holds a project without sweeps", response.body()));
        };
        Ok(ListPage::read(sweeps, &errors, |fields| fields.into_sweep(&self.path)))
    }
}

paged_list!(ListSweeps of Sweep, key: |sweep| sweep.id.clone());

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListSweeps {
        ListSweeps::new("team/my project".parse().unwrap())
    }

    #[test]
    fn sweeps_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn next_page_starts_after_the_cursor() {
        let page = answer(
            &list(),
            r#"{"data": {"project": {"sweeps": {
                "pageInfo": {"endCursor": "c2", "hasNextPage": true},
                "edges": [
                    {"cursor": "c1", "node": {"id": "s1", "name": "sw1", "state": "RUNNING", "bestLoss": 0.5, "config": "a: 1"}},
                    {"cursor": "c2", "node": null}]}}}}"#,
        )
        .unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!((page.items[0].id.as_str(), page.items[0].best_loss), ("sw1", Some(0.5)));
        let second = list().next(&page).unwrap();
        assert!(request(&second, &[]).contains(r#""cursor": "c2""#));
        assert_eq!(list().smaller().unwrap().page_size.initial(), 25);
    }

    #[test]
    fn missing_project_and_missing_sweeps_are_errors() {
        assert!(
            answer(&list(), r#"{"data": {"project": null}}"#)
                .unwrap_err()
                .to_string()
                .contains("does not exist")
        );
        let withheld = answer(&list(), r#"{"data": {"project": {"sweeps": null}}}"#).unwrap_err();
        assert!(matches!(withheld, AnswerError::Malformed { .. }), "{withheld}");
    }
}
