//! The fields of versions, collections and projects, by the names that filters and orders use.
//!
//! The names are those of the SDK, `wandb/apis/public/registries/_utils.py` and the enums of its generated code.

use serde_json::{Value, json};

use crate::store::{Artifact, Artifacts, Collection, Filter, Membership, Order, ProjectFacts, nested};

/// Returns the items that match a filter. They are sorted if there is an order.
pub(super) fn select<I>(
    items: Vec<I>,
    filters: Option<&str>,
    order: Option<&str>,
    field: impl Fn(&I, &str) -> Value,
) -> Result<Vec<I>, String> {
    let filter = Filter::parse(filters.unwrap_or_default()).map_err(|error| error.to_string())?;
    let found = items.into_iter().filter(|item| filter.matches_fields(&|name| field(item, name)));
    let Some(order) = order.filter(|order| !order.is_empty()) else { return Ok(found.collect()) };
    let order = Order::parse(Some(order));
    let mut keyed: Vec<(Vec<Value>, I)> =
        found.map(|item| (order.key_of(&|name| field(&item, name)), item)).collect();
    keyed.sort_by(|(left, _), (right, _)| order.compare(left, right));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// Returns a field of a version, seen as a member of a collection or of none.
pub(super) fn of_version(
    artifacts: &Artifacts,
    artifact: &Artifact,
    member: Option<&Membership>,
    name: &str,
) -> Value {
    let index = member.map_or(artifact.version_index, |member| Some(member.index));
    match name {
        "id" | "artifact_id" | "artifactID" => json!([artifact.id(), artifact.number]),
        "state" => json!(artifact.state.as_str()),
        "version" => json!(index.map(|index| format!("v{index}"))),
        "version_index" | "versionIndex" => json!(index),
        "digest" => json!(artifact.digest),
        "description" => json!(artifact.description),
        "tag" | "tags" => json!(artifact.tags),
        "alias" | "aliases" => {
            let members = artifacts.memberships(artifact);
            let all = || members.iter().flat_map(|(_, member)| member.aliases.iter()).collect::<Vec<_>>();
            json!(member.map_or_else(all, |member| member.aliases.iter().collect()))
        }
        "size" | "artifact_size" => json!(artifact.size),
        "file_count" | "fileCount" => json!(artifact.file_count),
        "created_at" | "createdAt" | "artifact_created_at" => json!(artifact.created_at.to_string()),
        "updated_at" | "updatedAt" => json!(artifact.updated_at.map(|time| time.to_string())),
        "acm_created_at" | "linked_at" => json!(member.map(|member| member.created_at.to_string())),
        "metadata" | "artifact_metadata" => metadata(artifact),
        _ => match name.strip_prefix("metadata.").or_else(|| name.strip_prefix("artifact_metadata.")) {
            Some(key) => nested(&metadata(artifact), key, false),
            None => Value::Null,
        },
    }
}

fn metadata(artifact: &Artifact) -> Value {
    artifact.metadata.as_deref().map_or(Value::Null, crate::text::parse)
}

/// Returns a field of a collection.
pub(super) fn of_collection(collection: &Collection, name: &str) -> Value {
    match name {
        "id" | "artifact_collection_id" | "collection_id" => json!([collection.id(), collection.number]),
        "name" | "collection_name" | "artifact_collection_name" => json!(collection.name),
        "type" | "artifact_type" => json!(collection.type_name),
        "description" => json!(collection.description),
        "tag" | "tags" => json!(collection.tags),
        "created_at" | "createdAt" => json!(collection.created_at.to_string()),
        "updated_at" | "updatedAt" => {
            json!(collection.updated_at.unwrap_or(collection.created_at).to_string())
        }
        _ => Value::Null,
    }
}

/// Returns a field of a project.
pub(super) fn of_project(project: &ProjectFacts, name: &str) -> Value {
    match name {
        "id" | "project_id" => json!(project.number),
        "name" => json!(project.name),
        "entity_id" => json!(crate::store::storage_id("Entity", &project.entity)),
        "description" => json!(project.description),
        "created_at" | "createdAt" | "updated_at" | "updatedAt" => json!(project.created_at.to_string()),
        _ => Value::Null,
    }
}
