//! Builds artifacts to add to the store.

use bytes::Bytes;

use super::manifest::{DigestAlgorithm, StorageLayout};

/// A version of an artifact to add with [`crate::Store::add_artifact`]. Start from [`NewArtifact::new`] and set fields.
///
/// ```
/// use wandb_local_server::NewArtifact;
///
/// let artifact = NewArtifact::new("team", "project", "data", "dataset")
///     .file("a.txt", "hello")
///     .reference("b.bin", "s3://bucket/b.bin", "etag", Some(7));
/// assert_eq!((artifact.files.len(), artifact.references.len()), (1, 1));
/// ```
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project, which is created if it does not exist.
    pub project: String,
    /// Name of the sequence, which is created if it does not exist.
    pub collection: String,
    /// Type, such as `dataset`.
    pub type_name: String,
    /// Paths and contents of the files.
    pub files: Vec<(String, Bytes)>,
    /// References to files elsewhere.
    pub references: Vec<NewReference>,
    /// Description.
    pub description: Option<String>,
    /// JSON text of the metadata, sent unchanged.
    pub metadata: Option<String>,
    /// Aliases besides `latest` and the version.
    pub aliases: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Time to live in seconds. Default: none.
    pub ttl: Option<i64>,
    /// Step of the run's history at which it was logged.
    pub history_step: Option<i64>,
    /// Name of the run in the project that creates it. Default: the server's first user creates it.
    pub run: Option<String>,
    /// Where the API serves its files. Default: V2.
    pub layout: StorageLayout,
    /// Hash function of its digests. Default: MD5.
    pub algorithm: DigestAlgorithm,
}

/// A reference to a file elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReference {
    /// Path in the artifact.
    pub path: String,
    /// Address, such as `s3://bucket/key`.
    pub address: String,
    /// Digest, such as an entity tag.
    pub digest: String,
    /// Size in bytes, if it is known.
    pub size: Option<u64>,
}

impl NewArtifact {
    /// Creates an artifact without files.
    pub fn new(entity: &str, project: &str, collection: &str, type_name: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            collection: collection.to_owned(),
            type_name: type_name.to_owned(),
            files: Vec::new(),
            references: Vec::new(),
            description: None,
            metadata: None,
            aliases: Vec::new(),
            tags: Vec::new(),
            ttl: None,
            history_step: None,
            run: None,
            layout: StorageLayout::default(),
            algorithm: DigestAlgorithm::default(),
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Bytes>) -> Self {
        self.files.push((path.to_owned(), bytes.into()));
        self
    }

    /// Adds a reference.
    #[must_use]
    pub fn reference(mut self, path: &str, address: &str, digest: &str, size: Option<u64>) -> Self {
        self.references.push(NewReference {
            path: path.to_owned(),
            address: address.to_owned(),
            digest: digest.to_owned(),
            size,
        });
        self
    }

    /// Adds an alias.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_owned());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Sets the run in the same project that creates it.
    #[must_use]
    pub fn run(mut self, name: &str) -> Self {
        self.run = Some(name.to_owned());
        self
    }

    /// Sets the metadata.
    #[must_use]
    pub fn metadata(mut self, metadata: &serde_json::Value) -> Self {
        self.metadata = Some(metadata.to_string());
        self
    }
}
