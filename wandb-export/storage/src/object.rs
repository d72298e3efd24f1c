//! Objects opened for reading.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

/// One version of an object. Replacing or removing the object does not change it.
pub trait Object: fmt::Debug + Send + Sync {
    /// Returns its size in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Returns what tells it from other versions.
    fn version(&self) -> io::Result<Version>;

    /// Reads bytes at an offset, as [`Read::read`] does.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// Tells versions of an object apart: two objects with different versions were put separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// Reads all bytes of a range.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] if the object is shorter.
pub fn read_range(object: &(impl Object + ?Sized), range: Range<u64>) -> io::Result<Vec<u8>> {
    let len = usize::try_from(range.end.saturating_sub(range.start))
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match object.read_at(range.start + filled as u64, &mut bytes[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Reads an object from an offset to its end.
#[derive(Debug, Clone)]
pub struct ObjectReader {
    object: Arc<dyn Object>,
    offset: u64,
}

impl ObjectReader {
    /// Starts reading at `offset`.
    pub fn new(object: Arc<dyn Object>, offset: u64) -> Self {
        Self { object, offset }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.object.read_at(self.offset, into)?;
        self.offset += read as u64;
        Ok(read)
    }
}
