//! The projects, collections and memberships of an entity. Registries are projects of an organization's entity.

use std::sync::Arc;

use super::collection::page_of_collections;
use super::fields::{of_collection, of_project, of_version, select};
use super::lists::memberships;
use crate::graphql::{Answer, Arguments, Resolved};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page};
use crate::resolve::project::ProjectObject;
use crate::store::{Artifact, Collection, Membership, ProjectFacts, State};

/// Resolves a field of an entity that concerns its projects and artifacts.
pub(in crate::resolve) fn of_entity(
    context: &Context,
    entity: &str,
    field: &str,
    arguments: &Arguments,
) -> Resolved {
    Ok(match field {
        "project" => Answer::optional(ProjectObject::find(context, entity, arguments.required("name"))),
        "projects" => {
            let state = context.shared.read();
            let own = state.projects.values().rev().filter(|project| project.facts.entity == entity);
            let facts = own.map(|project| project.facts.clone()).collect();
            drop(state);
            let found = select(facts, arguments.str("filters"), arguments.str("order"), of_project)?;
            let found: Vec<ProjectObject> =
                found.iter().filter_map(|facts| ProjectObject::find(context, entity, &facts.name)).collect();
            let quirks = &context.quirks;
            let list =
                List { name: "projects", connection: "ProjectConnection", edge: "ProjectEdge", quirks };
            Answer::object(page(&list, &found, arguments, ProjectObject::id)?)
        }
        "artifactCollections" => {
            let kinds = arguments.strings("collectionTypes");
            let state = context.shared.read();
            let mut found = collections(&state, entity, arguments, None)?;
            drop(state);
            found.retain(|collection| {
                kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == collection.kind.as_str()))
            });
            Answer::object(page_of_collections(context, found, arguments)?)
        }
        "artifactMemberships" => {
            let state = context.shared.read();
            let found = linked(&state, entity, arguments)?;
            drop(state);
            Answer::object(memberships(context, found, arguments)?)
        }
        _ => Answer::NULL,
    })
}

/// Returns the collections of the entity in the projects that match, newest first.
fn collections(
    state: &State,
    entity: &str,
    arguments: &Arguments,
    filters: Option<&str>,
) -> Result<Vec<Collection>, String> {
    let own = state.projects.values().filter(|project| project.facts.entity == entity);
    let projects: Vec<ProjectFacts> = own.map(|project| project.facts.clone()).collect();
    let projects = select(projects, arguments.str("projectFilters"), None, of_project)?;
    let own = state.artifacts.collections().rev().filter(|collection| {
        collection.entity == entity && projects.iter().any(|project| project.name == collection.project)
    });
    select(own.cloned().collect(), filters, None, of_collection)
}

/// Returns the members of the collections that match, the newest links first.
fn linked(state: &State, entity: &str, arguments: &Arguments) -> Result<Vec<(u64, Membership)>, String> {
    type Row = (u64, Membership, Arc<Artifact>);
    let found = collections(state, entity, arguments, arguments.str("collectionFilters"))?;
    let mut rows: Vec<Row> = found
        .into_iter()
        .flat_map(|collection| {
            let number = collection.number;
            collection.members.into_values().map(move |member| (number, member))
        })
        .filter_map(|(number, member)| {
            let artifact = state.artifacts.version(member.artifact).cloned()?;
            Some((number, member, artifact))
        })
        .collect();
    rows.sort_by_key(|(_, member, _)| std::cmp::Reverse(member.number));
    let rows =
        select(rows, arguments.str("filters"), arguments.str("order"), |(_, member, artifact), name| {
            of_version(&state.artifacts, artifact, Some(member), name)
        })?;
    Ok(rows.into_iter().map(|(number, member, _)| (number, member)).collect())
}
