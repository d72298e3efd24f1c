//! The requested fields of versions of artifacts.

use wandb_core::model::{
    Artifact, ArtifactSource, DigestAlgorithm, Timestamp, UnreadableField, map_from_json,
};
use wandb_core::operation::{Field, UnreadableEntry};

use super::run_fields::parse;
use crate::schema::{DateTime, Int64, JsonText, sdl as schema};

/// Lists the optional fields of a version after others.
macro_rules! optional_fields {
    ($($other:expr),*) => {
        &[
            $($other,)*
            Field::new("Artifact", "artifactType"),
            Field::new("Artifact", "description"),
            Field::new("Artifact", "metadata"),
            Field::new("Artifact", "ttlDurationSeconds"),
            Field::new("Artifact", "ttlIsInherited"),
            Field::new("Artifact", "tags"),
            Field::new("Artifact", "historyStep"),
            Field::new("Artifact", "state"),
            Field::new("Artifact", "size"),
            Field::new("Artifact", "digest"),
            Field::new("Artifact", "digestAlgorithm"),
            Field::new("Artifact", "commitHash"),
            Field::new("Artifact", "fileCount"),
            Field::new("Artifact", "createdAt"),
            Field::new("Artifact", "updatedAt"),
            Field::new("Artifact", "aliases")
,
        ]
    };
}

/// The optional fields of a version.
pub(super) const OPTIONAL_FIELDS: &[Field] = optional_fields!();

/// The optional fields of the versions of a collection.
pub(super) const OPTIONAL_FIELDS_OF_COLLECTION: &[Field] =
    optional_fields!(Field::new("VersionedArtifactConnection", "totalCount"));

/// The optional fields of the artifacts of a run.
pub(super) const OPTIONAL_FIELDS_OF_RUN: &[Field] =
    optional_fields!(Field::new("ArtifactConnection", "totalCount"));

