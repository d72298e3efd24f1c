//! The files of artifacts in the blob store. Files with the same digest that came with the same version are one blob.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::manifest::{Contents, Entry, hex};
use super::version::Artifact;
use super::{Artifacts, decode_id};
use crate::store::blob::Blob;
use crate::store::state::State;

/// Prefix of the keys of files in the blob store.
const FILES: &str = "artifacts/";
/// Prefix of the keys of manifests in the blob store.
const MANIFESTS: &str = "manifests/";
/// Prefix of the keys of parts of an upload in the blob store.
const PARTS: &str = "parts/";

/// Returns a digest in base64 as hexadecimal digits, as in URLs. Other text is encoded as it is.
pub(crate) fn hex_id(digest: &str) -> String {
    hex(&STANDARD.decode(digest).unwrap_or_else(|_| digest.as_bytes().to_vec()))
}

/// The key of a file's bytes in the blob store.
pub(crate) fn file_key(birth: u64, hex_digest: &str) -> String {
    format!("{FILES}{birth}/{hex_digest}")
}

/// The key of a part of an upload in the blob store.
pub(crate) fn part_key(upload: &str, part: i64) -> String {
    format!("{PARTS}{upload}/{part}")
}

/// Returns the version and the digest in the key of a file.
fn split_key(key: &str) -> Option<(u64, &str)> {
    let (birth, digest) = key.strip_prefix(FILES)?.split_once('/')?;
    Some((birth.parse().ok()?, digest))
}

impl Artifacts {
    /// Returns the key of an entry's bytes. The bytes of a reference, and of a damaged manifest, do not exist.
    pub(crate) fn entry_key(&self, artifact: &Artifact, entry: &Entry) -> String {
        let digest = hex_id(&entry.digest);
        if let Some(birth) = entry.birth.as_deref() {
            return file_key(decode_id("Artifact", birth).unwrap_or_default(), &digest);
        }
        let entity = self.collection(artifact.sequence).map(|collection| collection.entity.as_str());
        let own = file_key(artifact.number, &digest);
        if self.stored.contains_key(&own) {
            return own;
        }
        entity.and_then(|entity| self.key_of_entity(entity, &digest)).unwrap_or(own)
    }

    /// Returns the key of a file that some version of an entity has.
    pub(crate) fn key_of_entity(&self, entity: &str, hex_digest: &str) -> Option<String> {
        self.by_entity.get(&(entity.to_owned(), hex_digest.to_owned())).cloned()
    }

    /// Returns the version of the same sequence that a file already came with.
    pub(crate) fn birth_of(&self, artifact: &Artifact, hex_digest: &str) -> Option<u64> {
        self.by_sequence.get(&(artifact.sequence, hex_digest.to_owned())).copied()
    }

    /// Returns the MD5 digest in base64 of a blob that belongs to an artifact.
    pub(crate) fn stored_md5(&self, key: &str) -> Option<&str> {
        self.stored.get(key).map(String::as_str)
    }

    /// Returns the keys of all blobs that belong to artifacts.
    pub(crate) fn blob_keys(&self) -> impl Iterator<Item = &String> {
        self.stored.keys()
    }

    fn record_blob(&mut self, key: &str, md5: String) {
        self.stored.insert(key.to_owned(), md5);
        let Some((birth, digest)) = split_key(key) else { return };
        let Some(sequence) = self.version(birth).map(|artifact| artifact.sequence) else { return };
        self.by_sequence.entry((sequence, digest.to_owned())).or_insert(birth);
        if let Some(collection) = self.collection(sequence) {
            let entity = collection.entity.clone();
            self.by_entity.entry((entity, digest.to_owned())).or_insert_with(|| key.to_owned());
        }
    }
}

/// Whether the blobs with this key belong to artifacts.
pub(crate) fn is_artifact_blob(key: &str) -> bool {
    [FILES, MANIFESTS].iter().any(|prefix| key.starts_with(prefix))
}

/// Whether the blob is a file of an artifact.
pub(crate) fn is_artifact_file(key: &str) -> bool {
    key.starts_with(FILES)
}

impl State {
    /// Stores a file or a manifest.
    pub(crate) fn put_artifact_blob(&mut self, key: &str, blob: impl Into<Blob>) {
        let blob = blob.into();
        let digest = blob.clone().fold(Md5::new(), |digest, chunk| digest.chain_update(&chunk)).finalize();
        self.put_digested_blob(key, blob, STANDARD.encode(digest));
    }

    /// Stores a file whose MD5 digest in base64 is known.
    pub(super) fn put_digested_blob(&mut self, key: &str, blob: Blob, md5: String) {
        self.blobs.insert(key.to_owned(), blob);
        self.artifacts.record_blob(key, md5);
    }

    /// Joins the parts of an upload. Returns the MD5 digest in base64 of the file.
    pub(crate) fn join_parts(&mut self, key: &str, upload: &str, parts: &[i64]) -> Result<String, String> {
        let mut joined = Vec::new();
        for part in parts {
            let blob = self.blobs.remove(&part_key(upload, *part));
            joined.extend(blob.ok_or_else(|| format!("part {part} was not uploaded"))?.flatten());
        }
        self.put_artifact_blob(key, Bytes::from(joined));
        Ok(self.artifacts.stored_md5(key).unwrap_or_default().to_owned())
    }

    /// Parses the text of a manifest in the blob store.
    pub(super) fn parse_manifest(&self, number: u64) -> Result<Arc<Contents>, String> {
        let manifest = self.artifacts.manifest(number).ok_or("the artifact has no manifest")?;
        let blob = self.blobs.get(&manifest.blob_key()).ok_or("the manifest was not uploaded")?;
        let contents =
            Contents::parse(&blob.to_vec()).map_err(|error| format!("invalid manifest: {error}"))?;
        Ok(Arc::new(contents))
    }
}
