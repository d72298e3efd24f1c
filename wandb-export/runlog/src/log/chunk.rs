//! One chunk of a block.

/// The bytes of a block.
pub(super) const BLOCK: usize = 32 << 10;

/// Checksum, length, type.
pub(super) const HEADER: usize = 7;

/// What of a record a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Full,
    First,
    Middle,
    Last,
}

/// What stands at a place in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunk {
    /// A chunk, and where its data lie.
    Good(Part, std::ops::Range<usize>),
    /// A header of zeros.
    Zeros,
    /// A chunk that ends behind what there is of the block, which is not whole.
    Cut,
    /// A chunk that would end behind the block.
    TooLong,
    /// A chunk whose checksum does not fit, and where it would end.
    BadChecksum(usize),
    /// A chunk of a type that is not known, and where it ends.
    UnknownType(usize),
}

/// The chunk whose header begins at `at`; the block has at least that much.
pub(super) fn chunk(block: &[u8], at: usize) -> Chunk {
    chunk_within(block, at, BLOCK)
}

/// The same of a block that has `size` bytes if it is whole.
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
