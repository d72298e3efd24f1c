//! The `ArtifactSequence`, `ArtifactPortfolio` and `ArtifactType` objects.

use std::sync::Arc;

use serde_json::Value;

use super::fields::{of_collection, of_version, select};
use super::lists::memberships;
use super::membership::{AliasObject, MembershipObject, aliases};
use super::version::ArtifactObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page, page_of_edges, page_with};
use crate::resolve::project::ProjectObject;
use crate::store::{Artifact, Collection, CollectionKind, Membership, State, TypeFacts, storage_id};

/// `ArtifactSequence` or `ArtifactPortfolio`.
#[derive(Debug, Clone)]
pub(in crate::resolve) struct CollectionObject {
    context: Context,
    number: u64,
    kind: CollectionKind,
}

impl CollectionObject {
    pub(super) fn new(context: &Context, number: u64) -> Self {
        let kind = context.shared.read().artifacts.collection(number).map(|collection| collection.kind);
        Self { context: context.clone(), number, kind: kind.unwrap_or(CollectionKind::Sequence) }
    }

    /// Finds a collection by its id.
    pub(in crate::resolve) fn find(context: &Context, id: &str) -> Option<Self> {
        let number = context.shared.read().artifacts.collection_by_id(id)?.number;
        Some(Self::new(context, number))
    }

    /// Reads the collection. The lock is held meanwhile.
    fn read<T>(&self, read: impl FnOnce(&State, &Collection) -> T) -> Option<T> {
        let state = self.context.shared.read();
        let collection = state.artifacts.collection(self.number)?;
        Some(read(&state, collection))
    }

    fn text(&self, read: impl FnOnce(&Collection) -> Option<String>) -> Answer {
        Answer::value(self.read(|_, collection| read(collection)).flatten())
    }

    fn artifacts(&self, arguments: &Arguments) -> Resolved {
        type Row = (Arc<Artifact>, Option<Membership>);
        let rows = self.read(|state, collection| {
            let artifacts = &state.artifacts;
            let numbers = artifacts.versions_of(collection).into_iter().rev();
            let rows: Vec<Row> = numbers
                .filter_map(|number| {
                    let artifact = artifacts.version(number)?;
                    Some((Arc::clone(artifact), collection.members.get(&number).cloned()))
                })
                .collect();
            select(rows, arguments.str("filters"), arguments.str("order"), |(artifact, member), name| {
                of_version(artifacts, artifact, member.as_ref(), name)
            })
        });
        let list = List {
            name: "artifacts",
            connection: "VersionedArtifactConnection",
            edge: "VersionedArtifactEdge",
            quirks: &self.context.quirks,
        };
        let edge = |(artifact, member): &Row| {
            let version = member.as_ref().map(Membership::version).or_else(|| artifact.version());
            let object = ArtifactObject::new(&self.context, Arc::clone(artifact));
            (object, Some(("version", Value::from(version))))
        };
        let rows = rows.transpose()?.unwrap_or_default();
        Ok(Answer::object(page_of_edges(&list, &rows, arguments, |(artifact, _)| artifact.id(), edge)?))
    }

    /// Returns the member with an alias, a version or a digest.
    pub(super) fn member(&self, alias: &str) -> Option<MembershipObject> {
        let member = self.read(|state, collection| state.artifacts.find_member(collection, alias).cloned());
        Some(MembershipObject::new(&self.context, self.number, member??))
    }

    fn aliases(&self, arguments: &Arguments) -> Resolved {
        let members: Vec<Membership> =
            self.read(|_, collection| collection.members.values().cloned().collect()).unwrap_or_default();
        let all: Vec<AliasObject> =
            members.iter().flat_map(|member| aliases(&self.context, self.number, member)).collect();
        let list = List {
            name: "aliases",
            connection: "ArtifactAliasConnection",
            edge: "ArtifactAliasEdge",
            quirks: &self.context.quirks,
        };
        Ok(Answer::object(page(&list, &all, arguments, AliasObject::id)?))
    }

    fn latest(&self) -> Option<Arc<Artifact>> {
        let latest = self
            .read(|state, collection| state.artifacts.version(collection.latest()?.artifact).map(Arc::clone));
        latest.flatten()
    }
}

