//! `ProjectArtifactTypes`: the types of the artifacts of a project.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::{ArtifactType, Timestamp};
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::entry::{connection, unnamed_entry};
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use crate::schema::{DateTime, sdl as schema};

/// Lists the types of the artifacts of a project, page by page (`ProjectArtifactTypes` in the Python SDK).
///
/// ```
/// use wandb_graphql::ops::ListArtifactTypes;
///
/// let types = ListArtifactTypes::new("team/project".parse()?);
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactTypes {
    path: ProjectPath,
    page_size: PageSize,
    position: PagePosition,
}

impl ListArtifactTypes {
    /// Default number of types per page. The Python SDK uses 50.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the types of the project at `path`.
    pub fn new(path: ProjectPath) -> Self {
        Self { path, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of types per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

const OPTIONAL_FIELDS: &[Field] =
    &[Field::new("ArtifactType", "description"), Field::new("ArtifactType", "createdAt")];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(after: $cursor, first: $per_page)]
    artifact_types: Option<ArtifactTypeConnection>,
}

connection!(ArtifactTypeConnection, edges: [ArtifactTypeEdge], node: TypeFields);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType")]
pub(super) struct TypeFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    #[cynic(feature = "ArtifactType.description")]
    description: Option<String>,
    #[cynic(feature = "ArtifactType.createdAt")]
    created_at: Option<DateTime>,
}

impl TypeFields {
    /// # Errors
    /// If the type has no name, which later requests need.
    fn into_type(self) -> Result<ArtifactType, UnreadableEntry> {
        let id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = self.name.filter(|name| !name.is_empty()) else {
            return Err(unnamed_entry("artifact type", &id));
        };
        let mut artifact_type = ArtifactType::new(name, id);
        artifact_type.description = self.description;
        artifact_type.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        Ok(artifact_type)
    }
}

impl Operation for ListArtifactTypes {
    type Answer = ListPage<ArtifactType>;

    fn name(&self) -> &'static str {
        "ProjectArtifactTypes"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Project", "artifactTypes", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables =
            Variables { cursor: self.position.after(), per_page: page_size_argument(self.page_size) };
        project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<ArtifactType>, AnswerError> {
        let what = || format!("project {}", self.path);
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let Some(types) = project.artifact_types else {
            return Err(AnswerError::malformed("it holds a project without artifact types", response.body()));
        };
        Ok(ListPage::read(types, &errors, TypeFields::into_type))
    }
}

paged_list!(ListArtifactTypes of ArtifactType, key: |artifact_type| artifact_type.name.clone());

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListArtifactTypes {
        ListArtifactTypes::new("team/my project".parse().unwrap())
    }

    #[test]
    fn types_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn types_are_read() {
        let page = answer(
            &list(),
            r#"{"data": {"project": {"artifactTypes": {"pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"node": {"id": "1", "name": "model", "description": "d", "createdAt": "2024-05-01T12:00:00Z"}},
                {"node": {"id": "2", "name": ""}}]}}}}"#,
        )
        .unwrap();
        assert_eq!((page.items[0].name.as_str(), page.items[0].description.as_deref()), ("model", Some("d")));
        assert_eq!((page.items.len(), page.unreadable.len(), page.total), (1, 1, None));
        assert!(request(&list().next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
    }

    #[test]
    fn missing_project_is_not_found() {
        let error = answer(&list(), r#"{"data": {"project": null}}"#).unwrap_err();
        assert_eq!(error, AnswerError::NotFound { what: "project team/my project".to_owned() });
    }
}
