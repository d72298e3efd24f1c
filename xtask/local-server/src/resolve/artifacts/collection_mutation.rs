//! The mutations that change and delete collections, and their tags.

use jiff::Timestamp;

use super::collection::{CollectionObject, tag_object};
use super::mutation::tag_names;
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::mutation::success;
use crate::store::{CollectionKind, State};

pub(super) fn mutate(context: &Context, field: &str, input: &Arguments) -> Resolved {
    match field {
        "updateArtifactSequence" => update(context, input, "artifactSequenceID"),
        "updateArtifactPortfolio" => update(context, input, "artifactPortfolioID"),
        "moveArtifactSequence" => change_type(context, input),
        "deleteArtifactSequence" => delete(context, input, "artifactSequenceID"),
        "deleteArtifactPortfolio" => delete(context, input, "artifactPortfolioID"),
        "createArtifactCollectionTagAssignments" => {
            let added = tag_names(input, "tags");
            change_tags(context, input, |tags| {
                for tag in &added {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
            })?;
            Ok(Answer::object(
                StaticObject::new("TagAssignmentsPayload")
                    .object("tags", move || Answer::objects(added.iter().map(|tag| tag_object(tag)))),
            ))
        }
        "deleteArtifactCollectionTagAssignments" => {
            let removed = tag_names(input, "tags");
            change_tags(context, input, |tags| tags.retain(|tag| !removed.contains(tag)))?;
            Ok(success())
        }
        other => Err(format!("the local server does not know the mutation {other}")),
    }
}

/// Returns the number of the collection whose id is in the input. The name of the field tells its kind.
fn known(state: &State, input: &Arguments, field: &str) -> Result<u64, String> {
    let id = input.required(field);
    let kind = match field {
        "artifactSequenceID" => CollectionKind::Sequence,
        _ => CollectionKind::Portfolio,
    };
    let found = state.artifacts.collection_by_id(id);
    let found = found.filter(|collection| collection.kind == kind && !collection.deleted);
    found.map(|collection| collection.number).ok_or_else(|| format!("collection {id:?} not found"))
}

fn payload(context: &Context, number: u64) -> Answer {
    let context = context.clone();
    Answer::object(
        StaticObject::new("ArtifactCollectionPayload")
            .object("artifactCollection", move || Answer::object(CollectionObject::new(&context, number))),
    )
}

fn update(context: &Context, input: &Arguments, field: &str) -> Resolved {
    let number = {
        let mut state = context.shared.write();
        let number = known(&state, input, field)?;
        if let Some(name) = input.str("name") {
            state.artifacts.rename_collection(number, name)?;
        }
        if let Some(collection) = state.artifacts.collection_mut(number) {
            if let Some(description) = input.string("description") {
                collection.description = Some(description);
            }
            collection.updated_at = Some(Timestamp::now());
        }
        number
    };
    Ok(payload(context, number))
}

fn change_type(context: &Context, input: &Arguments) -> Resolved {
    let number = {
        let mut state = context.shared.write();
        let number = known(&state, input, "artifactSequenceID")?;
        let type_name = input.required("destinationArtifactTypeName");
        let collection = state.artifacts.collection_mut(number).ok_or("collection not found")?;
        type_name.clone_into(&mut collection.type_name);
        collection.updated_at = Some(Timestamp::now());
        let (entity, project) = (collection.entity.clone(), collection.project.clone());
        state.artifacts.ensure_type(&entity, &project, type_name);
        number
    };
    Ok(payload(context, number))
}

fn delete(context: &Context, input: &Arguments, field: &str) -> Resolved {
    let number = {
        let mut state = context.shared.write();
        let number = known(&state, input, field)?;
        state.artifacts.delete_collection(number);
        number
    };
    Ok(payload(context, number))
}

fn change_tags(
    context: &Context,
    input: &Arguments,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), String> {
    let (entity, project) = (input.required("entityName"), input.required("projectName"));
    let name = input.required("artifactCollectionName");
    let mut state = context.shared.write();
    let number = state.artifacts.collection_named(entity, project, name).map(|known| known.number);
    let collection = number.and_then(|number| state.artifacts.collection_mut(number));
    let collection = collection.ok_or_else(|| format!("collection {name:?} not found"))?;
    change(&mut collection.tags);
    collection.updated_at = Some(Timestamp::now());
    Ok(())
}
