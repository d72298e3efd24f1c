//! `FetchLinkedArtifacts`: the collections that hold an artifact.

use bytes::Bytes;
use http::Response;
use wandb_core::model::ArtifactMembership;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::membership_fields::LinkFields;
use crate::envelope::{RequestSpec, data, not_found, post};
use crate::schema::sdl as schema;

/// Lists the collections that hold a version, also the one that it was logged to (`FetchLinkedArtifacts` in the Python
/// SDK). The server sends them in one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactLinks {
    id: String,
    subject: String,
}

impl ListArtifactLinks {
    /// Lists the collections that hold the version with this storage id. `subject` is its path, for messages.
    pub fn new(id: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { id: id.into(), subject: subject.into() }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    #[cynic(rename = "artifactID")]
    id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(id: $id)]
    artifact: Option<Artifact>,
}

#[derive(cynic::QueryFragment, Debug)]
struct Artifact {
    artifact_memberships: Option<MembershipConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipConnection")]
struct MembershipConnection {
    edges: Option<Vec<Option<MembershipEdge>>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipEdge")]
struct MembershipEdge {
    node: Option<LinkFields>,
}

impl Operation for ListArtifactLinks {
    type Answer = Vec<ArtifactMembership>;

    fn name(&self) -> &'static str {
        "FetchLinkedArtifacts"
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables { id: cynic::Id::new(self.id.clone()) };
        post::<Query, _>(RequestSpec::new(self, variables), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Vec<ArtifactMembership>, AnswerError> {
        let what = || format!("artifact {}", self.subject);
        let query: Query = data(&response, what)?;
        let memberships = query.artifact.ok_or_else(|| not_found(what()))?.artifact_memberships;
        let edges = memberships.into_iter().flat_map(|memberships| memberships.edges.into_iter().flatten());
        edges
            .flatten()
            .filter_map(|edge| edge.node)
            .map(LinkFields::into_membership)
            .collect::<Result<_, _>>()
            .map_err(|entry| AnswerError::malformed(entry.to_string(), response.body()))
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::model::CollectionKind;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListArtifactLinks {
        ListArtifactLinks::new("QXJ0aWZhY3Q6MQ==", "team/project/a:v1")
    }

    #[test]
    fn links_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn links_are_read() {
        let body = r#"{"data": {"artifact": {"artifactMemberships": {"edges": [
            {"node": {"versionIndex": 0, "createdAt": "2024-05-01T12:00:00Z", "aliases": [{"alias": "v0"}, {"alias": "prod"}],
                "artifactCollection": {"__typename": "ArtifactPortfolio", "name": "best",
                    "project": {"name": "wandb-registry-m", "entity": {"name": "org"}}}}},
            {"node": null}, null]}}}}"#;
        let links = answer(&list(), body).unwrap();
        assert_eq!(links[0].path().unwrap().to_string(), "org/wandb-registry-m/best:v0");
        assert_eq!(
            (links[0].kind, links[0].aliases.as_slice()),
            (Some(CollectionKind::Portfolio), &["prod".to_owned()][..])
        );
        let unnamed = body.replace("\"versionIndex\": 0", "\"versionIndex\": null");
        assert!(matches!(answer(&list(), &unnamed), Err(AnswerError::Malformed { .. })));
    }
}
