//! Creates versions, as the SDK does when it begins to log one.

use jiff::Timestamp;

use super::collection::CollectionKind;
use super::manifest::DigestAlgorithm;
use super::version::{Artifact, ArtifactState, Creator};
use super::{Arc, Artifacts};

/// A version to create.
#[derive(Debug, Clone)]
pub(crate) struct NewVersion {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) collection: String,
    pub(crate) type_name: String,
    pub(crate) digest: String,
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) labels: Option<String>,
    pub(crate) ttl: Option<i64>,
    pub(crate) history_step: Option<i64>,
    pub(crate) aliases: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) creator: Creator,
    pub(crate) client_id: Option<String>,
    pub(crate) distributed_id: Option<String>,
    /// Whether the latest version is returned if it has the same digest.
    pub(crate) deduplicate: bool,
}

impl Artifacts {
    /// Returns the number of a pending version, or of the latest one if it has the same digest.
    pub(crate) fn create(&mut self, new: NewVersion) -> Result<u64, String> {
        if let Some(known) = new.client_id.as_ref().and_then(|id| self.clients.get(id)) {
            return Ok(*known);
        }
        let NewVersion { entity, project, collection, type_name, .. } = &new;
        let sequence =
            self.ensure_collection(entity, project, collection, type_name, CollectionKind::Sequence)?;
        if let Some(known) = self.same_version(sequence, &new) {
            if let Some(client_id) = new.client_id {
                self.clients.insert(client_id, known);
            }
            if let Some(collection) = self.collection_mut(sequence) {
                for alias in &new.aliases {
                    collection.assign_alias(known, alias);
                }
            }
            return Ok(known);
        }
        let number = self.number();
        if let Some(client_id) = &new.client_id {
            self.clients.insert(client_id.clone(), number);
        }
        let artifact = Artifact {
            number,
            sequence,
            version_index: None,
            state: ArtifactState::Pending,
            digest: new.digest,
            algorithm: new.algorithm,
            description: new.description,
            metadata: new.metadata,
            labels: new.labels,
            ttl: new.ttl.filter(|ttl| *ttl != Artifact::TTL_INHERITED),
            tags: new.tags,
            history_step: new.history_step,
            commit_hash: None,
            created_at: Timestamp::now(),
            updated_at: None,
            creator: new.creator,
            client_id: new.client_id,
            distributed_id: new.distributed_id,
            pending_aliases: new.aliases,
            size: 0,
            file_count: 0,
            manifest: None,
            collections: Vec::new(),
        };
        self.versions.insert(number, Arc::new(artifact));
        Ok(number)
    }

    /// Returns the version that a new one is the same as: one that several processes create together, or the latest one
    /// if its content is the same.
    fn same_version(&self, sequence: u64, new: &NewVersion) -> Option<u64> {
        if new.distributed_id.is_some() {
            let mut pending =
                self.versions.values().rev().filter(|artifact| {
                    artifact.sequence == sequence && artifact.state == ArtifactState::Pending
                });
            return pending
                .find(|artifact| artifact.distributed_id == new.distributed_id)
                .map(|it| it.number);
        }
        let latest = self.version(self.collection(sequence)?.latest()?.artifact)?;
        let same = latest.digest == new.digest && latest.algorithm == new.algorithm;
        (new.deduplicate && same).then_some(latest.number)
    }
}
