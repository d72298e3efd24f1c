//! The mutations that link versions into portfolios, and move aliases.

use super::membership::MembershipObject;
use super::mutation::known;
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::mutation::success;
use crate::store::{CollectionKind, LinkTarget};

/// Prefix of the projects of registries.
const REGISTRY: &str = "wandb-registry-";

pub(super) fn mutate(context: &Context, field: &str, input: &Arguments) -> Resolved {
    match field {
        "linkArtifact" => link(context, input),
        "unlinkArtifact" => {
            let artifact = known(context, input)?.number;
            let id = input.required("artifactPortfolioID");
            let mut state = context.shared.write();
            let portfolio = state.artifacts.collection_by_id(id).map(|collection| collection.number);
            let portfolio = portfolio.ok_or_else(|| format!("portfolio {id:?} not found"))?;
            state.artifacts.unlink(artifact, portfolio)?;
            Ok(success())
        }
        _ => change_aliases(context, input, field == "addAliases"),
    }
}

fn link(context: &Context, input: &Arguments) -> Resolved {
    let artifact = match input.str("clientID").filter(|id| !id.is_empty()) {
        Some(client) if input.str("artifactID").is_none() => {
            let found = context.shared.read().artifacts.by_client_id(client).cloned();
            found.ok_or_else(|| format!("artifact with the client id {client:?} not found"))?
        }
        _ => known(context, input)?,
    };
    let aliases = input.list("aliases");
    let mut target = LinkTarget {
        entity: context.entity(input.str("entityName")),
        project: Context::project(input.str("projectName")),
        portfolio: input.required("artifactPortfolioName").to_owned(),
        aliases: aliases.iter().map(|alias| alias.required("alias").to_owned()).collect(),
    };
    let (collection, membership) = {
        let mut state = context.shared.write();
        if let Some(known) =
            input.str("artifactPortfolioID").and_then(|id| state.artifacts.collection_by_id(id))
        {
            target.entity.clone_from(&known.entity);
            target.project.clone_from(&known.project);
            target.portfolio.clone_from(&known.name);
        }
        if target.project.starts_with(REGISTRY) {
            let registry = state.project(&target.entity, &target.project);
            let registry = registry.ok_or_else(|| format!("registry {:?} not found", target.project))?;
            let accepts_all = registry.facts.accepts_all_types.unwrap_or(true);
            let sequence = state.artifacts.collection(artifact.sequence);
            let type_name = sequence.map(|sequence| sequence.type_name.clone()).unwrap_or_default();
            let accepted = state.artifacts.artifact_type(&target.entity, &target.project, &type_name);
            if !accepts_all && accepted.is_none() {
                return Err(format!("the registry does not accept artifacts of type {type_name:?}"));
            }
        }
        state.project_mut(&target.entity, &target.project);
        let membership = state.artifacts.link(artifact.number, &target)?;
        let portfolio = state.artifacts.collection_named(&target.entity, &target.project, &target.portfolio);
        (portfolio.map(|portfolio| portfolio.number).unwrap_or_default(), membership)
    };
    let index = membership.index;
    let linked = MembershipObject::new(context, collection, membership);
    Ok(Answer::object(
        StaticObject::new("LinkArtifactPayload")
            .value("versionIndex", index)
            .object("artifactMembership", move || Answer::object(linked.clone())),
    ))
}

fn change_aliases(context: &Context, input: &Arguments, adds: bool) -> Resolved {
    let artifact = known(context, input)?.number;
    let mut state = context.shared.write();
    for change in input.list("aliases") {
        let (entity, project) = (change.required("entityName"), change.required("projectName"));
        let (name, alias) = (change.required("artifactCollectionName"), change.required("alias"));
        let collection = state.artifacts.collection_named(entity, project, name);
        let number = collection.map(|collection| collection.number);
        let collection = number.and_then(|number| state.artifacts.collection_mut(number));
        let collection = collection.ok_or_else(|| format!("collection {name:?} not found"))?;
        if !collection.members.contains_key(&artifact) {
            let kind =
                if collection.kind == CollectionKind::Portfolio { "linked to" } else { "a version of" };
            return Err(format!("the artifact is not {kind} {name:?}"));
        }
        if adds {
            collection.assign_alias(artifact, alias);
        } else {
            collection.remove_alias(artifact, alias);
        }
    }
    Ok(success())
}
