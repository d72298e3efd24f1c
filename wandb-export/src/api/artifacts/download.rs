//! Downloads several versions into one folder.

use std::path::Path;

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::ProjectPath;

use super::Artifacts;
use crate::api::artifact::{ArtifactFetcher, ArtifactToFetch};
use crate::api::{Api, Artifact};
use crate::download::DownloadProgress;
use crate::error::Error;
use crate::files::{ArtifactDownloads, ExistingFilePolicy};
use crate::source::list_reader::ListReader;

impl Artifacts {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(mut self, existing: ExistingFilePolicy) -> Self {
        self.existing = existing;
        self
    }

    /// Returns the progress of the download, which can be read while it runs.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
    }

    /// Downloads the selected versions into `folder`, which is created if missing: each into `COLLECTION/VERSION` in it.
    ///
    /// Files of equal content are downloaded once and copied, also across versions. An artifact whose manifest cannot be
    /// read does not stop the others. Everything else is as for
    /// [`ArtifactFiles::download`](crate::ArtifactFiles::download).
    ///
    /// # Errors
    /// If the versions cannot be listed, or the folder cannot be used. Errors of single files are part of the result.
    pub async fn download(self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        let (api, existing, progress) = (self.api.clone(), self.existing, self.progress.clone());
        let project = self.path.clone();
        download_listed(&api, self.open(), &project, existing, progress, folder.as_ref()).await
    }
}

/// Downloads listed versions into `folder`. Those of another project than `project` go into a sub-folder for their project.
pub(crate) async fn download_listed(
    api: &Api,
    versions: ListReader<Artifact>,
    project: &ProjectPath,
    existing: ExistingFilePolicy,
    progress: DownloadProgress,
    folder: &Path,
) -> Result<ArtifactDownloads, Error> {
    let issues = versions.issues_handle();
    let project = project.clone();
    let wanted = versions.into_stream().map_ok(move |artifact| {
        let path = artifact.path();
        let name = format!("{}/{}", path.collection(), path.alias());
        let name =
            if *path.project_path() == project { name } else { format!("{}/{name}", path.project_path()) };
        ArtifactToFetch::whole(artifact, &name)
    });
    let fetcher = ArtifactFetcher { api: api.clone(), existing, progress };
    let mut downloads = fetcher.fetch(wanted.boxed(), folder.to_owned(), false).await?;
    downloads.issues.splice(0..0, issues.to_vec());
    Ok(downloads)
}
