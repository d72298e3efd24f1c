//! Synthetic artifacts with many entries or many versions, which take little memory.
//!
//! All files share one block of random bytes and differ in their last bytes. So a digest costs no more than hashing these:
//! the state of the hash before them is computed once.

use bytes::Bytes;
use indexmap::IndexMap;

use super::create::NewVersion;
use super::encode_id;
use super::files::{file_key, hex_id};
use super::manifest::{Contents, DigestAlgorithm, Entry, Hasher, StorageLayout};
use super::version::{ArtifactState, Creator};
use crate::store::blob::Blob;
use crate::store::handle::{Store, StoreError};

/// Maximum length of the block that files share.
const MAX_BLOCK: usize = 1 << 20;
/// Number of entries in a folder.
const FOLDER: usize = 1_000;

/// The size of an artifact to generate with [`Store::generate_artifact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GeneratedArtifact {
    /// Number of entries of a version.
    pub entries: usize,
    /// Size of an entry in bytes. With less than eight bytes, some entries have the same content.
    pub bytes: usize,
    /// Number of versions. Default: 1.
    pub versions: usize,
    /// Percentage of the entries that all versions have in common. Default: 90.
    pub shared: usize,
    /// Where the API serves the files. Default: V2.
    pub layout: StorageLayout,
    /// Hash function of the digests. Default: MD5.
    pub algorithm: DigestAlgorithm,
}

impl GeneratedArtifact {
    /// Creates an artifact with one version.
    pub fn new(entries: usize, bytes: usize) -> Self {
        Self {
            entries,
            bytes,
            versions: 1,
            shared: 90,
            layout: StorageLayout::default(),
            algorithm: DigestAlgorithm::default(),
        }
    }

    /// Sets the number of versions, and the percentage of the entries that they have in common.
    #[must_use]
    pub fn versions(mut self, versions: usize, shared: usize) -> Self {
        (self.versions, self.shared) = (versions, shared);
        self
    }
}

/// The files of an artifact.
struct Files {
    block: Bytes,
    /// Length before the last bytes.
    body: usize,
    tail: usize,
    md5: Hasher,
    digest: Hasher,
}

impl Files {
    fn new(size: &GeneratedArtifact) -> Self {
        let mut block = vec![0; size.bytes.clamp(1, MAX_BLOCK)];
        fastrand::Rng::with_seed(1).fill(&mut block);
        let block = Bytes::from(block);
        let tail = size.bytes.min(size_of::<u64>());
        let body = size.bytes - tail;
        let hashers = [DigestAlgorithm::Md5, size.algorithm].map(|algorithm| {
            let mut hasher = Hasher::new(algorithm);
            Blob::repeated(block.clone(), body).for_each(|chunk| hasher.update(&chunk));
            hasher
        });
        let [md5, digest] = hashers;
        Self { block, body, tail, md5, digest }
    }

    /// Returns a file with its digest and its MD5 digest.
    fn file(&self, number: u64) -> (Blob, String, String) {
        let tail = &number.to_le_bytes()[..self.tail];
        let [md5, digest] = [&self.md5, &self.digest].map(|hasher| {
            let mut hasher = hasher.clone();
            hasher.update(tail);
            hasher.base64()
        });
        (Blob::repeated_before(self.block.clone(), self.body, Bytes::copy_from_slice(tail)), digest, md5)
    }
}

impl Store {
    /// Adds an artifact of type `dataset` with generated files.
    ///
    /// # Errors
    ///
    /// Fails if the collection exists with another type.
    pub fn generate_artifact(
        &self,
        entity: &str,
        project: &str,
        collection: &str,
        size: &GeneratedArtifact,
    ) -> Result<(), StoreError> {
        let files = Files::new(size);
        let shared = size.entries * size.shared.min(100) / 100;
        let mut common: Vec<Entry> = Vec::new();
        for version in 0..size.versions {
            let mut state = self.0.write();
            state.project_mut(entity, project);
            let number = state.artifacts.create(NewVersion {
                entity: entity.to_owned(),
                project: project.to_owned(),
                collection: collection.to_owned(),
                type_name: "dataset".to_owned(),
                digest: String::new(),
                algorithm: size.algorithm,
                description: None,
                metadata: None,
                labels: None,
                ttl: None,
                history_step: None,
                aliases: Vec::new(),
                tags: Vec::new(),
                creator: Creator::User(self.0.owner()),
                client_id: None,
                distributed_id: None,
                deduplicate: false,
            });
            let number = number.map_err(StoreError::Artifact)?;
            let birth = (size.layout == StorageLayout::V2).then(|| encode_id("Artifact", number));
            let mut entries = IndexMap::with_capacity(size.entries);
            for index in 0..size.entries {
                let path = format!("data/{:03}/file_{index:06}.bin", index / FOLDER);
                if let Some(entry) = common.get(index) {
                    entries.insert(path.into(), entry.clone());
                    continue;
                }
                let (blob, digest, md5) = files.file((version * size.entries + index) as u64);
                state.put_digested_blob(&file_key(number, &hex_id(&digest)), blob, md5);
                let entry = Entry {
                    digest: digest.into(),
                    size: Some(size.bytes as u64),
                    reference: None,
                    birth: birth.as_deref().map(Box::from),
                    algorithm: size.algorithm,
                };
                entries.insert(path.into(), entry);
            }
            if version == 0 {
                common = entries.values().take(shared).cloned().collect();
            }
            let contents = Contents::new(size.layout, entries);
            if let Some(artifact) = state.artifacts.version_mut(number) {
                artifact.digest = contents.digest(size.algorithm);
                debug_assert_eq!(artifact.state, ArtifactState::Pending);
            }
            state.commit_contents(number, contents).map_err(StoreError::Artifact)?;
        }
        Ok(())
    }
}