/// The optional fields of a version that is found by its name.
pub(super) const OPTIONAL_FIELDS_BY_NAME: &[Field] =
    optional_fields!(Field::new("Project", "artifactCollectionMembership"));

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(super) struct ArtifactFields {
    id: cynic::Id,
    artifact_sequence: Option<SequenceName>,
    version_index: Option<i32>,
    #[cynic(feature = "Artifact.artifactType")]
    artifact_type: Option<TypeName>,
    #[cynic(feature = "Artifact.description")]
    description: Option<String>,
    #[cynic(feature = "Artifact.metadata")]
    metadata: Option<JsonText>,
    #[cynic(feature = "Artifact.ttlDurationSeconds")]
    ttl_duration_seconds: Option<Int64>,
    #[cynic(feature = "Artifact.ttlIsInherited")]
    ttl_is_inherited: Option<bool>,
    #[cynic(feature = "Artifact.tags")]
    tags: Option<Vec<Option<TagName>>>,
    #[cynic(feature = "Artifact.historyStep")]
    history_step: Option<Int64>,
    #[cynic(feature = "Artifact.state")]
    state: Option<String>,
    #[cynic(feature = "Artifact.size")]
    size: Option<Int64>,
    #[cynic(feature = "Artifact.digest")]
    digest: Option<String>,
    #[cynic(feature = "Artifact.digestAlgorithm")]
    digest_algorithm: Option<String>,
    #[cynic(feature = "Artifact.commitHash")]
    commit_hash: Option<String>,
    #[cynic(feature = "Artifact.fileCount")]
    file_count: Option<Int64>,
    #[cynic(feature = "Artifact.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "Artifact.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "Artifact.aliases")]
    aliases: Option<Vec<Option<AliasOfCollection>>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactSequence")]
struct SequenceName {
    name: Option<String>,
    project: Option<ProjectName>,
}

/// A collection of either kind.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(super) struct CollectionName {
    pub(super) __typename: String,
    name: Option<String>,
    project: Option<ProjectName>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(super) struct ProjectName {
    name: Option<String>,
    entity: Option<EntityName>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
struct EntityName {
    name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType")]
pub(super) struct TypeName {
    pub(super) name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Tag")]
pub(super) struct TagName {
    pub(super) name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactAlias")]
struct AliasOfCollection {
    alias: Option<String>,
    artifact_collection: Option<CollectionName>,
}

/// An alias whose collection is known.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactAlias")]
pub(super) struct AliasName {
    pub(super) alias: Option<String>,
}

/// Entity, project and collection.
pub(super) type CollectionPath = [String; 3];

impl ProjectName {
    /// Entity and project. A name that the server withholds is taken from `asked`.
    pub(super) fn into_names(self, asked: [&str; 2]) -> [String; 2] {
        let given = |name: Option<String>, asked: &str| {
            name.filter(|name| !name.is_empty()).unwrap_or_else(|| asked.to_owned())
        };
        [given(self.entity.and_then(|entity| entity.name), asked[0]), given(self.name, asked[1])]
    }
}

impl CollectionName {
    /// The path of the collection, if it has a name. Missing parts are taken from `asked`.
    pub(super) fn into_path(self, asked: [&str; 2]) -> Option<CollectionPath> {
        collection_path(self.name, self.project, asked)
    }
}

fn collection_path(
    name: Option<String>,
    project: Option<ProjectName>,
    asked: [&str; 2],
) -> Option<CollectionPath> {
    let name = name.filter(|name| !name.is_empty())?;
    let [entity, project] = match project {
        Some(project) => project.into_names(asked),
        None => asked.map(str::to_owned),
    };
    Some([entity, project, name])
}

/// The collection in which a version is seen, and the data about it that belong to the collection.
#[derive(Debug, Default)]
pub(super) struct View {
    /// `None` for the collection that the version was logged to.
    pub(super) collection: Option<CollectionPath>,
    /// The version, such as `v3`. `None` if it is that of the source.
    pub(super) version: Option<String>,
    /// The aliases in the collection, with the version. `None` if they are among those of the artifact.
    pub(super) aliases: Option<Vec<String>>,
    /// When the version was added to the collection.
    pub(super) linked_at: Option<DateTime>,
}

/// Returns true for a version, such as `v3`.
fn is_version(alias: &str) -> bool {
    alias
        .strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()))
}

/// The version of a number, such as `v3`.
pub(super) fn version_name(index: i32) -> String {
    format!("v{index}")
}

impl ArtifactFields {
    /// Converts the fields to a version. Names that the server withholds are taken from `asked`, entity and project.
    ///
    /// # Errors
    /// If the version has no name, which later requests need.
    pub(super) fn into_artifact(self, asked: [&str; 2], view: View) -> Result<Artifact, UnreadableEntry> {
        let id = self.id.into_inner();
        let unnamed =
            |what: &str| UnreadableEntry::new(None, format!("the artifact with the id {id:?} has no {what}"));
        let source = self.artifact_sequence.and_then(|of| collection_path(of.name, of.project, asked));
        let source = source.or_else(|| view.collection.clone()).ok_or_else(|| unnamed("collection"))?;
        let collection = view.collection.unwrap_or_else(|| source.clone());
        let aliases = view.aliases.unwrap_or_else(|| {
            let aliases = self.aliases.into_iter().flatten().flatten();
            let own = aliases.filter_map(|alias| {
                let of = alias.artifact_collection.and_then(|of| of.into_path(asked));
                alias.alias.filter(|_| of.as_ref() == Some(&collection))
            });
            own.collect()
        });
        let (versions, mut aliases): (Vec<_>, Vec<_>) =
            aliases.into_iter().partition(|alias| is_version(alias));
        let mut seen = std::collections::HashSet::new();
        aliases.retain(|alias| seen.insert(alias.clone()));
        let source_version = self.version_index.map(version_name);
        let version = view.version.or_else(|| versions.into_iter().next()).or_else(|| source_version.clone());
        let version = version.ok_or_else(|| unnamed("version"))?;
        let [source_entity, source_project, source_name] = source;
        let source_version = source_version.unwrap_or_else(|| version.clone());
        let source = ArtifactSource::new(source_entity, source_project, source_name, source_version);
        let mut unreadable = Vec::new();
        let metadata = parse("metadata", self.metadata, &mut unreadable, map_from_json);
        let digest_algorithm = self.digest_algorithm.map(|name| name.parse());
        if let Some(Err(error)) = &digest_algorithm {
            unreadable.push(UnreadableField::new("digestAlgorithm", format!("{error}")));
        }
        let unsigned = |number: Option<Int64>| number.and_then(|number| u64::try_from(number.0).ok());
        let mut artifact = Artifact::new(id, source);
        [artifact.entity, artifact.project, artifact.collection] = collection;
        artifact.version = version;
        artifact.aliases = aliases;
        artifact.kind = self.artifact_type.and_then(|of| of.name);
        artifact.description = self.description;
        artifact.metadata = metadata;
        artifact.ttl_duration_seconds = self.ttl_duration_seconds.map(|seconds| seconds.0);
        artifact.ttl_is_inherited = self.ttl_is_inherited;
        artifact.tags = self.tags.map(|tags| tags.into_iter().flatten().filter_map(|tag| tag.name).collect());
        artifact.history_step = self.history_step.map(|step| step.0);
        artifact.state = self.state;
        artifact.size = unsigned(self.size);
        artifact.file_count = unsigned(self.file_count);
        artifact.digest = self.digest.filter(|digest| !digest.is_empty());
        artifact.digest_algorithm = digest_algorithm.and_then(Result::ok).unwrap_or(DigestAlgorithm::Md5);
        artifact.commit_hash = self.commit_hash;
        artifact.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        artifact.updated_at = self.updated_at.map(|time| Timestamp::from(time.0));
        artifact.linked_at = view.linked_at.map(|time| Timestamp::from(time.0));
        artifact.unreadable_fields = unreadable;
        Ok(artifact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_aliases_are_versions() {
        for (alias, expected) in [("v0", true), ("v12", true), ("v", false), ("v1a", false), ("1", false)] {
            assert_eq!(is_version(alias), expected, "{alias}");
        }
    }
}
