//! Atomic file replacement in the folder of a mirror: a file is either complete or absent.

pub(crate) mod folder;
pub(crate) mod medium;

use std::collections::HashSet;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::folder::Folder;
pub(crate) use self::folder::make_lasting;
use self::medium::{FileSystem, How, Kind};
pub(crate) use self::medium::{OpenFile, read_at};
use super::layout::{FOLDERS, OWN};
use super::record::Stored;
use crate::files::Digest;

/// The folder of a mirror. No other process writes to it.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    medium: Box<dyn FileSystem>,
    /// The number of temporary files created so far.
    begun: AtomicU64,
    /// Folders whose directory entries are known to survive a crash.
    lasting: Mutex<HashSet<String>>,
}

/// The prefix of the names of temporary files.
const NEW: &str = "new-";

impl Disk {
    /// Opens and locks the folder, creating it if it is missing. Returns `None` if another mirror has locked
    /// it.
    pub(crate) fn open(root: &Path) -> io::Result<Option<Self>> {
        Folder::lock(root)?.map(|folder| Self::on(root, folder)).transpose()
    }

    /// Opens a mirror on a medium; errors name it `root`. Removes the temporary files of a killed process and
    /// syncs its finished changes, so that they survive a crash.
    pub(crate) fn on(root: &Path, medium: impl FileSystem + 'static) -> io::Result<Self> {
        let shared = Shared {
            root: root.to_owned(),
            medium: Box::new(medium),
            begun: AtomicU64::new(0),
            lasting: Mutex::default(),
        };
        let disk = Self { shared: Arc::new(shared) };
        disk.make_folder(OWN)?;
        let medium = &disk.shared.medium;
        for name in medium.names(OWN)? {
            if name.starts_with(NEW) {
                medium.remove(&format!("{OWN}/{name}"))?;
            }
        }
        // A file that is already gone is not removed again, so sync its removal before relying on it.
        for folder in FOLDERS {
            if medium.kind(folder)? == Some(Kind::Folder) {
                medium.sync_folder(folder)?;
            }
        }
        Ok(disk)
    }

    /// Returns the folder.
    pub(crate) fn root(&self) -> &Path {
        &self.shared.root
    }

    /// Returns the full path of an entry of the folder.
    pub(crate) fn place(&self, here: &str) -> PathBuf {
        folder::place(&self.shared.root, here)
    }

    /// Creates a temporary file, which [`NewFile::put`] moves into place.
    pub(crate) fn create(&self) -> io::Result<NewFile> {
        let number = self.shared.begun.fetch_add(1, Ordering::Relaxed);
        let name = Unplaced { disk: self.clone(), here: format!("{OWN}/{NEW}{number}"), is_placed: false };
        let file = self.shared.medium.open(&name.here, How::New)?;
        let writer = BufWriter::with_capacity(64 << 10, file);
        Ok(NewFile { writer, name, bytes: 0, digest: Digest::default() })
    }

    /// Returns the free space in bytes, if the system reports it.
    pub(crate) fn room(&self) -> Option<u64> {
        self.shared.medium.room()
    }

    /// Returns whether a file or folder exists.
    pub(crate) fn exists(&self, here: &str) -> io::Result<bool> {
        Ok(self.shared.medium.kind(here)?.is_some())
    }

    /// Returns whether `here` is a file.
    pub(crate) fn is_file(&self, here: &str) -> io::Result<bool> {
        Ok(self.shared.medium.kind(here)? == Some(Kind::File))
    }

