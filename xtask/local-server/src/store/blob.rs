//! The bytes of a file, which may repeat a block, so that a large file takes little memory.
//!
//! The last bytes may differ from the block, so that many large files with a block in common have different digests.

use std::ops::Range;

use bytes::Bytes;

/// Bytes that are sent in chunks. Slices share the memory.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    block: Bytes,
    /// Start within the repeated block.
    start: usize,
    /// Length of the repeated part.
    len: usize,
    /// Bytes after the repeated part.
    tail: Bytes,
}

impl Blob {
    /// Creates a blob of `len` bytes that repeats the block.
    pub(crate) fn repeated(block: Bytes, len: usize) -> Self {
        Self::repeated_before(block, len, Bytes::new())
    }

    /// Creates a blob that repeats the block for `len` bytes and then has the bytes of `tail`.
    pub(crate) fn repeated_before(block: Bytes, len: usize, tail: Bytes) -> Self {
        let len = if block.is_empty() { 0 } else { len };
        Self { block, start: 0, len, tail }
    }

    pub(crate) fn len(&self) -> usize {
        self.len + self.tail.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the part at `range`, limited to the blob.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let begin = range.start.min(end);
        let (first, last) = (begin.min(self.len), end.min(self.len));
        let tail = self.tail.slice(begin.max(self.len) - self.len..end.max(self.len) - self.len);
        Self { block: self.block.clone(), start: self.start + first, len: last - first, tail }
    }

    /// Returns the address in memory of the bytes that only this blob has, which is unique while they exist.
    pub(crate) fn address(&self) -> usize {
        let own = if self.tail.is_empty() { &self.block } else { &self.tail };
        own.as_ptr() as usize
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
            return Some(std::mem::take(&mut self.tail)).filter(|tail| !tail.is_empty());
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
        Self { start: 0, len: block.len(), block, tail: Bytes::new() }
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

    #[test]
    fn tail_follows_the_repeated_block() {
        let blob = Blob::repeated_before(Bytes::from_static(b"abc"), 5, Bytes::from_static(b"XYZ"));
        assert_eq!((blob.len(), blob.to_vec()), (8, b"abcabXYZ".to_vec()));
        for (range, part) in
            [(0..2, "ab"), (3..6, "abX"), (6..7, "Y"), (6..99, "YZ"), (8..9, ""), (1..8, "bcabXYZ")]
        {
            assert_eq!(blob.slice(range).to_vec(), part.as_bytes());
        }
        assert_eq!(blob.slice(4..8).slice(1..3).to_vec(), b"XY");
        assert!(blob.slice(5..5).is_empty());
    }
}
