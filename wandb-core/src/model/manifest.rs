//! Manifests, which list the entries of an artifact.

use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::DigestAlgorithm;
use crate::value::{Map, Value};

/// Maximum number of entries of a manifest. Each takes about 100 bytes of memory, and its path.
const MAX_ENTRIES: usize = 10_000_000;

/// The list of an artifact's entries: the JSON text `wandb_manifest.json`, version 1.
///
/// Entries are ordered by path, as for the artifact's digest. If a text names a path twice, the last one counts.
///
/// ```
/// use wandb_core::model::{Manifest, StorageLayout};
///
/// let manifest = Manifest::read(&br#"{"version": 1, "storagePolicy": "wandb-storage-policy-v1",
///     "storagePolicyConfig": {"storageLayout": "V2"}, "contents": {
///         "data/b.csv": {"digest": "kAFQmDzST7DWlj99KOF/cg==", "size": 3, "birthArtifactID": "QXJ0aWZhY3Q6MQ=="},
///         "a.bin": {"digest": "etag", "ref": "s3://bucket/a.bin"}}}"#[..])?;
/// assert_eq!(manifest.layout, StorageLayout::V2);
/// let paths: Vec<_> = manifest.entries().iter().map(|entry| entry.path()).collect();
/// assert_eq!(paths, ["a.bin", "data/b.csv"]);
/// assert_eq!(manifest.entry("a.bin").and_then(|entry| entry.reference()), Some("s3://bucket/a.bin"));
/// # Ok::<(), wandb_core::model::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The storage policy (`storagePolicy`).
    pub storage_policy: String,
    /// The layout of the stored files (`storagePolicyConfig.storageLayout`).
    pub layout: StorageLayout,
    /// The region of the stored files (`storagePolicyConfig.storageRegion`).
    pub region: Option<String>,
    entries: Vec<ManifestEntry>,
}

/// Where the server stores the files of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StorageLayout {
    /// By entity and digest. The layout of a manifest that names none.
    #[default]
    V1,
    /// By project, collection, artifact and digest.
    V2,
}

/// An entry of an artifact: a file or a reference.
///
/// The path is chosen by users. Validate it before deriving a local path from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestEntry {
    path: Box<str>,
    digest: Box<str>,
    size: Option<u64>,
    /// Entries of one manifest share the ids.
    birth_artifact_id: Option<Arc<str>>,
    /// Boxed, because most entries have none.
    more: Option<Box<EntryDetails>>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct EntryDetails {
    reference: Option<String>,
    extra: Map,
}

/// The text is not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The text is not the JSON of a manifest.
    #[error("the manifest cannot be read: {message}")]
    Malformed {
        /// The error of the parser.
        message: String,
    },
    /// The manifest has another version than 1.
    #[error("the manifest has version {found}, but only version 1 is known")]
    Version {
        /// The version of the manifest.
        found: u64,
    },
}

impl Manifest {
    /// Parses a manifest while reading it.
    ///
    /// # Errors
    /// If reading fails, or the text is not a manifest of version 1.
    pub fn read(reader: impl Read) -> Result<Self, ManifestError> {
        let text: ManifestText = serde_json::from_reader(reader)
            .map_err(|error| ManifestError::Malformed { message: error.to_string() })?;
        if text.version != 1 {
            return Err(ManifestError::Version { found: text.version });
        }
        let Contents(mut entries) = text.contents;
        // Stable, so that the last one of equal paths stays the last one.
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        let mut kept: Vec<ManifestEntry> = Vec::with_capacity(entries.len());
        for entry in entries {
            match kept.last_mut() {
                Some(last) if last.path == entry.path => *last = entry,
                _ => kept.push(entry),
            }
        }
        let config = text.storage_policy_config.unwrap_or_default();
        let region = config.storage_region.map(|region| region.trim().to_owned());
        Ok(Self {
            storage_policy: text.storage_policy,
            layout: config.storage_layout.unwrap_or_default(),
            region: region.filter(|region| !region.is_empty()),
            entries: kept,
        })
    }

    /// The entries, ordered by path.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// Returns the entries, ordered by path.
    pub fn into_entries(self) -> Vec<ManifestEntry> {
        self.entries
    }

