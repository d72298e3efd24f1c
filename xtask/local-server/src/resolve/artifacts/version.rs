//! The `Artifact` object, a version, and its manifest.

use std::sync::Arc;

use serde_json::Value;

use super::collection::{CollectionObject, TypeObject, tag_object};
use super::files;
use super::lists::{memberships, unlimited};
use super::membership::aliases;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::options::User;
use crate::resolve::context::Context;
use crate::resolve::page::{List, page_with};
use crate::resolve::people::UserObject;
use crate::resolve::project::ProjectObject;
use crate::resolve::run::RunObject;
use crate::store::{Artifact, Creator, Manifest, storage_id};

/// `Artifact`.
#[derive(Debug, Clone)]
pub(in crate::resolve) struct ArtifactObject {
    context: Context,
    artifact: Arc<Artifact>,
}

impl ArtifactObject {
    pub(super) fn new(context: &Context, artifact: Arc<Artifact>) -> Self {
        Self { context: context.clone(), artifact }
    }

    /// Finds a version by its id.
    pub(in crate::resolve) fn find(context: &Context, id: &str) -> Option<Self> {
        let artifact = context.shared.read().artifacts.by_id(id).cloned()?;
        Some(Self::new(context, artifact))
    }

    pub(super) fn artifact(&self) -> &Arc<Artifact> {
        &self.artifact
    }

    fn artifact_type(&self) -> Option<TypeObject> {
        let state = self.context.shared.read();
        let sequence = state.artifacts.collection(self.artifact.sequence)?;
        let facts = state.artifacts.artifact_type(&sequence.entity, &sequence.project, &sequence.type_name);
        Some(TypeObject::new(&self.context, facts?.clone()))
    }

    fn created_by(&self) -> Answer {
        match &self.artifact.creator {
            Creator::Run(entity, project, name) => {
                Answer::optional(find_run(&self.context, entity, project, name))
            }
            Creator::User(username) => {
                let users = &self.context.shared.options.users;
                let known = users.iter().find(|user| user.username == *username).cloned();
                let user = known.unwrap_or_else(|| User::new(username, ""));
                Answer::object(UserObject::new(&self.context, user))
            }
        }
    }

    fn used_by(&self, arguments: &Arguments) -> Resolved {
        let state = self.context.shared.read();
        let uses = state.artifacts.uses().filter(|used| used.artifact == self.artifact.number);
        let names: Vec<_> = uses.map(|used| used.run.clone()).collect();
        drop(state);
        let runs: Vec<RunObject> = names
            .into_iter()
            .filter_map(|(entity, project, name)| find_run(&self.context, &entity, &project, &name))
            .collect();
        let quirks = &self.context.quirks;
        let list = List { name: "usedBy", connection: "RunConnection", edge: "RunEdge", quirks };
        Ok(Answer::object(page_with(&list, &runs, &unlimited(arguments), RunObject::id, RunObject::clone)?))
    }

    fn all_aliases(&self) -> Answer {
        let state = self.context.shared.read();
        let members = state.artifacts.memberships(&self.artifact);
        let all = members
            .iter()
            .flat_map(|(collection, member)| aliases(&self.context, collection.number, member))
            .collect::<Vec<_>>();
        drop(state);
        Answer::objects(all)
    }
}

fn find_run(context: &Context, entity: &str, project: &str, name: &str) -> Option<RunObject> {
    let run = context.shared.read().run(entity, project, name).cloned()?;
    let number = ProjectObject::find(context, entity, project)?.number();
    Some(RunObject::new(context, run, number))
}

impl Object for ArtifactObject {
    fn type_name(&self) -> &'static str {
        "Artifact"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let artifact = &*self.artifact;
        Ok(match field {
            "id" => Answer::value(artifact.id()),
            "digest" => Answer::value(artifact.digest.as_str()),
            "digestAlgorithm" => Answer::value(artifact.algorithm.as_str()),
            "state" => Answer::value(artifact.state.as_str()),
            "versionIndex" => Answer::value(artifact.version_index),
            "commitHash" => Answer::value(artifact.commit_hash.clone()),
            "description" => Answer::value(artifact.description.clone()),
            "metadata" => Answer::value(artifact.metadata.clone()),
            "labels" => Answer::value(artifact.labels.clone()),
            "ttlDurationSeconds" => Answer::value(artifact.ttl.unwrap_or(Artifact::TTL_INHERITED)),
            "ttlIsInherited" => Answer::value(artifact.ttl.is_none()),
            "historyStep" => Answer::value(artifact.history_step),
            "size" => Answer::value(artifact.size),
            "fileCount" => Answer::value(artifact.file_count),
            "createdAt" => Answer::value(artifact.created_at.to_string()),
            "updatedAt" => Answer::value(artifact.updated_at.map(|time| time.to_string())),
            "artifactType" => Answer::optional(self.artifact_type()),
            "artifactSequence" => Answer::object(CollectionObject::new(&self.context, artifact.sequence)),
            "aliases" => self.all_aliases(),
            "tags" => Answer::objects(artifact.tags.iter().map(|tag| tag_object(tag))),
            "createdBy" => self.created_by(),
            "usedBy" => self.used_by(arguments)?,
            "artifactMemberships" => {
                let state = self.context.shared.read();
                let found = state.artifacts.memberships(artifact).into_iter();
                let found = found.map(|(collection, member)| (collection.number, member.clone())).collect();
                drop(state);
                Answer::object(memberships(&self.context, found, &unlimited(arguments))?)
            }
            "currentManifest" => {
                let manifest = self.context.shared.read().artifacts.current_manifest(artifact).cloned();
                Answer::optional(manifest.map(|manifest| manifest_object(&self.context, &manifest)))
            }
            "files" => {
                let sequence = artifact.sequence;
                Answer::object(files::page_of(&self.context, &self.artifact, sequence, arguments)?)
            }
            "filesByManifestEntries" => {
                Answer::object(files::page_of_entries(&self.context, &self.artifact, arguments)?)
            }
            _ => Answer::NULL,
        })
    }
}

/// `ArtifactManifest`.
pub(super) fn manifest_object(context: &Context, manifest: &Manifest) -> StaticObject {
    let key = manifest.blob_key();
    let (download, upload) = (context.manifest_url(&key), context.upload_url(&key));
    let (name, digest) = (manifest.name.clone(), manifest.digest.clone());
    let (size, md5) = {
        let state = context.shared.read();
        let size = state.blobs.get(&key).map(crate::store::Blob::len);
        (size, state.file_digest(&key).map(str::to_owned))
    };
    StaticObject::new("ArtifactManifest")
        .value("id", manifest.id())
        .value("digest", digest)
        .value("type", manifest.kind.as_str())
        .object("file", move || {
            Answer::object(
                StaticObject::new("File")
                    .value("id", storage_id("File", &key))
                    .value("name", name.as_str())
                    .value("displayName", name.as_str())
                    .value("storagePath", key.as_str())
                    .value("sizeBytes", size)
                    .value("md5", md5.clone())
                    .value("digest", md5.clone())
                    .value("mimetype", "application/json")
                    .value("url", download.as_str())
                    .value("directUrl", download.as_str())
                    .value("uploadUrl", upload.as_str())
                    .value("uploadHeaders", Vec::<Value>::new()),
            )
        })
}
