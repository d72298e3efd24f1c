//! Reads the pages of a column chunk, and splits large ones into small ones.

use std::io::{self, BufReader, Read};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

use super::MAX_PAGE;
use super::dictionary::{Dictionary, is_divisible};
use super::header::{Levels, PageContent, PageHeader, PageHeaders};
use super::inflate::{FileSection, decompress};
use super::rle::{RleReader, RleWriter, bit_width};

/// Target size of a small page in bytes, unless a single value is larger.
const PIECE: usize = 512 << 10;

/// Maximum number of values of a small page. The levels of long runs take no bytes, but use memory once decoded.
const MAX_VALUES: u32 = 256 << 10;

/// Number of bytes decompressed at once.
const READ_AT_ONCE: usize = 32 << 10;

/// Maximum bytes of the levels or dictionary indexes of a page.
const MAX_RUNS: u64 = 32 << 20;

/// The length of a value in a plain page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueLength {
    /// Given by the four bytes before the value.
    Prefixed,
    Fixed(u64),
}

impl ValueLength {
    fn of(column: &ColumnChunkMetaData) -> Self {
        match column.column_type() {
            Type::BYTE_ARRAY => Self::Prefixed,
            Type::INT32 | Type::FLOAT => Self::Fixed(4),
            Type::INT96 => Self::Fixed(12),
            Type::FIXED_LEN_BYTE_ARRAY => {
                Self::Fixed(u64::try_from(column.column_descr().type_length()).unwrap_or(0))
            }
            Type::INT64 | Type::DOUBLE | Type::BOOLEAN => Self::Fixed(8),
        }
    }

    /// Reads the prefix of a value. Returns the prefix and the value's length.
    pub(super) fn read_length(self, plain: &mut impl Read) -> io::Result<(Vec<u8>, u64)> {
        match self {
            Self::Fixed(length) => Ok((Vec::new(), length)),
            Self::Prefixed => {
                let mut prefix = [0; 4];
                plain.read_exact(&mut prefix)?;
                Ok((prefix.to_vec(), u32::from_le_bytes(prefix).into()))
            }
        }
    }
}

/// Reads the pages of a column chunk. Pages that were split are plain version 1 pages.
pub(super) struct SplitPages<R> {
    file: R,
    headers: PageHeaders<R>,
    codec: Compression,
    column_type: Type,
    width: ValueLength,
    /// The maximum repetition and definition levels.
    levels: (i16, i16),
    dictionary: Option<Dictionary>,
    /// The page that is being split.
    page: Option<PartialPage>,
    /// A page that was peeked at but not read.
    peeked: Option<Page>,
}

/// A page of which some pieces have been returned.
struct PartialPage {
    values_left: u32,
    repetition: Option<RleReader>,
    definition: Option<RleReader>,
    values: PageValues,
}

enum PageValues {
    Plain(Box<dyn Read + Send>),
    Indexed(RleReader),
}

