//! The mutations that log and change versions.

use std::sync::Arc;

use serde_json::Value;

use super::version::{ArtifactObject, manifest_object};
use super::{collection_mutation, link_mutation};
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::store::{
    Artifact, Creator, DigestAlgorithm, ManifestKind, NewVersion, StorageLayout, Use, decode_id, encode_id,
    file_key, hex_id, part_key, storage_id,
};

/// Resolves the artifact mutations.
pub(in crate::resolve) fn mutate(context: &Context, field: &str, input: &Arguments) -> Resolved {
    match field {
        "createArtifact" => create(context, input),
        "commitArtifact" => {
            let number = known(context, input)?.number;
            context.shared.write().commit_artifact(number)?;
            payload(context, "ArtifactPayload", number)
        }
        "updateArtifact" => update(context, input),
        "useArtifact" => {
            let number = known(context, input)?.number;
            let text = |name: &str| input.required(name).to_owned();
            let run = (text("entityName"), text("projectName"), text("runName"));
            context.shared.write().artifacts.record_use(Use { run, artifact: number });
            payload(context, "ArtifactPayload", number)
        }
        "deleteArtifact" => delete(context, input),
        "createArtifactManifest" => create_manifest(context, input),
        "updateArtifactManifest" => update_manifest(context, input),
        "createArtifactFiles" => create_files(context, input),
        "completeMultipartUploadArtifact" => complete_upload(context, input),
        "linkArtifact" | "unlinkArtifact" | "addAliases" | "deleteAliases" => {
            link_mutation::mutate(context, field, input)
        }
        _ => collection_mutation::mutate(context, field, input),
    }
}

/// Returns the version whose id is in the input.
pub(super) fn known(context: &Context, input: &Arguments) -> Result<Arc<Artifact>, String> {
    let id = input.required("artifactID");
    let known = context.shared.read().artifacts.by_id(id).cloned();
    known.ok_or_else(|| format!("artifact {id:?} not found"))
}

/// Returns the payload of a mutation with the version as it is now.
fn payload(context: &Context, type_name: &'static str, number: u64) -> Resolved {
    let artifact = context.shared.read().artifacts.version(number).cloned().ok_or("artifact not found")?;
    let object = ArtifactObject::new(context, artifact);
    Ok(Answer::object(
        StaticObject::new(type_name).object("artifact", move || Answer::object(object.clone())),
    ))
}

/// Returns the names in a list of tags.
pub(super) fn tag_names(input: &Arguments, field: &str) -> Vec<String> {
    input.list(field).iter().map(|tag| tag.required("tagName").to_owned()).collect()
}

fn create(context: &Context, input: &Arguments) -> Resolved {
    let collection = input
        .string("artifactCollectionName")
        .or_else(|| input.strings("artifactCollectionNames").and_then(|names| names.into_iter().next()));
    let (entity, project) = (input.required("entityName"), input.required("projectName"));
    let run = input.string("runName").filter(|run| !run.is_empty());
    let creator = match run {
        Some(run) => Creator::Run(entity.to_owned(), project.to_owned(), run),
        None => Creator::User(context.user.username.clone()),
    };
    let new = NewVersion {
        entity: entity.to_owned(),
        project: project.to_owned(),
        collection: collection.ok_or("artifactCollectionName is missing")?,
        type_name: input.required("artifactTypeName").to_owned(),
        digest: input.required("digest").to_owned(),
        algorithm: DigestAlgorithm::from_word(input.str("digestAlgorithm")),
        description: input.string("description"),
        metadata: input.string("metadata"),
        labels: input.string("labels"),
        ttl: input.int("ttlDurationSeconds"),
        history_step: input.int("historyStep"),
        aliases: input.list("aliases").iter().map(|alias| alias.required("alias").to_owned()).collect(),
        tags: tag_names(input, "tags"),
        creator,
        client_id: input.string("clientID").filter(|id| !id.is_empty()),
        distributed_id: input.string("distributedID").filter(|id| !id.is_empty()),
        deduplicate: input.flag("enableDigestDeduplication"),
    };
    let number = {
        let mut state = context.shared.write();
        state.project_mut(entity, project);
        state.artifacts.create(new)?
    };
    payload(context, "CreateArtifactPayload", number)
}

