//! Reads records from a log file, which consists of 32 KiB blocks of chunks with checksums.
//!
//! The layout is `LevelDB`'s after a 7-byte header: `:W&B`, the number 0xBEE1 and a version. Each chunk has a CRC-32
//! (IEEE) of its type and data, a length, and a type: a full record, or the first, a middle or the last part of one. A
//! chunk does not cross blocks. A rest of a block that is too short for a chunk header is padding.
//!
//! Blocks start at the beginning of the file, so the first one has seven bytes less for chunks. The core of SDK 0.17.0
//! to 0.17.5 started them after the header instead. A file does not record its layout; its checksums reveal it.

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
