//! Where the blocks of a file begin: with the file, or behind its mark.

use std::io::{self, Read};

use super::chunk::{BLOCK, Chunk, HEADER, Part, chunk, chunk_within};

/// What a file begins with: `:W&B`, 0xBEE1, version 0.
pub(super) const MARK: [u8; HEADER] = *b":W&B\xe1\xbe\x00";

/// How many ends of blocks are looked at, where those before are damaged.
const MOST_ENDS: usize = 8;

/// Where blocks begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Layout {
    /// With the file.
    #[default]
    WithFile,
    /// Behind the mark, as the core of SDK 0.17.0 to 0.17.5 wrote them (wandb/wandb #7846, mended by #8088).
    BehindMark,
}

impl Layout {
    /// Where in the file the first block begins.
    pub(super) fn first_block(self) -> u64 {
        match self {
            Self::WithFile => 0,
            Self::BehindMark => HEADER as u64,
        }
    }

    /// Finds the layout of a file. The bytes read meanwhile are left in `bytes`.
    ///
    /// The layouts differ where the first block ends. In a whole file blocks that begin behind the mark always have a chunk
    /// that reaches over that end as the other layout has it. Where the first block is damaged, the first end of a block
    /// counts behind which a chunk with a checksum that fits begins; a chance match is one in four billion.
    pub(super) fn find(source: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Self> {
        extend(source, bytes, BLOCK + HEADER)?;
        if let Some(layout) = by_first_block(bytes) {
            return Ok(layout);
        }
        for end in (1..=MOST_ENDS).map(|block| block * BLOCK) {
            extend(source, bytes, end + BLOCK + HEADER)?;
            if let Some(layout) = by_end(bytes, end) {
                return Ok(layout);
            }
            if bytes.len() < end + BLOCK + HEADER {
                break;
            }
        }
        Ok(Self::default())
    }
}

/// Reads until there are so many bytes, or no more.
fn extend(source: &mut impl Read, bytes: &mut Vec<u8>, to: usize) -> io::Result<()> {
    let more = to.saturating_sub(bytes.len());
    source.take(more as u64).read_to_end(bytes)?;
    Ok(())
}

/// The layout by the chunks of the first block; `None` if one of them is damaged.
fn by_first_block(bytes: &[u8]) -> Option<Layout> {
    let mut at = HEADER;
    loop {
        if at + HEADER > bytes.len() {
            return Some(Layout::WithFile);
        }
        match chunk_within(bytes, at, BLOCK + HEADER) {
            // An empty record might begin there in both layouts.
            Chunk::Good(part, _) if at == BLOCK && part != Part::First => return None,
            Chunk::Good(_, data) if data.end > BLOCK => return Some(Layout::BehindMark),
            Chunk::Good(_, data) => at = data.end,
            // Padding is no chunk.
            _ if at + HEADER > BLOCK => return Some(Layout::WithFile),
            _ => return None,
        }
    }
}

/// The layout by what begins behind the end of a block.
fn by_end(bytes: &[u8], end: usize) -> Option<Layout> {
    let begins = |at: usize| {
        let block = bytes.get(at..bytes.len().min(at + BLOCK)).filter(|block| block.len() >= HEADER)?;
        match chunk(block, 0) {
            Chunk::Good(part, data) => Some((part, data.len())),
            _ => None,
        }
    };
    match begins(end) {
        // What a writer leaves that has room for a header and for nothing else.
        Some((Part::First, 0)) => Some(Layout::BehindMark),
        Some((_, 0)) => None,
        Some(_) => Some(Layout::WithFile),
        None => begins(end + HEADER).map(|_| Layout::BehindMark),
    }
}
