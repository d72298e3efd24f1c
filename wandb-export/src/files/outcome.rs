//! Outcomes of downloads.

use std::path::PathBuf;

use crate::error::Error;
use crate::issue::Issue;

/// What to do if a file already exists. A file with the same size and digest is always left unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExistingFilePolicy {
    /// Return an error.
    #[default]
    Refuse,
    /// Replace it once the new file is complete.
    Replace,
    /// Keep it, whatever its content.
    Keep,
}

/// The outcome of one download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DownloadOutcome {
    /// The file was downloaded.
    Fetched,
    /// A partial file from an earlier download was completed.
    Resumed,
    /// The same file was already there, by size and digest or by the receipt of an earlier download.
    AlreadyThere,
    /// A file was already there and was kept, as requested, without being compared.
    Kept,
    /// The file was copied from another file of the download with the same content.
    Copied,
}

impl std::fmt::Display for DownloadOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fetched => "fetched",
            Self::Resumed => "resumed",
            Self::AlreadyThere => "already there",
            Self::Kept => "kept",
            Self::Copied => "copied",
        })
    }
}

/// A file that is now in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadedFile {
    /// The server's name of the file.
    pub name: String,
    /// The local path.
    pub path: PathBuf,
    /// Size in bytes, if known.
    pub bytes: Option<u64>,
    /// How the file was obtained.
    pub outcome: DownloadOutcome,
    /// Differences between the server's list and the stored file ([`Issue::FileInexact`]).
    pub issues: Vec<Issue>,
}

impl DownloadedFile {
    pub(crate) fn new(name: &str, path: PathBuf, bytes: Option<u64>, outcome: DownloadOutcome) -> Self {
        Self { name: name.to_owned(), path, bytes, outcome, issues: Vec::new() }
    }
}

/// A file that could not be downloaded.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedDownload {
    /// The server's name of the file.
    pub name: String,
    /// The reason.
    pub error: Error,
}

/// The outcome of downloading many files.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Downloads {
    /// The files that are now in the folder, in the server's order.
    pub files: Vec<DownloadedFile>,
    /// The files that could not be downloaded.
    pub failed: Vec<FailedDownload>,
    /// Gaps in the list of files, and differences between files and the list.
    pub issues: Vec<Issue>,
}

/// An entry of an artifact that refers to content stored elsewhere. It was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfetchedReference {
    /// The path of the artifact.
    pub artifact: String,
    /// The name that the file would have in the folder.
    pub name: String,
    /// The address of the content, such as `s3://bucket/key`.
    pub address: String,
    /// Size in bytes, if known.
    pub size: Option<u64>,
}

/// The outcome of downloading artifacts.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ArtifactDownloads {
    /// The files that are now in the folder, in the order of the artifacts and of their paths.
    pub files: Vec<DownloadedFile>,
    /// The files that could not be downloaded. An artifact whose manifest cannot be read counts as one.
    pub failed: Vec<FailedDownload>,
    /// The entries that refer to content stored elsewhere.
    pub references: Vec<UnfetchedReference>,
    /// Differences between artifacts, their manifests and their files, and entries that were not fetched.
    pub issues: Vec<Issue>,
}

impl ArtifactDownloads {
    /// Returns whether every requested file is in the folder, exactly as the artifacts list it.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.issues.iter().all(Issue::is_note)
    }
}

impl Downloads {
    pub(crate) fn push(&mut self, name: &str, outcome: Result<DownloadedFile, Error>) {
        match outcome {
            Ok(file) => {
                self.issues.extend(file.issues.iter().cloned());
                self.files.push(file);
            }
            Err(error) => self.failed.push(FailedDownload { name: name.to_owned(), error }),
        }
    }
}
