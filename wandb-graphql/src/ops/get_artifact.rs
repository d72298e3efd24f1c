//! `ArtifactMembershipByName`: one version of an artifact.

use bytes::Bytes;
use http::Response;
use wandb_core::ArtifactPath;
use wandb_core::model::Artifact;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_fields::{ArtifactFields, OPTIONAL_FIELDS_BY_NAME, View};
use super::membership_fields::MembershipFields;
use super::path_query::{project_data, project_request};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Reads a version of an artifact by its path (`ArtifactMembershipByName` in the Python SDK).
///
/// An older server without memberships is asked for `Project.artifact`.
///
/// ```
/// use wandb_graphql::ops::GetArtifact;
///
/// let get = GetArtifact::new("team/project/resnet:v3".parse()?);
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetArtifact {
    path: ArtifactPath,
}

impl GetArtifact {
    /// Reads the version at `path`.
    pub fn new(path: ArtifactPath) -> Self {
        Self { path }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    name: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "Variables")]
#[expect(dead_code, reason = "`Project` reads the answer")]
struct MembershipProject {
    #[arguments(name: $name)]
    #[cynic(feature = "Project.artifactCollectionMembership")]
    artifact_collection_membership: Option<MembershipFields>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "Variables")]
#[expect(dead_code, reason = "`Project` reads the answer")]
struct ArtifactProject {
    #[arguments(name: $name)]
    artifact: Option<ArtifactFields>,
}

/// The answer to either query.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    #[serde(default)]
    artifact_collection_membership: Option<MembershipFields>,
    #[serde(default)]
    artifact: Option<ArtifactFields>,
}

impl Operation for GetArtifact {
    type Answer = Artifact;

