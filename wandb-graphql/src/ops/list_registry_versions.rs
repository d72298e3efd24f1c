//! `RegistryVersions`: the versions in the registries of an organization.

use bytes::Bytes;
use http::Response;
use wandb_core::model::Artifact;
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::artifact_fields::OPTIONAL_FIELDS;
use super::entry::connection;
use super::list_page::{ListPage, paged_list};
use super::membership_fields::MembershipFields;
use super::organization_query::{organization_list_data, organization_request};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Lists the versions in all registries of an organization, page by page (`RegistryVersions` in the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRegistryVersions {
    organization: String,
    page_size: PageSize,
    position: PagePosition,
}

impl ListRegistryVersions {
    /// Default number of versions per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the versions of the organization with this name, which is not that of its entity.
    pub fn new(organization: impl Into<String>) -> Self {
        let organization = organization.into();
        Self { organization, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of versions per page.
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
    organization: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Entity {
    name: Option<String>,
    #[arguments(after: $cursor, first: $per_page)]
    artifact_memberships: Option<ArtifactCollectionMembershipConnection>,
}

connection!(
    ArtifactCollectionMembershipConnection,
    edges: [ArtifactCollectionMembershipEdge],
    node: MembershipFields
);

impl Operation for ListRegistryVersions {
    type Answer = ListPage<Artifact>;

    fn name(&self) -> &'static str {
        "RegistryVersions"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.organization)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Entity", "artifactMemberships", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            organization: &self.organization,
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        organization_request::<Entity, _>(self, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Artifact>, AnswerError> {
        let (entity, errors) = organization_list_data(&response, &self.organization)?;
        let missing = || not_found(format!("organization {}", self.organization));
        let Entity { name, artifact_memberships } = entity.ok_or_else(missing)?;
        let Some(memberships) = artifact_memberships else {
            return Err(AnswerError::malformed("it holds an organization without versions", response.body()));
        };
        let asked = [name.as_deref().unwrap_or_default(), ""];
        Ok(ListPage::read(memberships, &errors, |membership| {
            let withheld = || UnreadableEntry::new(None, "the server withholds the artifact of a version");
            membership.into_artifact(asked)?.ok_or_else(withheld)
        }))
    }
}

paged_list!(ListRegistryVersions of Artifact, key: |artifact| {
    format!("{}/{}/{}/{}", artifact.id, artifact.project, artifact.collection, artifact.version)
});

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListRegistryVersions {
        ListRegistryVersions::new("Acme")
    }

    #[test]
    fn registry_versions_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn registry_versions_are_read() {
        let page = answer(
            &list(),
            r#"{"data": {"organization": {"orgEntity": {"name": "acme", "artifactMemberships": {
                "pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"node": {"versionIndex": 0, "createdAt": null, "aliases": [{"alias": "prod"}],
                    "artifactCollection": {"__typename": "ArtifactPortfolio", "name": "best", "project": {"name": "wandb-registry-m", "entity": {"name": "acme"}}},
                    "artifact": {"id": "1", "versionIndex": 4, "artifactSequence": {"name": "a", "project": {"name": "p", "entity": {"name": "e"}}}}}},
                {"node": {"versionIndex": 1, "createdAt": null, "aliases": null, "artifactCollection": null, "artifact": null}}]}}}}}"#,
        )
        .unwrap();
        assert_eq!(page.items[0].path().unwrap().to_string(), "acme/wandb-registry-m/best:v0");
        assert_eq!(page.items[0].aliases, ["prod"]);
        assert_eq!(page.unreadable.len(), 1);
        assert!(request(&list().next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
    }
}