    /// Opens a file for reading. Returns `None` if it does not exist.
    pub(crate) fn open_file(&self, here: &str) -> io::Result<Option<Box<dyn OpenFile>>> {
        match self.shared.medium.open(here, How::Read) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file for reading and appending, and truncates it to its first `len` bytes.
    pub(crate) fn open_to_append(&self, here: &str, len: u64) -> io::Result<Appended> {
        let folder = folder_of(here);
        self.make_folder(folder)?;
        let file = self.shared.medium.open(here, How::Change)?;
        file.cut(len)?;
        file.sync()?;
        self.shared.medium.sync_folder(folder)?;
        Ok(Appended { file, len })
    }

    /// Removes a file if it exists.
    pub(crate) fn remove(&self, here: &str) -> io::Result<()> {
        match self.shared.medium.remove(here) {
            Ok(()) => self.shared.medium.sync_folder(folder_of(here)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Creates a folder if it is missing, so that it survives a crash. Folders are not nested.
    fn make_folder(&self, here: &str) -> io::Result<()> {
        // Hold the lock until the sync, so that nobody uses a new folder before it survives a crash.
        let mut lasting = self.shared.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        if here.is_empty() || lasting.contains(here) {
            return Ok(());
        }
        let medium = &self.shared.medium;
        if medium.kind(here)?.is_none() {
            medium.make_folder(here)?;
        }
        // Sync an existing folder too: its creator may have been killed before syncing it.
        medium.sync_folder(folder_of(here))?;
        lasting.insert(here.to_owned());
        Ok(())
    }
}

/// Returns the folder that contains an entry.
pub(crate) fn folder_of(here: &str) -> &str {
    here.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The name of a temporary file. Dropping it removes the file, unless the file was moved into place.
#[derive(Debug)]
struct Unplaced {
    disk: Disk,
    here: String,
    is_placed: bool,
}

impl Unplaced {
    fn place(mut self, here: &str) -> io::Result<()> {
        self.disk.shared.medium.rename(&self.here, here)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Unplaced {
    fn drop(&mut self) {
        if !self.is_placed {
            // If this fails, the next mirror removes the file.
            drop(self.disk.shared.medium.remove(&self.here));
        }
    }
}

/// A temporary file. Dropping it removes it.
pub(crate) struct NewFile {
    // Declared before `name`, so that the file is closed before it is removed, as some systems require.
    writer: BufWriter<Box<dyn OpenFile>>,
    name: Unplaced,
    bytes: u64,
    digest: Digest,
}

impl NewFile {
    /// Syncs the file and moves it into place, replacing any existing file.
    pub(crate) fn put(self, here: &str, rows: u64) -> io::Result<Stored> {
        let Self { writer, name, bytes, digest } = self;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync()?;
        // Some systems require the file to be closed before it is renamed.
        drop(file);
        let (disk, folder) = (name.disk.clone(), folder_of(here));
        disk.make_folder(folder)?;
        name.place(here)?;
        disk.shared.medium.sync_folder(folder)?;
        Ok(Stored { rows, bytes, md5: digest.finish() })
    }

    /// Opens the bytes written so far for reading.
    pub(crate) fn reopen(&mut self) -> io::Result<Box<dyn OpenFile>> {
        self.writer.flush()?;
        self.name.disk.shared.medium.open(&self.name.here, How::Read)
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

/// A shared handle to a new file, for writers that do not return it.
#[derive(Clone)]
pub(crate) struct SharedFile(Arc<Mutex<Option<NewFile>>>);

impl SharedFile {
    pub(crate) fn new(file: NewFile) -> Self {
        Self(Arc::new(Mutex::new(Some(file))))
    }

    /// Takes the file back. Writing through the other handles fails from now on.
    pub(crate) fn take(&self) -> io::Result<NewFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(gone)
    }

    fn with<T>(&self, act: impl FnOnce(&mut NewFile) -> io::Result<T>) -> io::Result<T> {
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().ok_or_else(gone)?)
    }
}

fn gone() -> io::Error {
    io::Error::other("the file is already finished")
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(NewFile::flush)
    }
}

/// A file that is only appended to.
#[derive(Debug)]
pub(crate) struct Appended {
    file: Box<dyn OpenFile>,
    len: u64,
}

impl Appended {
    /// Returns the offset of the next byte.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.len))?;
        self.file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Waits until everything is on the disk (fsync).
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Reads `len` bytes at `offset`.
    pub(crate) fn read_at(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        read_at(&mut self.file, offset, len)
    }
}
