//! What could not be read of a file.

use std::fmt;

/// Bytes of a file that could not be read, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Damage {
    /// Where in the file they begin.
    pub offset: u64,
    /// How many there are. Reading has gone on behind them.
    pub bytes: u64,
    /// What is the matter.
    pub kind: DamageKind,
    /// Whether the file ends with them, so that they may be a record that is still being written.
    pub at_end: bool,
}

/// Why bytes of a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// The file does not begin as such files do.
    Header,
    /// A checksum does not fit.
    Checksum,
    /// A length leads out of its block.
    Length,
    /// A chunk is of no known type.
    Type,
    /// Parts of a record whose other parts are missing.
    Parts,
    /// Nothing but zeros, as a file has where the system crashed before its data were on the disk.
    Zeros,
    /// The file ends in the middle of a record.
    Cut,
    /// A record is larger than any that is read.
    TooLarge,
    /// The checksum fits, but the record makes no sense.
    Message,
}

impl DamageKind {
    fn reason(self) -> &'static str {
        match self {
            Self::Header => "the file does not begin with the mark of a .wandb file",
            Self::Checksum => "a checksum does not fit",
            Self::Length => "a length makes no sense",
            Self::Type => "a chunk is of no known type",
            Self::Parts => "parts of a record are missing",
            Self::Zeros => "there are only zeros",
            Self::Cut => "the file ends in the middle of a record",
            Self::TooLarge => "a record is too large to be one",
            Self::Message => "a record makes no sense",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at offset {} cannot be read: {}", self.bytes, self.offset, self.kind.reason())
    }
}
