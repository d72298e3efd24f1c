//! `ArtifactCreatedBy`: the run that logged an artifact.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_query::{artifact_data, artifact_request};
use super::artifact_run_fields::ArtifactRun;
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Reads which run logged a version (`ArtifactCreatedBy` in the Python SDK). `None` if it was a user, or a run that the key
/// may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetArtifactCreator {
    id: String,
    subject: String,
}

impl GetArtifactCreator {
    /// Reads the creator of the version with this storage id. `subject` is its path, for messages.
    pub fn new(id: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { id: id.into(), subject: subject.into() }
    }
}

#[derive(cynic::QueryFragment, Debug)]
struct Artifact {
    created_by: Option<ArtifactCreator>,
}

#[derive(cynic::InlineFragments, Debug)]
enum ArtifactCreator {
    Run(ArtifactRun),
    #[cynic(fallback)]
    Other,
}

impl Operation for GetArtifactCreator {
    type Answer = Option<RunPath>;

    fn name(&self) -> &'static str {
        "ArtifactCreatedBy"
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        artifact_request::<Artifact>(self, &self.id, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Option<RunPath>, AnswerError> {
        let what = || format!("artifact {}", self.subject);
        let artifact: Option<Artifact> = artifact_data(&response, what)?;
        match artifact.ok_or_else(|| not_found(what()))?.created_by {
            Some(ArtifactCreator::Run(run)) => run.into_path(response.body()),
            Some(ArtifactCreator::Other) | None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetArtifactCreator {
        GetArtifactCreator::new("QXJ0aWZhY3Q6MQ==", "team/project/a:v1")
    }

    #[test]
    fn creator_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn creator_may_be_a_run() {
        let created_by = |creator: &str| {
            answer(&get(), &format!(r#"{{"data": {{"artifact": {{"createdBy": {creator}}}}}}}"#))
        };
        let run = r#"{"__typename": "Run", "id": "1", "name": "abc", "project": {"name": "p", "entity": {"name": "e"}}}"#;
        assert_eq!(created_by(run).unwrap(), Some("e/p/abc".parse().unwrap()));
        let hidden = r#"{"__typename": "Run", "id": "1", "name": "abc", "project": null}"#;
        for other in ["null", r#"{"__typename": "User"}"#, hidden] {
            assert_eq!(created_by(other).unwrap(), None, "{other}");
        }
        let unusable = r#"{"__typename": "Run", "id": "1", "name": "a/b", "project": {"name": "p", "entity": {"name": "e"}}}"#;
        assert!(matches!(created_by(unusable), Err(AnswerError::Malformed { .. })));
        assert!(matches!(
            answer(&get(), r#"{"data": {"artifact": null}}"#),
            Err(AnswerError::NotFound { .. })
        ));
    }
}
