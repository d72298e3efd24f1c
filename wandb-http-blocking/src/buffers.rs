//! Reusable buffers for the chunks of a body.
//!
//! Chunks are read on one thread and dropped on another. Memory that is allocated on one thread and freed on another
//! returns to the system and comes back page by page, which takes longer than filling it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// The maximum number of reused buffers per body: one is filled, some are queued, one is being consumed. A consumer
/// that holds more chunks gets newly allocated ones.
const MAX_BUFFERS: usize = 6;

/// The buffers of a body.
pub(crate) struct Buffers {
    size: usize,
    /// Buffers lent to chunks, oldest first.
    lent: VecDeque<Bytes>,
    /// A buffer that is not lent.
    spare: Option<BytesMut>,
}

impl Buffers {
    /// Creates an empty set of buffers of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, lent: VecDeque::new(), spare: None }
    }

    /// Returns a buffer to fill.
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

    /// Returns a chunk with the first `length` bytes of the buffer.
    pub(crate) fn chunk(&mut self, buffer: BytesMut, length: usize) -> Bytes {
        // Copy small chunks, so that they do not keep a large buffer alive.
        if length < self.size / 4 {
            let chunk = Bytes::copy_from_slice(&buffer[..length]);
            self.spare = Some(buffer);
            return chunk;
        }
        let buffer = buffer.freeze();
        let chunk = buffer.slice(..length);
        if self.lent.len() < MAX_BUFFERS {
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
    fn buffer_is_reused_once_its_chunk_is_dropped() {
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
    fn kept_chunks_are_not_overwritten() {
        let mut buffers = Buffers::new(64);
        let chunks: Vec<Bytes> = (0..50).map(|byte| filled(&mut buffers, byte, 64)).collect();
        assert!(chunks.iter().zip(0..).all(|(chunk, byte)| chunk.iter().all(|found| *found == byte)));
        assert_eq!(buffers.lent.len(), MAX_BUFFERS);
    }

    #[test]
    fn small_chunk_keeps_no_large_buffer() {
        let mut buffers = Buffers::new(64);
        let small = filled(&mut buffers, 1, 3);
        assert!(small.is_unique() && buffers.lent.is_empty() && buffers.spare.is_some());
    }
}
