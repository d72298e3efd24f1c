//! Manifests: the entries of a version, as JSON text and parsed.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twox_hash::XxHash3_128;

use super::encode_id;
use super::files::hex_id;

/// First line of the text whose hash is the digest of a version.
const HEADER: &[u8] = b"wandb-artifact-manifest-v1\n";
/// Name of an entry's digest algorithm in its `extra`.
const XXH128: &str = "XXH128";

/// The hash function of digests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// MD5.
    #[default]
    #[serde(rename = "MANIFEST_MD5")]
    Md5,
    /// XXH3 with 128 bits.
    #[serde(rename = "MANIFEST_XXH128")]
    Xxh128,
}

impl DigestAlgorithm {
    /// Returns the word used in responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MANIFEST_MD5",
            Self::Xxh128 => "MANIFEST_XXH128",
        }
    }

    /// Parses the word used in requests. The default is MD5.
    pub(crate) fn from_word(word: Option<&str>) -> Self {
        if word == Some(Self::Xxh128.as_str()) { Self::Xxh128 } else { Self::Md5 }
    }

    /// Returns the digest of a file, in base64 as in manifests.
    pub fn file_digest(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.base64()
    }
}

/// A hash that is being computed.
#[derive(Clone)]
pub(super) enum Hasher {
    Md5(Md5),
    Xxh128(Box<XxHash3_128>),
}

impl Hasher {
    pub(super) fn new(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => Self::Md5(Md5::new()),
            DigestAlgorithm::Xxh128 => Self::Xxh128(Box::new(XxHash3_128::new())),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Xxh128(hasher) => hasher.write(bytes),
        }
    }

    fn bytes(self) -> [u8; 16] {
        match self {
            Self::Md5(hasher) => hasher.finalize().into(),
            Self::Xxh128(hasher) => hasher.finish_128().to_be_bytes(),
        }
    }

    pub(super) fn base64(self) -> String {
        STANDARD.encode(self.bytes())
    }

    fn hex(self) -> String {
        hex(&self.bytes())
    }
}

/// Formats bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Where the API serves the files of a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StorageLayout {
    /// `/artifacts/ENTITY/DIGEST`; files are shared by all versions of an entity.
    V1,
    /// `/artifactsV2/…`; files belong to the version that they came with.
    #[default]
    V2,
}

impl StorageLayout {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ManifestKind {
    /// All entries.
    Full,
    /// Entries of one of several processes that create a version together.
    Patch,
    /// Entries to add to those of the base version.
    Incremental,
}

impl ManifestKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Patch => "PATCH",
            Self::Incremental => "INCREMENTAL",
        }
    }

    pub(crate) fn from_word(word: Option<&str>) -> Self {
        match word {
            Some("PATCH") => Self::Patch,
            Some("INCREMENTAL") => Self::Incremental,
            _ => Self::Full,
        }
    }
}

/// A manifest. Its text is in the blob store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) number: u64,
    pub(crate) artifact: u64,
    pub(crate) name: String,
    pub(crate) kind: ManifestKind,
    pub(crate) digest: String,
    /// Number of the version that it adds to.
    pub(crate) base: Option<u64>,
    /// The parsed text, once the version is committed.
    #[serde(skip)]
    pub(crate) contents: Option<Arc<Contents>>,
}

impl Manifest {
    pub(crate) fn id(&self) -> String {
        encode_id("ArtifactManifest", self.number)
    }

    /// The key of the text in the blob store.
    pub(crate) fn blob_key(&self) -> String {
        format!("manifests/{}/{}", self.number, self.name)
    }
}

/// An entry of a manifest: a file, or a reference to one elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) digest: Box<str>,
    pub(crate) size: Option<u64>,
    /// The address of the file, if it is stored elsewhere.
    pub(crate) reference: Option<Box<str>>,
    /// The id of the version that the file came with.
    pub(crate) birth: Option<Box<str>>,
    pub(crate) algorithm: DigestAlgorithm,
}

/// The entries of a version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    pub(crate) layout: StorageLayout,
    pub(crate) entries: IndexMap<Box<str>, Entry>,
    /// The hexadecimal digests of the entries that are not references.
    digests: HashSet<Box<str>>,
}

impl Contents {
    pub(crate) fn new(layout: StorageLayout, entries: IndexMap<Box<str>, Entry>) -> Self {
        let files = entries.values().filter(|entry| entry.reference.is_none());
        let digests = files.map(|entry| hex_id(&entry.digest).into()).collect();
        Self { layout, entries, digests }
    }

