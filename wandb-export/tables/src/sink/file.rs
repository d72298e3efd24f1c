//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::error::SinkError;
use super::place::directory;
use crate::settling::Settling;

/// The begin of the name of a file that is not whole yet.
const PREFIX: &str = ".wandb-export-";

/// The permissions of a new file, before the user's mask takes some away.
#[cfg(unix)]
const NEW_FILE: u32 = 0o666;

/// So much is gathered before it is written.
const BUFFER: usize = 64 << 10;

/// Bytes that can be made to outlive a crash of the system.
pub(super) trait Durable: Write + Send {
    /// Waits until the disk has everything.
    fn sync(&mut self) -> io::Result<()>;

    /// Copies what has been written to `to`, from `start` on, and is empty afterwards.
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

/// A file that is written beside its place and put there when it is whole. Until then, and if it is dropped,
/// whatever is in that place stays there; the unfinished file is removed.
pub(super) struct AtomicFile {
    // Declared before the path, so that the file is closed before it is removed, as some systems ask for.
    writer: BufWriter<Box<dyn Durable>>,
    temporary: TempPath,
    place: PathBuf,
    settling: Settling,
}

/// A new file in a directory, with the permissions of any other new file, which is removed unless it is given a place.
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
    /// Begins a file. Every byte goes through what `through` makes of it.
    pub(super) fn create(
        place: PathBuf,
        through: impl FnOnce(File) -> Box<dyn Durable>,
    ) -> Result<Self, SinkError> {
        let (file, temporary) = temporary_in(directory(&place), PREFIX, ".tmp")
            .map_err(|error| SinkError::io("creating a file beside", place.display(), error))?;
        let writer = BufWriter::with_capacity(BUFFER, through(file));
        Ok(Self { writer, temporary, place, settling: Settling::default() })
    }

    /// The directory of the file's place.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn directory(&self) -> &Path {
        directory(&self.place)
    }

    /// Copies what has been written to `to`, from `start` on, and begins anew.
    #[cfg(feature = "csv")]
    pub(super) fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_mut().take_back(start, to)
    }

    /// Puts the file in its place.
    pub(super) fn commit(self) -> Result<(), SinkError> {
        let Self { mut writer, temporary, place, mut settling } = self;
        writer.flush().map_err(|error| SinkError::io("writing", place.display(), error))?;
        if let Ok(old) = fs::metadata(&place) {
            fs::set_permissions(&temporary, old.permissions())
                .map_err(|error| SinkError::io("setting the permissions of", place.display(), error))?;
        }
        let settled = settling.end().and_then(|()| writer.get_mut().sync());
        settled.map_err(|error| SinkError::io("syncing", place.display(), error))?;
        // Closed before it is renamed, as some systems ask for.
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
        self.settling.written(written, || File::options().write(true).open(&self.temporary))?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Makes a rename to `place` outlive a crash. Some file systems cannot do that, and have nothing to sync either.
#[cfg(unix)]
pub(crate) fn sync_directory(place: &Path) -> io::Result<()> {
    sync_opened(File::open(directory(place)))
}

/// The same of a directory that was opened, or could not be.
#[cfg(unix)]
pub(crate) fn sync_opened(directory: io::Result<File>) -> io::Result<()> {
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
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
pub(crate) fn sync_directory(_place: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
pub(crate) fn sync_opened(_directory: io::Result<File>) -> io::Result<()> {
    Ok(())
}
