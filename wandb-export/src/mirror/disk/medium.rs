//! What the files of a mirror are on.

use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A folder, or what stands for one. What is in it is told by its path below it, with `/` between the parts; the folder
/// itself is the empty path.
///
/// Nothing outlives a crash of the system before it is synced: what has been written by its file, and names that were given or
/// taken by the folder they are in.
pub(in super::super) trait Medium: fmt::Debug + Send + Sync {
    /// Opens a file.
    fn open(&self, here: &str, how: How) -> io::Result<Box<dyn OpenFile>>;
    /// Gives a file another name, whatever had that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, here: &str) -> io::Result<()>;
    /// Makes a folder in one that is there.
    fn make_folder(&self, here: &str) -> io::Result<()>;
    /// Makes the names in a folder outlive a crash.
    fn sync_folder(&self, here: &str) -> io::Result<()>;
    /// What there is, if anything.
    fn kind(&self, here: &str) -> io::Result<Option<Kind>>;
    /// The names of everything in a folder.
    fn names(&self, here: &str) -> io::Result<Vec<String>>;
    /// How many bytes there is room for, where that is known.
    fn room(&self) -> Option<u64>;
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum How {
    /// To be read.
    Read,
    /// To be written and read; it must not be there yet.
    New,
    /// To be read and written; it is made if there is none.
    Change,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    File,
    Folder,
}

/// A file of a medium.
pub(in super::super) trait OpenFile: Read + Write + Seek + fmt::Debug + Send + Sync {
    /// How many bytes it has.
    fn size(&self) -> io::Result<u64>;
    /// Cuts it off behind its first `len` bytes.
    fn cut(&self, len: u64) -> io::Result<()>;
    /// Makes what has been written outlive a crash.
    fn sync(&self) -> io::Result<()>;
    /// The same file once more. Where reading goes on may be shared between the two.
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
pub(in super::super) fn read_at(
    file: &mut (impl Read + Seek),
    offset: u64,
    len: usize,
) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