    /// Parses the text of a manifest. Entries that are not objects are left out.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let parsed: ManifestText = serde_json::from_slice(text)?;
        let layout = match parsed.config.layout.as_deref() {
            Some("V2") => StorageLayout::V2,
            _ => StorageLayout::V1,
        };
        let entries =
            parsed.contents.into_iter().filter_map(|(path, entry)| Some((path, Entry::parse(&entry)?)));
        Ok(Self::new(layout, entries.collect()))
    }

    /// Whether an entry with this hexadecimal digest is a file and not a reference.
    pub(crate) fn has_file(&self, hex_digest: &str) -> bool {
        self.digests.contains(hex_digest)
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.values().filter_map(|entry| entry.size).fold(0, u64::saturating_add)
    }

    /// Returns the digest of a version with these entries.
    pub(crate) fn digest(&self, algorithm: DigestAlgorithm) -> String {
        let mut paths: Vec<&Box<str>> = self.entries.keys().collect();
        paths.sort_unstable();
        let mut hasher = Hasher::new(algorithm);
        hasher.update(HEADER);
        for path in paths {
            for part in [path, ":", &self.entries[path].digest, "\n"] {
                hasher.update(part.as_bytes());
            }
        }
        hasher.hex()
    }

    /// Returns the text of a manifest with these entries.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!(
            r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{{"storageLayout":"{}"}},"contents":{{"#,
            self.layout.as_str()
        );
        for (at, (path, entry)) in self.entries.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(text, "{comma}{}:{}", Value::from(&**path), entry.to_json());
        }
        text.push_str("}}");
        text
    }
}

impl Entry {
    fn parse(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(Box::from);
        let algorithm = match value.pointer("/extra/alg").and_then(Value::as_str) {
            Some(XXH128) => DigestAlgorithm::Xxh128,
            _ => DigestAlgorithm::Md5,
        };
        Some(Self {
            digest: text("digest")?,
            size: value.get("size").and_then(Value::as_u64),
            reference: text("ref"),
            birth: text("birthArtifactID"),
            algorithm,
        })
    }

    /// Returns the entry as JSON, without fields that have no value.
    fn to_json(&self) -> Value {
        let mut fields = serde_json::Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("digest", Some(Value::from(&*self.digest)));
        set("size", self.size.map(Value::from));
        set("ref", self.reference.as_deref().map(Value::from));
        set("birthArtifactID", self.birth.as_deref().map(Value::from));
        let extra = (self.algorithm == DigestAlgorithm::Xxh128).then(|| serde_json::json!({ "alg": XXH128 }));
        set("extra", extra);
        Value::Object(fields)
    }
}

/// The parts of a manifest's text that the server reads.
#[derive(Debug, Deserialize)]
struct ManifestText {
    #[serde(default, rename = "storagePolicyConfig")]
    config: PolicyConfig,
    contents: IndexMap<Box<str>, Value>,
}

#[derive(Debug, Default, Deserialize)]
struct PolicyConfig {
    #[serde(default, rename = "storageLayout")]
    layout: Option<String>,
}

/// Adds the entries of a manifest's text to those of another one, which they replace if they have the same path.
pub(super) fn merge(base: Option<&[u8]>, addition: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut addition: Value = serde_json::from_slice(addition)?;
    let Some(base) = base else { return serde_json::to_vec(&addition) };
    let mut merged: Value = serde_json::from_slice(base)?;
    if let (Some(entries), Some(new)) =
        (merged["contents"].as_object_mut(), addition["contents"].as_object_mut())
    {
        entries.append(new);
    }
    serde_json::to_vec(&merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"},"contents":{"b.txt":{"digest":"XUFAKrxLKna5cZ2REBfFkg==","size":5},"a/ü.txt":{"digest":"x","extra":{"alg":"XXH128"},"ref":"s3://b/k"}}}"#;

    #[test]
    fn text_round_trips() {
        let contents = Contents::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(contents.to_text(), TEXT);
        assert_eq!((contents.size(), contents.entries.len()), (5, 2));
        assert!(contents.has_file("5d41402abc4b2a76b9719d911017c592"));
        assert!(!contents.has_file(&hex_id("x")), "a reference is not stored");
    }

    #[test]
    fn digest_covers_sorted_paths() {
        let contents = Contents::parse(TEXT.as_bytes()).unwrap();
        let text = "wandb-artifact-manifest-v1\na/ü.txt:x\nb.txt:XUFAKrxLKna5cZ2REBfFkg==\n";
        assert_eq!(contents.digest(DigestAlgorithm::Md5), hex(&Md5::digest(text)));
        let expected = format!("{:032x}", XxHash3_128::oneshot(text.as_bytes()));
        assert_eq!(contents.digest(DigestAlgorithm::Xxh128), expected);
    }

    #[test]
    fn known_digests_of_files() {
        // From `xxhash.xxh128(b"hello")` and `hashlib.md5(b"hello")` of Python, in base64.
        assert_eq!(DigestAlgorithm::Md5.file_digest(b"hello"), "XUFAKrxLKna5cZ2REBfFkg==");
        assert_eq!(DigestAlgorithm::Xxh128.file_digest(b"hello"), "tenBrQcbPn/Hec+qXlI4GA==");
    }

    #[test]
    fn merged_entries_replace_those_of_the_base() {
        let base = br#"{"version":1,"contents":{"a":{"digest":"1"},"b":{"digest":"2"}}}"#;
        let merged = merge(Some(base), br#"{"contents":{"b":{"digest":"3"},"c":{"digest":"4"}}}"#).unwrap();
        let merged: Value = serde_json::from_slice(&merged).unwrap();
        let expected = serde_json::json!({"a": {"digest": "1"}, "b": {"digest": "3"}, "c": {"digest": "4"}});
        assert_eq!((&merged["contents"], &merged["version"]), (&expected, &Value::from(1)));
    }
}
