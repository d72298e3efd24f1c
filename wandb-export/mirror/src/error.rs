//! Errors of mirrors on disk.

use std::fmt;
use std::io;
use std::path::PathBuf;

use wandb_core::PathError;
use wandb_tables::{SinkError, TableError};

/// An error of a mirror on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mirror cannot be used.
    #[error("the mirror in {}: {problem}", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        problem: Problem,
    },

    /// A folder for a new mirror holds a file or folder that a mirror would use.
    #[error("{} holds {name} but no mirror; choose an empty or a new folder", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// The name in the folder.
        name: String,
    },

    /// A folder holds the mirror of another project.
    #[error(
        "{} holds a mirror of {} on {}; choose another folder for {} on {}",
        folder.display(),
        found.0,
        found.1,
        wanted.0,
        wanted.1
    )]
    OtherProject {
        /// The folder.
        folder: PathBuf,
        /// The project in the folder, and its server.
        found: (String, String),
        /// The wanted project, and its server.
        wanted: (String, String),
    },

    /// A recorded project or run has a name that is not valid in a path.
    #[error(transparent)]
    Path(#[from] PathError),

    /// A table could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),

    /// Rows could not be converted from or to a table.
    #[error(transparent)]
    Table(#[from] TableError),

    /// An operation of the storage failed.
    #[error("{doing}")]
    Io {
        /// The operation.
        doing: String,
        /// The underlying error.
        source: io::Error,
    },
}

/// Why a mirror cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A later version of this program wrote it.
    LaterFormat(u32),
    /// Neither its manifest nor its journal names a project.
    NoProject,
    /// Its record of a run, which may come from elsewhere, names files outside the mirror.
    FilesOutside {
        /// The run's id.
        run: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LaterFormat(format) => {
                write!(f, "it was written by a later version of this program (format {format})")
            }
            Self::NoProject => f.write_str("neither its manifest nor its journal names a project"),
            Self::FilesOutside { run } => write!(f, "it places files of the run {run} outside the mirror"),
        }
    }
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}
