//! Errors of reading table files.

use std::io;

use wandb_core::ValueError;

/// A table file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableFileError {
    /// The file cannot be read from its storage.
    #[error("{doing}")]
    Io {
        /// The operation.
        doing: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The text is not JSON.
    #[error("byte {offset}: expected {expected}")]
    Syntax {
        /// The byte at which reading failed, from 0.
        offset: u64,
        /// The text that should be there.
        expected: &'static str,
    },
    /// A part of the file is not valid JSON.
    #[error("reading {part}")]
    Value {
        /// The part: a key, or a row with its number from 0.
        part: String,
        /// The parse error.
        source: ValueError,
    },
    /// A row, or another part of the file, does not fit into memory.
    #[error("byte {offset}: a single row or entry has more than {limit} bytes")]
    TooLarge {
        /// The byte at which reading stopped, from 0.
        offset: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The file is JSON but not a table.
    #[error("it is not a W&B table: {problem}")]
    NotATable {
        /// The missing or invalid part.
        problem: String,
    },
    /// The tables that a table refers to cannot be joined.
    #[error("{problem}")]
    Parts {
        /// The part and its problem.
        problem: String,
    },
}

impl TableFileError {
    pub(super) fn not_a_table(problem: impl Into<String>) -> Self {
        Self::NotATable { problem: problem.into() }
    }

    pub(super) fn parts(problem: impl Into<String>) -> Self {
        Self::Parts { problem: problem.into() }
    }

    pub(super) fn reading(source: io::Error) -> Self {
        Self::Io { doing: "reading the table".to_owned(), source }
    }
}
