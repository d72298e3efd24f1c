//! Artifacts: the mutations that log a table, an image or a model, and the reading of manifests.

use super::context::Context;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{Artifact, Manifest, storage_id};

/// `Artifact`.
#[derive(Debug, Clone)]
pub(crate) struct ArtifactObject {
    context: Context,
    artifact: Artifact,
}

impl ArtifactObject {
    pub(crate) fn find(context: &Context, id: &str) -> Option<Self> {
        let artifact = context.shared.read().artifacts.get(id).cloned()?;
        Some(Self { context: context.clone(), artifact })
    }
}

impl Object for ArtifactObject {
    fn type_name(&self) -> &'static str {
        "Artifact"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let artifact = &self.artifact;
        Ok(match field {
            "id" => Answer::value(artifact.id.as_str()),
            "digest" => Answer::value(artifact.digest.as_str()),
            "state" => Answer::value(if artifact.committed { "COMMITTED" } else { "PENDING" }),
            "artifactSequence" => {
                let this = self.clone();
                let name = artifact.collection.as_str();
                Answer::object(
                    StaticObject::new("ArtifactSequence")
                        .value("id", storage_id("ArtifactCollection", name))
                        .value("name", name)
                        .object("latestArtifact", move || this.latest()),
                )
            }
            "currentManifest" => {
                let manifest = self.context.shared.read().artifacts.manifest_of(&artifact.id).cloned();
                Answer::optional(manifest.map(|manifest| manifest_object(&self.context, &manifest)))
            }
            "files" => {
                let prefix = artifact.blob_key("");
                let state = self.context.shared.read();
                let mut names: Vec<String> = state
                    .blobs
                    .keys()
                    .filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned))
                    .collect();
                drop(state);
                names.sort();
                Answer::object(files(self.clone(), names))
            }
            _ => Answer::NULL,
        })
    }
}

impl ArtifactObject {
    fn latest(&self) -> Answer {
        let Artifact { entity, project, collection, .. } = &self.artifact;
        let latest = self.context.shared.read().artifacts.latest(entity, project, collection).cloned();
        Answer::optional(latest.map(|artifact| Self { context: self.context.clone(), artifact }))
    }
}

/// Returns a connection of all files in one page, with download and upload URLs.
fn files(object: ArtifactObject, names: Vec<String>) -> StaticObject {
    StaticObject::new("FileConnection")
        .object("edges", move || {
            Answer::objects(names.iter().map(|name| {
                let (object, name) = (object.clone(), name.clone());
                StaticObject::new("FileEdge")
                    .value("cursor", name.as_str())
                    .object("node", move || Answer::object(file(&object, &name)))
            }))
        })
        .object("pageInfo", || Answer::object(StaticObject::new("PageInfo").value("hasNextPage", false)))
}

fn file(object: &ArtifactObject, name: &str) -> StaticObject {
    let key = object.artifact.blob_key(name);
    let artifact = object.clone();
    StaticObject::new("File")
        .value("id", storage_id("File", &key))
        .value("name", name)
        .value("storagePath", key.as_str())
        .value("directUrl", object.context.download_url(&key))
        .value("uploadUrl", object.context.upload_url(&key))
        .value("uploadHeaders", Vec::<String>::new())
        .object("artifact", move || Answer::object(artifact.clone()))
}

fn manifest_object(context: &Context, manifest: &Manifest) -> StaticObject {
    let key = manifest.blob_key();
    let (download, upload) = (context.download_url(&key), context.upload_url(&key));
    let name = manifest.name.clone();
    StaticObject::new("ArtifactManifest").value("id", manifest.id.as_str()).object("file", move || {
        Answer::object(
            StaticObject::new("File")
                .value("id", storage_id("File", &key))
                .value("name", name.as_str())
                .value("directUrl", download.as_str())
                .value("uploadUrl", upload.as_str())
                .value("uploadHeaders", Vec::<String>::new()),
        )
    })
}

/// Resolves the artifact mutations.
pub(crate) fn mutate(context: &Context, field: &str, input: &Arguments) -> Resolved {
    let payload = |type_name: &'static str, object: ArtifactObject| {
        Answer::object(
            StaticObject::new(type_name).object("artifact", move || Answer::object(object.clone())),
        )
    };
    let known = || {
        let id = input.required("artifactID");
        ArtifactObject::find(context, id).ok_or_else(|| format!("artifact {id:?} not found"))
    };
    match field {
        "createArtifact" => {
            let collection = input.string("artifactCollectionName").or_else(|| {
                input.strings("artifactCollectionNames").and_then(|names| names.into_iter().next())
            });
            let artifact = context.shared.write().artifacts.create(
                input.required("entityName"),
                input.required("projectName"),
                &collection.ok_or("artifactCollectionName is missing")?,
                input.required("digest"),
                input.str("clientID"),
            );
            Ok(payload("CreateArtifactPayload", ArtifactObject { context: context.clone(), artifact }))
        }
        "commitArtifact" => {
            let id = known()?.artifact.id;
            context.shared.write().artifacts.commit(&id);
            Ok(payload("ArtifactPayload", known()?))
        }
        "updateArtifact" | "useArtifact" => Ok(payload("ArtifactPayload", known()?)),
        "createArtifactManifest" => {
            let id = known()?.artifact.id;
            let manifest = context.shared.write().artifacts.create_manifest(&id, input.required("name"));
            Ok(manifest_payload(context, manifest))
        }
        "updateArtifactManifest" => {
            let id = input.required("artifactManifestID");
            let manifest = context.shared.read().artifacts.manifest(id).cloned();
            Ok(manifest_payload(context, manifest.ok_or_else(|| format!("manifest {id:?} not found"))?))
        }
        "createArtifactFiles" => {
            let mut wanted = Vec::new();
            for spec in input.list("artifactFiles") {
                let id = spec.required("artifactID");
                let object =
                    ArtifactObject::find(context, id).ok_or_else(|| format!("artifact {id:?} not found"))?;
                wanted.push((object, spec.required("name").to_owned()));
            }
            Ok(Answer::object(StaticObject::new("CreateArtifactFilesPayload").object("files", move || {
                let wanted = wanted.clone();
                Answer::object(StaticObject::new("FileConnection").object("edges", move || {
                    Answer::objects(wanted.clone().into_iter().map(|(object, name)| {
                        StaticObject::new("FileEdge")
                            .object("node", move || Answer::object(file(&object, &name)))
                    }))
                }))
            })))
        }
        other => Err(format!("the local server does not know the mutation {other}")),
    }
}

fn manifest_payload(context: &Context, manifest: Manifest) -> Answer {
    let context = context.clone();
    Answer::object(
        StaticObject::new("ArtifactManifestPayload")
            .object("artifactManifest", move || Answer::object(manifest_object(&context, &manifest))),
    )
}
