//! The files of a mirror: objects with digests in a storage.

use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use wandb_storage::{
    AppendLog, Digest, Folder, Found, LogStorage, Object, ObjectReader, Staged, Storage, read_range,
};

use crate::error::Error;
use crate::layout::FOLDERS;
use crate::record::Stored;

/// The storage of a mirror, for its only writer.
#[derive(Debug, Clone)]
pub struct Disk {
    storage: Arc<dyn LogStorage>,
    root: PathBuf,
}

impl Disk {
    /// Opens and locks the folder, creating it if it is missing. Returns `None` if another mirror has locked
    /// it.
    pub fn open(root: &Path) -> io::Result<Option<Self>> {
        Folder::claim(root)?.map(|folder| Self::on(root, folder)).transpose()
    }

    /// Opens a mirror in a storage; errors name it `root`.
    pub fn on(root: &Path, storage: impl LogStorage + 'static) -> io::Result<Self> {
        // A file that is already gone is not removed again, so persist its removal before relying on it.
        storage.persist(&FOLDERS)?;
        Ok(Self { storage: Arc::new(storage), root: root.to_owned() })
    }

    /// Returns the folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the full path of a file.
    pub fn place(&self, here: &str) -> PathBuf {
        place(&self.root, here)
    }

    /// Returns the error for a file that cannot be written.
    pub fn writing(&self, here: &str, error: io::Error) -> Error {
        Error::io(format!("writing {}", self.place(here).display()), error)
    }

    /// Creates a file, which [`NewFile::put`] moves into place.
    pub fn create(&self) -> io::Result<NewFile> {
        let storage = Arc::clone(&self.storage);
        Ok(NewFile { staged: self.storage.stage()?, storage, digest: Digest::default() })
    }

    /// Returns the free space in bytes, if the system reports it.
    pub fn free_bytes(&self) -> Option<u64> {
        self.storage.free_bytes()
    }

    /// Returns whether something exists under a name.
    pub fn exists(&self, here: &str) -> io::Result<bool> {
        Ok(self.storage.find(here)? != Found::Nothing)
    }

    /// Returns whether `here` is a file.
    pub(crate) fn is_file(&self, here: &str) -> io::Result<bool> {
        Ok(matches!(self.storage.find(here)?, Found::Object(_)))
    }

    /// Returns the storage of a folder.
    pub fn within(&self, here: &str) -> Arc<dyn Storage> {
        self.storage.within(here)
    }

    /// Opens a file for reading. Returns `None` if it does not exist.
    pub fn open_file(&self, here: &str) -> io::Result<Option<Arc<dyn Object>>> {
        self.storage.open_object(here)
    }

    /// Opens a log for reading. Returns `None` if it does not exist.
    pub(crate) fn read_log(&self, here: &str) -> io::Result<Option<Arc<dyn Object>>> {
        self.storage.read_log(here)
    }

    /// Opens a log to append to, truncated to its first `len` bytes.
    pub(crate) fn open_log(&self, here: &str, len: u64) -> io::Result<Box<dyn AppendLog>> {
        self.storage.open_log(here, len)
    }

    /// Removes a log if it exists.
    pub(crate) fn remove_log(&self, here: &str) -> io::Result<()> {
        self.storage.remove_log(here)
    }

    /// Removes a file if it exists.
    pub fn remove(&self, here: &str) -> io::Result<()> {
        if self.storage.remove(here)? { self.storage.persist(&[here]) } else { Ok(()) }
    }
}

/// Returns the full path of a file in the folder `root`.
pub(crate) fn place(root: &Path, here: &str) -> PathBuf {
    here.split('/').filter(|part| !part.is_empty()).fold(root.to_owned(), |path, part| path.join(part))
}

/// An unfinished file. Dropping it removes it.
#[derive(Debug)]
pub struct NewFile {
    staged: Staged,
    storage: Arc<dyn LogStorage>,
    digest: Digest,
}

impl NewFile {
    /// Moves the file into place, replacing any existing file, so that it survives a crash.
    pub fn put(self, here: &str, rows: u64) -> io::Result<Stored> {
        let Self { staged, storage, digest } = self;
        let bytes = staged.size();
        storage.put(here, staged)?;
        storage.persist(&[here])?;
        Ok(Stored { rows, bytes, md5: digest.finish() })
    }

    /// Opens the bytes written so far for reading.
    pub fn reopen(&mut self) -> io::Result<Arc<dyn Object>> {
        self.staged.read_back()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.staged.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.staged.flush()
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

/// A Parquet file in a storage.
#[derive(Debug)]
pub struct ParquetObject {
    object: Arc<dyn Object>,
    size: u64,
}

impl ParquetObject {
    /// Wraps an object. Reading fails later if it is not a Parquet file.
    pub fn new(object: Arc<dyn Object>) -> io::Result<Self> {
        let size = object.size()?;
        Ok(Self { object, size })
    }
}

impl Length for ParquetObject {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for ParquetObject {
    type T = BufReader<ObjectReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(ObjectReader::new(Arc::clone(&self.object), start)))
    }

    fn get_bytes(&self, start: u64, len: usize) -> Result<Bytes, ParquetError> {
        Ok(read_range(&*self.object, start..start + len as u64)?.into())
    }
}
