//! Errors of sinks.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::format::Format;
use crate::columns::{Nested, TableError};

/// A sink could not be opened, written or finished. If its output is a file, the existing file is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The operating system failed to create, write, sync or rename.
    #[error("{action} {output}{}", hint(source))]
    Io {
        /// The failed action, such as `writing`.
        action: &'static str,
        /// The path, or a name such as `standard output`.
        output: String,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
    /// The reader of the output closed it, as `head` does. Most programs treat this as a normal end.
    #[error("writing {output}: the reader closed it")]
    Closed {
        /// A name such as `standard output`.
        output: String,
    },
    /// A sink was finished after a failed write.
    #[error("finishing {output}: an earlier write failed, so the output was not completed")]
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
        /// The missing directory.
        parent: PathBuf,
    },
    /// The name is not that of a format.
    #[error("{name:?} is not an output format (choose {})", formats())]
    UnknownFormat {
        /// The name.
        name: String,
    },
    /// The format cannot be derived from the file name.
    #[error("the name {} does not tell the output format (hint: end it in {}, or name the format)", path.display(), endings())]
    NoFormat {
        /// The path given.
        path: PathBuf,
    },
    /// The format is not compiled in.
    #[error(
        "{format} output is not part of this build (hint: it comes with the cargo feature `{}`; this build has {})",
        format.feature().unwrap_or_default(), formats()
    )]
    NotCompiled {
        /// The format.
        format: Format,
    },
    /// The format does not support this layout of nested values.
    #[error("{format} has no {nested} columns (choose dotted or json for nested values)")]
    NestedUnsupported {
        /// The format.
        format: Format,
        /// The layout.
        nested: Nested,
    },
    /// The rows do not form a table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The format's library failed.
    #[error("encoding {output} as {format}")]
    Encode {
        /// The format.
        format: Format,
        /// The path, or a name such as `standard output`.
        output: String,
        /// The library's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SinkError {
    /// Returns whether the reader closed the output, so that a program may end quietly.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Creates the error for a failed operation on an output: [`Closed`](Self::Closed) for a broken pipe, otherwise
    /// [`Io`](Self::Io).
    pub fn io(action: &'static str, output: impl fmt::Display, source: io::Error) -> Self {
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
            " (hint: the directory must be writable, because a temporary file is created in it)"
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
