//! A reader of Thrift's compact protocol that does not allocate. Checks the claims of Parquet headers before they are
//! parsed (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>).

/// Maximum nesting of structs, lists and maps. Parquet's own headers need about ten levels.
const MAX_LEVELS: u32 = 32;

/// The kind of a field, from the low four bits of its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(u8);

impl Kind {
    const TRUE: Self = Self(1);
    const FALSE: Self = Self(2);
    const BYTE: Self = Self(3);
    const I16: Self = Self(4);
    const I32: Self = Self(5);
    const I64: Self = Self(6);
    const DOUBLE: Self = Self(7);
    const BINARY: Self = Self(8);
    const LIST: Self = Self(9);
    const SET: Self = Self(10);
    const MAP: Self = Self(11);
    const STRUCT: Self = Self(12);

    /// Returns the value of a boolean, which the field header contains.
    pub(super) fn as_bool(self) -> Option<bool> {
        match self {
            Self::TRUE => Some(true),
            Self::FALSE => Some(false),
            _ => None,
        }
    }

    pub(super) fn is_struct(self) -> bool {
        self == Self::STRUCT
    }

    pub(super) fn is_integer(self) -> bool {
        matches!(self, Self::I16 | Self::I32 | Self::I64)
    }
}

/// The error for bytes that are not Thrift, or that are nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A cursor over a struct in the compact protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompactReader<'b> {
    left: &'b [u8],
}

impl<'b> CompactReader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { left: bytes }
    }

    /// Returns how many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.left.len()
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let (&first, rest) = self.left.split_first().ok_or(Malformed)?;
        self.left = rest;
        Ok(first)
    }

    fn advance(&mut self, bytes: u64) -> Result<(), Malformed> {
        let bytes = usize::try_from(bytes).map_err(|_| Malformed)?;
        self.left = self.left.get(bytes..).ok_or(Malformed)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    /// Reads a signed integer of any width.
    pub(super) fn integer(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Calls `visit` with the id and kind of each field of a struct. `visit` reads the field's value, or returns
    /// false to skip it.
    pub(super) fn fields(
        &mut self,
        mut visit: impl FnMut(&mut Self, i64, Kind) -> Result<bool, Malformed>,
    ) -> Result<(), Malformed> {
        let mut id = 0_i64;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            id = match header >> 4 {
                0 => self.integer()?,
                delta => id.checked_add(i64::from(delta)).ok_or(Malformed)?,
            };
            let kind = Kind(header & 0x0f);
            if !visit(self, id, kind)? {
                self.skip(kind, MAX_LEVELS)?;
            }
        }
    }

    /// Reads the header of a list of structs and returns their number.
    pub(super) fn structs(&mut self, kind: Kind) -> Result<u64, Malformed> {
        let (count, element) = self.list()?;
        if kind != Kind::LIST || element != Kind::STRUCT || count > self.left.len() as u64 {
            return Err(Malformed);
        }
        Ok(count)
    }

    fn list(&mut self) -> Result<(u64, Kind), Malformed> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Ok((count, Kind(header & 0x0f)))
    }

    fn skip(&mut self, kind: Kind, levels: u32) -> Result<(), Malformed> {
        let levels = levels.checked_sub(1).ok_or(Malformed)?;
        match kind {
            Kind::TRUE | Kind::FALSE => Ok(()),
            Kind::BYTE => self.advance(1),
            Kind::I16 | Kind::I32 | Kind::I64 => self.varint().map(drop),
            Kind::DOUBLE => self.advance(8),
            Kind::BINARY => {
                let length = self.varint()?;
                self.advance(length)
            }
            Kind::LIST | Kind::SET => {
                let (count, element) = self.list()?;
                self.skip_elements(count, &[element], levels)
            }
            Kind::MAP => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                self.skip_elements(count, &[Kind(kinds >> 4), Kind(kinds & 0x0f)], levels)
            }
            Kind::STRUCT => loop {
                let header = self.byte()?;
                if header == 0 {
                    return Ok(());
                }
                if header >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(Kind(header & 0x0f), levels)?;
            },
            _ => Err(Malformed),
        }
    }

    fn skip_elements(&mut self, count: u64, kinds: &[Kind], levels: u32) -> Result<(), Malformed> {
        // Each element takes at least a byte, so the remaining bytes limit the work that a count can cause.
        if count > self.left.len() as u64 {
            return Err(Malformed);
        }
        for _ in 0..count {
            for &kind in kinds {
                // A boolean takes a byte in a list, but none in a struct.
                match kind {
                    Kind::TRUE | Kind::FALSE => self.advance(1)?,
                    kind => self.skip(kind, levels)?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_zigzag() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0x80, 1], 64),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], -2_147_483_648),
        ] {
            assert_eq!(CompactReader::new(bytes).integer(), Ok(value));
        }
        assert_eq!(CompactReader::new(&[0xff; 11]).integer(), Err(Malformed));
    }

    #[test]
    fn deep_nesting_is_malformed_without_recursion() {
        let deep = vec![0x1c; 1 << 20];
        assert_eq!(CompactReader::new(&deep).fields(|_, _, _| Ok(false)), Err(Malformed));
        let lists = vec![0x19; 1 << 20];
        assert_eq!(CompactReader::new(&lists).fields(|_, _, _| Ok(false)), Err(Malformed));
    }

    #[test]
    fn counts_beyond_the_bytes_are_malformed() {
        // Field 1 is a list of 2^35 booleans.
        let list = [0x19, 0xf1, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0];
        assert_eq!(CompactReader::new(&list).fields(|_, _, _| Ok(false)), Err(Malformed));
    }
}
