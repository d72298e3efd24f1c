//! Detects where the blocks of a file start: at its beginning or after its header.

use std::io::{self, Read};

use super::chunk::{BLOCK, Chunk, HEADER, Part, chunk, chunk_within};

/// The header of a file: `:W&B`, 0xBEE1, version 0.
pub(super) const FILE_HEADER: [u8; HEADER] = *b":W&B\xe1\xbe\x00";

/// Maximum number of block boundaries to examine in a damaged file.
const MAX_BOUNDARIES: usize = 8;

/// The start of the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Layout {
    /// At the beginning of the file.
    #[default]
    AtStart,
    /// After the header, as written by the core of SDK 0.17.0 to 0.17.5 (wandb/wandb #7846, fixed by #8088).
    AfterHeader,
}

impl Layout {
    /// The offset of the first block in the file.
    pub(super) fn first_block(self) -> u64 {
        match self {
            Self::AtStart => 0,
            Self::AfterHeader => HEADER as u64,
        }
    }

    /// Detects the layout of a file. Keeps the bytes read from `source` in `bytes`.
    ///
    /// The layouts differ at the end of the first block. In an undamaged file with blocks after the header, a chunk
    /// always crosses the boundary that the other layout expects. If the first block is damaged, the first boundary
    /// followed by a chunk with a valid checksum decides; a chance match has a probability of one in four billion.
    pub(super) fn find(source: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Self> {
        extend(source, bytes, BLOCK + HEADER)?;
        if let Some(layout) = by_first_block(bytes) {
            return Ok(layout);
        }
        for end in (1..=MAX_BOUNDARIES).map(|block| block * BLOCK) {
            extend(source, bytes, end + BLOCK + HEADER)?;
            if let Some(layout) = by_boundary(bytes, end) {
                return Ok(layout);
            }
            if bytes.len() < end + BLOCK + HEADER {
                break;
            }
        }
        Ok(Self::default())
    }
}

/// Reads until `bytes` has `to` bytes, or to the end of the source.
fn extend(source: &mut impl Read, bytes: &mut Vec<u8>, to: usize) -> io::Result<()> {
    let more = to.saturating_sub(bytes.len());
    source.take(more as u64).read_to_end(bytes)?;
    Ok(())
}

/// Detects the layout by the chunks of the first block; `None` if one of them is damaged.
fn by_first_block(bytes: &[u8]) -> Option<Layout> {
    let mut at = HEADER;
    loop {
        if at + HEADER > bytes.len() {
            return Some(Layout::AtStart);
        }
        match chunk_within(bytes, at, BLOCK + HEADER) {
            // An empty record might start here in both layouts.
            Chunk::Good(part, _) if at == BLOCK && part != Part::First => return None,
            Chunk::Good(_, data) if data.end > BLOCK => return Some(Layout::AfterHeader),
            Chunk::Good(_, data) => at = data.end,
            // The rest is padding, which has no chunk header.
            _ if at + HEADER > BLOCK => return Some(Layout::AtStart),
            _ => return None,
        }
    }
}

/// Detects the layout by the chunk after a block boundary.
fn by_boundary(bytes: &[u8], end: usize) -> Option<Layout> {
    let begins = |at: usize| {
        let block = bytes.get(at..bytes.len().min(at + BLOCK)).filter(|block| block.len() >= HEADER)?;
        match chunk(block, 0) {
            Chunk::Good(part, data) => Some((part, data.len())),
            _ => None,
        }
    };
    match begins(end) {
        // A writer leaves an empty first part if a block only has room for a header.
        Some((Part::First, 0)) => Some(Layout::AfterHeader),
        Some((_, 0)) => None,
        Some(_) => Some(Layout::AtStart),
        None => begins(end + HEADER).map(|_| Layout::AfterHeader),
    }
}
