//! Errors of applying changes.

use super::{KeyPath, RunField};
use crate::value::ValueError;

/// A change cannot be applied to a run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The stored text is not a JSON object.
    #[error("the {field} stored by the server cannot be read, so it is not changed")]
    Unreadable {
        /// Config or summary.
        field: RunField,
        /// The syntax error.
        source: ValueError,
    },

    /// The path leads into a value that is not an object.
    #[error("{field}: {key} cannot be changed, because {inside} is {found}, not an object")]
    NotAnObject {
        /// Config or summary.
        field: RunField,
        /// The whole path of keys.
        key: KeyPath,
        /// The path of that value.
        inside: KeyPath,
        /// That value as JSON.
        found: String,
    },

    /// The value is nested too deeply to be parsed again.
    #[error("{field}: the value is nested more than {} levels deep", crate::MAX_DEPTH)]
    TooDeep {
        /// Config or summary.
        field: RunField,
    },

    /// The key is reserved for W&B.
    #[error("{field}: {key} is reserved for W&B and cannot be changed")]
    Internal {
        /// Config or summary.
        field: RunField,
        /// The key.
        key: KeyPath,
    },

    /// The server does not return the tags, so single tags cannot be added or removed.
    #[error("the server does not return the tags, so they can only be replaced as a whole")]
    UnknownTags,
}

impl ChangeError {
    /// Returns true if the request is at fault, rather than the state of the run.
    pub fn is_about_the_request(&self) -> bool {
        match self {
            Self::NotAnObject { .. } | Self::TooDeep { .. } | Self::Internal { .. } | Self::UnknownTags => {
                true
            }
            Self::Unreadable { .. } => false,
        }
    }
}
