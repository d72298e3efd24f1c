//! Lists of versions and memberships.

use std::sync::Arc;

use serde_json::Value;

use super::membership::MembershipObject;
use super::version::ArtifactObject;
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page, page_with};
use crate::store::{Artifact, ArtifactState, Creator, Membership, Run};

/// Returns the versions that a run has logged or used. Returns `None` for another field.
pub(in crate::resolve) fn of_run(
    context: &Context,
    run: &Run,
    field: &str,
    arguments: &Arguments,
) -> Option<Resolved> {
    let key = (run.entity.clone(), run.project.clone(), run.facts.name.clone());
    let state = context.shared.read();
    let artifacts = &state.artifacts;
    let (name, found): (_, Vec<Arc<Artifact>>) = match field {
        "outputArtifacts" => {
            let creator = Creator::Run(key.0, key.1, key.2);
            let own = artifacts.versions().filter(|artifact| artifact.creator == creator);
            ("outputArtifacts", own.cloned().collect())
        }
        "inputArtifacts" => {
            let own = artifacts.uses().filter(|used| used.run == key);
            ("inputArtifacts", own.filter_map(|used| artifacts.version(used.artifact).cloned()).collect())
        }
        _ => return None,
    };
    drop(state);
    let found: Vec<_> =
        found.into_iter().filter(|artifact| artifact.state == ArtifactState::Committed).collect();
    let list = List { name, connection: "ArtifactConnection", edge: "ArtifactEdge", quirks: &context.quirks };
    let object = |artifact: &Arc<Artifact>| ArtifactObject::new(context, Arc::clone(artifact));
    Some(page_with(&list, &found, arguments, |artifact| artifact.id(), object).map(Answer::object))
}

/// Returns a page of memberships, each with the number of its collection.
pub(super) fn memberships(
    context: &Context,
    found: Vec<(u64, Membership)>,
    arguments: &Arguments,
) -> Result<StaticObject, String> {
    let list = List {
        name: "artifactMemberships",
        connection: "ArtifactCollectionMembershipConnection",
        edge: "ArtifactCollectionMembershipEdge",
        quirks: &context.quirks,
    };
    let objects: Vec<MembershipObject> = found
        .into_iter()
        .map(|(collection, membership)| MembershipObject::new(context, collection, membership))
        .collect();
    page(&list, &objects, arguments, MembershipObject::id)
}

/// Returns the arguments with `first`, so that all items are on one page if the query does not limit them. The SDK reads
/// some lists without paging.
pub(super) fn unlimited(arguments: &Arguments) -> Arguments {
    let mut all = arguments.0.clone();
    if !matches!(all.get("first"), Some(Value::Number(_))) {
        all.insert("first".to_owned(), i32::MAX.into());
    }
    Arguments(all)
}
