//! Why a change makes no sense.

use super::{KeyPath, RunField};
use crate::value::ValueError;

/// Why a change cannot be made to a run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// What the server keeps is not the JSON object that it should be.
    #[error("the {field} that the server keeps cannot be read, so it is left alone: {source}")]
    Unreadable {
        /// Config or summary.
        field: RunField,
        /// What is wrong with it.
        source: ValueError,
    },

    /// A key is to be set inside something that has no keys.
    #[error("{field}: {key} cannot be changed, as {inside} is {found} and no object")]
    NotAnObject {
        /// Config or summary.
        field: RunField,
        /// The whole path of keys.
        key: KeyPath,
        /// The part of it that leads to no object.
        inside: KeyPath,
        /// What is there, as JSON.
        found: String,
    },

    /// The value is nested too deeply to be read back.
    #[error("{field}: the value is nested more than {} levels deep", crate::MAX_DEPTH)]
    TooDeep {
        /// Config or summary.
        field: RunField,
    },

    /// The key is W&B's own.
    #[error("{field}: {key} is W&B's own and is not changed")]
    Internal {
        /// Config or summary.
        field: RunField,
        /// The key.
        key: KeyPath,
    },

    /// The server does not say what is there, so it cannot be changed in part.
    #[error("the server does not tell the tags, so they can only be set as a whole")]
    UnknownTags,
}

impl ChangeError {
    /// Whether asking for something else would help, rather than another state of the run.
    pub fn is_about_the_request(&self) -> bool {
        match self {
            Self::NotAnObject { .. } | Self::TooDeep { .. } | Self::Internal { .. } | Self::UnknownTags => {
                true
            }
            Self::Unreadable { .. } => false,
        }
    }
}
