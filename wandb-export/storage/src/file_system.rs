//! The operations of a file system that a folder needs, so that tests can replace the disk.

use std::fmt;
use std::fs::TryLockError;
use std::io;

use crate::object::Object;

/// A local folder, or a simulation of one. Entries are named by their path below it, with `/` as the separator; the
/// empty path is the folder itself.
///
/// Nothing survives a crash before it is synced: syncing a file covers its content, and syncing a folder covers the
/// names added to it or removed from it.
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Opens a file.
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn OpenFile>>;

    /// Renames a file, replacing any file of the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Creates a folder inside an existing one.
    fn make_folder(&self, name: &str) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, name: &str) -> io::Result<()>;

    /// Makes the names in a folder survive a crash.
    fn sync_folder(&self, name: &str) -> io::Result<()>;

    /// Returns the kind of an entry or of the entry that a link leads to, or `None` if it does not exist.
    fn kind(&self, name: &str) -> io::Result<Option<Kind>>;

    /// Describes an entry without following a link. Returns `None` if it does not exist.
    fn entry(&self, name: &str) -> io::Result<Option<Entry>>;

    /// Lists the names of all entries of a folder.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Returns the free space in bytes, if known.
    fn free_bytes(&self) -> Option<u64>;
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For reading.
    Read,
    /// For reading and writing. The file must not exist yet.
    CreateNew,
    /// For reading and writing. The file is created if it does not exist.
    Write,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Something else, such as a link or a device.
    Other,
}

/// Describes an entry of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: u64,
    /// The numbers that identify the file, if the system has them. A rename does not change them.
    pub identity: Option<(u64, u64)>,
}

/// An open file.
pub trait OpenFile: Object {
    /// Writes bytes at an offset, as [`std::io::Write::write`] does.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Truncates the file to `len` bytes, or extends it with zeros.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes the content survive a crash.
    fn sync(&self) -> io::Result<()>;

    /// Makes the content survive a crash, but not necessarily its times.
    fn sync_data(&self) -> io::Result<()>;

    /// Locks the file against other handles, until it is closed.
    fn try_lock(&self) -> Result<(), TryLockError>;

    /// Describes the file, whatever its name is now.
    fn entry(&self) -> io::Result<Entry>;
}
