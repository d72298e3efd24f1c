//! Records out of a log file: blocks of 32 KiB, chunks with checksums.
//!
//! The layout is `LevelDB`'s, with seven bytes in front: `:W&B`, the number 0xBEE1 and a version. Each chunk has a
//! CRC-32 (IEEE) over type and data, a length, and a type: a full record, or the first, a middle or the last part of
//! one. A chunk does not cross from one block to the next, and what is left at the end of a block and too short for a
//! chunk's header is padding.
//!
//! Blocks begin with the file, so that the first one has seven bytes less for chunks. The core of SDK 0.17.0 to 0.17.5
//! counted them from behind the seven bytes instead. A file does not say which of the two it has: its checksums do.

mod chunk;
mod damage;
mod layout;
mod reader;

pub use damage::{Damage, DamageKind};
pub use reader::{Entry, LogReader, RawRecord};

#[cfg(test)]
pub(crate) mod writing;

#[cfg(test)]
mod tests;
