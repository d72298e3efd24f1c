//! Logs that are appended to.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::object::Object;
use crate::storage::Storage;

/// A storage that also has logs. Only one process writes to it at a time.
pub trait LogStorage: Storage {
    /// Opens a log to append to, truncated to its first `len` bytes. Creates it if it does not exist. The truncation
    /// survives a crash.
    fn open_log(&self, name: &str, len: u64) -> io::Result<Box<dyn AppendLog>>;

    /// Opens a log for reading. Returns `None` if it does not exist.
    fn read_log(&self, name: &str) -> io::Result<Option<Arc<dyn Object>>>;

    /// Removes a log, if it exists, so that the removal survives a crash.
    fn remove_log(&self, name: &str) -> io::Result<()>;
}

/// A log that bytes are appended to.
pub trait AppendLog: fmt::Debug + Send + Sync {
    /// Returns the offset of the next byte.
    fn end(&self) -> u64;

    /// Appends bytes. After an error, the next bytes replace those that may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes all appended bytes survive a crash.
    fn persist(&mut self) -> io::Result<()>;

    /// Reads all bytes of a range.
    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>>;
}
