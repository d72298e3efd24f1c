//! The bytes of a file, which may repeat a block, so that a large file takes little memory.

use std::ops::Range;

use bytes::Bytes;

/// Bytes that are sent in chunks. Slices share the memory.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    block: Bytes,
    /// Start within the repeated block.
    start: usize,
    len: usize,
}

impl Blob {
    /// Creates a blob of `len` bytes that repeats the block.
    pub(crate) fn repeated(block: Bytes, len: usize) -> Self {
        let len = if block.is_empty() { 0 } else { len };
        Self { block, start: 0, len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the part at `range`, limited to the blob.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len);
        let begin = range.start.min(end);
        Self { block: self.block.clone(), start: self.start + begin, len: end - begin }
    }

    /// Returns the address of the bytes in memory, which is unique while they exist.
    pub(crate) fn address(&self) -> usize {
        self.block.as_ptr() as usize
    }

    /// Copies all bytes.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.clone().flat_map(Vec::from).collect()
    }
}

/// Iterates over the chunks.
impl Iterator for Blob {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.len == 0 {
            return None;
        }
        let begin = self.start % self.block.len();
        let end = self.block.len().min(begin.saturating_add(self.len));
        self.start = begin + (end - begin);
        self.len -= end - begin;
        Some(self.block.slice(begin..end))
    }
}

impl<T: Into<Bytes>> From<T> for Blob {
    fn from(bytes: T) -> Self {
        let block = bytes.into();
        Self { start: 0, len: block.len(), block }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_block_reads_as_one_blob() {
        let blob = Blob::repeated(Bytes::from_static(b"abc"), 8);
        assert_eq!(blob.to_vec(), b"abcabcab");
        assert_eq!(blob.slice(2..7).to_vec(), b"cabca");
        assert_eq!(blob.slice(4..8).slice(1..3).to_vec(), b"ca");
        assert_eq!(blob.slice(3..3).to_vec(), b"");
        assert_eq!(blob.clone().next().unwrap(), "abc");
        assert!(Blob::repeated(Bytes::new(), 8).is_empty());
        assert_eq!(Blob::from("whole").to_vec(), b"whole");
    }
}
