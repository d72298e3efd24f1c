//! Commits versions: reads the manifest, assigns the version and the aliases.

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::manifest::{Manifest, ManifestKind, hex, merge};
use super::version::ArtifactState;
use crate::store::blob::Blob;
use crate::store::md5_base64;
use crate::store::state::State;

/// Name of the file with all entries.
const MANIFEST_FILE: &str = "wandb_manifest.json";
/// Number of hexadecimal digits of a commit hash.
const COMMIT_DIGITS: usize = 20;

impl State {
    /// Commits a version. Does nothing if it is committed already.
    ///
    /// # Errors
    ///
    /// Fails if the version does not exist or is deleted, or its manifest cannot be parsed.
    pub(crate) fn commit_artifact(&mut self, number: u64) -> Result<(), String> {
        let artifact = self.artifacts.version(number).ok_or("artifact not found")?;
        match artifact.state {
            ArtifactState::Committed => return Ok(()),
            ArtifactState::Deleted => return Err("the artifact is deleted".to_owned()),
            ArtifactState::Pending => {}
        }
        let (sequence, algorithm) = (artifact.sequence, artifact.algorithm);
        let aliases = artifact.pending_aliases.clone();
        let current = self.complete_manifest(number)?;
        let parsed = current.and_then(|(manifest, _)| self.artifacts.manifest(manifest)?.contents.clone());
        let contents = match (current, parsed) {
            (Some((manifest, _)), None) => Some(self.parse_manifest(manifest)?),
            (_, parsed) => parsed,
        };
        if let (Some((manifest, _)), Some(contents)) = (current, &contents)
            && let Some(manifest) = self.artifacts.manifest_mut(manifest)
        {
            manifest.contents = Some(contents.clone());
        }
        let membership = self.artifacts.number();
        let collection = self.artifacts.collection_mut(sequence).ok_or("the collection is deleted")?;
        let index = collection.next_index;
        collection.add_member(membership, number, &aliases);
        let artifact = self.artifacts.version_mut(number).ok_or("artifact not found")?;
        artifact.state = ArtifactState::Committed;
        artifact.version_index = Some(index);
        artifact.collections.insert(0, sequence);
        artifact.pending_aliases.clear();
        artifact.manifest = current.map(|(manifest, _)| manifest);
        if let Some(contents) = &contents {
            artifact.size = contents.size();
            artifact.file_count = contents.entries.len() as u64;
        }
        // The client has sent the digest of its own part only.
        if let (Some((_, true)), Some(contents)) = (current, &contents) {
            artifact.digest = contents.digest(algorithm);
        }
        let seed = format!("{number}:{}", artifact.digest);
        artifact.commit_hash = Some(hex(&Md5::digest(seed)).chars().take(COMMIT_DIGITS).collect());
        Ok(())
    }

    /// Returns the manifest with all entries of a version, and whether it was joined from several.
    fn complete_manifest(&mut self, artifact: u64) -> Result<Option<(u64, bool)>, String> {
        let own: Vec<Manifest> = self
            .artifacts
            .manifests
            .values()
            .filter(|manifest| manifest.artifact == artifact)
            .cloned()
            .collect();
        let uploaded = |manifest: &&Manifest| self.blobs.contains_key(&manifest.blob_key());
        let Some(newest) = own.iter().rev().find(uploaded) else { return Ok(None) };
        let parts: Vec<&Manifest> = match newest.kind {
            ManifestKind::Full => return Ok(Some((newest.number, false))),
            ManifestKind::Incremental => vec![newest],
            ManifestKind::Patch => own.iter().filter(uploaded).collect(),
        };
        let base = newest.base.filter(|_| newest.kind == ManifestKind::Incremental);
        let base = base.and_then(|base| self.artifacts.current_manifest(self.artifacts.version(base)?));
        let mut merged = base.and_then(|base| self.blobs.get(&base.blob_key())).map(Blob::to_vec);
        for part in parts {
            let text = self.blobs.get(&part.blob_key()).map(Blob::to_vec).unwrap_or_default();
            let joined =
                merge(merged.as_deref(), &text).map_err(|error| format!("invalid manifest: {error}"))?;
            merged = Some(joined);
        }
        let text = merged.unwrap_or_default();
        let digest = md5_base64(&text);
        let number =
            self.artifacts.create_manifest(artifact, MANIFEST_FILE, ManifestKind::Full, &digest, None);
        let key = self.artifacts.manifest(number).map(Manifest::blob_key).unwrap_or_default();
        self.put_artifact_blob(&key, Bytes::from(text));
        Ok(Some((number, true)))
    }
}
