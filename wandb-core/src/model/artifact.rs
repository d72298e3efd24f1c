//! Versions of artifacts, their types and collections, and registries.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::Url;

use super::{Timestamp, UnreadableField};
use crate::path::registry_name;
use crate::value::Map;
use crate::{ArtifactPath, BaseUrl, PathError};

/// A version of an artifact (`Artifact`), as seen from one of the collections that hold it.
///
/// `entity`, `project`, `collection` and `version` are those of the collection that was asked for. If that is a portfolio
/// or belongs to a registry, they differ from the [`source`](Self::source).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Artifact {
    /// The storage id (`id`).
    pub id: String,
    /// The user, team or organization that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The name of the collection, the part of the artifact's name before the colon.
    pub collection: String,
    /// The version in the collection, such as `v3`.
    pub version: String,
    /// The collection and version that the artifact was logged to.
    pub source: ArtifactSource,
    /// The type (`artifactType.name`), such as `model` or `dataset`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The aliases in the collection, without the version.
    pub aliases: Vec<String>,
    /// The tags (`tags`).
    pub tags: Option<Vec<String>>,
    /// The description (`description`).
    pub description: Option<String>,
    /// The metadata (`metadata`).
    pub metadata: Option<Map>,
    /// The state (`state`): `COMMITTED`, `PENDING` or `DELETED`.
    pub state: Option<String>,
    /// The total size of all entries in bytes (`size`).
    pub size: Option<u64>,
    /// The number of entries (`fileCount`).
    pub file_count: Option<u64>,
    /// The digest of the manifest in hexadecimal form (`digest`).
    pub digest: Option<String>,
    /// The algorithm of the digest (`digestAlgorithm`). Servers that do not know the field use MD5.
    pub digest_algorithm: DigestAlgorithm,
    /// The hash of the commit (`commitHash`).
    pub commit_hash: Option<String>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last change (`updatedAt`).
    pub updated_at: Option<Timestamp>,
    /// The time at which the version was added to the collection (`ArtifactCollectionMembership.createdAt`).
    pub linked_at: Option<Timestamp>,
    /// The time to live in seconds (`ttlDurationSeconds`). Not positive if the version does not expire.
    pub ttl_duration_seconds: Option<i64>,
    /// Whether the time to live comes from the team (`ttlIsInherited`).
    pub ttl_is_inherited: Option<bool>,
    /// The step of the run at which it was logged (`historyStep`).
    pub history_step: Option<i64>,
    /// The fields that could not be parsed. They are `None`.
    #[serde(skip)]
    pub unreadable_fields: Vec<UnreadableField>,
}

/// The collection and version that an artifact was logged to (`artifactSequence`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArtifactSource {
    /// The user or team that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The name of the collection.
    pub collection: String,
    /// The version, such as `v3`.
    pub version: String,
}

impl ArtifactSource {
    /// Creates a source from its parts.
    pub fn new(
        entity: impl Into<String>,
        project: impl Into<String>,
        collection: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        Self {
            entity: entity.into(),
            project: project.into(),
            collection: collection.into(),
            version: version.into(),
        }
    }

    /// The path of the version.
    ///
    /// # Errors
    /// Fails if one of the server's names is not valid in a path.
    pub fn path(&self) -> Result<ArtifactPath, PathError> {
        ArtifactPath::new(&self.entity, &self.project, &self.collection, &self.version)
    }
}

impl Artifact {
    /// Creates a version with only its id and its path, which is also its source.
    ///
    /// ```
    /// use wandb_core::model::{Artifact, ArtifactSource};
    ///
    /// let artifact = Artifact::new("QXJ0aWZhY3Q6MQ==", ArtifactSource::new("team", "project", "resnet", "v3"));
    /// assert_eq!(artifact.path()?.to_string(), "team/project/resnet:v3");
    /// assert!(!artifact.is_link());
    /// # Ok::<(), wandb_core::PathError>(())
    /// ```
    pub fn new(id: impl Into<String>, source: ArtifactSource) -> Self {
        let ArtifactSource { entity, project, collection, version } = source.clone();
        Self {
            id: id.into(),
            entity,
            project,
            collection,
            version,
            source,
            kind: None,
            aliases: Vec::new(),
            tags: None,
            description: None,
            metadata: None,
            state: None,
            size: None,
            file_count: None,
            digest: None,
            digest_algorithm: DigestAlgorithm::Md5,
            commit_hash: None,
            created_at: None,
            updated_at: None,
            linked_at: None,
            ttl_duration_seconds: None,
            ttl_is_inherited: None,
            history_step: None,
            unreadable_fields: Vec::new(),
        }
    }

