//! `ProjectArtifactCollections` and `ArtifactTypeArtifactCollections`: the collections of artifacts of a project.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::ArtifactCollection;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::collection_fields::{ArtifactCollectionConnection, OPTIONAL_FIELDS};
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Lists the collections of artifacts of a project, page by page: of all types (`ProjectArtifactCollections` in the Python
/// SDK), which older servers do not have, or of one type (`ArtifactTypeArtifactCollections`).
///
/// ```
/// use wandb_graphql::ops::ListArtifactCollections;
///
/// let all = ListArtifactCollections::new("team/project".parse()?);
/// let models = all.clone().of_type("model");
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactCollections {
    path: ProjectPath,
    of_type: Option<String>,
    page_size: PageSize,
    position: PagePosition,
}

impl ListArtifactCollections {
    /// Default number of collections per page. The Python SDK uses 50.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// The field that lists the collections of all types.
    pub const ALL_TYPES: Field = Field::new("Project", "artifactCollections");

    /// Lists the collections of the project at `path`.
    pub fn new(path: ProjectPath) -> Self {
        Self { path, of_type: None, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Lists only the collections of this type.
    #[must_use]
    pub fn of_type(self, name: impl Into<String>) -> Self {
        Self { of_type: Some(name.into()), ..self }
    }

    /// Sets the number of collections per page.
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
    artifact_collections: Option<ArtifactCollectionConnection>,
}

#[derive(cynic::QueryVariables, Debug)]
struct VariablesOfType<'a> {
    #[cynic(rename = "type")]
    type_name: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "VariablesOfType")]
struct ProjectOfType {
    #[arguments(name: $type_name)]
    artifact_type: Option<ArtifactType>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "VariablesOfType")]
struct ArtifactType {
    #[arguments(after: $cursor, first: $per_page)]
    artifact_collections: Option<ArtifactCollectionConnection>,
}

impl Operation for ListArtifactCollections {
    type Answer = ListPage<ArtifactCollection>;

    fn name(&self) -> &'static str {
        if self.of_type.is_some() { "ArtifactTypeArtifactCollections" } else { "ProjectArtifactCollections" }
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        let on_type = if self.of_type.is_some() { "ArtifactType" } else { "Project" };
        paging_arguments(on_type, "artifactCollections", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let (cursor, per_page) = (self.position.after(), page_size_argument(self.page_size));
        match &self.of_type {
            None => {
                let variables = Variables { cursor, per_page };
                project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
            }
            Some(type_name) => {
                let variables = VariablesOfType { type_name, cursor, per_page };
                project_request::<ProjectOfType, _>(self, &self.path, variables, endpoint, unsupported)
            }
        }
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<ArtifactCollection>, AnswerError> {
        let what = || format!("project {}", self.path);
        let (collections, errors) = match &self.of_type {
            None => {
                let (project, errors): (Project, _) = project_list_data(&response, what)?;
                (project.artifact_collections, errors)
            }
            Some(type_name) => {
                let (project, errors): (ProjectOfType, _) = project_list_data(&response, what)?;
                let missing = || not_found(format!("artifact type {type_name:?} of {}", self.path));
                (project.artifact_type.ok_or_else(missing)?.artifact_collections, errors)
            }
        };
        let Some(collections) = collections else {
            return Err(AnswerError::malformed("it holds no collections of artifacts", response.body()));
        };
        Ok(collections.into_page([self.path.entity(), self.path.project()], &errors))
    }
}

paged_list!(ListArtifactCollections of ArtifactCollection, key: |collection| format!("{}/{}", collection.id, collection.name); total);

#[cfg(test)]
mod tests {
    use wandb_core::model::CollectionKind;
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListArtifactCollections {
        ListArtifactCollections::new("team/my project".parse().unwrap())
    }

    const EDGES: &str = r#"{"totalCount": 7, "pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
        {"node": {"__typename": "ArtifactSequence", "id": "1", "name": "resnet", "description": null, "project": null,
            "createdAt": "2024-05-01T12:00:00Z", "updatedAt": null, "defaultArtifactType": {"name": "model"},
            "tags": {"edges": [{"node": {"name": "a"}}, null]}}},
        {"node": {"__typename": "ArtifactPortfolio", "id": "2", "name": "best",
            "project": {"name": "p", "entity": {"name": "e"}}}},
        {"node": null}]}"#;

    #[test]
    fn collections_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn request_for_collections_of_a_type() {
        insta::assert_snapshot!(request(&list().of_type("model"), OPTIONAL_FIELDS));
    }

    #[test]
    fn collections_are_read() {
        let all = format!(r#"{{"data": {{"project": {{"artifactCollections": {EDGES}}}}}}}"#);
        let of_type =
            format!(r#"{{"data": {{"project": {{"artifactType": {{"artifactCollections": {EDGES}}}}}}}}}"#);
        for (list, body) in [(list(), all), (list().of_type("model"), of_type)] {
            let page = answer(&list, &body).unwrap();
            let [resnet, best] = &page.items[..] else { panic!("two collections") };
            assert_eq!((resnet.entity.as_str(), resnet.project.as_str()), ("team", "my project"));
            assert_eq!(
                (resnet.kind, resnet.type_name.as_deref()),
                (Some(CollectionKind::Sequence), Some("model"))
            );
            assert_eq!(resnet.tags.as_deref(), Some(&["a".to_owned()][..]));
            assert_eq!((best.entity.as_str(), best.kind), ("e", Some(CollectionKind::Portfolio)));
            assert_eq!(ListArtifactCollections::total(&page), Some(7));
            assert_eq!(page.null_entries, 1);
            assert!(request(&list.next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
        }
    }

    #[test]
    fn missing_type_is_not_found() {
        let error =
            answer(&list().of_type("x"), r#"{"data": {"project": {"artifactType": null}}}"#).unwrap_err();
        assert_eq!(
            error,
            AnswerError::NotFound { what: r#"artifact type "x" of team/my project"#.to_owned() }
        );
    }
}