fn update(context: &Context, input: &Arguments) -> Resolved {
    let number = known(context, input)?.number;
    {
        let mut state = context.shared.write();
        let aliases = input.list("aliases");
        let artifact = state.artifacts.version_mut(number).ok_or("artifact not found")?;
        if let Some(description) = input.string("description") {
            artifact.description = Some(description);
        }
        if let Some(metadata) = input.string("metadata") {
            artifact.metadata = Some(metadata);
        }
        if let Some(labels) = input.string("labels") {
            artifact.labels = Some(labels);
        }
        if let Some(ttl) = input.int("ttlDurationSeconds") {
            artifact.ttl = Some(ttl).filter(|ttl| *ttl != Artifact::TTL_INHERITED);
        }
        for tag in tag_names(input, "tagsToAdd") {
            if !artifact.tags.contains(&tag) {
                artifact.tags.push(tag);
            }
        }
        let removed = tag_names(input, "tagsToDelete");
        artifact.tags.retain(|tag| !removed.contains(tag));
        artifact.updated_at = Some(jiff::Timestamp::now());
        let sequence = artifact.sequence;
        if let Some(collection) = state.artifacts.collection_mut(sequence) {
            for alias in aliases {
                collection.assign_alias(number, alias.required("alias"));
            }
        }
    }
    payload(context, "ArtifactPayload", number)
}

fn delete(context: &Context, input: &Arguments) -> Resolved {
    let number = known(context, input)?.number;
    {
        let mut state = context.shared.write();
        let artifact = state.artifacts.version(number).ok_or("artifact not found")?;
        let memberships = state.artifacts.memberships(artifact);
        let has_aliases = memberships.iter().any(|(_, member)| !member.aliases.is_empty());
        if has_aliases && !input.flag("deleteAliases") {
            return Err("the artifact has aliases: remove them first, or delete them with it".to_owned());
        }
        state.artifacts.delete_version(number);
    }
    payload(context, "ArtifactPayload", number)
}

fn create_manifest(context: &Context, input: &Arguments) -> Resolved {
    let number = known(context, input)?.number;
    let kind = ManifestKind::from_word(input.str("type"));
    let base = input.str("baseArtifactID").and_then(|id| decode_id("Artifact", id));
    let manifest = context.shared.write().artifacts.create_manifest(
        number,
        input.required("name"),
        kind,
        input.required("digest"),
        base,
    );
    manifest_payload(context, manifest)
}

fn update_manifest(context: &Context, input: &Arguments) -> Resolved {
    let id = input.required("artifactManifestID");
    let number = decode_id("ArtifactManifest", id).ok_or_else(|| format!("manifest {id:?} not found"))?;
    {
        let mut state = context.shared.write();
        let manifest = state.artifacts.manifest_mut(number);
        let manifest = manifest.ok_or_else(|| format!("manifest {id:?} not found"))?;
        if let Some(digest) = input.string("digest") {
            manifest.digest = digest;
        }
        let base = input.str("baseArtifactID").and_then(|id| decode_id("Artifact", id));
        manifest.base = base.or(manifest.base);
    }
    manifest_payload(context, number)
}

fn manifest_payload(context: &Context, number: u64) -> Resolved {
    let manifest = context.shared.read().artifacts.manifest(number).cloned().ok_or("manifest not found")?;
    let context = context.clone();
    Ok(Answer::object(
        StaticObject::new("ArtifactManifestPayload")
            .object("artifactManifest", move || Answer::object(manifest_object(&context, &manifest))),
    ))
}

/// A file that a client wants to upload.
#[derive(Clone)]
struct Upload {
    artifact: Arc<Artifact>,
    name: String,
    md5: String,
    key: String,
    /// Whether the file is stored already.
    stored: bool,
    /// Numbers of the parts, if the file is uploaded in parts.
    parts: Vec<i64>,
}