    /// The path in the collection that was asked for.
    ///
    /// # Errors
    /// Fails if one of the server's names is not valid in a path.
    pub fn path(&self) -> Result<ArtifactPath, PathError> {
        ArtifactPath::new(&self.entity, &self.project, &self.collection, &self.version)
    }

    /// Returns true if the collection that was asked for is not the one that the artifact was logged to.
    pub fn is_link(&self) -> bool {
        let ArtifactSource { entity, project, collection, .. } = &self.source;
        (entity, project, collection) != (&self.entity, &self.project, &self.collection)
    }

    /// The URL of its page in the server's web app. For a version in a registry, the page of the registry.
    pub fn url(&self, base: &BaseUrl) -> Url {
        let Self { entity, project, collection, version, .. } = self;
        if let Some(registry) = registry_name(project) {
            let mut url = base.app_page(["registry", registry]);
            url.query_pairs_mut()
                .append_pair("selectionPath", &format!("{entity}/{project}/{collection}"))
                .append_pair("view", "membership")
                .append_pair("version", version);
            return url;
        }
        let kind = self.kind.as_deref().unwrap_or_default();
        base.app_page([entity.as_str(), project, "artifacts", kind, collection, version])
    }
}

/// The algorithm of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// MD5.
    #[default]
    Md5,
    /// The 128-bit variant of XXH3.
    Xxh128,
}

impl DigestAlgorithm {
    /// Returns the algorithm that an entry of a manifest names, MD5 if it is unknown (`digest_algorithm` in
    /// `sdk/artifacts/artifact_manifest_entry.py` of the Python SDK).
    pub(crate) fn of_entry(name: Option<&str>) -> Self {
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    }
}

/// Formats as in manifests: `MD5`, `XXH128`.
impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Xxh128 => "XXH128",
        })
    }
}

/// Parses the name in a manifest, `XXH128`, or in the server's schema, `MANIFEST_XXH128`.
impl FromStr for DigestAlgorithm {
    type Err = UnknownDigestAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownDigestAlgorithm> {
        match text.strip_prefix("MANIFEST_").unwrap_or(text) {
            "MD5" => Ok(Self::Md5),
            "XXH128" => Ok(Self::Xxh128),
            _ => Err(UnknownDigestAlgorithm(text.to_owned())),
        }
    }
}

impl Serialize for DigestAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is not a [`DigestAlgorithm`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest algorithm (choose MD5 or XXH128)")]
pub struct UnknownDigestAlgorithm(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact() -> Artifact {
        Artifact::new("QXJ0aWZhY3Q6MQ==", ArtifactSource::new("team", "my project", "resnet", "v3"))
    }

    #[test]
    fn link_differs_from_its_source() {
        let mut linked = artifact();
        (linked.version, linked.collection) = ("v0".to_owned(), "resnet".to_owned());
        assert!(!linked.is_link(), "another version of the same collection is no link");
        linked.collection = "best".to_owned();
        assert!(linked.is_link());
        assert_eq!(linked.path().unwrap().to_string(), "team/my project/best:v0");
        assert_eq!(linked.source.path().unwrap().to_string(), "team/my project/resnet:v3");
    }

    #[test]
    fn url_is_the_page_of_the_version() {
        let base: BaseUrl = "https://wandb.example.org".parse().unwrap();
        let mut artifact = artifact();
        artifact.kind = Some("a model".to_owned());
        assert_eq!(
            artifact.url(&base).as_str(),
            "https://wandb.example.org/team/my%20project/artifacts/a%20model/resnet/v3"
        );
        assert_eq!(artifact.url(&base).as_str().parse(), artifact.path());
        artifact.project = "wandb-registry-model".to_owned();
        assert_eq!(artifact.url(&base).as_str().parse(), artifact.path());
    }

    #[test]
    fn algorithms_round_trip() {
        for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128] {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert_eq!(format!("MANIFEST_{algorithm}").parse(), Ok(algorithm));
        }
        assert!("SHA1".parse::<DigestAlgorithm>().unwrap_err().to_string().contains("MD5 or XXH128"));
        assert_eq!(DigestAlgorithm::of_entry(Some("SHA1")), DigestAlgorithm::Md5);
    }

    #[test]
    fn fields_serialize_under_the_names_of_the_sdk() {
        let json = serde_json::to_value(artifact()).unwrap();
        assert_eq!(json["type"], serde_json::Value::Null);
        assert_eq!((&json["digest_algorithm"], &json["version"]), (&"MD5".into(), &"v3".into()));
        assert!(json.get("unreadable_fields").is_none());
    }
}
