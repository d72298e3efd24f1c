//! A file of a run on disk, opened when it is read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// A file of a run on disk. Its source knows how to open it.
pub(crate) trait StoredFile: fmt::Debug + Send + Sync {
    /// Opens the file.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// Returns the path of the file, for messages.
    fn path(&self) -> PathBuf;
}

/// A local file.
impl StoredFile for PathBuf {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self)?))
    }

    fn path(&self) -> PathBuf {
        self.clone()
    }
}
