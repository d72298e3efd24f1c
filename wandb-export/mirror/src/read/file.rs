//! A file of a mirror, opened when it is read.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use wandb_storage::Object;

use super::{MirrorReader, present};

/// A file of a mirror. It is opened when it is read.
#[derive(Debug, Clone)]
pub struct MirroredFile {
    mirror: Arc<MirrorReader>,
    name: String,
}

impl MirroredFile {
    pub(super) fn new(mirror: &Arc<MirrorReader>, name: String) -> Self {
        Self { mirror: Arc::clone(mirror), name }
    }

    /// Returns the full path, for messages.
    pub fn path(&self) -> PathBuf {
        self.mirror.place(&self.name)
    }

    /// Opens the file.
    ///
    /// # Errors
    /// If it does not exist, or a link leads out of the mirror.
    pub fn open(&self) -> io::Result<Arc<dyn Object>> {
        let is_gone = || io::Error::new(io::ErrorKind::NotFound, "it is not there");
        present(self.mirror.storage.open_object(&self.name))?.ok_or_else(is_gone)
    }
}
