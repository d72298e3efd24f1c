//! Atomic file writes: a file appears complete or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use wandb_storage::{Directory, FileSystem, Folder, Staged, Storage as _};

use super::error::SinkError;
use super::place::directory;

/// A file that appears at its destination on commit. Until then, the destination is unchanged. If dropped, nothing is
/// left.
pub(super) struct AtomicFile {
    staged: Staged,
    folder: Folder,
    name: String,
    place: PathBuf,
}

/// Opens a directory. A replaced file's permissions are kept.
pub(super) fn open_directory(path: &Path) -> io::Result<Directory> {
    Ok(Directory::open(path)?.keep_permissions())
}

impl AtomicFile {
    /// Begins the file in its directory, which `open_directory` opens.
    pub(super) fn create<F: FileSystem + 'static>(
        place: PathBuf,
        open_directory: impl FnOnce(&Path) -> io::Result<F>,
    ) -> Result<Self, SinkError> {
        let open = || {
            let name = place.file_name().and_then(|name| name.to_str());
            let not_text = || io::Error::new(io::ErrorKind::InvalidInput, "its name is not valid UTF-8");
            let name = name.ok_or_else(not_text)?.to_owned();
            let folder = Folder::on(open_directory(directory(&place))?);
            Ok((folder.stage()?, folder, name))
        };
        let opened = open().map_err(|error| SinkError::io("creating a file beside", place.display(), error));
        let (staged, folder, name) = opened?;
        Ok(Self { staged, folder, name, place })
    }

    /// Returns the directory of the destination.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn directory(&self) -> &Path {
        directory(&self.place)
    }

    /// Copies the data written from `start` on to `to`, and truncates the file.
    #[cfg(feature = "csv")]
    pub(super) fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        self.staged.take_back(start, to)
    }

    /// Completes the file and moves it to its destination, so that it survives a crash.
    pub(super) fn commit(self) -> Result<(), SinkError> {
        let Self { staged, folder, name, place } = self;
        folder.put(&name, staged).map_err(|error| SinkError::io("writing", place.display(), error))?;
        folder
            .persist(&[&name])
            .map_err(|error| SinkError::io("syncing the directory of", place.display(), error))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.staged.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.staged.flush()
    }
}
