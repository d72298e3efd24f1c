//! `RunOutputArtifacts` and `RunInputArtifacts`: the artifacts that a run has logged or used.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::model::Artifact;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_fields::{ArtifactFields, OPTIONAL_FIELDS_OF_RUN, View};
use super::entry::connection;
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{run_list_data, run_request};
use crate::schema::sdl as schema;

/// Lists the artifacts that a run has logged (`RunOutputArtifacts` in the Python SDK) or used (`RunInputArtifacts`), page
/// by page.
///
/// ```
/// use wandb_graphql::ops::ListRunArtifacts;
///
/// let logged = ListRunArtifacts::logged("team/project/run".parse()?);
/// let used = ListRunArtifacts::used("team/project/run".parse()?);
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRunArtifacts {
    path: RunPath,
    is_logged: bool,
    page_size: PageSize,
    position: PagePosition,
}

impl ListRunArtifacts {
    /// Default number of artifacts per page. The Python SDK uses 50.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the artifacts that the run at `path` has logged.
    pub fn logged(path: RunPath) -> Self {
        Self::new(path, true)
    }

    /// Lists the artifacts that the run at `path` has used.
    pub fn used(path: RunPath) -> Self {
        Self::new(path, false)
    }

    fn new(path: RunPath, is_logged: bool) -> Self {
        Self { path, is_logged, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of artifacts per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }

    fn field(&self) -> &'static str {
        if self.is_logged { "outputArtifacts" } else { "inputArtifacts" }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "Variables")]
struct LoggedBy {
    #[arguments(after: $cursor, first: $per_page)]
    output_artifacts: Option<ArtifactConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "Variables")]
struct UsedBy {
    #[arguments(after: $cursor, first: $per_page)]
    input_artifacts: Option<ArtifactConnection>,
}

connection!(
    ArtifactConnection,
    edges: [ArtifactEdge],
    node: ArtifactFields,
    counted: "ArtifactConnection.totalCount"
);

impl Operation for ListRunArtifacts {
    type Answer = ListPage<Artifact>;

    fn name(&self) -> &'static str {
        if self.is_logged { "RunOutputArtifacts" } else { "RunInputArtifacts" }
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS_OF_RUN
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Run", self.field(), self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables =
            Variables { cursor: self.position.after(), per_page: page_size_argument(self.page_size) };
        if self.is_logged {
            run_request::<LoggedBy, _>(self, &self.path, variables, endpoint, unsupported)
        } else {
            run_request::<UsedBy, _>(self, &self.path, variables, endpoint, unsupported)
        }
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Artifact>, AnswerError> {
        let (artifacts, errors) = if self.is_logged {
            let (run, errors): (LoggedBy, _) = run_list_data(&response, &self.path)?;
            (run.output_artifacts, errors)
        } else {
            let (run, errors): (UsedBy, _) = run_list_data(&response, &self.path)?;
            (run.input_artifacts, errors)
        };
        let Some(artifacts) = artifacts else {
            return Err(AnswerError::malformed("it holds a run without artifacts", response.body()));
        };
        let asked = [self.path.entity(), self.path.project()];
        Ok(ListPage::read(artifacts, &errors, |fields| fields.into_artifact(asked, View::default())))
    }
}

paged_list!(ListRunArtifacts of Artifact, key: |artifact| artifact.id.clone(); total);

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn path() -> RunPath {
        "team/my project/abc".parse().unwrap()
    }

    #[test]
    fn logged_artifacts_request() {
        insta::assert_snapshot!(request(&ListRunArtifacts::logged(path()), &[]));
    }

    #[test]
    fn request_for_used_artifacts_of_an_old_server() {
        insta::assert_snapshot!(request(&ListRunArtifacts::used(path()), OPTIONAL_FIELDS_OF_RUN));
    }

    #[test]
    fn artifacts_of_a_run_are_read() {
        let edges = r#"{"totalCount": 3, "pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
            {"node": {"id": "1", "versionIndex": 2, "artifactSequence": {"name": "a", "project": {"name": "p", "entity": {"name": "e"}}}}},
            null]}"#;
        for (list, field) in [
            (ListRunArtifacts::logged(path()), "outputArtifacts"),
            (ListRunArtifacts::used(path()), "inputArtifacts"),
        ] {
            let page =
                answer(&list, &format!(r#"{{"data": {{"project": {{"run": {{"{field}": {edges}}}}}}}}}"#))
                    .unwrap();
            assert_eq!(page.items[0].path().unwrap().to_string(), "e/p/a:v2");
            assert_eq!((page.null_entries, ListRunArtifacts::total(&page)), (1, Some(3)));
            assert!(request(&list.next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
        }
    }

    #[test]
    fn missing_run_is_not_found() {
        let error =
            answer(&ListRunArtifacts::used(path()), r#"{"data": {"project": {"run": null}}}"#).unwrap_err();
        assert_eq!(error, AnswerError::NotFound { what: "run team/my project/abc".to_owned() });
    }
}
