//! Memory for the chunks of a body, used again once their reader is done with them.
//!
//! Chunks are read on one thread and let go on another. Memory that is allocated here and freed there goes back to the system
//! and comes from it again, page by page, which takes longer than filling it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// The most buffers of a body: one is filled, some wait, one is looked at. Whoever holds more chunks gets new memory for each.
const MOST: usize = 6;

/// The buffers of a body.
pub(crate) struct Buffers {
    size: usize,
    /// Those that chunks have been made of, the oldest first.
    lent: VecDeque<Bytes>,
    /// One that no chunk has been made of.
    spare: Option<BytesMut>,
}

impl Buffers {
    /// No buffers yet, of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, lent: VecDeque::new(), spare: None }
    }

    /// A buffer to be filled.
    pub(crate) fn take(&mut self) -> BytesMut {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        if let Some(oldest) = self.lent.pop_front() {
            match oldest.try_into_mut() {
                Ok(buffer) => return buffer,
                Err(in_use) => self.lent.push_front(in_use),
            }
        }
        BytesMut::zeroed(self.size)
    }

    /// A chunk of the first `length` bytes.
    pub(crate) fn chunk(&mut self, buffer: BytesMut, length: usize) -> Bytes {
        // Whoever keeps a small chunk is not to keep a large buffer with it.
        if length < self.size / 4 {
            let chunk = Bytes::copy_from_slice(&buffer[..length]);
            self.spare = Some(buffer);
            return chunk;
        }
        let buffer = buffer.freeze();
        let chunk = buffer.slice(..length);
        if self.lent.len() < MOST {
            self.lent.push_back(buffer);
        }
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(buffers: &mut Buffers, byte: u8, length: usize) -> Bytes {
        let mut buffer = buffers.take();
        assert_eq!(buffer.len(), 64);
        buffer[..length].fill(byte);
        buffers.chunk(buffer, length)
    }

    #[test]
    fn a_buffer_is_used_again_once_its_chunk_is_gone() {
        let mut buffers = Buffers::new(64);
        let first = filled(&mut buffers, 1, 64);
        let at = first.as_ptr();
        let second = filled(&mut buffers, 2, 60);
        assert_eq!((&first[..], &second[..]), (&[1; 64][..], &[2; 60][..]));
        drop(first);
        assert_eq!(filled(&mut buffers, 3, 64).as_ptr(), at);
        assert_eq!(second, [2; 60][..]);
    }

    #[test]
    fn chunks_that_are_kept_stay_as_they_are() {
        let mut buffers = Buffers::new(64);
        let chunks: Vec<Bytes> = (0..50).map(|byte| filled(&mut buffers, byte, 64)).collect();
        assert!(chunks.iter().zip(0..).all(|(chunk, byte)| chunk.iter().all(|found| *found == byte)));
        assert_eq!(buffers.lent.len(), MOST);
    }

    #[test]
    fn a_small_chunk_keeps_no_large_buffer() {
        let mut buffers = Buffers::new(64);
        let small = filled(&mut buffers, 1, 3);
        assert!(small.is_unique() && buffers.lent.is_empty() && buffers.spare.is_some());
    }
}
