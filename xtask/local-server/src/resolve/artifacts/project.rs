//! The artifacts of a project.

use super::collection::{CollectionObject, TypeObject, page_of_collections};
use crate::graphql::{Answer, Arguments, Object as _, Resolved};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page};
use crate::store::{LATEST, ProjectFacts};

/// Resolves a field of a project that concerns artifacts.
pub(in crate::resolve) fn of_project(
    context: &Context,
    facts: &ProjectFacts,
    field: &str,
    arguments: &Arguments,
) -> Resolved {
    let (entity, project) = (facts.entity.as_str(), facts.name.as_str());
    let name = arguments.required("name");
    Ok(match field {
        "allowAllArtifactTypesInRegistry" => Answer::value(facts.accepts_all_types.unwrap_or(true)),
        "artifactTypes" => {
            let state = context.shared.read();
            let used = |name: &str| {
                state.artifacts.collections().any(|collection| {
                    (collection.entity.as_str(), collection.project.as_str()) == (entity, project)
                        && collection.type_name == name
                })
            };
            let all = arguments.flag("includeAll");
            let types = state.artifacts.types_of(entity, project).filter(|facts| all || used(&facts.name));
            let types: Vec<TypeObject> = types.map(|facts| TypeObject::new(context, facts.clone())).collect();
            drop(state);
            let list = List {
                name: "artifactTypes",
                connection: "ArtifactTypeConnection",
                edge: "ArtifactTypeEdge",
                quirks: &context.quirks,
            };
            Answer::object(page(&list, &types, arguments, TypeObject::id)?)
        }
        "artifactType" => {
            let found = context.shared.read().artifacts.artifact_type(entity, project, name).cloned();
            Answer::optional(found.map(|facts| TypeObject::new(context, facts)))
        }
        "artifactCollections" => {
            let state = context.shared.read();
            let own = state.artifacts.collections().rev();
            let own = own.filter(|known| known.entity == entity && known.project == project);
            let own = own.cloned().collect();
            drop(state);
            Answer::object(page_of_collections(context, own, arguments)?)
        }
        "artifactCollection" => Answer::optional(named(context, facts, name)),
        "artifactCollectionMembership" => {
            let (collection, alias) = split_alias(name);
            let member = named(context, facts, collection).and_then(|found| found.member(alias));
            Answer::optional(member)
        }
        "artifact" => {
            let (collection, alias) = split_alias(name);
            match named(context, facts, collection).and_then(|found| found.member(alias)) {
                Some(member) => member.resolve("artifact", &Arguments::default())?,
                None => Answer::NULL,
            }
        }
        _ => Answer::NULL,
    })
}

fn named(context: &Context, project: &ProjectFacts, name: &str) -> Option<CollectionObject> {
    let state = context.shared.read();
    let number = state.artifacts.collection_named(&project.entity, &project.name, name)?.number;
    drop(state);
    Some(CollectionObject::new(context, number))
}

/// Splits `collection:alias`. Without an alias it is the latest version.
fn split_alias(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or((name, LATEST))
}
