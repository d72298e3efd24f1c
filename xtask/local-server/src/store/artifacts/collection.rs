//! Collections of versions: sequences, to which versions are logged, and portfolios, to which they are linked.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::version::{Artifact, ArtifactState};
use super::{Artifacts, LATEST, decode_id, encode_id};

/// A type of artifacts in a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TypeFacts {
    pub(crate) number: u64,
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl TypeFacts {
    pub(crate) fn id(&self) -> String {
        encode_id("ArtifactType", self.number)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CollectionKind {
    Sequence,
    Portfolio,
}

impl CollectionKind {
    /// The name of the GraphQL type.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Sequence => "ArtifactSequence",
            Self::Portfolio => "ArtifactPortfolio",
        }
    }

    /// The value of the GraphQL enum `ArtifactCollectionType`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "SEQUENCE",
            Self::Portfolio => "PORTFOLIO",
        }
    }
}

/// A collection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Collection {
    pub(crate) number: u64,
    pub(crate) kind: CollectionKind,
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) tags: Vec<String>,
    pub(crate) deleted: bool,
    /// Index of the next member. Indexes are not used again.
    pub(crate) next_index: u64,
    /// Members by the number of the version, oldest first.
    pub(crate) members: IndexMap<u64, Membership>,
}

/// The membership of a version in a collection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Membership {
    pub(crate) number: u64,
    pub(crate) artifact: u64,
    /// Position in the collection.
    pub(crate) index: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) aliases: Vec<String>,
}

impl Membership {
    pub(crate) fn id(&self) -> String {
        encode_id("ArtifactCollectionMembership", self.number)
    }

    pub(crate) fn version(&self) -> String {
        format!("v{}", self.index)
    }
}

