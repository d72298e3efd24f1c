//! Why rows did not get where they should.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::format::Format;
use crate::columns::{Nested, TableError};

/// A sink that could not be opened, written or finished. If its output is a file, what was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The system refused to create, write, sync or rename.
    #[error("{action} {output}{}", hint(source))]
    Io {
        /// What was being done, such as `writing`.
        action: &'static str,
        /// The path, or a name such as `standard output`.
        output: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Whoever reads the output has stopped reading, as `head` does. That is an end, not a fault, to most programs.
    #[error("writing {output}: its reader has closed it")]
    Closed {
        /// A name such as `standard output`.
        output: String,
    },
    /// A sink was finished although a write had failed.
    #[error("finishing {output}: an earlier write has failed, so nothing was put in its place")]
    Failed {
        /// The path, or a name such as `standard output`.
        output: String,
    },
    /// The output is a directory.
    #[error("writing {}: this is a directory (hint: give the name of a file in it)", path.display())]
    Directory {
        /// The path given.
        path: PathBuf,
    },
    /// The directory of the output does not exist.
    #[error("writing {}: there is no directory {} (hint: create it first)", path.display(), parent.display())]
    MissingParent {
        /// The path given.
        path: PathBuf,
        /// The directory that is missing.
        parent: PathBuf,
    },
    /// A text that names no format.
    #[error("{name:?} is not an output format (choose {})", formats())]
    UnknownFormat {
        /// The text.
        name: String,
    },
    /// A file name that tells no format.
    #[error("the name {} does not tell the output format (hint: end it in {}, or name the format)", path.display(), endings())]
    NoFormat {
        /// The path given.
        path: PathBuf,
    },
    /// A format that this build leaves out.
    #[error(
        "{format} output is not part of this build (hint: it comes with the cargo feature `{}`; this build has {})",
        format.feature().unwrap_or_default(), formats()
    )]
    NotCompiled {
        /// The format.
        format: Format,
    },
    /// A choice for nested values that the format cannot hold.
    #[error("{format} has no {nested} columns (choose dotted or json for nested values)")]
    NestedUnsupported {
        /// The format.
        format: Format,
        /// The choice.
        nested: Nested,
    },
    /// The rows do not make a table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The format's own library failed.
    #[error("encoding {output} as {format}")]
    Encode {
        /// The format.
        format: Format,
        /// The path, or a name such as `standard output`.
        output: String,
        /// What the library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SinkError {
    /// Whether the output's reader has stopped reading, so that a program may end quietly.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    pub(crate) fn io(action: &'static str, output: impl fmt::Display, source: io::Error) -> Self {
        let output = output.to_string();
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed { output },
            _ => Self::Io { action, output, source },
        }
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (hint: free some space there, or write elsewhere)"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            " (hint: the directory must be writable, as files are written beside their final place)"
        }
        _ => "",
    }
}

fn formats() -> String {
    let names: Vec<_> = Format::compiled().map(Format::name).collect();
    names.join(", ")
}

fn endings() -> String {
    let endings: Vec<_> =
        Format::compiled().flat_map(Format::extensions).map(|extension| format!(".{extension}")).collect();
    endings.join(", ")
}