impl Object for CollectionObject {
    fn type_name(&self) -> &'static str {
        self.kind.type_name()
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        Ok(match field {
            "id" => self.text(|collection| Some(collection.id())),
            "name" => self.text(|collection| Some(collection.name.clone())),
            "description" => self.text(|collection| collection.description.clone()),
            "state" => {
                self.text(|collection| Some(if collection.deleted { "DELETED" } else { "READY" }.to_owned()))
            }
            "createdAt" => self.text(|collection| Some(collection.created_at.to_string())),
            "updatedAt" => self.text(|collection| collection.updated_at.map(|time| time.to_string())),
            "project" => {
                let path = self.read(|_, collection| (collection.entity.clone(), collection.project.clone()));
                Answer::optional(
                    path.and_then(|(entity, project)| ProjectObject::find(&self.context, &entity, &project)),
                )
            }
            "defaultArtifactType" => {
                let facts = self.read(|state, collection| {
                    let Collection { entity, project, type_name, .. } = collection;
                    state.artifacts.artifact_type(entity, project, type_name).cloned()
                });
                Answer::optional(facts.flatten().map(|facts| TypeObject::new(&self.context, facts)))
            }
            "tags" => {
                let tags = self.read(|_, collection| collection.tags.clone()).unwrap_or_default();
                Answer::object(StaticObject::new("TagConnection").object("edges", move || {
                    Answer::objects(tags.clone().into_iter().map(|tag| {
                        StaticObject::new("TagEdge")
                            .value("cursor", tag.as_str())
                            .object("node", move || Answer::object(tag_object(&tag)))
                    }))
                }))
            }
            "aliases" => self.aliases(arguments)?,
            "artifacts" => self.artifacts(arguments)?,
            "artifactMembership" => Answer::optional(self.member(arguments.required("aliasName"))),
            "artifactMemberships" => {
                let found = self.read(|_, collection| {
                    let members = collection.members.values().rev();
                    members.map(|member| (collection.number, member.clone())).collect()
                });
                Answer::object(memberships(&self.context, found.unwrap_or_default(), arguments)?)
            }
            "digestAlgorithm" => Answer::value(self.latest().map(|artifact| artifact.algorithm.as_str())),
            "latestArtifact" => {
                Answer::optional(self.latest().map(|artifact| ArtifactObject::new(&self.context, artifact)))
            }
            _ => Answer::NULL,
        })
    }
}

/// `Tag`.
pub(super) fn tag_object(tag: &str) -> StaticObject {
    StaticObject::new("Tag").value("id", storage_id("Tag", tag)).value("name", tag)
}

/// Returns the page of the collections that match, newest first. The SDK documents this order.
pub(super) fn page_of_collections(
    context: &Context,
    found: Vec<Collection>,
    arguments: &Arguments,
) -> Result<StaticObject, String> {
    let found = select(found, arguments.str("filters"), arguments.str("order"), of_collection)?;
    let list = List {
        name: "artifactCollections",
        connection: "ArtifactCollectionConnection",
        edge: "ArtifactCollectionEdge",
        quirks: &context.quirks,
    };
    let object = |collection: &Collection| CollectionObject::new(context, collection.number);
    page_with(&list, &found, arguments, Collection::id, object)
}

/// `ArtifactType`.
#[derive(Debug, Clone)]
pub(super) struct TypeObject {
    context: Context,
    facts: TypeFacts,
}

impl TypeObject {
    pub(super) fn new(context: &Context, facts: TypeFacts) -> Self {
        Self { context: context.clone(), facts }
    }

    pub(super) fn id(&self) -> String {
        self.facts.id()
    }

    fn owns(&self, collection: &Collection) -> bool {
        let TypeFacts { entity, project, name, .. } = &self.facts;
        (&collection.entity, &collection.project, &collection.type_name) == (entity, project, name)
    }
}

impl Object for TypeObject {
    fn type_name(&self) -> &'static str {
        "ArtifactType"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let TypeFacts { entity, project, .. } = &self.facts;
        Ok(match field {
            "id" => Answer::value(self.id()),
            "name" => Answer::value(self.facts.name.as_str()),
            "description" => Answer::value(self.facts.description.clone()),
            "createdAt" => Answer::value(self.facts.created_at.to_string()),
            "project" => Answer::optional(ProjectObject::find(&self.context, entity, project)),
            "artifactCollections" => {
                let state = self.context.shared.read();
                let own = state.artifacts.collections().rev().filter(|collection| self.owns(collection));
                let own = own.cloned().collect();
                drop(state);
                Answer::object(page_of_collections(&self.context, own, arguments)?)
            }
            "artifactCollection" => {
                let state = self.context.shared.read();
                let name = arguments.required("name");
                let found = state.artifacts.collection_named(entity, project, name);
                let number = found.filter(|collection| self.owns(collection)).map(|found| found.number);
                drop(state);
                Answer::optional(number.map(|number| CollectionObject::new(&self.context, number)))
            }
            _ => Answer::NULL,
        })
    }
}
