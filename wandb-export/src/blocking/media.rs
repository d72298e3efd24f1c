//! The media that a run has logged.

#[cfg(feature = "files")]
use std::path::Path;

#[cfg(feature = "files")]
use wandb_core::blocking::block_on;
use wandb_core::model::MediaItem;

use super::{Iter, ListReader};
use crate::api;
use crate::error::Error;
#[cfg(feature = "files")]
use crate::{
    DownloadProgress,
    files::{Downloads, ExistingFilePolicy},
};

/// A request for the media that a run has logged, to be refined. See the async [`Media`](crate::Media).
#[derive(Debug, Clone)]
#[must_use]
pub struct Media(api::Media);

impl Media {
    pub(super) fn new(media: api::Media) -> Self {
        Self(media)
    }

    /// Selects only the media that were logged under this key, or in an object under this key.
    pub fn key(self, key: impl Into<String>) -> Self {
        Self(self.0.key(key))
    }

    /// Selects only the media of one step.
    pub fn step(self, step: i64) -> Self {
        Self(self.0.step(step))
    }

    /// Selects a kind of media by its name or type; see the async [`kind`](crate::Media::kind).
    pub fn kind(self, kind: impl Into<String>) -> Self {
        Self(self.0.kind(kind))
    }

    /// Selects the media in the summary, which usually has the last object of each key.
    pub fn summary(self) -> Self {
        Self(self.0.summary())
    }

    /// Opens the list, to be read in batches.
    pub fn open(self) -> ListReader<MediaItem> {
        ListReader::new(self.0.open())
    }

    /// Iterates over the media, with the rows of the history.
    pub fn iter(self) -> Iter<MediaItem> {
        Iter::new(self.0.stream())
    }

    /// Collects all media.
    pub fn collect(self) -> Result<Vec<MediaItem>, Error> {
        self.iter().collect()
    }
}

#[cfg(feature = "files")]
impl Media {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(self, existing: ExistingFilePolicy) -> Self {
        Self(self.0.existing(existing))
    }

    /// Returns the progress of the download, which can be read from another thread.
    pub fn progress(&self) -> DownloadProgress {
        self.0.progress()
    }

    /// Downloads the files of the media into `folder`; see the async [`download`](crate::Media::download).
    ///
    /// # Errors
    /// If the media or files cannot be listed, or the folder cannot be used. Errors of single files are part of the
    /// result.
    pub fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        block_on(self.0.download(folder))
    }
}