impl<R: ChunkReader + Clone + 'static> SplitPages<R> {
    pub(super) fn new(file: R, column: &ColumnChunkMetaData) -> Self {
        let descriptor = column.column_descr();
        Self {
            headers: PageHeaders::new(file.clone(), column.byte_range()),
            file,
            codec: column.compression(),
            column_type: column.column_type(),
            width: ValueLength::of(column),
            levels: (descriptor.max_rep_level(), descriptor.max_def_level()),
            dictionary: None,
            page: None,
            peeked: None,
        }
    }

    fn read(&mut self) -> Result<Option<Page>> {
        loop {
            if let Some(mut page) = self.page.take() {
                if page.values_left > 0 {
                    let piece = self.next_piece(&mut page)?;
                    self.page = Some(page);
                    return Ok(Some(piece));
                }
                continue;
            }
            let Some(header) = self.headers.next().transpose()? else { return Ok(None) };
            match header.content {
                PageContent::Dictionary { values, encoding } => {
                    let plain = self.open_body(&header, 0, header.compressed, true)?;
                    if header.uncompressed > MAX_PAGE {
                        if !is_divisible(self.column_type) {
                            return Err(indivisible(&header, encoding));
                        }
                        self.dictionary = Some(Dictionary::read(plain, values, self.width)?);
                        continue;
                    }
                    let buf = read_exactly(plain, header.uncompressed)?;
                    return Ok(Some(Page::DictionaryPage {
                        buf,
                        num_values: values,
                        encoding,
                        is_sorted: false,
                    }));
                }
                PageContent::Data { values, encoding, levels } => {
                    if let Some(page) = self.begin_page(&header, values, encoding, levels)? {
                        return Ok(Some(page));
                    }
                }
                PageContent::Other => {}
            }
        }
    }

    /// Returns a part of a page's body, decompressed.
    fn open_body(
        &self,
        header: &PageHeader,
        skipped: u64,
        length: u64,
        is_compressed: bool,
    ) -> Result<Box<dyn Read + Send>> {
        let section = FileSection::new(self.file.clone(), header.body + skipped, length);
        let codec = if is_compressed { self.codec } else { Compression::UNCOMPRESSED };
        let limit = header.uncompressed.saturating_sub(skipped);
        Ok(Box::new(BufReader::with_capacity(READ_AT_ONCE, decompress(section, codec)?.take(limit))))
    }

    /// Starts a data page. Returns it if it is small and can stay unchanged, and splits it otherwise.
    fn begin_page(
        &mut self,
        header: &PageHeader,
        values: u32,
        encoding: Encoding,
        levels: Levels,
    ) -> Result<Option<Page>> {
        let is_indexed = matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
        let is_resolved = is_indexed && self.dictionary.is_some();
        let is_small = header.uncompressed <= MAX_PAGE;
        if !is_small && !is_resolved && (encoding != Encoding::PLAIN || !is_divisible(self.column_type)) {
            return Err(indivisible(header, encoding));
        }
        let (repetition, definition, mut plain) = self.read_levels(header, levels)?;
        if is_small && !is_resolved {
            let mut buf = Vec::new();
            for (bytes, max) in [(&repetition, self.levels.0), (&definition, self.levels.1)] {
                if max > 0 {
                    let length = u32::try_from(bytes.len()).map_err(|_| indivisible(header, encoding))?;
                    buf.extend_from_slice(&length.to_le_bytes());
                    buf.extend_from_slice(bytes);
                }
            }
            plain.read_to_end(&mut buf)?;
            return Ok(Some(data_page(buf, values, encoding)));
        }
        let values_of = if is_resolved {
            let mut width = [0];
            let has_values = plain.read(&mut width)? == 1;
            let indices = read_at_most(plain, MAX_RUNS)?;
            PageValues::Indexed(RleReader::new(indices, if has_values { width[0] } else { 0 }))
        } else {
            PageValues::Plain(plain)
        };
        let runs = |bytes, max| (max > 0).then(|| RleReader::new(bytes, bit_width(max)));
        self.page = Some(PartialPage {
            values_left: values,
            repetition: runs(repetition, self.levels.0),
            definition: runs(definition, self.levels.1),
            values: values_of,
        });
        Ok(None)
    }

    /// Reads the levels of a page, without their lengths. Returns them and the rest of the page.
    fn read_levels(
        &self,
        header: &PageHeader,
        levels: Levels,
    ) -> Result<(Bytes, Bytes, Box<dyn Read + Send>)> {
        match levels {
            Levels::WithValues { repetition, definition } => {
                let mut plain = self.open_body(header, 0, header.compressed, true)?;
                let mut read = |encoding, max: i16| {
                    if max == 0 {
                        return Ok(Bytes::new());
                    }
                    if encoding != Encoding::RLE {
                        return Err(indivisible(header, encoding));
                    }
                    let mut length = [0; 4];
                    plain.read_exact(&mut length)?;
                    read_runs(&mut plain, u32::from_le_bytes(length).into())
                };
                let (repetition, definition) =
                    (read(repetition, self.levels.0)?, read(definition, self.levels.1)?);
                Ok((repetition, definition, plain))
            }
            Levels::Separate { repetition, definition, is_compressed } => {
                let length = repetition + definition;
                let Some(rest) = header.compressed.checked_sub(length) else {
                    return Err(ParquetError::EOF(
                        "the levels of a page are longer than the page".to_owned(),
                    ));
                };
                let mut plain = self.open_body(header, 0, length, false)?;
                let levels = (read_runs(&mut plain, repetition)?, read_runs(&mut plain, definition)?);
                // A page without values has nothing to decompress.
                let is_compressed = is_compressed && rest > 0;
                Ok((levels.0, levels.1, self.open_body(header, length, rest, is_compressed)?))
            }
        }
    }

    /// Returns the next piece of a page.
    fn next_piece(&mut self, page: &mut PartialPage) -> Result<Page> {
        let missing = || ParquetError::EOF("a page ends before its levels do".to_owned());
        let mut repetition = RleWriter::new(bit_width(self.levels.0));
        let mut definition = RleWriter::new(bit_width(self.levels.1));
        let (mut values, mut count) = (Vec::new(), 0_u32);
        while page.values_left > 0
            && count < MAX_VALUES
            && values.len() + repetition.len() + definition.len() < PIECE
        {
            if let Some(runs) = &mut page.repetition {
                repetition.push(runs.next().ok_or_else(missing)?);
            }
            let mut has_value = true;
            if let Some(runs) = &mut page.definition {
                let level = runs.next().ok_or_else(missing)?;
                definition.push(level);
                has_value = level == u32::from(self.levels.1.unsigned_abs());
            }
            if has_value {
                self.append(&mut page.values, &mut values)?;
            }
            page.values_left -= 1;
            count += 1;
        }
        let mut buf = Vec::with_capacity(values.len() + repetition.len() + definition.len() + 64);
        for (runs, max) in [(repetition, self.levels.0), (definition, self.levels.1)] {
            if max > 0 {
                runs.write(&mut buf);
            }
        }
        buf.extend_from_slice(&values);
        Ok(data_page(buf, count, Encoding::PLAIN))
    }

    fn append(&mut self, source: &mut PageValues, values: &mut Vec<u8>) -> Result<()> {
        match source {
            PageValues::Plain(plain) => {
                let (prefix, length) = self.width.read_length(plain)?;
                values.extend_from_slice(&prefix);
                let read = plain.take(length).read_to_end(values)?;
                if read as u64 == length {
                    return Ok(());
                }
            }
            PageValues::Indexed(indices) => {
                if let (Some(index), Some(dictionary)) = (indices.next(), &mut self.dictionary) {
                    return dictionary.append(index, values);
                }
            }
        }
        Err(ParquetError::EOF("a page ends within its values".to_owned()))
    }
}

