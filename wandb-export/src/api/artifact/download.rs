//! Downloads the files of an artifact into a folder.

use std::path::Path;

use futures_util::stream::{self, StreamExt};

use super::fetch::{ArtifactFetcher, ArtifactToFetch};
use super::{Artifact, ArtifactFiles};
use crate::download::DownloadProgress;
use crate::error::Error;
use crate::files::{ArtifactDownloads, ExistingFilePolicy};

impl Artifact {
    /// Downloads all files of the version into `folder`; see [`ArtifactFiles::download`].
    ///
    /// # Errors
    /// If the manifest cannot be read, or the folder cannot be used. Errors of single files are part of the result.
    pub async fn download(&self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        self.files().download(folder).await
    }
}

impl ArtifactFiles {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(mut self, existing: ExistingFilePolicy) -> Self {
        self.existing = existing;
        self
    }

    /// Returns the progress of the download, which can be read while it runs.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
    }

    /// Downloads the selected files into `folder`, which is created if missing. Slashes in paths become sub-folders.
    ///
    /// Several files are downloaded at a time. Each one is checked against the size and digest of its entry before it gets
    /// its final name, and the manifest against those of the artifact. Files of equal content are downloaded once and
    /// copied. Interrupted downloads are resumed, even those of a killed program. Files that already exist are not
    /// downloaded again. Unsafe names are replaced, as by [`Files::download`](crate::Files::download).
    ///
    /// A reference into another artifact is followed, and the file downloaded from there. Other references, such as
    /// `s3://…`, are listed in the result and not fetched.
    ///
    /// # Errors
    /// If the manifest cannot be read, or the folder cannot be used. Errors of single files are part of the result.
    pub async fn download(self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        let Self { artifact, selection, existing, progress } = self;
        let fetcher = ArtifactFetcher { api: artifact.api.clone(), existing, progress };
        let wanted = ArtifactToFetch::new(artifact, selection);
        fetcher.fetch(stream::iter([Ok(wanted)]).boxed(), folder.as_ref().to_owned(), true).await
    }
}
