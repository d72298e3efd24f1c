//! A version of an artifact.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::encode_id;
use super::manifest::DigestAlgorithm;

/// The state of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum ArtifactState {
    /// Its files are being uploaded.
    Pending,
    /// Complete.
    Committed,
    /// Deleted. It is no longer a member of any collection.
    Deleted,
}

impl ArtifactState {
    /// Returns the word used in responses and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Committed => "COMMITTED",
            Self::Deleted => "DELETED",
        }
    }
}

/// The run or user that created a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Creator {
    /// Entity, project and name of a run.
    Run(String, String, String),
    /// Username.
    User(String),
}

/// A version that a run uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// Entity, project and name of the run.
    pub(crate) run: (String, String, String),
    pub(crate) artifact: u64,
}

/// A version of an artifact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) number: u64,
    /// Number of the sequence that it belongs to.
    pub(crate) sequence: u64,
    /// Position in the sequence, once it is committed.
    pub(crate) version_index: Option<u64>,
    pub(crate) state: ArtifactState,
    pub(crate) digest: String,
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) description: Option<String>,
    /// JSON text as received.
    pub(crate) metadata: Option<String>,
    pub(crate) labels: Option<String>,
    /// Time to live in seconds, or -2 if it is kept forever. None inherits the default.
    pub(crate) ttl: Option<i64>,
    pub(crate) tags: Vec<String>,
    pub(crate) history_step: Option<i64>,
    pub(crate) commit_hash: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) creator: Creator,
    pub(crate) client_id: Option<String>,
    pub(crate) distributed_id: Option<String>,
    /// Aliases to assign when it is committed.
    pub(crate) pending_aliases: Vec<String>,
    /// Sum of the sizes in the manifest.
    pub(crate) size: u64,
    /// Number of entries in the manifest.
    pub(crate) file_count: u64,
    /// Number of the current manifest, once it is committed.
    pub(crate) manifest: Option<u64>,
    /// Numbers of the collections that it is a member of, its sequence first.
    pub(crate) collections: Vec<u64>,
}

impl Artifact {
    /// The reported time to live of a version that inherits the default.
    pub(crate) const TTL_INHERITED: i64 = -1;

    pub(crate) fn id(&self) -> String {
        encode_id("Artifact", self.number)
    }

    /// The version in its sequence, such as `v3`.
    pub(crate) fn version(&self) -> Option<String> {
        self.version_index.map(|index| format!("v{index}"))
    }
}
