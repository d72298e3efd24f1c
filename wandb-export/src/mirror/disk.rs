//! Files that are whole or not there, in the folder of a mirror.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempPath;

use super::layout::{LOCK, OWN};
use super::record::Stored;
use crate::files::Digest;
use crate::sink::temporary_in;

/// The folder of a mirror, which nobody else writes to meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
    #[cfg(all(test, feature = "mock"))]
    budget: Option<super::tests::Budget>,
}

/// The begin of the names of files that are not whole yet.
const NEW: &str = "new-";

impl Disk {
    /// Opens the folder, which is made if there is none, and clears away what an earlier mirror was at when it was
    /// killed. `None` if another one is at work on it.
    pub(super) fn open(root: &Path) -> io::Result<Option<Self>> {
        Ok(Self::lock(root)?.map(|lock| Self {
            shared: Arc::new(Shared {
                root: root.to_owned(),
                _lock: lock,
                #[cfg(all(test, feature = "mock"))]
                budget: None,
            }),
        }))
    }

    /// The same on a disk that fails for good once so much has been done.
    #[cfg(all(test, feature = "mock"))]
    pub(super) fn failing(root: &Path, budget: super::tests::Budget) -> io::Result<Option<Self>> {
        Ok(Self::lock(root)?.map(|lock| Self {
            shared: Arc::new(Shared { root: root.to_owned(), _lock: lock, budget: Some(budget) }),
        }))
    }

    fn lock(root: &Path) -> io::Result<Option<File>> {
        let own = root.join(OWN);
        fs::create_dir_all(&own)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        for entry in fs::read_dir(&own)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(NEW) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Some(lock))
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.shared.root
    }

    /// The whole path of something in the folder.
    pub(super) fn place(&self, here: &str) -> PathBuf {
        here.split('/').fold(self.shared.root.clone(), |path, part| path.join(part))
    }

    /// How much of `wanted` can still be done: bytes to be written, or one of anything else.
    #[cfg_attr(
        not(test),
        expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "disks fail in tests")
    )]
    fn allowed(&self, wanted: usize) -> io::Result<usize> {
        #[cfg(all(test, feature = "mock"))]
        if let Some(budget) = &self.shared.budget {
            return budget.spend(wanted);
        }
        Ok(wanted)
    }

    /// Waits until the disk has what `sync` brings to it. (No test can see whether a disk that fails on purpose has it, and the
    /// wait is long.)
    fn sync(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.allowed(1)?;
        #[cfg(all(test, feature = "mock"))]
        if self.shared.budget.is_some() {
            return Ok(());
        }
        sync()
    }

    /// Begins a file, to be put into its place when it is whole.
    pub(super) fn create(&self) -> io::Result<NewFile> {
        self.allowed(1)?;
        let (file, temporary) = temporary_in(&self.place(OWN), NEW, "")?;
        let writer = BufWriter::with_capacity(64 << 10, Counted { disk: self.clone(), file });
        Ok(NewFile { writer, temporary, bytes: 0, digest: Digest::default() })
    }

    /// How many bytes there is room for, where the system tells.
    #[cfg(unix)]
    pub(super) fn room(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.shared.root).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// How many bytes there is room for, where the system tells.
    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "the same signature on every system")]
    pub(super) fn room(&self) -> Option<u64> {
        None
    }

    /// Opens a file to read it; `None` if there is none.
    pub(super) fn open_file(&self, here: &str) -> io::Result<Option<File>> {
        match File::open(self.place(here)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file to read it and to write behind its first `len` bytes; what is behind them is cut off.
    pub(super) fn open_to_append(&self, here: &str, len: u64) -> io::Result<Appended> {
        self.allowed(1)?;
        let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).clone();
        let mut file = options.open(self.place(here))?;
        file.set_len(len)?;
        file.seek(SeekFrom::End(0))?;
        self.sync(|| file.sync_all())?;
        self.sync(|| sync_directory(&self.place(OWN)))?;
        Ok(Appended { file: Counted { disk: self.clone(), file }, len })
    }

    /// Removes a file, if there is one.
    pub(super) fn remove(&self, here: &str) -> io::Result<()> {
        self.allowed(1)?;
        match fs::remove_file(self.place(here)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// A file every write to which is counted in tests.
#[derive(Debug)]
struct Counted {
    disk: Disk,
    file: File,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = self.disk.allowed(bytes.len())?;
        self.file.write(&bytes[..allowed])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that is not whole yet. It is removed if it is dropped.
pub(super) struct NewFile {
    // Declared before the path, so that the file is closed before it is removed, as some systems ask for.
    writer: BufWriter<Counted>,
    temporary: TempPath,
    bytes: u64,
    digest: Digest,
}

impl NewFile {
    /// Puts the file into its place, whatever was there.
    pub(super) fn put(self, here: &str, rows: u64) -> io::Result<Stored> {
        let Self { mut writer, temporary, bytes, digest } = self;
        writer.flush()?;
        let Counted { disk, file } = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let place = disk.place(here);
        disk.sync(|| file.sync_all())?;
        let folder = place.parent().map(Path::to_owned).unwrap_or_default();
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            disk.sync(|| sync_directory(disk.root()))?;
        }
        disk.allowed(1)?;
        // Closed before it is renamed, as some systems ask for.
        drop(file);
        temporary.persist(&place).map_err(|error| error.error)?;
        disk.sync(|| sync_directory(&folder))?;
        Ok(Stored { rows, bytes, md5: digest.finish() })
    }

    /// Opens what has been written so far to read it.
    pub(super) fn reopen(&mut self) -> io::Result<File> {
        self.writer.flush()?;
        File::open(&self.temporary)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A new file that somebody writes to who does not give it back.
#[derive(Clone)]
pub(super) struct SharedFile(Arc<Mutex<Option<NewFile>>>);

impl SharedFile {
    pub(super) fn new(file: NewFile) -> Self {
        Self(Arc::new(Mutex::new(Some(file))))
    }

    /// The file, of which nothing can be written any more through what has been shared.
    pub(super) fn take(&self) -> io::Result<NewFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(gone)
    }

    fn with<T>(&self, act: impl FnOnce(&mut NewFile) -> io::Result<T>) -> io::Result<T> {
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().ok_or_else(gone)?)
    }
}

fn gone() -> io::Error {
    io::Error::other("the file has been finished")
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(NewFile::flush)
    }
}

/// A file that only grows.
#[derive(Debug)]
pub(super) struct Appended {
    file: Counted,
    len: u64,
}

impl Appended {
    /// Where the next byte goes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Writes `bytes` behind the others.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.file.seek(SeekFrom::Start(self.len))?;
        self.file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Waits until the disk has everything.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.disk.sync(|| self.file.file.sync_data())
    }

    /// Reads what was written at `offset`.
    pub(super) fn read_at(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        read_at(&mut self.file.file, offset, len)
    }
}

/// Reads `len` bytes at `offset`.
pub(super) fn read_at(file: &mut File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Makes what has been renamed and made in a folder outlive a crash.
pub(super) fn sync_directory(folder: &Path) -> io::Result<()> {
    crate::sink::sync_directory(&folder.join(NEW))
}
