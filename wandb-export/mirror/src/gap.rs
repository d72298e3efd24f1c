//! Data that a mirror lacks.

use std::path::PathBuf;

/// Data that a mirror lacks, or holds in an outdated or inexact version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// A file of the mirror is damaged.
    FileDamaged {
        /// The file.
        file: PathBuf,
        /// The damage.
        detail: String,
    },
    /// Part of a run, or of the mirror as a whole, is missing or outdated.
    Incomplete {
        /// The run as `entity/project/run`, or the mirror's folder if the whole mirror is affected.
        subject: String,
        /// The missing or outdated part, and the reason.
        detail: String,
    },
}
