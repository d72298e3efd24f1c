//! The `ArtifactCollectionMembership` and `ArtifactAlias` objects.

use super::collection::CollectionObject;
use super::files;
use super::version::ArtifactObject;
use crate::graphql::{Answer, Arguments, Object, Resolved};
use crate::resolve::context::Context;
use crate::store::{Membership, storage_id};

/// `ArtifactCollectionMembership`.
#[derive(Debug, Clone)]
pub(super) struct MembershipObject {
    context: Context,
    /// Number of the collection.
    collection: u64,
    membership: Membership,
}

impl MembershipObject {
    pub(super) fn new(context: &Context, collection: u64, membership: Membership) -> Self {
        Self { context: context.clone(), collection, membership }
    }

    pub(super) fn id(&self) -> String {
        self.membership.id()
    }

    fn artifact(&self) -> Option<ArtifactObject> {
        let artifact = self.context.shared.read().artifacts.version(self.membership.artifact).cloned();
        artifact.map(|artifact| ArtifactObject::new(&self.context, artifact))
    }
}

impl Object for MembershipObject {
    fn type_name(&self) -> &'static str {
        "ArtifactCollectionMembership"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let member = &self.membership;
        Ok(match field {
            "id" => Answer::value(self.id()),
            "versionIndex" => Answer::value(member.index),
            "createdAt" => Answer::value(member.created_at.to_string()),
            "aliases" => Answer::objects(aliases(&self.context, self.collection, member)),
            "artifactCollection" => Answer::object(CollectionObject::new(&self.context, self.collection)),
            "artifact" => Answer::optional(self.artifact()),
            "files" => match self.artifact() {
                Some(artifact) => {
                    let artifact = artifact.artifact();
                    Answer::object(files::page_of(&self.context, artifact, self.collection, arguments)?)
                }
                None => Answer::NULL,
            },
            _ => Answer::NULL,
        })
    }
}

/// Returns the aliases of a member, with its version unless the server's quirks leave it out.
pub(super) fn aliases(context: &Context, collection: u64, member: &Membership) -> Vec<AliasObject> {
    let version = context.quirks.version_aliases.then(|| member.version());
    let named = member.aliases.iter().cloned().chain(version);
    named.map(|alias| AliasObject { context: context.clone(), collection, alias }).collect()
}

/// `ArtifactAlias`.
#[derive(Debug, Clone)]
pub(super) struct AliasObject {
    context: Context,
    /// Number of the collection.
    collection: u64,
    alias: String,
}

impl AliasObject {
    pub(super) fn id(&self) -> String {
        storage_id("ArtifactAlias", &format!("{}:{}", self.collection, self.alias))
    }
}

impl Object for AliasObject {
    fn type_name(&self) -> &'static str {
        "ArtifactAlias"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let collection = CollectionObject::new(&self.context, self.collection);
        Ok(match field {
            "id" => Answer::value(self.id()),
            "alias" => Answer::value(self.alias.as_str()),
            "artifactCollection" => Answer::object(collection),
            "artifactCollectionName" => collection.resolve("name", arguments)?,
            _ => Answer::NULL,
        })
    }
}
