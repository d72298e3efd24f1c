//! Reads page headers one after the other, without the pages.

use parquet::basic::Encoding;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::ChunkReader;

use super::super::thrift::{CompactReader, Malformed};

/// Bytes in which a header is expected. Only one with long texts in its statistics is longer.
const USUAL_HEADER: u64 = 1 << 10;
const MAX_HEADER: u64 = 16 << 20;

/// The header of a page, and the position of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// The offset of the body in the file.
    pub(super) body: u64,
    /// The length of the body in the file; `uncompressed` is its decompressed length.
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
    pub(super) content: PageContent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageContent {
    Dictionary {
        values: u32,
        encoding: Encoding,
    },
    Data {
        values: u32,
        encoding: Encoding,
        levels: Levels,
    },
    /// An index, which is not used.
    Other,
}

/// The position of a data page's levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Levels {
    /// Before the values and compressed with them, each preceded by its length.
    WithValues { repetition: Encoding, definition: Encoding },
    /// Before the values, uncompressed, with these lengths.
    Separate { repetition: u64, definition: u64, is_compressed: bool },
}

/// Iterates over the page headers of a column chunk. Ends after the first error.
#[derive(Debug)]
pub(super) struct PageHeaders<R> {
    file: R,
    next: u64,
    end: u64,
}

impl<R: ChunkReader> PageHeaders<R> {
    pub(super) fn new(file: R, (start, length): (u64, u64)) -> Self {
        Self { file, next: start, end: start.saturating_add(length) }
    }

    fn read(&mut self) -> Result<PageHeader> {
        let left = self.end - self.next;
        let header = match self.parse(left.min(USUAL_HEADER)) {
            Err(_) if left > USUAL_HEADER => self.parse(left.min(MAX_HEADER)),
            header => header,
        };
        let header = header.map_err(|message| ParquetError::General(message.to_owned()))?;
        self.next = header.body + header.compressed;
        Ok(header)
    }

    fn parse(&self, length: u64) -> std::result::Result<PageHeader, &'static str> {
        let length = usize::try_from(length).map_err(|_| "a page header is too long")?;
        let bytes = self.file.get_bytes(self.next, length).map_err(|_| "a page header is missing")?;
        let mut cursor = CompactReader::new(&bytes);
        let fields = HeaderFields::read(&mut cursor).map_err(|Malformed| "a page header cannot be read")?;
        let body = self.next + (bytes.len() - cursor.remaining()) as u64;
        let header = fields.header(body).ok_or("a page header lacks a field, or has one out of range")?;
        if header.compressed > self.end.saturating_sub(body) {
            return Err("a page is longer than its column");
        }
        Ok(header)
    }
}

impl<R: ChunkReader> Iterator for PageHeaders<R> {
    type Item = Result<PageHeader>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let header = self.read();
        if header.is_err() {
            self.next = self.end;
        }
        Some(header)
    }
}

/// The integers of a header by their ids in `PageHeader` and in the struct within it
/// (<https://github.com/apache/parquet-format>).
#[derive(Debug, Default)]
struct HeaderFields {
    uncompressed: i64,
    compressed: i64,
    /// The id of the inner struct, and its fields from 1 on.
    kind: i64,
    inner: [Option<i64>; 8],
}

const DATA: i64 = 5;
const DICTIONARY: i64 = 7;
const DATA_V2: i64 = 8;

impl HeaderFields {
    fn read(cursor: &mut CompactReader<'_>) -> std::result::Result<Self, Malformed> {
        let mut fields = Self { uncompressed: -1, compressed: -1, ..Self::default() };
        cursor.fields(|cursor, id, kind| {
            match id {
                2 if kind.is_integer() => fields.uncompressed = cursor.integer()?,
                3 if kind.is_integer() => fields.compressed = cursor.integer()?,
                DATA | DICTIONARY | DATA_V2 if kind.is_struct() => {
                    fields.kind = id;
                    cursor.fields(|cursor, id, kind| {
                        let slot = usize::try_from(id - 1).ok().and_then(|at| fields.inner.get_mut(at));
                        let Some(slot) = slot else { return Ok(false) };
                        match kind.as_bool() {
                            Some(flag) => *slot = Some(i64::from(flag)),
                            None if kind.is_integer() => *slot = Some(cursor.integer()?),
                            None => return Ok(false),
                        }
                        Ok(true)
                    })?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(fields)
    }

    fn header(&self, body: u64) -> Option<PageHeader> {
        let number = |id: usize| self.inner.get(id - 1).copied().flatten();
        let count = |id| number(id).and_then(|number| u32::try_from(number).ok());
        let content = match self.kind {
            DICTIONARY => PageContent::Dictionary { values: count(1)?, encoding: encoding(number(2)?)? },
            DATA => {
                let levels = Levels::WithValues {
                    definition: encoding(number(3)?)?,
                    repetition: encoding(number(4)?)?,
                };
                PageContent::Data { values: count(1)?, encoding: encoding(number(2)?)?, levels }
            }
            DATA_V2 => {
                let levels = Levels::Separate {
                    definition: count(5)?.into(),
                    repetition: count(6)?.into(),
                    is_compressed: number(7).is_none_or(|flag| flag != 0),
                };
                PageContent::Data { values: count(1)?, encoding: encoding(number(4)?)?, levels }
            }
            _ => PageContent::Other,
        };
        let (compressed, uncompressed) = (self.compressed, self.uncompressed);
        let compressed = u32::try_from(compressed).ok()?.into();
        Some(PageHeader { body, compressed, uncompressed: u32::try_from(uncompressed).ok()?.into(), content })
    }
}

/// Returns `None` for an unknown or obsolete encoding.
fn encoding(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        #[expect(deprecated, reason = "old files use it for levels that do not exist")]
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return None,
    })
}
