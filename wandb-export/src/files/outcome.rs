//! What became of downloads.

use std::path::PathBuf;

use crate::error::Error;
use crate::issue::Issue;

/// What to do where something is in the place of a file already. The same file, by size and digest, is always left as
/// it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Existing {
    /// That is an error.
    #[default]
    Refuse,
    /// It is replaced, once the new file is whole.
    Replace,
    /// It stays, whatever is in it.
    Keep,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was downloaded.
    Fetched,
    /// A part was there from an earlier time, and the rest was downloaded.
    Resumed,
    /// It was there already: the same by size and digest, or by what an earlier download remembered of it.
    AlreadyThere,
    /// Something was there and was kept, as asked; it was not looked at.
    Kept,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fetched => "fetched",
            Self::Resumed => "resumed",
            Self::AlreadyThere => "already there",
            Self::Kept => "kept",
        })
    }
}

/// A file that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The server's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes, where that was seen.
    pub bytes: Option<u64>,
    /// How it came there.
    pub outcome: Outcome,
    /// How it differs from what the server's list says of it, where the storage has it so ([`Issue::FileInexact`]).
    pub issues: Vec<Issue>,
}

impl Downloaded {
    pub(crate) fn new(name: &str, path: PathBuf, bytes: Option<u64>, outcome: Outcome) -> Self {
        Self { name: name.to_owned(), path, bytes, outcome, issues: Vec::new() }
    }
}

/// A file that could not be had.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedDownload {
    /// The server's name.
    pub name: String,
    /// Why not.
    pub error: Error,
}

/// What became of many files.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Downloads {
    /// Those that are there now, in the server's order.
    pub files: Vec<Downloaded>,
    /// Those that could not be had.
    pub failed: Vec<FailedDownload>,
    /// What is missing from the list of files, and how files differ from what the list says of them.
    pub issues: Vec<Issue>,
}

impl Downloads {
    pub(crate) fn push(&mut self, name: &str, outcome: Result<Downloaded, Error>) {
        match outcome {
            Ok(file) => {
                self.issues.extend(file.issues.iter().cloned());
                self.files.push(file);
            }
            Err(error) => self.failed.push(FailedDownload { name: name.to_owned(), error }),
        }
    }
}
