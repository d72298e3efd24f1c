//! The blocking form of artifacts.

use std::ops::Deref;
#[cfg(feature = "files")]
use std::path::Path;

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::blocking::block_on;
use wandb_core::model::{self, ArtifactMembership, Manifest, ManifestEntry};
use wandb_core::{ArtifactPath, RunPath};

use super::{Iter, ListReader};
use crate::api;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "files")]
use crate::{
    DownloadProgress,
    files::{ArtifactDownloads, ExistingFilePolicy},
};

/// A version of an artifact. Dereferences to the server's data: [`model::Artifact`]. See the async
/// [`Artifact`](crate::Artifact).
///
/// ```no_run
/// # #[cfg(feature = "files")] {
/// let api = wandb_export::blocking::Api::connect()?;
/// let artifact = api.artifact("my-team/my-project/resnet:latest")?;
/// artifact.download("resnet")?;
/// # }
/// # Ok::<(), wandb_export::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Artifact(api::Artifact);

impl Artifact {
    pub(super) fn new(artifact: api::Artifact) -> Self {
        Self(artifact)
    }

    /// Returns the path of the version in the collection that was asked for, `entity/project/collection:v3`.
    pub fn path(&self) -> &ArtifactPath {
        self.0.path()
    }

    /// Returns the URL of the version's page in the web app.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Returns the issues of the fields; see the async [`issues`](crate::Artifact::issues).
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }

    /// Selects the entries of the version, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> ArtifactFiles {
        ArtifactFiles(self.0.files())
    }

    /// Fetches the manifest, which lists the entries.
    ///
    /// # Errors
    /// If the version has no manifest, or it cannot be fetched or read.
    pub fn manifest(&self) -> Result<Manifest, Error> {
        block_on(self.0.manifest())
    }

    /// Compares a manifest with the artifact; see the async [`check_manifest`](crate::Artifact::check_manifest).
    pub fn check_manifest(&self, manifest: &Manifest) -> Vec<Issue> {
        self.0.check_manifest(manifest)
    }

    /// Returns the path of the run that logged the version; see the async [`logged_by`](crate::Artifact::logged_by).
    pub fn logged_by(&self) -> Result<Option<RunPath>, Error> {
        block_on(self.0.logged_by())
    }

    /// Returns the paths of the runs that used the version, without those that the key may not see.
    pub fn used_by(&self) -> Result<Vec<RunPath>, Error> {
        block_on(self.0.used_by())
    }

    /// Returns the collections that hold the version: the one that it was logged to, and those that it is linked to.
    pub fn linked(&self) -> Result<Vec<ArtifactMembership>, Error> {
        block_on(self.0.linked())
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Artifact {
        self.0.into_model()
    }

    /// Downloads all files of the version into `folder`; see the async
    /// [`ArtifactFiles::download`](crate::ArtifactFiles::download).
    ///
    /// # Errors
    /// If the manifest cannot be read, or the folder cannot be used. Errors of single files are part of the result.
    #[cfg(feature = "files")]
    pub fn download(&self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        block_on(self.0.download(folder))
    }
}

impl Deref for Artifact {
    type Target = model::Artifact;

    fn deref(&self) -> &model::Artifact {
        &self.0
    }
}

/// A request for the entries of an artifact, to be refined. See the async [`ArtifactFiles`](crate::ArtifactFiles).
#[derive(Debug, Clone)]
#[must_use]
pub struct ArtifactFiles(api::ArtifactFiles);

impl ArtifactFiles {
    /// Selects only entries whose paths begin with a text, such as a folder with its slash.
    pub fn prefix(self, prefix: &str) -> Self {
        Self(self.0.prefix(prefix))
    }

    /// Selects only entries whose whole paths match a shell pattern.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn pattern(self, pattern: &str) -> Result<Self, Error> {
        self.0.pattern(pattern).map(Self)
    }

    /// Opens the list, to be read in batches. Its issues are those of [`check_manifest`](Artifact::check_manifest).
    pub fn open(self) -> ListReader<ArtifactFile> {
        ListReader::new(self.0.open().map(ArtifactFile))
    }

    /// Iterates over the entries.
    pub fn iter(self) -> Iter<ArtifactFile> {
        Iter::new(self.0.stream().map_ok(ArtifactFile).boxed())
    }

    /// Collects the selected entries.
    pub fn collect(self) -> Result<Vec<ArtifactFile>, Error> {
        self.iter().collect()
    }
}

#[cfg(feature = "files")]
impl ArtifactFiles {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(self, existing: ExistingFilePolicy) -> Self {
        Self(self.0.existing(existing))
    }

    /// Returns the progress of the download, which can be read from another thread.
    pub fn progress(&self) -> DownloadProgress {
        self.0.progress()
    }

    /// Downloads the selected files into `folder`; see the async [`download`](crate::ArtifactFiles::download).
    ///
    /// # Errors
    /// If the manifest cannot be read, or the folder cannot be used. Errors of single files are part of the result.
    pub fn download(self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        block_on(self.0.download(folder))
    }
}

/// An entry of an artifact. Dereferences to the entry of the manifest: [`ManifestEntry`].
#[derive(Debug, Clone)]
pub struct ArtifactFile(api::ArtifactFile);

impl ArtifactFile {
    /// Returns the path of the artifact.
    pub fn artifact(&self) -> &ArtifactPath {
        self.0.artifact()
    }

    /// Returns the entry without the rest.
    pub fn into_entry(self) -> ManifestEntry {
        self.0.into_entry()
    }
}

impl Deref for ArtifactFile {
    type Target = ManifestEntry;

    fn deref(&self) -> &ManifestEntry {
        &self.0
    }
}
