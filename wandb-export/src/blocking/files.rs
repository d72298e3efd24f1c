//! The files of a run.

use std::ops::Deref;
#[cfg(feature = "files")]
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::blocking::block_on;
use wandb_core::model;

use super::{Iter, ListReader};
use crate::api;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "files")]
use crate::{
    DownloadProgress,
    files::{DownloadedFile, Downloads, ExistingFilePolicy},
};

/// A request for the files of a run, to be refined. See the async [`Files`](crate::Files).
#[derive(Debug, Clone)]
#[must_use]
pub struct Files(api::Files);

/// A file of a run. Dereferences to the server's listing: [`model::File`]. See the async [`RunFile`](crate::RunFile).
#[derive(Debug, Clone)]
pub struct RunFile(api::RunFile);

impl Files {
    pub(super) fn new(files: api::Files) -> Self {
        Self(files)
    }

    /// Selects only the files with these names.
    pub fn names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self(self.0.names(names))
    }

    /// Selects only the files whose whole names match a shell pattern.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn pattern(self, pattern: &str) -> Result<Self, Error> {
        self.0.pattern(pattern).map(Self)
    }

    /// Sets the number of files per request. Default 500.
    pub fn page_size(self, files: u64) -> Self {
        Self(self.0.page_size(files))
    }

    /// Opens the list, to be read in batches.
    pub fn open(self) -> ListReader<RunFile> {
        ListReader::new(self.0.open().map(RunFile::new))
    }

    /// Iterates over the files, fetched page by page.
    pub fn iter(self) -> Iter<RunFile> {
        Iter::new(self.0.stream().map_ok(RunFile::new).boxed())
    }

    /// Returns the issues of the files of a run on disk; see the async [`issues`](crate::Files::issues).
    ///
    /// # Errors
    /// If the run's folder or mirror cannot be read.
    pub fn issues(&self) -> Result<Vec<Issue>, Error> {
        block_on(self.0.issues())
    }

    /// Collects all files.
    pub fn collect(self) -> Result<Vec<RunFile>, Error> {
        self.iter().collect()
    }
}

#[cfg(feature = "files")]
impl Files {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(self, existing: ExistingFilePolicy) -> Self {
        Self(self.0.existing(existing))
    }

    /// Returns the progress of the download, which can be read from another thread.
    pub fn progress(&self) -> DownloadProgress {
        self.0.progress()
    }

    /// Downloads the files into `folder`; see the async [`download`](crate::Files::download).
    ///
    /// # Errors
    /// If the files cannot be listed, or the folder cannot be used. Errors of single files are part of the result.
    pub fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        block_on(self.0.download(folder))
    }
}

impl RunFile {
    pub(super) fn new(file: api::RunFile) -> Self {
        Self(file)
    }

    /// Reads the whole file into memory if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::FileTooLarge`] if it is larger.
    pub fn read(&self, limit: u64) -> Result<Bytes, Error> {
        block_on(self.0.read(limit))
    }

    /// Returns the server's listing without the rest.
    pub fn into_model(self) -> model::File {
        self.0.into_model()
    }
}

#[cfg(feature = "files")]
impl RunFile {
    /// Downloads the file into `folder` under the file's name. Returns its path.
    ///
    /// # Errors
    /// If something else exists at that path, or the download fails.
    pub fn download(&self, folder: impl AsRef<Path>) -> Result<DownloadedFile, Error> {
        block_on(self.0.download(folder))
    }

    /// Downloads the file like [`download`](Self::download), with a choice of how to treat an existing file.
    ///
    /// # Errors
    /// If the download fails.
    pub fn download_with(
        &self,
        folder: impl AsRef<Path>,
        existing: ExistingFilePolicy,
    ) -> Result<DownloadedFile, Error> {
        block_on(self.0.download_with(folder, existing))
    }
}

impl Deref for RunFile {
    type Target = model::File;

    fn deref(&self) -> &model::File {
        &self.0
    }
}
