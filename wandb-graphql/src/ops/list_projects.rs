//! `GetProjects`: the projects of a user or team.

use bytes::Bytes;
use http::Response;
use wandb_core::model::{Project, Timestamp};
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::entry::{connection, unnamed_entry};
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::user_fields::UserFields;
use crate::envelope::{RequestSpec, list_data, not_found, post};
use crate::schema::{DateTime, sdl as schema};

/// Lists the projects of an entity, page by page (`GetProjects` in the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListProjects {
    entity: String,
    page_size: PageSize,
    position: PagePosition,
}

impl ListProjects {
    /// Default number of projects per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(200);

    /// Lists the projects of `entity`, a user or a team.
    pub fn new(entity: impl Into<String>) -> Self {
        Self { entity: entity.into(), page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of projects per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Project", "entityName"),
    Field::new("Project", "createdAt"),
    Field::new("Project", "isBenchmark"),
    Field::new("Project", "user"),
    Field::new("User", "username"),
    Field::new("User", "name"),
];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(entityName: $entity, after: $cursor, first: $per_page)]
    models: Option<ProjectConnection>,
}

connection!(ProjectConnection, edges: [ProjectEdge], node: ProjectFields);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(super) struct ProjectFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    #[cynic(feature = "Project.entityName")]
    entity_name: Option<String>,
    #[cynic(feature = "Project.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "Project.isBenchmark")]
    is_benchmark: Option<bool>,
    #[cynic(feature = "Project.user")]
    user: Option<UserFields>,
}

impl Operation for ListProjects {
    type Answer = ListPage<Project>;

    fn name(&self) -> &'static str {
        "GetProjects"
    }

    fn subject(&self) -> String {
        self.entity.clone()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Query", "models", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            entity: &self.entity,
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        post::<Query, _>(RequestSpec::new(self, variables), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Project>, AnswerError> {
        let what = || format!("entity {}", self.entity);
        let (query, errors): (Query, _) = list_data(&response, what)?;
        let models = query.models.ok_or_else(|| not_found(what()))?;
        Ok(ListPage::read(models, &errors, |fields| fields.into_project(&self.entity)))
    }
}

paged_list!(ListProjects of Project, key: |project| format!("{}/{}", project.id, project.name));

impl ProjectFields {
    /// # Errors
    /// If the project has no name, which later requests need.
    fn into_project(self, asked: &str) -> Result<Project, UnreadableEntry> {
        let entity = self.entity_name.unwrap_or_else(|| asked.to_owned());
        let id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = self.name.filter(|name| !name.is_empty()) else {
            return Err(unnamed_entry("project", &id));
        };
        let mut project = Project::new(entity, name, id);
        project.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        project.is_benchmark = self.is_benchmark;
        project.user = self.user.map(Into::into);
        Ok(project)
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    #[test]
    fn request_names_the_entity() {
        insta::assert_snapshot!(request(&ListProjects::new("team"), &[]));
    }

    #[test]
    fn next_page_starts_after_the_cursor() {
        let first = ListProjects::new("team").page_size(PageSize::fixed(2));
        let page = answer(
            &first,
            r#"{"data": {"models": {"pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"node": {"id": "1", "name": "a b", "entityName": "team", "createdAt": "2024-05-01T12:00:00",
                          "isBenchmark": false, "user": {"username": "ada", "name": "Ada"}}},
                {"node": null},
                {"node": {"id": "2", "name": "c", "entityName": null}}]}}}"#,
        )
        .unwrap();
        let second = first.next(&page).unwrap();
        assert!(
            request(&second, &[])
                .ends_with("{\n  \"cursor\": \"c1\",\n  \"entity\": \"team\",\n  \"perPage\": 2\n}")
        );
        let projects = ListProjects::items(page);
        assert_eq!(projects.len(), 2);
        assert_eq!(projects[0].path().unwrap().to_string(), "team/a b");
        assert_eq!(projects[0].user.as_ref().and_then(|user| user.username.as_deref()), Some("ada"));
        assert_eq!(projects[1], Project::new("team", "c", "2"));

        let last =
            r#"{"data": {"models": {"pageInfo": {"endCursor": null, "hasNextPage": false}, "edges": []}}}"#;
        let last = answer(&second, last).unwrap();
        assert_eq!(second.next(&last), None);
    }

    #[test]
    fn unknown_entity_is_not_found() {
        let error = answer(&ListProjects::new("nobody"), r#"{"data": {"models": null}}"#).unwrap_err();
        assert_eq!(error.to_string(), "entity nobody does not exist, or the API key may not see it");
    }
}