/// Returns the upload URLs of files. A file that the sequence already has, or the entity in layout V1, has none, and
/// belongs to the version that it came with.
fn create_files(context: &Context, input: &Arguments) -> Resolved {
    let is_v1 = input.str("storageLayout") == Some(StorageLayout::V1.as_str());
    let mut uploads = Vec::new();
    for spec in input.list("artifactFiles") {
        let artifact = known(context, &spec)?;
        let md5 = spec.required("md5").to_owned();
        let digest = hex_id(&md5);
        let state = context.shared.read();
        let own = file_key(artifact.number, &digest);
        let birth = state.artifacts.birth_of(&artifact, &digest);
        let entity =
            state.artifacts.collection(artifact.sequence).map(|collection| collection.entity.as_str());
        let shared =
            entity.filter(|_| is_v1).and_then(|entity| state.artifacts.key_of_entity(entity, &digest));
        let key = birth.map(|birth| file_key(birth, &digest)).or(shared);
        let birth = birth.and_then(|birth| state.artifacts.version(birth).cloned());
        let parts = spec.list("uploadPartsInput");
        uploads.push(Upload {
            artifact: birth.unwrap_or(artifact),
            name: spec.required("name").to_owned(),
            md5,
            stored: key.as_ref().is_some_and(|key| state.blobs.contains_key(key)),
            key: key.unwrap_or(own),
            parts: parts.iter().filter_map(|part| part.int("partNumber")).collect(),
        });
    }
    let context = context.clone();
    Ok(Answer::object(StaticObject::new("CreateArtifactFilesPayload").object("files", move || {
        let (uploads, context) = (uploads.clone(), context.clone());
        Answer::object(
            StaticObject::new("FileConnection")
                .value("totalCount", uploads.len())
                .object("pageInfo", || {
                    Answer::object(StaticObject::new("PageInfo").value("hasNextPage", false))
                })
                .object("edges", move || {
                    let files = uploads.clone().into_iter().map(|upload| {
                        let context = context.clone();
                        StaticObject::new("FileEdge")
                            .value("cursor", upload.name.as_str())
                            .object("node", move || Answer::object(upload_object(&context, &upload)))
                    });
                    Answer::objects(files)
                }),
        )
    })))
}

fn upload_object(context: &Context, upload: &Upload) -> StaticObject {
    let artifact = ArtifactObject::new(context, Arc::clone(&upload.artifact));
    let single = (!upload.stored).then(|| context.upload_url(&upload.key));
    let file = StaticObject::new("File")
        .value("id", storage_id("File", &upload.key))
        .value("name", upload.name.as_str())
        .value("displayName", upload.name.as_str())
        .value("storagePath", upload.key.as_str())
        .value("digest", upload.md5.as_str())
        .value("directUrl", context.download_url(&upload.key))
        .value("uploadUrl", single)
        .value("uploadHeaders", Vec::<Value>::new())
        .object("artifact", move || Answer::object(artifact.clone()));
    if upload.stored || upload.parts.is_empty() {
        return file;
    }
    let id = hex_id(&encode_id(&upload.name, upload.artifact.number));
    let parts: Vec<(i64, String)> =
        upload.parts.iter().map(|part| (*part, context.upload_url(&part_key(&id, *part)))).collect();
    file.object("uploadMultipartUrls", move || {
        let parts = parts.clone();
        Answer::object(StaticObject::new("UploadMultipartUrls").value("uploadID", id.as_str()).object(
            "uploadUrlParts",
            move || {
                Answer::objects(parts.iter().map(|(number, url)| {
                    StaticObject::new("UploadUrlPart")
                        .value("partNumber", *number)
                        .value("uploadUrl", url.as_str())
                }))
            },
        ))
    })
}

fn complete_upload(context: &Context, input: &Arguments) -> Resolved {
    known(context, input)?;
    let mut parts: Vec<i64> =
        input.list("completedParts").iter().filter_map(|part| part.int("partNumber")).collect();
    parts.sort_unstable();
    let (key, upload) = (input.required("storagePath"), input.required("uploadID"));
    let digest = context.shared.write().join_parts(key, upload, &parts)?;
    Ok(Answer::object(StaticObject::new("CompleteMultipartUploadArtifactPayload").value("digest", digest)))
}