    fn name(&self) -> &'static str {
        "ArtifactMembershipByName"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS_BY_NAME
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let name = self.path.name();
        let variables = Variables { name: &name };
        let project = self.path.project_path();
        if unsupported.contains(&Field::new("Project", "artifactCollectionMembership")) {
            project_request::<ArtifactProject, _>(self, project, variables, endpoint, unsupported)
        } else {
            project_request::<MembershipProject, _>(self, project, variables, endpoint, unsupported)
        }
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Artifact, AnswerError> {
        let what = || format!("artifact {}", self.path);
        let asked = [self.path.entity(), self.path.project()];
        let project: Project = project_data(&response, what)?;
        let read = match (project.artifact_collection_membership, project.artifact) {
            (Some(membership), _) => membership.into_artifact(asked),
            (None, Some(artifact)) => {
                let collection = [self.path.entity(), self.path.project(), self.path.collection()];
                let view = View { collection: Some(collection.map(str::to_owned)), ..View::default() };
                artifact.into_artifact(asked, view).map(Some)
            }
            (None, None) => Ok(None),
        };
        let unreadable = |entry: wandb_core::operation::UnreadableEntry| {
            AnswerError::malformed(entry.to_string(), response.body())
        };
        read.map_err(unreadable)?.ok_or_else(|| not_found(what()))
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::model::{DigestAlgorithm, Timestamp};

    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetArtifact {
        GetArtifact::new("team/my project/best:prod".parse().unwrap())
    }

    #[test]
    fn full_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn request_to_a_server_without_memberships() {
        insta::assert_snapshot!(request(&get(), OPTIONAL_FIELDS_BY_NAME));
    }

    #[test]
    fn linked_version_is_read() {
        let artifact = answer(
            &get(),
            r#"{"data": {"project": {"artifactCollectionMembership": {
                "versionIndex": 4, "createdAt": "2024-05-03T12:00:00Z",
                "aliases": [{"alias": "prod"}, {"alias": "v4"}, {"alias": "prod"}, null],
                "artifactCollection": {"__typename": "ArtifactPortfolio", "name": "best",
                    "project": {"name": "my project", "entity": {"name": "team"}}},
                "artifact": {"id": "QXJ0aWZhY3Q6MQ==", "versionIndex": 7,
                    "artifactSequence": {"name": "resnet", "project": {"name": "lab", "entity": {"name": "other"}}},
                    "artifactType": {"name": "model"}, "description": "d", "metadata": "{\"acc\": NaN}",
                    "ttlDurationSeconds": -2, "ttlIsInherited": true, "tags": [{"name": "a"}, null], "historyStep": 5,
                    "state": "COMMITTED", "size": "5000000000", "digest": "abc", "digestAlgorithm": "MANIFEST_XXH128",
                    "commitHash": "c0ffee", "fileCount": 3, "createdAt": "2024-05-01T12:00:00Z", "updatedAt": null,
                    "aliases": [{"alias": "latest", "artifactCollection": {"__typename": "ArtifactSequence", "name": "resnet", "project": null}}]
                }}}}}"#,
        )
        .unwrap();
        assert_eq!(artifact.path().unwrap().to_string(), "team/my project/best:v4");
        assert_eq!(artifact.source.path().unwrap().to_string(), "other/lab/resnet:v7");
        assert_eq!(
            (artifact.kind.as_deref(), artifact.aliases.as_slice()),
            (Some("model"), &["prod".to_owned()][..])
        );
        assert_eq!((artifact.size, artifact.file_count), (Some(5_000_000_000), Some(3)));
        assert_eq!(
            (artifact.digest.as_deref(), artifact.digest_algorithm),
            (Some("abc"), DigestAlgorithm::Xxh128)
        );
        assert_eq!(
            artifact.metadata.as_ref().and_then(|map| map.get("acc")?.as_f64()).map(f64::is_nan),
            Some(true)
        );
        assert_eq!((artifact.ttl_duration_seconds, artifact.history_step), (Some(-2), Some(5)));
        assert_eq!(artifact.linked_at.as_ref().map(Timestamp::as_str), Some("2024-05-03T12:00:00Z"));
        assert!(artifact.is_link());
    }

    #[test]
    fn artifact_of_an_old_server_is_read() {
        let artifact = answer(
            &get(),
            r#"{"data": {"project": {"artifact": {"id": "1", "versionIndex": 2,
                "artifactSequence": {"name": "best", "project": null},
                "aliases": [
                    {"alias": "prod", "artifactCollection": {"__typename": "ArtifactSequence", "name": "best",
                        "project": {"name": "my project", "entity": {"name": "team"}}}},
                    {"alias": "elsewhere", "artifactCollection": {"__typename": "ArtifactPortfolio", "name": "other", "project": null}}]}}}}"#,
        )
        .unwrap();
        assert_eq!(artifact.path().unwrap().to_string(), "team/my project/best:v2");
        assert_eq!(artifact.aliases, ["prod"]);
        assert!(!artifact.is_link());
    }

    #[test]
    fn unreadable_metadata_keep_the_rest() {
        let artifact = answer(
            &get(),
            r#"{"data": {"project": {"artifactCollectionMembership": {"versionIndex": 1, "createdAt": null, "aliases": null, "artifactCollection": null, "artifact": {"id": "1",
                "artifactSequence": {"name": "best", "project": null}, "versionIndex": 1, "metadata": "[", "digestAlgorithm": "SHA1"}}}}}"#,
        )
        .unwrap();
        let fields: Vec<_> = artifact.unreadable_fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["metadata", "digestAlgorithm"]);
        assert_eq!(artifact.version, "v1");
    }

    #[test]
    fn missing_version_is_not_found() {
        for body in [
            r#"{"data": {"project": null}}"#,
            r#"{"data": {"project": {"artifactCollectionMembership": null}}}"#,
            r#"{"data": {"project": {"artifactCollectionMembership": {"versionIndex": 1, "createdAt": null, "aliases": null, "artifactCollection": null, "artifact": null}}}}"#,
        ] {
            let what = "artifact team/my project/best:prod".to_owned();
            assert_eq!(answer(&get(), body).unwrap_err(), AnswerError::NotFound { what });
        }
    }

    #[test]
    fn version_without_a_name_is_malformed() {
        let body = r#"{"data": {"project": {"artifactCollectionMembership": {"versionIndex": null, "createdAt": null, "aliases": null, "artifactCollection": null, "artifact": {"id": "1", "artifactSequence": null, "versionIndex": null}}}}}"#;
        let error = answer(&get(), body).unwrap_err();
        assert!(error.to_string().contains("has no collection"), "{error}");
    }
}
