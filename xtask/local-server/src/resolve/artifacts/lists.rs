//! Lists of versions and memberships.

use std::sync::Arc;

use serde_json::Value;

use super::membership::MembershipObject;
use super::version::ArtifactObject;
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page, page_with};
use crate::store::{Artifact, ArtifactState, Creator, Membership, Run};

/// Returns the committed versions that a run has logged, oldest first.
pub(in crate::resolve) fn logged_by(context: &Context, run: &Run, arguments: &Arguments) -> Resolved {
    let creator = Creator::Run(run.entity.clone(), run.project.clone(), run.facts.name.clone());
    let state = context.shared.read();
    let own = state.artifacts.versions().filter(|artifact| artifact.creator == creator);
    let own = own.cloned().collect();
    drop(state);
    committed(context, "outputArtifacts", own, arguments)
}

/// Returns the committed versions that a run has used, in the order of use.
pub(in crate::resolve) fn used_by(context: &Context, run: &Run, arguments: &Arguments) -> Resolved {
    let key = (run.entity.clone(), run.project.clone(), run.facts.name.clone());
    let state = context.shared.read();
    let own = state.artifacts.uses().filter(|used| used.run == key);
    let own = own.filter_map(|used| state.artifacts.version(used.artifact).cloned()).collect();
    drop(state);
    committed(context, "inputArtifacts", own, arguments)
}

fn committed(
    context: &Context,
    name: &'static str,
    mut found: Vec<Arc<Artifact>>,
    arguments: &Arguments,
) -> Resolved {
    found.retain(|artifact| artifact.state == ArtifactState::Committed);
    let list = List { name, connection: "ArtifactConnection", edge: "ArtifactEdge", quirks: &context.quirks };
    let object = |artifact: &Arc<Artifact>| ArtifactObject::new(context, Arc::clone(artifact));
    Ok(Answer::object(page_with(&list, &found, arguments, |artifact| artifact.id(), object)?))
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

/// Returns the arguments with `first`, so that all items are on one page if the query does not limit them. The SDK
/// reads some lists without paging.
pub(super) fn unlimited(arguments: &Arguments) -> Arguments {
    let mut all = arguments.0.clone();
    if !matches!(all.get("first"), Some(Value::Number(_))) {
        all.insert("first".to_owned(), i32::MAX.into());
    }
    Arguments(all)
}
