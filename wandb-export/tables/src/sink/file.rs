//! Atomic file writes: a file appears complete or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::error::SinkError;
use super::place::directory;
use crate::background_sync::BackgroundSync;

/// Name prefix of incomplete files.
const PREFIX: &str = ".wandb-export-";

/// Permissions of a new file before the umask is applied.
#[cfg(unix)]
const NEW_FILE: u32 = 0o666;

/// Buffer size in bytes.
const BUFFER: usize = 64 << 10;

/// A writer whose data can be synced to disk.
pub(super) trait Durable: Write + Send {
    /// Syncs all data to disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Copies the data written from `start` on to `to`, and truncates the writer.
    #[cfg(feature = "csv")]
    fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()>;
}

impl Durable for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    #[cfg(feature = "csv")]
    fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        use std::io::{BufReader, Seek as _, SeekFrom, copy};

        self.seek(SeekFrom::Start(start))?;
        copy(&mut BufReader::with_capacity(BUFFER, &*self), to)?;
        self.rewind()?;
        self.set_len(0)
    }
}

/// A file written to a temporary file beside its destination and renamed on commit. Until then, the
/// destination is unchanged. If dropped, the temporary file is removed.
pub(super) struct AtomicFile {
    // Declared before the path, so that the file is closed before it is removed. Windows requires this.
    writer: BufWriter<Box<dyn Durable>>,
    temporary: TempPath,
    place: PathBuf,
    syncing: BackgroundSync,
}

/// Creates a temporary file in a directory, with the permissions of any other new file. It is removed unless
/// it is persisted.
fn temporary_in(directory: &Path, prefix: &str, suffix: &str) -> io::Result<(File, TempPath)> {
    let mut builder = Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(NEW_FILE));
    }
    Ok(builder.tempfile_in(directory)?.into_parts())
}

impl AtomicFile {
    /// Creates the temporary file. All bytes are written through the writer that `through` returns.
    pub(super) fn create(
        place: PathBuf,
        through: impl FnOnce(File) -> Box<dyn Durable>,
    ) -> Result<Self, SinkError> {
        let (file, temporary) = temporary_in(directory(&place), PREFIX, ".tmp")
            .map_err(|error| SinkError::io("creating a file beside", place.display(), error))?;
        let writer = BufWriter::with_capacity(BUFFER, through(file));
        Ok(Self { writer, temporary, place, syncing: BackgroundSync::default() })
    }

    /// Returns the directory of the destination.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn directory(&self) -> &Path {
        directory(&self.place)
    }

    /// Copies the data written from `start` on to `to`, and truncates the file.
    #[cfg(feature = "csv")]
    pub(super) fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_mut().take_back(start, to)
    }

    /// Syncs the file and renames it to its destination.
    pub(super) fn commit(self) -> Result<(), SinkError> {
        let Self { mut writer, temporary, place, mut syncing } = self;
        writer.flush().map_err(|error| SinkError::io("writing", place.display(), error))?;
        if let Ok(old) = fs::metadata(&place) {
            fs::set_permissions(&temporary, old.permissions())
                .map_err(|error| SinkError::io("setting the permissions of", place.display(), error))?;
        }
        let settled = syncing.end().and_then(|()| writer.get_mut().sync());
        settled.map_err(|error| SinkError::io("syncing", place.display(), error))?;
        // Close the file before renaming it, as Windows requires.
        drop(writer);
        temporary
            .persist(&place)
            .map_err(|error| SinkError::io("renaming a finished file to", place.display(), error.error))?;
        sync_directory(&place)
            .map_err(|error| SinkError::io("syncing the directory of", place.display(), error))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.syncing.written(written, || File::options().write(true).open(&self.temporary))?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Syncs the directory of `place`, so that a rename survives a crash. File systems that do not support this
/// are ignored.
#[cfg(unix)]
pub fn sync_directory(place: &Path) -> io::Result<()> {
    sync_opened(File::open(directory(place)))
}

/// Like [`sync_directory`], for the result of opening a directory.
#[cfg(unix)]
pub fn sync_opened(directory: io::Result<File>) -> io::Result<()> {
    match directory.and_then(|directory| directory.sync_all()) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Unix")]
pub fn sync_directory(_place: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Unix")]
pub fn sync_opened(_directory: io::Result<File>) -> io::Result<()> {
    Ok(())
}
