//! `FetchArtifactManifest`: where the manifest of an artifact is.

use bytes::Bytes;
use http::Response;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_query::{artifact_data, artifact_request};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Reads the address of the manifest of a version (`FetchArtifactManifest` in the Python SDK). The address expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetArtifactManifest {
    id: String,
    subject: String,
}

impl GetArtifactManifest {
    /// Reads the address for the version with this storage id. `subject` is its path, for messages.
    pub fn new(id: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { id: id.into(), subject: subject.into() }
    }
}

#[derive(cynic::QueryFragment, Debug)]
struct Artifact {
    current_manifest: Option<ArtifactManifest>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ArtifactManifest {
    file: Option<File>,
}

#[derive(cynic::QueryFragment, Debug)]
struct File {
    direct_url: Option<String>,
}

impl Operation for GetArtifactManifest {
    type Answer = String;

    fn name(&self) -> &'static str {
        "FetchArtifactManifest"
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        artifact_request::<Artifact>(self, &self.id, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<String, AnswerError> {
        let what = || format!("the manifest of {}", self.subject);
        let artifact: Option<Artifact> = artifact_data(&response, what)?;
        let artifact = artifact.ok_or_else(|| not_found(format!("artifact {}", self.subject)))?;
        let file = artifact.current_manifest.and_then(|manifest| manifest.file);
        let url = file.and_then(|file| file.direct_url).filter(|url| !url.is_empty());
        url.ok_or_else(|| not_found(what()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetArtifactManifest {
        GetArtifactManifest::new("QXJ0aWZhY3Q6MQ==", "team/project/a:v1")
    }

    #[test]
    fn manifest_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn address_of_the_manifest_is_read() {
        let body = r#"{"data": {"artifact": {"currentManifest": {"file": {"directUrl": "https://s/m?x"}}}}}"#;
        assert_eq!(answer(&get(), body).unwrap(), "https://s/m?x");
        for (body, what) in [
            (r#"{"data": {"artifact": null}}"#, "artifact team/project/a:v1"),
            (r#"{"data": {"artifact": {"currentManifest": null}}}"#, "the manifest of team/project/a:v1"),
            (
                r#"{"data": {"artifact": {"currentManifest": {"file": {"directUrl": ""}}}}}"#,
                "the manifest of team/project/a:v1",
            ),
        ] {
            assert_eq!(answer(&get(), body).unwrap_err(), AnswerError::NotFound { what: what.to_owned() });
        }
    }
}