fn data_page(buf: Vec<u8>, num_values: u32, encoding: Encoding) -> Page {
    Page::DataPage {
        buf: buf.into(),
        num_values,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }
}

fn indivisible(header: &PageHeader, encoding: Encoding) -> ParquetError {
    let bytes = header.uncompressed;
    let message = format!(
        "a page of {bytes} bytes is encoded as {encoding}, which cannot be read in pieces (read the history with \
         --source live)"
    );
    ParquetError::General(message)
}

fn read_exactly(plain: impl Read, length: u64) -> Result<Bytes> {
    let bytes = read_at_most(plain, length)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(ParquetError::EOF("a page is shorter than it claims".to_owned()))
}

fn read_runs(plain: &mut impl Read, length: u64) -> Result<Bytes> {
    if length > MAX_RUNS {
        return Err(ParquetError::General(format!("the levels of a page have {length} bytes")));
    }
    read_exactly(plain.take(length), length)
}

/// Reads everything, and fails if it is longer than `most`.
fn read_at_most(plain: impl Read, max: u64) -> Result<Bytes> {
    let mut bytes = Vec::new();
    plain.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(ParquetError::General(format!("a part of a page is longer than {max} bytes")));
    }
    Ok(bytes.into())
}

impl<R: ChunkReader + Clone + 'static> Iterator for SplitPages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<R: ChunkReader + Clone + 'static> PageReader for SplitPages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.peeked.take() {
            Some(page) => Ok(Some(page)),
            None => self.read(),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        if self.peeked.is_none() {
            self.peeked = self.read()?;
        }
        Ok(self.peeked.as_ref().map(|page| {
            let is_dict = page.is_dictionary_page();
            let num_levels = usize::try_from(page.num_values()).ok().filter(|_| !is_dict);
            PageMetadata { num_rows: None, num_levels, is_dict }
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}
