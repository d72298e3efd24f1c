//! The file system operations that a mirror needs, so that tests can replace the disk.

use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A folder, or a simulation of one. Entries are named by their path below it, with `/` as the separator; the
/// empty path is the folder itself.
///
/// Nothing survives a crash before it is synced: syncing a file covers its content, and syncing a folder
/// covers the names added to it or removed from it.
pub(crate) trait FileSystem: fmt::Debug + Send + Sync {
    /// Opens a file.
    fn open(&self, here: &str, how: How) -> io::Result<Box<dyn OpenFile>>;
    /// Renames a file, replacing any file of the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, here: &str) -> io::Result<()>;
    /// Creates a folder inside an existing one.
    fn make_folder(&self, here: &str) -> io::Result<()>;
    /// Makes the names in a folder survive a crash.
    fn sync_folder(&self, here: &str) -> io::Result<()>;
    /// Returns the kind of an entry, or `None` if it does not exist.
    fn kind(&self, here: &str) -> io::Result<Option<Kind>>;
    /// Lists the names of all entries of a folder.
    fn names(&self, here: &str) -> io::Result<Vec<String>>;
    /// Returns the free space in bytes, if known.
    fn room(&self) -> Option<u64>;
}

/// The mode in which a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// For reading.
    Read,
    /// For reading and writing. The file must not exist yet.
    New,
    /// For reading and writing. The file is created if it does not exist.
    Change,
}

/// The kind of a folder entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// An open file of a medium.
pub(crate) trait OpenFile: Read + Write + Seek + fmt::Debug + Send + Sync {
    /// Returns its size in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Truncates it to `len` bytes.
    fn cut(&self, len: u64) -> io::Result<()>;
    /// Makes its content survive a crash.
    fn sync(&self) -> io::Result<()>;
    /// Opens another handle to the same file. The two handles may share one read position.
    fn again(&self) -> io::Result<Box<dyn OpenFile>>;
}

impl Length for Box<dyn OpenFile> {
    fn len(&self) -> u64 {
        self.size().unwrap_or_default()
    }
}

impl ChunkReader for Box<dyn OpenFile> {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut file = self.again()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, len: usize) -> Result<Bytes, ParquetError> {
        Ok(read_at(&mut self.again()?, start, len)?.into())
    }
}

/// Reads `len` bytes at `offset`.
pub(crate) fn read_at(file: &mut (impl Read + Seek), offset: u64, len: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
