//! Whole projects on disk.

use std::path::Path;

use wandb_core::blocking::block_on;

use crate::error::Error;
use crate::mirror::{self, Contents, MirrorEvent, MirrorReport, Part};

/// A mirror to be brought up to date. See the async [`Mirror`](crate::mirror::Mirror), of which this is the blocking
/// form.
#[derive(Debug, Clone)]
#[must_use]
pub struct Mirror(mirror::Mirror);

impl Mirror {
    pub(super) fn new(mirror: mirror::Mirror) -> Self {
        Self(mirror)
    }

    /// What it is to hold. Default: everything.
    pub fn contents(self, contents: Contents) -> Self {
        Self(self.0.contents(contents))
    }

    /// The same without one part.
    pub fn without(self, part: Part) -> Self {
        Self(self.0.without(part))
    }

    /// Only the runs that a filter in the manner of `MongoDB` lets through, as JSON text.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        self.0.filter(json).map(Self)
    }

    /// Whether to read everything that is there first and to fetch again what is not as it was written. Default: no.
    pub fn verify(self, verify: bool) -> Self {
        Self(self.0.verify(verify))
    }

    /// Whether to ask for everything again and to hold what is there against it. Default: no.
    pub fn compare(self, compare: bool) -> Self {
        Self(self.0.compare(compare))
    }

    /// Has events told to `tell`, which is called from wherever they happen and should not take long.
    pub fn on_event(self, tell: impl Fn(&MirrorEvent) + Send + Sync + 'static) -> Self {
        Self(self.0.on_event(tell))
    }

    /// Brings the mirror in `folder` up to date; see the async [`sync`](crate::mirror::Mirror::sync).
    ///
    /// # Errors
    /// If the project does not exist, the key is refused, the server cannot be reached, the disk fails, or the folder
    /// holds something else or is being mirrored to by another process.
    pub fn sync(self, folder: impl AsRef<Path>) -> Result<MirrorReport, Error> {
        block_on(self.0.sync(folder))
    }
}
