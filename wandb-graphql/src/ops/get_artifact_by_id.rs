//! `ArtifactByID`: one version of an artifact by its storage id.

use bytes::Bytes;
use http::Response;
use wandb_core::model::Artifact;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_fields::{ArtifactFields, OPTIONAL_FIELDS, View};
use super::artifact_query::{artifact_data, artifact_request};
use crate::envelope::not_found;

/// Reads a version of an artifact by its storage id, as seen from the collection that it was logged to (`ArtifactByID` in
/// the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetArtifactById {
    id: String,
}

impl GetArtifactById {
    /// Reads the version with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

impl Operation for GetArtifactById {
    type Answer = Artifact;

    fn name(&self) -> &'static str {
        "ArtifactByID"
    }

    fn subject(&self) -> String {
        format!("artifact {}", self.id)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        artifact_request::<ArtifactFields>(self, &self.id, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Artifact, AnswerError> {
        let what = || format!("the artifact with the id {}", self.id);
        let artifact: Option<ArtifactFields> = artifact_data(&response, what)?;
        let artifact = artifact.ok_or_else(|| not_found(what()))?;
        artifact
            .into_artifact(["", ""], View::default())
            .map_err(|entry| AnswerError::malformed(entry.to_string(), response.body()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    #[test]
    fn request_names_the_id() {
        insta::assert_snapshot!(request(&GetArtifactById::new("QXJ0aWZhY3Q6MQ=="), &[]));
    }

    #[test]
    fn version_is_that_of_the_source() {
        let get = GetArtifactById::new("QXJ0aWZhY3Q6MQ==");
        let body = r#"{"data": {"artifact": {"id": "QXJ0aWZhY3Q6MQ==", "versionIndex": 3, "artifactSequence": {"name": "a",
            "project": {"name": "p", "entity": {"name": "e"}}}}}}"#;
        let artifact = answer(&get, body).unwrap();
        assert_eq!(artifact.path().unwrap().to_string(), "e/p/a:v3");
        assert_eq!(
            answer(&get, r#"{"data": {"artifact": null}}"#).unwrap_err().to_string(),
            "the artifact with the id QXJ0aWZhY3Q6MQ== does not exist, or the API key may not see it"
        );
    }
}
