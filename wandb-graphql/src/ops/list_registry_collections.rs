//! `RegistryCollections`: the collections of the registries of an organization.

use bytes::Bytes;
use http::Response;
use wandb_core::model::ArtifactCollection;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::collection_fields::{ArtifactCollectionConnection, OPTIONAL_FIELDS};
use super::list_page::{ListPage, paged_list};
use super::organization_query::{organization_list_data, organization_request};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Lists the collections of all registries of an organization, page by page (`RegistryCollections` in the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRegistryCollections {
    organization: String,
    page_size: PageSize,
    position: PagePosition,
}

impl ListRegistryCollections {
    /// Default number of collections per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the collections of the organization with this name, which is not that of its entity.
    pub fn new(organization: impl Into<String>) -> Self {
        let organization = organization.into();
        Self { organization, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
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

/// The kinds of collections that registries have.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactCollectionType")]
enum CollectionType {
    Sequence,
    Portfolio,
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    organization: &'a str,
    collection_types: Option<Vec<CollectionType>>,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Entity {
    name: Option<String>,
    #[arguments(collectionTypes: $collection_types, after: $cursor, first: $per_page)]
    artifact_collections: Option<ArtifactCollectionConnection>,
}

impl Operation for ListRegistryCollections {
    type Answer = ListPage<ArtifactCollection>;

    fn name(&self) -> &'static str {
        "RegistryCollections"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.organization)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Entity", "artifactCollections", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            organization: &self.organization,
            collection_types: Some(vec![CollectionType::Portfolio]),
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        organization_request::<Entity, _>(self, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<ArtifactCollection>, AnswerError> {
        let (entity, errors) = organization_list_data(&response, &self.organization)?;
        let missing = || not_found(format!("organization {}", self.organization));
        let Entity { name, artifact_collections } = entity.ok_or_else(missing)?;
        let Some(collections) = artifact_collections else {
            return Err(AnswerError::malformed(
                "it holds an organization without collections",
                response.body(),
            ));
        };
        Ok(collections.into_page([name.as_deref().unwrap_or_default(), ""], &errors))
    }
}

paged_list!(ListRegistryCollections of ArtifactCollection, key: |collection| format!("{}/{}/{}", collection.id, collection.project, collection.name); total);

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListRegistryCollections {
        ListRegistryCollections::new("Acme")
    }

    #[test]
    fn registry_collections_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn registry_collections_are_read() {
        let page = answer(
            &list(),
            r#"{"data": {"organization": {"orgEntity": {"name": "acme", "artifactCollections": {"totalCount": 1,
                "pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"node": {"__typename": "ArtifactPortfolio", "id": "1", "name": "best", "project": {"name": "wandb-registry-m", "entity": null}}}]}}}}}"#,
        )
        .unwrap();
        let collection = &page.items[0];
        assert_eq!((collection.entity.as_str(), collection.project.as_str()), ("acme", "wandb-registry-m"));
        assert_eq!(ListRegistryCollections::total(&page), Some(1));
        assert!(request(&list().next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
        let missing = answer(&list(), r#"{"data": {"organization": null}}"#).unwrap_err();
        assert!(matches!(missing, AnswerError::NotFound { .. }), "{missing}");
    }
}
