//! `ArtifactUsedBy`: the runs that used an artifact.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_query::{artifact_data, artifact_request};
use super::artifact_run_fields::ArtifactRun;
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Lists the runs that used a version (`ArtifactUsedBy` in the Python SDK). Leaves out runs that the key may not see. The
/// server sends them in one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactUsers {
    id: String,
    subject: String,
}

impl ListArtifactUsers {
    /// Lists the runs that used the version with this storage id. `subject` is its path, for messages.
    pub fn new(id: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { id: id.into(), subject: subject.into() }
    }
}

#[derive(cynic::QueryFragment, Debug)]
struct Artifact {
    used_by: Option<RunConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct RunConnection {
    edges: Vec<RunEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
struct RunEdge {
    node: Option<ArtifactRun>,
}

impl Operation for ListArtifactUsers {
    type Answer = Vec<RunPath>;

    fn name(&self) -> &'static str {
        "ArtifactUsedBy"
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        artifact_request::<Artifact>(self, &self.id, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Vec<RunPath>, AnswerError> {
        let what = || format!("artifact {}", self.subject);
        let artifact: Option<Artifact> = artifact_data(&response, what)?;
        let used_by = artifact.ok_or_else(|| not_found(what()))?.used_by;
        let runs = used_by.into_iter().flat_map(|runs| runs.edges).filter_map(|edge| edge.node);
        runs.filter_map(|run| run.into_path(response.body()).transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListArtifactUsers {
        ListArtifactUsers::new("QXJ0aWZhY3Q6MQ==", "team/project/a:v1")
    }

    #[test]
    fn users_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn runs_that_used_an_artifact_are_read() {
        let body = r#"{"data": {"artifact": {"usedBy": {"edges": [
            {"node": {"id": "1", "name": "abc", "project": {"name": "p", "entity": {"name": "e"}}}},
            {"node": {"id": "2", "name": "hidden", "project": null}}, {"node": null}]}}}}"#;
        assert_eq!(answer(&list(), body).unwrap(), ["e/p/abc".parse().unwrap()]);
        assert_eq!(answer(&list(), r#"{"data": {"artifact": {"usedBy": null}}}"#).unwrap(), []);
    }
}
