//! The chunks of a block.

/// Size of a block in bytes.
pub(super) const BLOCK: usize = 32 << 10;

/// Size of a chunk header in bytes: checksum, length, type.
pub(super) const HEADER: usize = 7;

/// The part of a record in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Full,
    First,
    Middle,
    Last,
}

/// The chunk at a position in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunk {
    /// A valid chunk, with the range of its data.
    Good(Part, std::ops::Range<usize>),
    /// A header of zeros.
    Zeros,
    /// A chunk that extends beyond the available part of an incomplete block.
    Cut,
    /// A chunk that would extend beyond its block.
    TooLong,
    /// A chunk with a wrong checksum, and its presumed end.
    BadChecksum(usize),
    /// A chunk of an unknown type, and its end.
    UnknownType(usize),
}

/// Reads the chunk whose header is at `at`. The block must contain the header.
pub(super) fn chunk(block: &[u8], at: usize) -> Chunk {
    chunk_within(block, at, BLOCK)
}

/// Reads a chunk like [`chunk`], in a block whose full size is `size`.
pub(super) fn chunk_within(block: &[u8], at: usize, size: usize) -> Chunk {
    let header = &block[at..at + HEADER];
    if header.iter().all(|&byte| byte == 0) {
        return Chunk::Zeros;
    }
    let checksum = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let data = at + HEADER..at + HEADER + usize::from(u16::from_le_bytes([header[4], header[5]]));
    if data.end > size {
        return Chunk::TooLong;
    }
    if data.end > block.len() {
        return Chunk::Cut;
    }
    if crc32fast::hash(&block[data.start - 1..data.end]) != checksum {
        return Chunk::BadChecksum(data.end);
    }
    match header[6] {
        1 => Chunk::Good(Part::Full, data),
        2 => Chunk::Good(Part::First, data),
        3 => Chunk::Good(Part::Middle, data),
        4 => Chunk::Good(Part::Last, data),
        _ => Chunk::UnknownType(data.end),
    }
}
