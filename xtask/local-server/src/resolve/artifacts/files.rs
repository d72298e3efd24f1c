//! The `File` objects of artifacts: listing, signed URLs, and addresses on the API port.

use std::sync::Arc;

use percent_encoding::utf8_percent_encode;
use serde_json::Value;

use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::resolve::context::Context;
use crate::resolve::page::{List, page_with};
use crate::store::{Artifact, Blob, Contents, Entry, StorageLayout, hex_id, storage_id};
use crate::urls;

/// `File` of an artifact.
#[derive(Debug, Clone)]
pub(super) struct ArtifactFileObject {
    context: Context,
    artifact: Arc<Artifact>,
    /// Number of the collection through which it was found.
    collection: u64,
    path: String,
    entry: Entry,
    layout: StorageLayout,
    /// The key of its bytes in the blob store.
    key: String,
}

/// Returns the page of a version's files, or of those in `names`. References are files, too.
pub(super) fn page_of(
    context: &Context,
    artifact: &Arc<Artifact>,
    collection: u64,
    arguments: &Arguments,
) -> Result<StaticObject, String> {
    let contents = context.shared.read().artifacts.contents(artifact);
    let names = arguments.strings("names").filter(|names| !names.is_empty());
    let indexes: Vec<usize> = match names {
        None => (0..contents.entries.len()).collect(),
        Some(names) => {
            let mut found: Vec<usize> =
                names.iter().filter_map(|name| contents.entries.get_index_of(name.as_str())).collect();
            found.sort_unstable();
            found.dedup();
            found
        }
    };
    page_of_indexes(context, artifact, collection, &contents, &indexes, arguments)
}

/// Returns the page of the files of these manifest entries.
pub(super) fn page_of_entries(
    context: &Context,
    artifact: &Arc<Artifact>,
    arguments: &Arguments,
) -> Result<StaticObject, String> {
    let contents = context.shared.read().artifacts.contents(artifact);
    let wanted = arguments.list("entries");
    let found = wanted.iter().filter_map(|entry| contents.entries.get_index_of(entry.required("name")));
    let indexes: Vec<usize> = found.collect();
    // The SDK reads no further page.
    let arguments = super::lists::unlimited(arguments);
    page_of_indexes(context, artifact, artifact.sequence, &contents, &indexes, &arguments)
}

fn page_of_indexes(
    context: &Context,
    artifact: &Arc<Artifact>,
    collection: u64,
    contents: &Contents,
    indexes: &[usize],
    arguments: &Arguments,
) -> Result<StaticObject, String> {
    let list =
        List { name: "files", connection: "FileConnection", edge: "FileEdge", quirks: &context.quirks };
    let path = |index: &usize| {
        contents.entries.get_index(*index).map(|(path, _)| path.to_string()).unwrap_or_default()
    };
    page_with(&list, indexes, arguments, path, |index| {
        let entry = contents.entries.get_index(*index).map(|(_, entry)| entry.clone()).unwrap_or_default();
        let key = context.shared.read().artifacts.entry_key(artifact, &entry);
        ArtifactFileObject {
            context: context.clone(),
            artifact: Arc::clone(artifact),
            collection,
            path: path(index),
            entry,
            layout: contents.layout,
            key,
        }
    })
}

impl ArtifactFileObject {
    /// The URL on the API port that redirects to the signed URL.
    fn api_url(&self) -> Option<String> {
        let encode = |text: &str| utf8_percent_encode(text, urls::SEGMENT).to_string();
        let base = self.context.shared.base_url();
        let digest = hex_id(&self.entry.digest);
        let state = self.context.shared.read();
        let collection = state.artifacts.collection(self.collection)?;
        if self.layout == StorageLayout::V1 {
            return Some(format!("{base}/artifacts/{}/{digest}", encode(&collection.entity)));
        }
        let root = [&collection.entity, &collection.project, &collection.name].map(|part| encode(part));
        drop(state);
        let id = if self.context.shared.has_artifact_ids_in_urls() {
            format!("{}/", encode(&self.artifact.id()))
        } else {
            String::new()
        };
        let birth = encode(self.entry.birth.as_deref().unwrap_or_default());
        let name = encode(self.path.rsplit('/').next().unwrap_or_default());
        Some(format!("{base}/artifactsV2/default/{}/{id}{birth}/{digest}/{name}", root.join("/")))
    }

    fn stored<T>(&self, read: impl FnOnce(&Blob, Option<&str>) -> T) -> Option<T> {
        let state = self.context.shared.read();
        let blob = state.blobs.get(&self.key)?;
        Some(read(blob, state.file_digest(&self.key)))
    }
}

impl Object for ArtifactFileObject {
    fn type_name(&self) -> &'static str {
        "File"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let reference = self.entry.reference.as_deref();
        Ok(match field {
            "id" => Answer::value(storage_id("File", &format!("{}:{}", self.artifact.number, self.path))),
            "name" | "displayName" => Answer::value(self.path.as_str()),
            "url" | "directUrl" if reference.is_some() => Answer::value(reference),
            "url" => Answer::value(self.api_url()),
            "directUrl" => Answer::value(self.context.direct_url(&self.key)),
            "sizeBytes" => {
                let size = self.entry.size.or_else(|| self.stored(|blob, _| blob.len() as u64));
                Answer::value(size.unwrap_or(0))
            }
            "mimetype" => Answer::value(mime_guess::from_path(&self.path).first_raw()),
            "updatedAt" => Answer::value(self.artifact.created_at.to_string()),
            "digest" => Answer::value(&*self.entry.digest),
            "md5" if reference.is_none() => {
                Answer::value(self.stored(|_, md5| md5.map(str::to_owned)).flatten())
            }
            "storagePath" if reference.is_none() => Answer::value(self.key.as_str()),
            "uploadHeaders" => Answer::value(Vec::<Value>::new()),
            "artifact" => {
                Answer::object(super::version::ArtifactObject::new(&self.context, Arc::clone(&self.artifact)))
            }
            _ => Answer::NULL,
        })
    }
}
