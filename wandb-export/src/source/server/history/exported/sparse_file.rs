//! Stores the fetched bytes of a file, each at its original offset.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Maximum bytes of one file kept in memory. More go to a temporary file.
const MEMORY: u64 = 2 << 20;

/// Buffer size for writes to disk, in bytes.
const WRITE_AT_ONCE: usize = 512 << 10;

/// Fetched parts of a file: in memory while small, otherwise in an unnamed sparse temporary file.
#[derive(Debug, Default)]
pub(super) struct SparseFile {
    length: u64,
    /// Maximum bytes kept in memory.
    max_memory: u64,
    in_memory: Vec<(u64, Bytes)>,
    on_disk: Option<(File, Vec<Range<u64>>)>,
}

impl SparseFile {
    /// Creates an empty store for a file of `length` bytes.
    pub(super) fn empty(length: u64) -> Self {
        Self { length, max_memory: MEMORY, ..Self::default() }
    }

    /// Sends all further bytes to disk.
    pub(super) fn disable_memory(&mut self) {
        self.max_memory = 0;
    }

    /// Sets the length of the file, if it is found out later.
    pub(super) fn set_length(&mut self, length: u64) {
        self.length = length;
    }

    /// Returns the stored ranges.
    pub(super) fn ranges(&self) -> Vec<Range<u64>> {
        let in_memory = self.in_memory.iter().map(|(start, bytes)| *start..start + bytes.len() as u64);
        in_memory.chain(self.on_disk.iter().flat_map(|(_, ranges)| ranges.iter().cloned())).collect()
    }

    /// Returns the number of bytes in memory.
    pub(super) fn memory(&self) -> u64 {
        self.in_memory.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }

    /// Returns whether there is a temporary file.
    pub(super) fn has_file(&self) -> bool {
        self.on_disk.is_some()
    }

    /// Prepares to store the bytes from `start` up to `end`, if that is known.
    pub(super) fn reserve(&mut self, start: u64, end: Option<u64>) -> PendingBytes {
        let size =
            end.map(|end| end.saturating_sub(start)).filter(|size| self.memory() + size <= self.max_memory);
        let capacity = size.map_or(Some(WRITE_AT_ONCE), |size| usize::try_from(size).ok());
        let file = if size.is_some() { None } else { self.on_disk.take() };
        PendingBytes {
            start,
            written: 0,
            buffer: Vec::with_capacity(capacity.unwrap_or(WRITE_AT_ONCE)),
            file: match size {
                Some(_) => Destination::Memory,
                None => Destination::Disk(file),
            },
        }
    }

    /// Stores the pending bytes, which must be complete.
    pub(super) fn commit(&mut self, pending: PendingBytes) {
        match pending.file {
            Destination::Memory => self.in_memory.push((pending.start, pending.buffer.into())),
            Destination::Disk(file) => self.on_disk = file,
        }
    }

    /// Discards the pending bytes.
    pub(super) fn discard(&mut self, pending: PendingBytes) {
        if let Destination::Disk(Some((file, mut ranges))) = pending.file {
            if let Some(last) = ranges.last_mut().filter(|_| pending.written > 0) {
                last.end = last.end.saturating_sub(pending.written);
            }
            ranges.retain(|range| !range.is_empty());
            self.on_disk = Some((file, ranges));
        }
    }

    fn find(&self, start: u64, length: u64) -> Option<Bytes> {
        let (at, bytes) = self.in_memory.iter().find(|(at, bytes)| {
            *at <= start
                && start.saturating_add(length) <= at + bytes.len() as u64
                && start < at + bytes.len() as u64
        })?;
        Some(bytes.slice(usize::try_from(start - at).ok()?..))
    }

    fn missing(start: u64, length: u64) -> ParquetError {
        ParquetError::EOF(format!("{length} bytes from byte {start} on were not fetched"))
    }
}

/// Bytes on their way into a [`SparseFile`].
#[derive(Debug)]
pub(super) struct PendingBytes {
    start: u64,
    written: u64,
    buffer: Vec<u8>,
    file: Destination,
}

#[derive(Debug)]
enum Destination {
    Memory,
    Disk(Option<(File, Vec<Range<u64>>)>),
}

impl PendingBytes {
    /// Adds bytes. Returns true when they should be [written](Self::write) before more are added.
    pub(super) fn add(&mut self, bytes: &[u8]) -> bool {
        self.buffer.extend_from_slice(bytes);
        matches!(self.file, Destination::Disk(_)) && self.buffer.len() >= WRITE_AT_ONCE
    }

