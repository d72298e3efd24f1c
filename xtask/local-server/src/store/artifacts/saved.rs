//! Artifacts as they are saved in recordings.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::collection::{Collection, TypeFacts};
use super::manifest::Manifest;
use super::version::{Artifact, ArtifactState, Use};
use crate::store::state::State;

/// Everything but the bytes, saved as `state.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SavedArtifacts {
    last_number: u64,
    types: Vec<TypeFacts>,
    collections: Vec<Collection>,
    versions: Vec<Artifact>,
    manifests: Vec<Manifest>,
    uses: Vec<Use>,
    clients: BTreeMap<String, u64>,
}

impl State {
    /// Returns the artifacts to save, or none if there are none.
    pub(crate) fn saved_artifacts(&self) -> Option<SavedArtifacts> {
        let artifacts = &self.artifacts;
        (artifacts.last_number > 0).then(|| SavedArtifacts {
            last_number: artifacts.last_number,
            types: artifacts.types.values().cloned().collect(),
            collections: artifacts.collections.values().cloned().collect(),
            versions: artifacts.versions.values().map(|artifact| Artifact::clone(artifact)).collect(),
            manifests: artifacts.manifests.values().cloned().collect(),
            uses: artifacts.uses.clone(),
            clients: artifacts.clients.iter().map(|(id, number)| (id.clone(), *number)).collect(),
        })
    }

    /// Adds saved artifacts and the bytes of their files. Those of the same number are replaced, because a data directory
    /// repeats the recording that a server started with.
    ///
    /// # Errors
    ///
    /// Fails if another collection has the number of a saved one: ids cannot be changed, as manifests contain them.
    pub(crate) fn restore_artifacts(
        &mut self,
        saved: SavedArtifacts,
        blobs: Vec<(String, Vec<u8>)>,
    ) -> io::Result<()> {
        let artifacts = &mut self.artifacts;
        for collection in saved.collections {
            let known = artifacts.collections.get(&collection.number);
            if known.is_some_and(|known| known.created_at != collection.created_at) {
                let message = format!("two recordings have different artifacts: {:?}", collection.name);
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            artifacts.collections.insert(collection.number, collection);
        }
        artifacts.last_number = artifacts.last_number.max(saved.last_number);
        for facts in saved.types {
            let key = (facts.entity.clone(), facts.project.clone(), facts.name.clone());
            artifacts.types.insert(key, facts);
        }
        let versions = saved.versions.into_iter();
        artifacts.versions.extend(versions.map(|artifact| (artifact.number, Arc::new(artifact))));
        let manifests = saved.manifests.into_iter();
        artifacts.manifests.extend(manifests.map(|manifest| (manifest.number, manifest)));
        artifacts.clients.extend(saved.clients);
        for used in saved.uses {
            artifacts.record_use(used);
        }
        artifacts.index_names();
        for (key, bytes) in blobs {
            self.put_artifact_blob(&key, bytes);
        }
        self.parse_committed_manifests();
        Ok(())
    }

    /// Parses the manifests of committed versions. One that cannot be parsed was damaged on purpose.
    fn parse_committed_manifests(&mut self) {
        let committed = self.artifacts.versions().filter(|artifact| artifact.state != ArtifactState::Pending);
        for number in committed.filter_map(|artifact| artifact.manifest).collect::<Vec<_>>() {
            let contents = self.parse_manifest(number).ok();
            if let Some(manifest) = self.artifacts.manifest_mut(number) {
                manifest.contents = contents;
            }
        }
    }
}
