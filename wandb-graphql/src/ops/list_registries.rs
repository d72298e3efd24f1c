//! `FetchRegistries`: the registries of an organization.

use bytes::Bytes;
use http::Response;
use wandb_core::model::{Registry, Timestamp};
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::artifact_fields::TypeName;
use super::entry::{connection, unnamed_entry};
use super::list_page::{ListPage, paged_list};
use super::organization_query::{organization_list_data, organization_request};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use crate::schema::{DateTime, JsonText, sdl as schema};

/// The filter that selects registries among the projects of an organization. The Python SDK adds the same prefix to the
/// names in its filters (`prefix_registry_name` in `apis/public/registries/_utils.py`).
const REGISTRIES: &str = r#"{"name": {"$regex": "^wandb-registry-"}}"#;

/// Lists the registries of an organization, page by page (`FetchRegistries` in the Python SDK).
///
/// ```
/// use wandb_graphql::ops::ListRegistries;
///
/// let registries = ListRegistries::new("Acme");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRegistries {
    organization: String,
    page_size: PageSize,
    position: PagePosition,
}

impl ListRegistries {
    /// Default number of registries per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the registries of the organization with this name, which is not that of its entity.
    pub fn new(organization: impl Into<String>) -> Self {
        let organization = organization.into();
        Self { organization, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of registries per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Project", "description"),
    Field::new("Project", "createdAt"),
    Field::new("Project", "updatedAt"),
    Field::new("Project", "access"),
    Field::new("Project", "allowAllArtifactTypesInRegistry"),
    Field::new("Project", "artifactTypes"),
];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    organization: &'a str,
    filters: JsonText,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Entity {
    #[arguments(filters: $filters, after: $cursor, first: $per_page)]
    projects: Option<ProjectConnection>,
}

connection!(ProjectConnection, edges: [ProjectEdge], node: RegistryFields);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(super) struct RegistryFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    entity: Option<OwnerEntity>,
    #[cynic(feature = "Project.description")]
    description: Option<String>,
    #[cynic(feature = "Project.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "Project.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "Project.access")]
    access: Option<String>,
    #[cynic(feature = "Project.allowAllArtifactTypesInRegistry", rename = "allowAllArtifactTypesInRegistry")]
    allow_all_artifact_types: Option<bool>,
    #[cynic(feature = "Project.artifactTypes")]
    #[arguments(includeAll: true)]
    artifact_types: Option<TypeConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
struct OwnerEntity {
    name: Option<String>,
    organization: Option<OrganizationName>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organization")]
struct OrganizationName {
    name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactTypeConnection")]
struct TypeConnection {
    edges: Option<Vec<Option<TypeEdge>>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactTypeEdge")]
struct TypeEdge {
    node: Option<TypeName>,
}

impl RegistryFields {
    /// # Errors
    /// If the registry has no name, which later requests need.
    fn into_registry(self) -> Result<Registry, UnreadableEntry> {
        let id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let owner = self.entity;
        let (entity, organization) = match owner {
            Some(owner) => (owner.name.unwrap_or_default(), owner.organization.and_then(|of| of.name)),
            None => (String::new(), None),
        };
        let Some(name) = self.name.filter(|name| !name.is_empty() && !entity.is_empty()) else {
            return Err(unnamed_entry("registry", &id));
        };
        let mut registry = Registry::new(id, entity, name);
        registry.organization = organization;
        registry.description = self.description;
        registry.visibility = self.access;
        registry.allow_all_artifact_types = self.allow_all_artifact_types;
        registry.artifact_types = self.artifact_types.map(|types| {
            let nodes = types.edges.into_iter().flatten().flatten().filter_map(|edge| edge.node);
            nodes.filter_map(|of| of.name).collect()
        });
        registry.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        registry.updated_at = self.updated_at.map(|time| Timestamp::from(time.0));
        Ok(registry)
    }
}

impl Operation for ListRegistries {
    type Answer = ListPage<Registry>;

    fn name(&self) -> &'static str {
        "FetchRegistries"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.organization)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Entity", "projects", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            organization: &self.organization,
            filters: JsonText(REGISTRIES.into()),
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        organization_request::<Entity, _>(self, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Registry>, AnswerError> {
        let (entity, errors): (Option<Entity>, _) = organization_list_data(&response, &self.organization)?;
        let Some(projects) = entity.and_then(|entity| entity.projects) else {
            return Err(AnswerError::malformed("it holds an organization without projects", response.body()));
        };
        Ok(ListPage::read(projects, &errors, RegistryFields::into_registry))
    }
}

paged_list!(ListRegistries of Registry, key: |registry| format!("{}/{}", registry.entity, registry.project));

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListRegistries {
        ListRegistries::new("Acme")
    }

    #[test]
    fn registries_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn registries_are_read() {
        let page = answer(
            &list(),
            r#"{"data": {"organization": {"orgEntity": {"projects": {"pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"node": {"id": "1", "name": "wandb-registry-model", "entity": {"name": "acme", "organization": {"name": "Acme"}},
                    "description": "d", "access": "PRIVATE", "allowAllArtifactTypesInRegistry": true,
                    "artifactTypes": {"edges": [{"node": {"name": "model"}}]}}},
                {"node": {"id": "2", "name": null, "entity": null}}]}}}}}"#,
        )
        .unwrap();
        let [registry] = &page.items[..] else { panic!("one registry") };
        assert_eq!((registry.name(), registry.organization.as_deref()), ("model", Some("Acme")));
        assert_eq!(registry.path().unwrap().to_string(), "acme/wandb-registry-model");
        assert_eq!(registry.artifact_types.as_deref(), Some(&["model".to_owned()][..]));
        assert_eq!((registry.visibility.as_deref(), page.unreadable.len()), (Some("PRIVATE"), 1));
        assert!(request(&list().next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
    }

    #[test]
    fn missing_organization_is_not_found() {
        let error = answer(&list(), r#"{"data": {"organization": null}}"#).unwrap_err();
        assert_eq!(error, AnswerError::NotFound { what: "organization Acme".to_owned() });
    }
}
