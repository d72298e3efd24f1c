//! Mirrors of whole projects on disk.

use std::path::Path;

use wandb_core::blocking::block_on;

use crate::error::Error;
use crate::mirror::{self, Contents, MirrorEvent, MirrorReport, Part};

/// A mirror to be synced. The blocking form of [`Mirror`](crate::mirror::Mirror).
#[derive(Debug, Clone)]
#[must_use]
pub struct Mirror(mirror::Mirror);

impl Mirror {
    pub(super) fn new(mirror: mirror::Mirror) -> Self {
        Self(mirror)
    }

    /// Sets what the mirror holds. Default: everything.
    pub fn contents(self, contents: Contents) -> Self {
        Self(self.0.contents(contents))
    }

    /// Leaves out one part.
    pub fn without(self, part: Part) -> Self {
        Self(self.0.without(part))
    }

    /// Selects only the runs that match a `MongoDB`-style filter, as JSON text.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        self.0.filter(json).map(Self)
    }

    /// Sets whether to check all existing files first and download damaged ones again. Default: no.
    pub fn verify(self, verify: bool) -> Self {
        Self(self.0.verify(verify))
    }

    /// Sets whether to fetch everything again and compare it with the existing files. Default: no.
    pub fn compare(self, compare: bool) -> Self {
        Self(self.0.compare(compare))
    }

    /// Calls `listener` for each event. It runs on the thread where the event happens and should return quickly.
    pub fn on_event(self, listener: impl Fn(&MirrorEvent) + Send + Sync + 'static) -> Self {
        Self(self.0.on_event(listener))
    }

    /// Syncs the mirror in `folder`; see the async [`sync`](crate::mirror::Mirror::sync).
    ///
    /// # Errors
    /// If the project does not exist, the key is rejected, the server cannot be reached, the disk fails, the folder
    /// holds something else, or another process is syncing to it.
    pub fn sync(self, folder: impl AsRef<Path>) -> Result<MirrorReport, Error> {
        block_on(self.0.sync(folder))
    }
}
