//! Damage in a log file.

use std::fmt;

/// Unreadable bytes in a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Damage {
    /// The offset of the first byte in the file.
    pub offset: u64,
    /// The number of bytes. Reading resumes after them.
    pub bytes: u64,
    /// The kind of damage.
    pub kind: DamageKind,
    /// Whether the bytes extend to the end of the file, so that they may be a record that is still being written.
    pub at_end: bool,
}

/// The reason why bytes are unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// The file does not start with the header of a log.
    Header,
    /// The checksum of a chunk is wrong.
    Checksum,
    /// The length of a chunk exceeds its block.
    Length,
    /// The type of a chunk is unknown.
    Type,
    /// Other parts of the record are missing.
    Parts,
    /// Only zeros, as after a system crash before the data reached the disk.
    Zeros,
    /// The file ends in the middle of a record.
    Cut,
    /// The record exceeds the maximum size.
    TooLarge,
    /// The checksum is correct, but the record cannot be decoded.
    Message,
}

impl DamageKind {
    fn reason(self) -> &'static str {
        match self {
            Self::Header => "the file does not start with the header of a .wandb file",
            Self::Checksum => "checksum mismatch",
            Self::Length => "invalid chunk length",
            Self::Type => "unknown chunk type",
            Self::Parts => "parts of a record are missing",
            Self::Zeros => "only zeros",
            Self::Cut => "the file ends in the middle of a record",
            Self::TooLarge => "record too large",
            Self::Message => "malformed record",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at offset {} cannot be read: {}", self.bytes, self.offset, self.kind.reason())
    }
}