    /// Returns the entry at a path.
    pub fn entry(&self, path: &str) -> Option<&ManifestEntry> {
        let at = self.entries.binary_search_by(|entry| (*entry.path).cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The total size of the entries in bytes. Entries without a size count as empty, as in the Python SDK.
    pub fn size(&self) -> u64 {
        self.entries.iter().filter_map(|entry| entry.size).fold(0, u64::saturating_add)
    }
}

impl ManifestEntry {
    /// The path in the artifact, with slashes.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The digest: for a file the base64 text of the digest of its content; for a reference what its storage calls its
    /// version, such as an `ETag`.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The digest of a file in hexadecimal form. `None` if the digest is not base64 text, as for many references.
    pub fn hex_digest(&self) -> Option<String> {
        let bytes = STANDARD.decode(&*self.digest).ok().filter(|bytes| !bytes.is_empty())?;
        Some(bytes.iter().fold(String::new(), |mut hex, byte| {
            // Writing into a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// The algorithm of the digest of a file (`extra.alg`).
    pub fn digest_algorithm(&self) -> DigestAlgorithm {
        DigestAlgorithm::of_entry(self.extra().and_then(|extra| extra.get("alg")?.as_str()))
    }

    /// The size in bytes, if known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The address of the content if the artifact only refers to it (`ref`): `s3://…`, `https://…`, `wandb-artifact://…`.
    pub fn reference(&self) -> Option<&str> {
        self.more.as_ref()?.reference.as_deref()
    }

    /// The id of the version that first had this file (`birthArtifactID`).
    pub fn birth_artifact_id(&self) -> Option<&str> {
        self.birth_artifact_id.as_deref()
    }

    /// Further data about the entry (`extra`). `None` if there is none.
    pub fn extra(&self) -> Option<&Map> {
        self.more.as_ref().map(|more| &more.extra).filter(|extra| !extra.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestText {
    version: u64,
    storage_policy: String,
    #[serde(default)]
    storage_policy_config: Option<PolicyConfig>,
    contents: Contents,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PolicyConfig {
    #[serde(default)]
    storage_layout: Option<StorageLayout>,
    #[serde(default)]
    storage_region: Option<String>,
}

#[derive(Deserialize)]
struct EntryText {
    digest: Box<str>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default, rename = "birthArtifactID")]
    birth_artifact_id: Option<String>,
    // Raw, because the numbers in it keep their digits.
    #[serde(default)]
    extra: Option<Box<RawValue>>,
}

struct Contents(Vec<ManifestEntry>);

impl<'de> Deserialize<'de> for Contents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentsVisitor;

        impl<'de> Visitor<'de> for ContentsVisitor {
            type Value = Contents;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from paths to entries")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Contents, A::Error> {
                use serde::de::Error as _;

                let mut entries = Vec::new();
                let mut ids = HashSet::new();
                while let Some(path) = map.next_key::<Box<str>>()? {
                    if entries.len() == MAX_ENTRIES {
                        return Err(A::Error::custom(format_args!("it has more than {MAX_ENTRIES} entries")));
                    }
                    let text: EntryText = map.next_value()?;
                    entries.push(text.into_entry(path, &mut ids).map_err(A::Error::custom)?);
                }
                Ok(Contents(entries))
            }
        }

        deserializer.deserialize_map(ContentsVisitor)
    }
}

impl EntryText {
    /// Returns the entry. `ids` holds the ids of earlier entries.
    fn into_entry(self, path: Box<str>, ids: &mut HashSet<Arc<str>>) -> Result<ManifestEntry, String> {
        let birth_artifact_id = self.birth_artifact_id.map(|id| {
            if let Some(known) = ids.get(&*id) {
                return Arc::clone(known);
            }
            let id: Arc<str> = id.into();
            ids.insert(Arc::clone(&id));
            id
        });
        let extra = match self.extra {
            None => Map::new(),
            Some(text) => match Value::parse(text.get().as_bytes()) {
                Ok(Value::Map(extra)) => extra,
                Ok(Value::Null) => Map::new(),
                Ok(_) => return Err(format!("the extra data of {path:?} is not an object")),
                Err(error) => return Err(format!("the extra data of {path:?}: {error}")),
            },
        };
        let has_more = self.reference.is_some() || !extra.is_empty();
        let more = has_more.then(|| Box::new(EntryDetails { reference: self.reference, extra }));
        Ok(ManifestEntry { path, digest: self.digest, size: self.size, birth_artifact_id, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(contents: &str) -> Result<Manifest, ManifestError> {
        let text = format!(r#"{{"version": 1, "storagePolicy": "p", "contents": {contents}}}"#);
        Manifest::read(text.as_bytes())
    }

    #[test]
    fn whole_manifest_is_read() {
        let manifest = Manifest::read(
            &br#"{"version": 1, "storagePolicy": "wandb-storage-policy-v1",
                "storagePolicyConfig": {"storageLayout": "V2", "storageRegion": " eu "}, "contents": {
                "b": {"digest": "x", "size": 5000000000, "birthArtifactID": "QQ==", "extra": {"alg": "XXH128", "n": 9007199254740993}},
                "a": {"digest": "y", "size": null, "ref": "gs://b/a", "extra": {}, "birthArtifactID": "QQ==", "new": [1]}}}"#[..],
        )
        .unwrap();
        assert_eq!((manifest.layout, manifest.region.as_deref()), (StorageLayout::V2, Some("eu")));
        assert_eq!((manifest.len(), manifest.size()), (2, 5_000_000_000));
        let [a, b] = manifest.entries() else { panic!("two entries") };
        assert_eq!((a.path(), a.digest(), a.size(), a.reference()), ("a", "y", None, Some("gs://b/a")));
        assert_eq!((b.digest_algorithm(), b.reference()), (DigestAlgorithm::Xxh128, None));
        assert_eq!((a.digest_algorithm(), a.extra()), (DigestAlgorithm::Md5, None));
        assert_eq!(
            b.extra().map(|extra| Value::Map(extra.clone()).to_json()).as_deref(),
            Some(r#"{"alg":"XXH128","n":9007199254740993}"#)
        );
        assert!(Arc::ptr_eq(a.birth_artifact_id.as_ref().unwrap(), b.birth_artifact_id.as_ref().unwrap()));
    }

    #[test]
    fn entries_are_ordered_by_code_point() {
        // UTF-16 would put the last two the other way round.
        let manifest =
            read(r#"{"\ud83d\ude00": {"digest": "4"}, "\uff5e": {"digest": "3"}, "a/b": {"digest": "2"}, "a-b": {"digest": "1"}}"#)
                .unwrap();
        let digests: Vec<_> = manifest.entries().iter().map(ManifestEntry::digest).collect();
        assert_eq!(digests, ["1", "2", "3", "4"]);
        assert!(manifest.entry("a/b").is_some() && manifest.entry("a").is_none());
    }

    #[test]
    fn last_of_equal_paths_counts() {
        let manifest = read(r#"{"a": {"digest": "1"}, "b": {"digest": "2"}, "a": {"digest": "3"}}"#).unwrap();
        let digests: Vec<_> = manifest.entries().iter().map(ManifestEntry::digest).collect();
        assert_eq!(digests, ["3", "2"]);
    }

    #[test]
    fn layout_defaults_to_the_first() {
        let manifest = read("{}").unwrap();
        assert!(manifest.is_empty());
        assert_eq!((manifest.layout, manifest.region), (StorageLayout::V1, None));
    }

    #[test]
    fn other_texts_are_no_manifests() {
        for contents in [
            "[]",
            r#"{"a": {}}"#,
            r#"{"a": {"digest": "x", "size": -1}}"#,
            r#"{"a": {"digest": "x", "extra": [1]}}"#,
            r#"{"a": {"digest": "x"}"#,
        ] {
            assert!(matches!(read(contents), Err(ManifestError::Malformed { .. })), "{contents}");
        }
        let second = Manifest::read(&br#"{"version": 2, "storagePolicy": "p", "contents": {}}"#[..]);
        assert_eq!(second, Err(ManifestError::Version { found: 2 }));
    }
}
