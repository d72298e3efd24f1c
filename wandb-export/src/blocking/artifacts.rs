//! The blocking form of lists of artifacts and registries.

#[cfg(feature = "files")]
use std::path::Path;

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::ProjectPath;
#[cfg(feature = "files")]
use wandb_core::blocking::block_on;
use wandb_core::model::{ArtifactCollection, ArtifactType, Registry};

use super::{Artifact, Iter, ListReader};
use crate::api;
use crate::error::Error;
#[cfg(feature = "files")]
use crate::{
    DownloadProgress,
    files::{ArtifactDownloads, ExistingFilePolicy},
};

/// A request for the artifacts of a project or a registry, to be refined. See the async [`Artifacts`](crate::Artifacts).
#[derive(Debug, Clone)]
#[must_use]
pub struct Artifacts(api::Artifacts);

impl Artifacts {
    pub(super) fn new(artifacts: api::Artifacts) -> Self {
        Self(artifacts)
    }

    /// Returns the path of the project.
    pub fn path(&self) -> &ProjectPath {
        self.0.path()
    }

    /// Selects only artifacts of this type.
    pub fn of_type(self, name: &str) -> Self {
        Self(self.0.of_type(name))
    }

    /// Selects only collections whose names match a shell pattern.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn name(self, pattern: &str) -> Result<Self, Error> {
        self.0.name(pattern).map(Self)
    }

    /// Selects only versions with this alias, or this version.
    pub fn alias(self, alias: &str) -> Self {
        Self(self.0.alias(alias))
    }

    /// Selects only versions with this tag.
    pub fn tag(self, tag: &str) -> Self {
        Self(self.0.tag(tag))
    }

    /// Sets the number of versions per request. Default 100.
    pub fn page_size(self, versions: u64) -> Self {
        Self(self.0.page_size(versions))
    }

    /// Lists the types of artifacts of the project. The filters do not apply to them.
    pub fn types(&self) -> ListReader<ArtifactType> {
        ListReader::new(self.0.types())
    }

    /// Lists the collections, filtered by type and name.
    pub fn collections(&self) -> ListReader<ArtifactCollection> {
        ListReader::new(self.0.collections())
    }

    /// Opens the list of versions, to be read in batches.
    pub fn open(self) -> ListReader<Artifact> {
        ListReader::new(self.0.open().map(Artifact::new))
    }

    /// Iterates over the versions.
    pub fn iter(self) -> Iter<Artifact> {
        Iter::new(self.0.stream().map_ok(Artifact::new).boxed())
    }

    /// Collects all versions.
    pub fn collect(self) -> Result<Vec<Artifact>, Error> {
        self.iter().collect()
    }
}

#[cfg(feature = "files")]
impl Artifacts {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(self, existing: ExistingFilePolicy) -> Self {
        Self(self.0.existing(existing))
    }

    /// Returns the progress of the download, which can be read from another thread.
    pub fn progress(&self) -> DownloadProgress {
        self.0.progress()
    }

    /// Downloads the selected versions into `folder`, each into `COLLECTION/VERSION` in it; see the async
    /// [`download`](crate::Artifacts::download).
    ///
    /// # Errors
    /// If the versions cannot be listed, or the folder cannot be used. Errors of single files are part of the result.
    pub fn download(self, folder: impl AsRef<Path>) -> Result<ArtifactDownloads, Error> {
        block_on(self.0.download(folder))
    }
}

/// A request for the registries of an organization, to be refined. See the async [`Registries`](crate::Registries).
#[derive(Debug, Clone)]
#[must_use]
pub struct Registries(api::Registries);

impl Registries {
    pub(super) fn new(registries: api::Registries) -> Self {
        Self(registries)
    }

    /// Returns the name of the organization.
    pub fn organization(&self) -> &str {
        self.0.organization()
    }

    /// Selects only registries whose names match a shell pattern.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn name(self, pattern: &str) -> Result<Self, Error> {
        self.0.name(pattern).map(Self)
    }

    /// Opens the list of registries, to be read in batches.
    pub fn open(self) -> ListReader<Registry> {
        ListReader::new(self.0.open())
    }

    /// Iterates over the registries.
    pub fn iter(self) -> Iter<Registry> {
        Iter::new(self.0.stream())
    }

    /// Collects all registries.
    pub fn collect(self) -> Result<Vec<Registry>, Error> {
        self.iter().collect()
    }

    /// Lists the collections of the selected registries.
    pub fn collections(&self) -> ListReader<ArtifactCollection> {
        ListReader::new(self.0.collections())
    }

    /// Lists the versions in the selected registries.
    pub fn versions(&self) -> ListReader<Artifact> {
        ListReader::new(self.0.versions().map(Artifact::new))
    }
}
