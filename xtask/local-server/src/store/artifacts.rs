//! Artifacts: types, collections, versions, manifests, links, and the files in the bucket.

mod collection;
mod commit;
mod create;
mod files;
mod generate;
mod handle;
mod link;
mod manifest;
mod project;
mod saved;
mod seed;
mod version;

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;

pub use generate::GeneratedArtifact;
pub use manifest::{DigestAlgorithm, StorageLayout};
pub use seed::{NewArtifact, NewReference};
pub use version::ArtifactState;

pub(crate) use collection::{Collection, CollectionKind, Membership, TypeFacts};
pub(crate) use create::NewVersion;
pub(crate) use files::{file_key, hex_id, is_artifact_blob, is_artifact_file, part_key};
pub(crate) use link::LinkTarget;
pub(crate) use manifest::{Contents, Entry, Manifest, ManifestKind};
pub(crate) use saved::SavedArtifacts;
pub(crate) use version::{Artifact, Creator, Use};

use super::run::storage_id;

/// The alias that moves to each new version of a collection.
pub(crate) const LATEST: &str = "latest";

/// All artifacts. Their bytes are in the blob store.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    last_number: u64,
    /// Types by entity, project and name.
    types: IndexMap<(String, String, String), TypeFacts>,
    collections: IndexMap<u64, Collection>,
    versions: IndexMap<u64, Arc<Artifact>>,
    manifests: IndexMap<u64, Manifest>,
    /// The artifacts that runs use, in the order of use.
    uses: Vec<Use>,
    /// Versions by the ids that clients choose before they know the server's.
    clients: HashMap<String, u64>,
    /// Collections by entity, project and name.
    names: HashMap<(String, String, String), u64>,
    /// MD5 digests in base64 of the blobs of artifacts, by blob key.
    stored: HashMap<String, String>,
    /// Blob keys of files by entity and digest.
    by_entity: HashMap<(String, String), String>,
    /// The version that a file came with, by sequence and digest.
    by_sequence: HashMap<(u64, String), u64>,
}

impl Artifacts {
    /// Assigns the number of a new object.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(crate) fn version(&self, number: u64) -> Option<&Arc<Artifact>> {
        self.versions.get(&number)
    }

    /// Finds a version by its id.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<Artifact>> {
        self.version(decode_id("Artifact", id)?)
    }

    /// Finds a version by the id that its client has chosen.
    pub(crate) fn by_client_id(&self, client_id: &str) -> Option<&Arc<Artifact>> {
        self.version(*self.clients.get(client_id)?)
    }

    pub(crate) fn version_mut(&mut self, number: u64) -> Option<&mut Artifact> {
        self.versions.get_mut(&number).map(Arc::make_mut)
    }

    /// Returns all versions, oldest first.
    pub(crate) fn versions(&self) -> impl DoubleEndedIterator<Item = &Arc<Artifact>> {
        self.versions.values()
    }

    pub(crate) fn manifest(&self, number: u64) -> Option<&Manifest> {
        self.manifests.get(&number)
    }

    /// Returns the manifest of a version; before it is committed, the newest one.
    pub(crate) fn current_manifest(&self, artifact: &Artifact) -> Option<&Manifest> {
        match artifact.manifest {
            Some(number) => self.manifest(number),
            None => self.manifests.values().rev().find(|manifest| manifest.artifact == artifact.number),
        }
    }

    /// Returns the entries of a version.
    pub(crate) fn contents(&self, artifact: &Artifact) -> Arc<Contents> {
        let manifest = self.current_manifest(artifact);
        manifest.and_then(|manifest| manifest.contents.clone()).unwrap_or_default()
    }

    /// Creates a manifest without bytes.
    pub(crate) fn create_manifest(
        &mut self,
        artifact: u64,
        name: &str,
        kind: ManifestKind,
        digest: &str,
        base: Option<u64>,
    ) -> u64 {
        let number = self.number();
        let manifest = Manifest {
            number,
            artifact,
            name: name.to_owned(),
            kind,
            digest: digest.to_owned(),
            base,
            contents: None,
        };
        self.manifests.insert(number, manifest);
        number
    }

    pub(crate) fn manifest_mut(&mut self, number: u64) -> Option<&mut Manifest> {
        self.manifests.get_mut(&number)
    }

    /// Records that a run uses a version.
    pub(crate) fn record_use(&mut self, used: Use) {
        if !self.uses.contains(&used) {
            self.uses.push(used);
        }
    }

    pub(crate) fn uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter()
    }
}

/// Builds the id of an object with a number, as in base64 of `Artifact:7`.
pub(crate) fn encode_id(kind: &str, number: u64) -> String {
    storage_id(kind, &number.to_string())
}

/// Returns the number in an id of this kind.
pub(crate) fn decode_id(kind: &str, id: &str) -> Option<u64> {
    let text = String::from_utf8(STANDARD.decode(id).ok()?).ok()?;
    text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}
