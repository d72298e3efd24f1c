//! The bytes of a file, which may be a block over and over, so that a large file takes little memory.

use std::ops::Range;

use bytes::Bytes;

/// Bytes that are sent in chunks; slices share them.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    block: Bytes,
    /// Where in the endless repetition of the block it begins.
    start: usize,
    len: usize,
}

impl Blob {
    /// A blob of `len` bytes: the block, and again, until they are all there.
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

    /// The part at `range`, which must lie within.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len);
        let begin = range.start.min(end);
        Self { block: self.block.clone(), start: self.start + begin, len: end - begin }
    }

    /// Where the bytes lie, which they share with nothing else while they are kept.
    pub(crate) fn address(&self) -> usize {
        self.block.as_ptr() as usize
    }

    /// Everything in one piece.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.clone().flat_map(Vec::from).collect()
    }
}

/// Takes the blob apart into chunks.
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
    fn a_repeated_block_reads_as_one_long_text() {
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
