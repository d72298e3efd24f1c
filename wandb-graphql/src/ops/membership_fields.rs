//! The requested fields of versions in collections.

use wandb_core::model::{Artifact, ArtifactMembership, CollectionKind, Timestamp};
use wandb_core::operation::UnreadableEntry;

use super::artifact_fields::{AliasName, ArtifactFields, CollectionName, View, version_name};
use crate::schema::{DateTime, sdl as schema};

/// A version in a collection.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(super) struct MembershipFields {
    version_index: Option<i32>,
    created_at: Option<DateTime>,
    aliases: Option<Vec<Option<AliasName>>>,
    artifact_collection: Option<CollectionName>,
    artifact: Option<ArtifactFields>,
}

/// A version in a collection, without the version's own data.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(super) struct LinkFields {
    version_index: Option<i32>,
    created_at: Option<DateTime>,
    aliases: Option<Vec<Option<AliasName>>>,
    artifact_collection: Option<CollectionName>,
}

fn names(aliases: Option<Vec<Option<AliasName>>>) -> Vec<String> {
    aliases.into_iter().flatten().flatten().filter_map(|alias| alias.alias).collect()
}

/// Returns the kind of a collection by the name of its type in the schema.
pub(super) fn collection_kind(type_name: &str) -> Option<CollectionKind> {
    match type_name {
        "ArtifactSequence" => Some(CollectionKind::Sequence),
        "ArtifactPortfolio" => Some(CollectionKind::Portfolio),
        _ => None,
    }
}

impl MembershipFields {
    /// Converts the fields to the version. `None` if the server withholds it. Names that the server withholds are taken
    /// from `asked`, entity and project.
    ///
    /// # Errors
    /// If the version has no name, which later requests need.
    pub(super) fn into_artifact(self, asked: [&str; 2]) -> Result<Option<Artifact>, UnreadableEntry> {
        let Some(artifact) = self.artifact else { return Ok(None) };
        let view = View {
            collection: self.artifact_collection.and_then(|collection| collection.into_path(asked)),
            version: self.version_index.map(version_name),
            aliases: self.aliases.is_some().then(|| names(self.aliases)),
            linked_at: self.created_at,
        };
        artifact.into_artifact(asked, view).map(Some)
    }
}

impl LinkFields {
    /// Converts the fields.
    ///
    /// # Errors
    /// If the collection or the version has no name.
    pub(super) fn into_membership(self) -> Result<ArtifactMembership, UnreadableEntry> {
        let unnamed = |what: &str| UnreadableEntry::new(None, format!("a link has no {what}"));
        let collection = self.artifact_collection.ok_or_else(|| unnamed("collection"))?;
        let kind = collection_kind(&collection.__typename);
        let [entity, project, name] = collection.into_path(["", ""]).ok_or_else(|| unnamed("collection"))?;
        let version = version_name(self.version_index.ok_or_else(|| unnamed("version"))?);
        let mut aliases = names(self.aliases);
        aliases.retain(|alias| *alias != version);
        let mut membership = ArtifactMembership::new(entity, project, name, version);
        membership.kind = kind;
        membership.aliases = aliases;
        membership.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        Ok(membership)
    }
}
