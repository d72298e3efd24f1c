//! A dictionary too large for memory, with its values in an unnamed temporary file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use parquet::basic::Type;
use parquet::errors::{ParquetError, Result};

use super::split::ValueLength;

/// Maximum number of values of such a dictionary. Each takes eight bytes of memory.
const MAX_VALUES: usize = 4 << 20;

/// The values of a dictionary, in the format of a plain page.
#[derive(Debug)]
pub(super) struct Dictionary {
    file: File,
    /// The end of each value. The first starts at 0.
    ends: Vec<u64>,
}

impl Dictionary {
    /// Reads `count` plain values.
    pub(super) fn read(mut plain: impl Read, count: u32, width: ValueLength) -> Result<Self> {
        let too_many = || ParquetError::General(format!("a dictionary has {count} values of many bytes"));
        let count = usize::try_from(count).ok().filter(|count| *count <= MAX_VALUES).ok_or_else(too_many)?;
        let mut file = BufWriter::new(tempfile::tempfile()?);
        let (mut ends, mut end) = (Vec::new(), 0);
        for _ in 0..count {
            let (prefix, length) = width.read_length(&mut plain)?;
            file.write_all(&prefix)?;
            let copied = io::copy(&mut plain.by_ref().take(length), &mut file)?;
            if copied < length {
                return Err(ParquetError::EOF("a dictionary ends within a value".to_owned()));
            }
            end += prefix.len() as u64 + length;
            ends.push(end);
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file, ends })
    }

    /// Appends a value to a plain page.
    pub(super) fn append(&mut self, index: u32, page: &mut Vec<u8>) -> Result<()> {
        let missing = || ParquetError::General(format!("a dictionary has no value {index}"));
        let index = usize::try_from(index).map_err(|_| missing())?;
        let end = *self.ends.get(index).ok_or_else(missing)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.file.seek(SeekFrom::Start(start))?;
        let copied = (&self.file).take(end - start).read_to_end(page)?;
        if copied as u64 == end - start { Ok(()) } else { Err(missing()) }
    }
}

/// Returns whether values of a type can be read one by one.
pub(super) fn is_divisible(column_type: Type) -> bool {
    column_type != Type::BOOLEAN
}