/// Whether an alias is one of `v0`, `v1`, and so on, which the server assigns.
pub(crate) fn is_version_alias(alias: &str) -> bool {
    let number = alias.strip_prefix('v');
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Collection {
    pub(crate) fn id(&self) -> String {
        encode_id("ArtifactCollection", self.number)
    }

    /// Returns the member with an alias or a version.
    fn named(&self, alias: &str) -> Option<&Membership> {
        let members = || self.members.values().rev();
        let by_alias = members().find(|member| member.aliases.iter().any(|own| own == alias));
        by_alias.or_else(|| members().find(|member| member.version() == alias))
    }

    /// Returns the member that new versions are compared with.
    pub(crate) fn latest(&self) -> Option<&Membership> {
        self.named(LATEST).or_else(|| self.members.values().next_back())
    }

    /// Moves an alias to a member. Aliases such as `v3` cannot be moved.
    pub(crate) fn assign_alias(&mut self, artifact: u64, alias: &str) {
        if is_version_alias(alias) || !self.members.contains_key(&artifact) {
            return;
        }
        for (number, member) in &mut self.members {
            let has = member.aliases.iter().any(|own| own == alias);
            if *number == artifact {
                if !has {
                    member.aliases.push(alias.to_owned());
                }
            } else if has {
                member.aliases.retain(|own| own != alias);
            }
        }
    }

    /// Removes an alias from a member.
    pub(crate) fn remove_alias(&mut self, artifact: u64, alias: &str) {
        if let Some(member) = self.members.get_mut(&artifact) {
            member.aliases.retain(|own| own != alias);
        }
    }

    /// Adds a version with aliases. It also gets the alias `latest`.
    pub(super) fn add_member(&mut self, number: u64, artifact: u64, aliases: &[String]) {
        let index = self.next_index;
        self.next_index += 1;
        let now = Timestamp::now();
        let member = Membership { number, artifact, index, created_at: now, aliases: Vec::new() };
        self.members.insert(artifact, member);
        self.updated_at = Some(now);
        self.assign_alias(artifact, LATEST);
        for alias in aliases {
            self.assign_alias(artifact, alias);
        }
    }

    /// Removes a version. The alias `latest` moves to the newest one that is left.
    pub(super) fn remove_member(&mut self, artifact: u64) {
        let Some(removed) = self.members.shift_remove(&artifact) else { return };
        self.updated_at = Some(Timestamp::now());
        let newest = self.members.keys().next_back().copied();
        if let Some(newest) = newest.filter(|_| removed.aliases.iter().any(|alias| alias == LATEST)) {
            self.assign_alias(newest, LATEST);
        }
    }
}

impl Artifacts {
    /// Returns the type, and creates it if it does not exist.
    pub(crate) fn ensure_type(&mut self, entity: &str, project: &str, name: &str) -> &mut TypeFacts {
        let key = (entity.to_owned(), project.to_owned(), name.to_owned());
        if !self.types.contains_key(&key) {
            let number = self.number();
            let facts = TypeFacts {
                number,
                entity: entity.to_owned(),
                project: project.to_owned(),
                name: name.to_owned(),
                description: None,
                created_at: Timestamp::now(),
            };
            self.types.insert(key.clone(), facts);
        }
        &mut self.types[&key]
    }

    pub(crate) fn artifact_type(&self, entity: &str, project: &str, name: &str) -> Option<&TypeFacts> {
        self.types.get(&(entity.to_owned(), project.to_owned(), name.to_owned()))
    }

    /// Returns the types of a project, oldest first.
    pub(crate) fn types_of(&self, entity: &str, project: &str) -> impl Iterator<Item = &TypeFacts> {
        self.types.values().filter(move |facts| facts.entity == entity && facts.project == project)
    }

    pub(crate) fn collection(&self, number: u64) -> Option<&Collection> {
        self.collections.get(&number)
    }

    pub(crate) fn collection_mut(&mut self, number: u64) -> Option<&mut Collection> {
        self.collections.get_mut(&number)
    }

    /// Finds a collection by its id, also a deleted one.
    pub(crate) fn collection_by_id(&self, id: &str) -> Option<&Collection> {
        self.collection(decode_id("ArtifactCollection", id)?)
    }

    pub(crate) fn collection_named(&self, entity: &str, project: &str, name: &str) -> Option<&Collection> {
        self.collection(*self.names.get(&(entity.to_owned(), project.to_owned(), name.to_owned()))?)
    }

    /// Returns the collections that are not deleted, oldest first.
    pub(crate) fn collections(&self) -> impl DoubleEndedIterator<Item = &Collection> {
        self.collections.values().filter(|collection| !collection.deleted)
    }

    /// Returns the sequence or portfolio, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Fails if the collection has another type of artifacts, or is of the other kind.
    pub(super) fn ensure_collection(
        &mut self,
        entity: &str,
        project: &str,
        name: &str,
        type_name: &str,
        kind: CollectionKind,
    ) -> Result<u64, String> {
        if let Some(known) = self.collection_named(entity, project, name) {
            if known.kind != kind {
                return Err(format!("collection {name:?} is not an {}", kind.type_name()));
            }
            if known.type_name != type_name {
                return Err(format!(
                    "collection {name:?} is of type {:?}, not {type_name:?}",
                    known.type_name
                ));
            }
            return Ok(known.number);
        }
        self.ensure_type(entity, project, type_name);
        let number = self.number();
        let collection = Collection {
            number,
            kind,
            entity: entity.to_owned(),
            project: project.to_owned(),
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            description: None,
            created_at: Timestamp::now(),
            updated_at: None,
            tags: Vec::new(),
            deleted: false,
            next_index: 0,
            members: IndexMap::new(),
        };
        self.names.insert((entity.to_owned(), project.to_owned(), name.to_owned()), number);
        self.collections.insert(number, collection);
        Ok(number)
    }

    /// Finds a member by an alias, a version such as `v3`, a digest or a commit hash.
    pub(crate) fn find_member<'a>(
        &'a self,
        collection: &'a Collection,
        alias: &str,
    ) -> Option<&'a Membership> {
        collection.named(alias).or_else(|| {
            collection.members.values().rev().find(|member| {
                self.version(member.artifact).is_some_and(|artifact| {
                    artifact.digest == alias || artifact.commit_hash.as_deref() == Some(alias)
                })
            })
        })
    }

    /// Returns the collections with a version, and its memberships. Its sequence comes first.
    pub(crate) fn memberships(&self, artifact: &Artifact) -> Vec<(&Collection, &Membership)> {
        let numbers = artifact.collections.iter();
        let found = numbers.filter_map(|number| {
            let collection = self.collection(*number)?;
            Some((collection, collection.members.get(&artifact.number)?))
        });
        found.collect()
    }

    /// Returns the versions of a collection: all that were logged to a sequence, or the members of a portfolio.
    pub(crate) fn versions_of(&self, collection: &Collection) -> Vec<u64> {
        match collection.kind {
            CollectionKind::Portfolio => collection.members.keys().copied().collect(),
            CollectionKind::Sequence => {
                let own = self.versions.values().filter(|artifact| artifact.sequence == collection.number);
                own.map(|artifact| artifact.number).collect()
            }
        }
    }

    /// Changes the name of a collection.
    pub(crate) fn rename_collection(&mut self, number: u64, name: &str) -> Result<(), String> {
        let Some(collection) = self.collections.get_mut(&number) else { return Ok(()) };
        let old = (collection.entity.clone(), collection.project.clone(), collection.name.clone());
        let new = (old.0.clone(), old.1.clone(), name.to_owned());
        if old == new {
            return Ok(());
        }
        if self.names.contains_key(&new) {
            return Err(format!("collection {name:?} already exists"));
        }
        name.clone_into(&mut collection.name);
        self.names.remove(&old);
        self.names.insert(new, number);
        Ok(())
    }

    /// Deletes a collection. The versions of a sequence are deleted with it, and are no longer members of portfolios.
    pub(crate) fn delete_collection(&mut self, number: u64) {
        let Some(collection) = self.collections.get_mut(&number) else { return };
        collection.deleted = true;
        let key = (collection.entity.clone(), collection.project.clone(), collection.name.clone());
        let (kind, members) = (collection.kind, std::mem::take(&mut collection.members));
        self.names.remove(&key);
        if kind == CollectionKind::Portfolio {
            for artifact in members.into_keys() {
                if let Some(artifact) = self.version_mut(artifact) {
                    artifact.collections.retain(|own| *own != number);
                }
            }
            return;
        }
        let own = self.versions.values().filter(|artifact| artifact.sequence == number);
        for artifact in own.map(|artifact| artifact.number).collect::<Vec<_>>() {
            self.delete_version(artifact);
        }
    }

    /// Deletes a version: it is no longer a member of any collection.
    pub(crate) fn delete_version(&mut self, number: u64) {
        let Some(artifact) = self.version_mut(number) else { return };
        artifact.state = ArtifactState::Deleted;
        artifact.updated_at = Some(Timestamp::now());
        for collection in std::mem::take(&mut artifact.collections) {
            if let Some(collection) = self.collections.get_mut(&collection) {
                collection.remove_member(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_version_alias;

    #[test]
    fn version_aliases_are_v_and_digits() {
        assert!(is_version_alias("v0") && is_version_alias("v12"));
        assert!(!is_version_alias("v") && !is_version_alias("v1a") && !is_version_alias("latest"));
    }
}