    /// Returns whether the bytes go to disk.
    pub(super) fn is_on_disk(&self) -> bool {
        matches!(self.file, Destination::Disk(_))
    }

    /// Writes the buffer, if the bytes go to disk.
    pub(super) fn write(mut self) -> io::Result<Self> {
        let Destination::Disk(file) = &mut self.file else { return Ok(self) };
        let (file, ranges) = match file {
            Some(file) => file,
            none => none.insert((tempfile::tempfile()?, Vec::new())),
        };
        let at = self.start + self.written;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        match ranges.last_mut() {
            Some(last) if last.end == at => last.end += self.buffer.len() as u64,
            _ => ranges.push(at..self.start + self.written),
        }
        self.buffer.clear();
        Ok(self)
    }
}

impl Length for SparseFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SparseFile {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        if let Some(bytes) = self.find(start, 0) {
            return Ok(Box::new(bytes.reader()));
        }
        match &self.on_disk {
            Some((file, ranges)) if ranges.iter().any(|range| range.contains(&start)) => {
                Ok(Box::new(file.get_read(start)?))
            }
            _ => Err(Self::missing(start, 1)),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if let Some(bytes) = self.find(start, length as u64) {
            return Ok(bytes.slice(..length));
        }
        match &self.on_disk {
            // A hole in a sparse file reads as zeros, and Parquet checksums need not detect that.
            Some((file, ranges)) if are_covered(ranges, start, length as u64) => {
                file.get_bytes(start, length)
            }
            _ => Err(Self::missing(start, length as u64)),
        }
    }
}

/// A shared [`SparseFile`], for several readers.
#[derive(Debug, Clone)]
pub(super) struct SharedFile(pub(super) Arc<SparseFile>);

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for SharedFile {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Returns whether `ranges`, in the order of writing, contain the bytes without a gap.
fn are_covered(ranges: &[Range<u64>], mut start: u64, mut length: u64) -> bool {
    while length > 0 {
        let Some(range) = ranges.iter().find(|range| range.contains(&start)) else { return false };
        let length_in_range = length.min(range.end - start);
        start += length_in_range;
        length -= length_in_range;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(held: &mut SparseFile, start: u64, bytes: &[u8], end: Option<u64>) {
        let mut pending = held.reserve(start, end);
        for chunk in bytes.chunks(100_000) {
            if pending.add(chunk) {
                pending = pending.write().expect("room on the disk");
            }
        }
        let pending = pending.write().expect("room on the disk");
        held.commit(pending);
    }

    #[test]
    fn bytes_keep_their_offsets_in_memory_and_on_disk() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for known in [true, false] {
            let mut held = SparseFile::empty(20 << 20);
            for start in [1 << 20, 10 << 20] {
                put(&mut held, start, &bytes, known.then_some(start + bytes.len() as u64));
            }
            assert_eq!((held.has_file(), held.memory() > 0), (!known, known));
            let at = (10 << 20) + 999_990;
            assert_eq!(held.get_bytes(at, 10).expect("there"), bytes[999_990..]);
            let mut read = Vec::new();
            held.get_read(at).expect("there").take(10).read_to_end(&mut read).expect("readable");
            assert_eq!(read, bytes[999_990..]);
            held.get_bytes(at, 11).expect_err("beyond what is there");
            held.get_bytes(5 << 20, 1).expect_err("a hole");
            held.get_read(5 << 20).err().expect("a hole");
        }
    }

    #[test]
    fn discarded_bytes_are_missing() {
        let mut held = SparseFile::empty(20 << 20);
        held.disable_memory();
        put(&mut held, 0, &vec![7; 1 << 20], None);
        for start in [1 << 20, 8 << 20] {
            let mut pending = held.reserve(start, None);
            pending.add(&vec![9; 1 << 20]);
            held.discard(pending.write().expect("room on the disk"));
            held.get_bytes(start, 1).expect_err("discarded");
            assert_eq!(held.get_bytes(0, 1 << 20).expect("there"), vec![7; 1 << 20]);
        }
    }

    #[test]
    fn large_parts_go_to_disk() {
        let mut held = SparseFile::empty(20 << 20);
        put(&mut held, 0, &vec![7; 7 << 20], Some(7 << 20));
        assert!(held.has_file() && held.memory() == 0);
        assert_eq!(held.get_bytes(1, 6 << 20).expect("there"), vec![7; 6 << 20]);
    }
}
