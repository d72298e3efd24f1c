//! The files of a run.

use std::ops::Deref;
#[cfg(feature = "files")]
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::blocking::block_on;

use super::{Iter, ListReader};
use crate::api;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "files")]
use crate::{
    DownloadProgress,
    files::{Downloaded, Downloads, Existing},
};

/// The files of a run, as a request to be refined. See the async [`Files`](crate::Files).
#[derive(Debug, Clone)]
#[must_use]
pub struct Files(api::Files);

/// A file of a run. It dereferences to the async [`RunFile`](crate::RunFile), and so to what the server said of it.
#[derive(Debug, Clone)]
pub struct RunFile(api::RunFile);

impl Files {
    pub(super) fn new(files: api::Files) -> Self {
        Self(files)
    }

    /// Only the files with these names.
    pub fn names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self(self.0.names(names))
    }

    /// Only the files whose whole names match a pattern as shells have it.
    ///
    /// # Errors
    /// If it is no pattern.
    pub fn pattern(self, pattern: &str) -> Result<Self, Error> {
        self.0.pattern(pattern).map(Self)
    }

    /// So many files in a request. Default 500.
    pub fn page_size(self, files: u64) -> Self {
        Self(self.0.page_size(files))
    }

    /// Opens the list, to be read batch by batch.
    pub fn open(self) -> ListReader<RunFile> {
        ListReader::new(self.0.open().map(RunFile::new))
    }

    /// The files, page after page.
    pub fn iter(self) -> Iter<RunFile> {
        Iter::new(self.0.stream().map_ok(RunFile::new).boxed())
    }

    /// What is missing of the files; see the async [`issues`](crate::Files::issues).
    ///
    /// # Errors
    /// If the mirror cannot be read.
    pub fn issues(&self) -> Result<Vec<Issue>, Error> {
        block_on(self.0.issues())
    }

    /// All the files at once.
    pub fn collect(self) -> Result<Vec<RunFile>, Error> {
        self.iter().collect()
    }
}

#[cfg(feature = "files")]
impl Files {
    /// What to do where something is in the place of a file. Default: [`Existing::Refuse`].
    pub fn existing(self, existing: Existing) -> Self {
        Self(self.0.existing(existing))
    }

    /// How far the download of these files is, to be looked at from another thread.
    pub fn progress(&self) -> DownloadProgress {
        self.0.progress()
    }

    /// Downloads the files into `folder`; see the async [`download`](crate::Files::download).
    ///
    /// # Errors
    /// If the files cannot be listed, or the folder cannot be used. What is wrong with single files is in the result.
    pub fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        block_on(self.0.download(folder))
    }
}

impl RunFile {
    pub(super) fn new(file: api::RunFile) -> Self {
        Self(file)
    }

    /// The whole file, where it has no more than `limit` bytes.
    ///
    /// # Errors
    /// [`Error::FileTooLarge`] if it has more.
    pub fn read(&self, limit: u64) -> Result<Bytes, Error> {
        block_on(self.0.read(limit))
    }
}

#[cfg(feature = "files")]
impl RunFile {
    /// Downloads the file into `folder` under its own name and returns where it is.
    ///
    /// # Errors
    /// If something else is in its place, or it cannot be had.
    pub fn download(&self, folder: impl AsRef<Path>) -> Result<Downloaded, Error> {
        block_on(self.0.download(folder))
    }

    /// The same, with what to do where something is in its place.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn download_with(&self, folder: impl AsRef<Path>, existing: Existing) -> Result<Downloaded, Error> {
        block_on(self.0.download_with(folder, existing))
    }
}

impl Deref for RunFile {
    type Target = api::RunFile;

    fn deref(&self) -> &api::RunFile {
        &self.0
    }
}
