//! Types and collections of artifacts, their memberships, and registries.

use serde::Serialize;

use super::Timestamp;
use crate::path::registry_name;
use crate::{ArtifactPath, PathError, ProjectPath};

/// A type of artifacts in a project (`ArtifactType`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArtifactType {
    /// The name, such as `model`.
    pub name: String,
    /// The storage id (`id`).
    pub id: String,
    /// The description (`description`).
    pub description: Option<String>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
}

impl ArtifactType {
    /// Creates a type with only its name and id.
    pub fn new(name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { name: name.into(), id: id.into(), description: None, created_at: None }
    }
}

/// Whether versions are logged or linked to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CollectionKind {
    /// Versions are logged to it by runs (`ArtifactSequence`).
    Sequence,
    /// It links versions of other collections (`ArtifactPortfolio`).
    Portfolio,
}

/// A collection of the versions of an artifact (`ArtifactCollection`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArtifactCollection {
    /// The storage id (`id`).
    pub id: String,
    /// The user, team or organization that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The name.
    pub name: String,
    /// The type of its versions (`defaultArtifactType.name`).
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// Whether versions are logged or linked to it (`__typename`).
    pub kind: Option<CollectionKind>,
    /// The description (`description`).
    pub description: Option<String>,
    /// The tags (`tags`).
    pub tags: Option<Vec<String>>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last change (`updatedAt`).
    pub updated_at: Option<Timestamp>,
}

impl ArtifactCollection {
    /// Creates a collection with only its id, project and name.
    pub fn new(
        id: impl Into<String>,
        entity: impl Into<String>,
        project: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            entity: entity.into(),
            project: project.into(),
            name: name.into(),
            type_name: None,
            kind: None,
            description: None,
            tags: None,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A version in a collection (`ArtifactCollectionMembership`), without the version's own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArtifactMembership {
    /// The user, team or organization that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The name of the collection.
    pub collection: String,
    /// The version in the collection, such as `v3`.
    pub version: String,
    /// Whether the version was logged or linked to the collection.
    pub kind: Option<CollectionKind>,
    /// The aliases in the collection, without the version.
    pub aliases: Vec<String>,
    /// The time at which the version was added (`createdAt`).
    pub created_at: Option<Timestamp>,
}

impl ArtifactMembership {
    /// Creates a membership with only its path.
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
            kind: None,
            aliases: Vec::new(),
            created_at: None,
        }
    }

    /// The path of the version in the collection.
    ///
    /// # Errors
    /// Fails if one of the server's names is not valid in a path.
    pub fn path(&self) -> Result<ArtifactPath, PathError> {
        ArtifactPath::new(&self.entity, &self.project, &self.collection, &self.version)
    }
}

/// A registry of an organization: a project whose collections link versions of other projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Registry {
    /// The storage id of the project (`id`).
    pub id: String,
    /// The entity of the organization.
    pub entity: String,
    /// The full name of the project, `wandb-registry-NAME`.
    pub project: String,
    /// The name of the organization.
    pub organization: Option<String>,
    /// The description (`description`).
    pub description: Option<String>,
    /// Who may see it (`access`).
    pub visibility: Option<String>,
    /// The types of artifacts that it takes (`artifactTypes`).
    pub artifact_types: Option<Vec<String>>,
    /// Whether it takes artifacts of any type (`allowAllArtifactTypesInRegistry`).
    pub allow_all_artifact_types: Option<bool>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last change (`updatedAt`).
    pub updated_at: Option<Timestamp>,
}

impl Registry {
    /// Creates a registry with only its id and project.
    pub fn new(id: impl Into<String>, entity: impl Into<String>, project: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            entity: entity.into(),
            project: project.into(),
            organization: None,
            description: None,
            visibility: None,
            artifact_types: None,
            allow_all_artifact_types: None,
            created_at: None,
            updated_at: None,
        }
    }

    /// The name, without the prefix of registries.
    ///
    /// ```
    /// use wandb_core::model::Registry;
    ///
    /// assert_eq!(Registry::new("UHJvamVjdDox", "acme", "wandb-registry-model").name(), "model");
    /// ```
    pub fn name(&self) -> &str {
        registry_name(&self.project).unwrap_or(&self.project)
    }

    /// The path of the project.
    ///
    /// # Errors
    /// Fails if one of the server's names is not valid in a path.
    pub fn path(&self) -> Result<ProjectPath, PathError> {
        ProjectPath::new(&self.entity, &self.project)
    }
}
