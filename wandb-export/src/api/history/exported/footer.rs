//! What a file's footer says: which columns there are, where their bytes are, and which steps the rows have.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, FooterTail, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;
use wandb_graphql::Selection;

use super::footer_limits::{MOST_FOOTER_BYTES, check};

/// The column that orders the rows of a history.
pub(super) const STEP: &str = "_step";

/// How long the part of a file is that tells where its footer begins.
pub(super) const TAIL: usize = 8;

/// Strings that stand for numbers in W&B's JSON. A column of them alone is one of numbers to a table.
const NON_FINITE: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The footer of one file.
#[derive(Debug, Clone)]
pub(super) struct Footer(ArrowReaderMetadata);

/// What the values of a column are, as far as types and statistics tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There are no values.
    Nothing,
    Bool,
    /// Integers of 64 bits with a sign; whether all of them are certainly doubles, too.
    Int {
        safe: bool,
    },
    Float,
    /// Strings; whether there is certainly one among them that stands for no number.
    Text {
        words: bool,
    },
    /// Anything that takes a look at the values to become a column.
    Other,
}

/// The bytes of a row group beyond which its own rows count, and not only those of all row groups on average.
const LARGE_GROUP: u64 = 1 << 20;

/// The bytes that a value takes in a row, beside its text.
const ROW_VALUE_BYTES: u64 = 48;

/// The footer's place in a file, read from the file's last [`TAIL`] bytes.
pub(super) fn place(tail: [u8; TAIL], length: u64) -> Result<Range<u64>> {
    let size = FooterTail::try_new(&tail)?.metadata_length() as u64;
    if size > MOST_FOOTER_BYTES {
        let message = format!("its footer claims {size} bytes, and at most {MOST_FOOTER_BYTES} can be read");
        return Err(ParquetError::General(message));
    }
    let end = length.checked_sub(TAIL as u64).filter(|end| *end >= size);
    let end =
        end.ok_or_else(|| ParquetError::General("its footer claims more bytes than it has".to_owned()))?;
    Ok(end - size..end)
}

impl Footer {
    /// Reads the footer of a file that is there as a whole.
    pub(super) fn of(file: &impl ChunkReader) -> Result<Self> {
        let too_short = || ParquetError::General("it is too short".to_owned());
        let tail = file.len().checked_sub(TAIL as u64).ok_or_else(too_short)?;
        let tail = file.get_bytes(tail, TAIL)?;
        let place = place(tail[..].try_into().map_err(|_| too_short())?, file.len())?;
        Self::read(file, &place)
    }

    /// Reads the footer at its place in a file.
    pub(super) fn read(file: &impl ChunkReader, place: &Range<u64>) -> Result<Self> {
        let bytes = file.get_bytes(place.start, usize::try_from(place.end - place.start)?)?;
        let footer = Self::parse(&bytes)?;
        if footer.is_within(place.start) {
            return Ok(footer);
        }
        Err(ParquetError::General("a column of it lies outside of its file".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        check(bytes).map_err(ParquetError::General)?;
        let metadata = Arc::new(ParquetMetaDataReader::decode_metadata(bytes)?);
        let read = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())?;
        let Some(schema) = with_plain_text(read.schema()) else { return Ok(Self(read)) };
        let options = ArrowReaderOptions::new().with_schema(schema);
        ArrowReaderMetadata::try_new(metadata, options).map(Self)
    }

    /// Whether all columns lie in front of the footer, and no count is negative, which would make the decoder panic.
    fn is_within(&self, footer_start: u64) -> bool {
        let is_column_within = |column: &ColumnChunkMetaData| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let place = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let end = place.and_then(|(start, size)| start.checked_add(size));
            end.is_some_and(|end| end <= footer_start) && column.num_values() >= 0
        };
        let is_group_within = |group: &RowGroupMetaData| {
            group.num_rows() >= 0 && (group.num_rows() == 0 || group.columns().iter().all(is_column_within))
        };
        self.metadata().file_metadata().num_rows() >= 0
            && self.metadata().row_groups().iter().all(is_group_within)
    }

    pub(super) fn reader_metadata(&self) -> &ArrowReaderMetadata {
        &self.0
    }

    pub(super) fn fields(&self) -> &Fields {
        self.0.schema().fields()
    }

    /// The places of the columns that a selection asks for, the steps among them.
    pub(super) fn wanted_columns(&self, selection: &Selection) -> Vec<usize> {
        let keys: Option<HashSet<&str>> = selection.keys().map(|keys| keys.iter().chain([STEP]).collect());
        let is_wanted = |name: &str| keys.as_ref().is_none_or(|keys| keys.contains(name));
        let names = self.fields().iter().enumerate();
        names.filter(|(_, field)| is_wanted(field.name())).map(|(root, _)| root).collect()
    }

    pub(super) fn metadata(&self) -> &ParquetMetaData {
        self.0.metadata()
    }

    /// The number of rows of each row group.
    pub(super) fn group_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
    }

    /// The row groups that have rows.
    pub(super) fn filled_groups(&self) -> Vec<usize> {
        self.group_rows().enumerate().filter(|(_, rows)| *rows > 0).map(|(group, _)| group).collect()
    }

    /// Whether a row may have a step: the column is there and of numbers. W&B writes steps as floats.
    pub(super) fn has_steps(&self) -> bool {
        let is_number = |data_type: &DataType| is_integer(data_type) || is_float(data_type);
        self.fields().iter().any(|field| field.name() == STEP && is_number(field.data_type()))
    }

    /// The first and the last step of a row group, if its statistics tell, and that every row has one.
    pub(super) fn steps(&self, group: usize) -> Option<(i64, i64)> {
        let (root, field) = self.fields().find(STEP)?;
        let statistics = self.chunks(group, root).next()?.0;
        if statistics?.null_count_opt() != Some(0) {
            return None;
        }
        step_bounds(statistics, field.data_type())
    }

    /// Where in the file the values of a column are.
    pub(super) fn bytes(&self, group: usize, root: usize) -> impl Iterator<Item = Option<Range<u64>>> + '_ {
        self.chunks(group, root).map(|(_, bytes)| bytes)
    }

    /// The bytes of a row of these columns once it is decoded, on average over the large row group with the largest rows.
    pub(super) fn decoded_row(&self, groups: &[usize], columns: &[usize]) -> u64 {
        self.largest_row(groups, columns, |column| {
            let values = column.num_values().saturating_mul(8);
            column.uncompressed_size().max(text_bytes(column)).max(values)
        })
    }

    /// The same for rows as they are read one by one.
    pub(super) fn weight(&self, groups: &[usize], columns: &[usize]) -> u64 {
        self.largest_row(groups, columns, |column| {
            let values = column.num_values().saturating_mul(ROW_VALUE_BYTES.cast_signed());
            column.uncompressed_size().max(text_bytes(column)).saturating_add(values)
        })
    }

    fn largest_row(
        &self,
        groups: &[usize],
        columns: &[usize],
        size: impl Fn(&ColumnChunkMetaData) -> i64,
    ) -> u64 {
        let wanted: HashSet<usize> = columns.iter().copied().collect();
        let (mut all_bytes, mut all_rows, mut largest) = (0_u64, 0_u64, 0);
        for group in groups.iter().filter_map(|&group| self.metadata().row_groups().get(group)) {
            let columns = group.columns().iter().enumerate();
            let sizes = columns.filter(|(leaf, _)| wanted.contains(&self.root(*leaf)));
            let bytes = sizes.map(|(_, column)| u64::try_from(size(column)).unwrap_or(0));
            let bytes = bytes.fold(0, u64::saturating_add);
            let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
            (all_bytes, all_rows) = (all_bytes.saturating_add(bytes), all_rows.saturating_add(rows));
            // In one with few rows the headers weigh most.
            if bytes > LARGE_GROUP {
                largest = largest.max(bytes / rows);
            }
        }
        largest.max(all_bytes / all_rows.max(1))
    }

    /// What a column holds within `groups`.
    pub(super) fn kind(&self, root: usize, groups: &[usize]) -> Kind {
        let field = &self.fields()[root];
        if !field.metadata().keys().all(|key| key.starts_with("PARQUET:")) {
            // A program's own note that the values are more than their type says.
            return Kind::Other;
        }
        let chunks: Vec<(&RowGroupMetaData, Option<&Statistics>)> = groups
            .iter()
            .map(|&group| {
                let found = self.chunks(group, root).next().and_then(|(statistics, _)| statistics);
                (self.metadata().row_group(group), found)
            })
            .collect();
        // Whether there is a value among a chunk's rows, if its statistics tell.
        let is_filled = |(group, found): &(&RowGroupMetaData, Option<&Statistics>)| {
            let nulls = found.and_then(Statistics::null_count_opt)?;
            Some(nulls < u64::try_from(group.num_rows()).ok()?)
        };
        let has_no_values =
            !field.data_type().is_nested() && chunks.iter().all(|chunk| is_filled(chunk) == Some(false));
        if field.data_type().is_null() || has_no_values {
            return Kind::Nothing;
        }
        if field.name() != STEP && !chunks.iter().any(|chunk| is_filled(chunk) == Some(true)) {
            // A column without values is no column, and this one may be without.
            return Kind::Other;
        }
        let mut statistics = chunks.iter().filter_map(|(_, found)| *found);
        match field.data_type() {
            DataType::Boolean => Kind::Bool,
            // Steps are read as integers, and only as such that are doubles, too.
            data_type if field.name() == STEP && is_float(data_type) => Kind::Int { safe: true },
            DataType::Float32 | DataType::Float64 => Kind::Float,
            DataType::Utf8 => Kind::Text { words: statistics.any(has_words) },
            data_type if is_integer(data_type) => {
                let filled = chunks.iter().filter(|chunk| is_filled(chunk) != Some(false));
                let bounds: Option<Vec<_>> = filled.map(|(_, found)| int_bounds(*found, data_type)).collect();
                match bounds {
                    Some(bounds) => {
                        let safe = bounds.iter().all(|&(least, most)| is_safe(least) && is_safe(most));
                        Kind::Int { safe }
                    }
                    None if *data_type == DataType::UInt64 => Kind::Other,
                    None => Kind::Int { safe: false },
                }
            }
            _ => Kind::Other,
        }
    }

    /// The statistics and the place of each column chunk that belongs to a column.
    fn chunks(
        &self,
        group: usize,
        root: usize,
    ) -> impl Iterator<Item = (Option<&Statistics>, Option<Range<u64>>)> + '_ {
        let columns = self.metadata().row_group(group).columns().iter().enumerate();
        columns.filter(move |(leaf, _)| self.root(*leaf) == root).map(|(_, column)| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let place = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let bytes = place.and_then(|(start, size)| Some(start..start.checked_add(size)?));
            (column.statistics(), bytes)
        })
    }

    /// The column that a leaf of it belongs to.
    pub(super) fn root(&self, leaf: usize) -> usize {
        self.0.parquet_schema().get_column_root_idx(leaf)
    }
}

/// The bytes of the texts of a column chunk, those that repeat as often as they do, where the footer tells.
fn text_bytes(column: &ColumnChunkMetaData) -> i64 {
    column.unencoded_byte_array_data_bytes().unwrap_or_default()
}

/// The schema with every kind of string read as one and the same, unless it is so already.
fn with_plain_text(schema: &SchemaRef) -> Option<SchemaRef> {
    let is_other = |field: &Field| matches!(field.data_type(), DataType::LargeUtf8 | DataType::Utf8View);
    let fields = schema.fields();
    let plain = |field: &Field| Arc::new(field.clone().with_data_type(DataType::Utf8));
    fields.iter().any(|field| is_other(field)).then(|| {
        let fields: Fields = fields
            .iter()
            .map(|field| if is_other(field) { plain(field) } else { Arc::clone(field) })
            .collect();
        Arc::new(Schema::new(fields))
    })
}

fn is_integer(data_type: &DataType) -> bool {
    data_type.is_integer()
}

fn is_float(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float32 | DataType::Float64)
}

/// The integer that a float stands for; `None` if it is none, or too large to be certain.
pub(super) fn whole(float: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    let integer = float as i64;
    (float.fract() == 0.0 && is_safe(integer)).then_some(integer)
}

/// The least and the greatest step by the statistics of a column, if both are there and are integers.
fn step_bounds(statistics: Option<&Statistics>, data_type: &DataType) -> Option<(i64, i64)> {
    let (least, most) = match statistics? {
        Statistics::Double(bounds) => (*bounds.min_opt()?, *bounds.max_opt()?),
        Statistics::Float(bounds) => (f64::from(*bounds.min_opt()?), f64::from(*bounds.max_opt()?)),
        _ => return int_bounds(statistics, data_type),
    };
    let bounds = (whole(least)?, whole(most)?);
    (bounds.0 <= bounds.1).then_some(bounds)
}

/// Integers up to this magnitude are all doubles.
fn is_safe(integer: i64) -> bool {
    integer.unsigned_abs() <= 1 << 53
}

/// The least and the greatest integer, if both are told and fit 64 bits with a sign.
fn int_bounds(statistics: Option<&Statistics>, data_type: &DataType) -> Option<(i64, i64)> {
    let statistics = statistics?;
    let is_unsigned = data_type.is_unsigned_integer();
    // The old statistics of unsigned integers were ordered as if they had a sign.
    if is_unsigned && statistics.is_min_max_deprecated() {
        return None;
    }
    let (least, most) = match statistics {
        Statistics::Int32(bounds) => {
            let wide =
                |bound: &i32| if is_unsigned { i64::from(bound.cast_unsigned()) } else { i64::from(*bound) };
            (bounds.min_opt().map(wide)?, bounds.max_opt().map(wide)?)
        }
        Statistics::Int64(bounds) => {
            let fits = |bound: &&i64| !is_unsigned || **bound >= 0;
            (bounds.min_opt().filter(fits).copied()?, bounds.max_opt().filter(fits).copied()?)
        }
        _ => return None,
    };
    // Only bounds of strings are ever cut short.
    (least <= most).then_some((least, most))
}

/// Whether a column chunk has a string that stands for no number. One that is cut short in the statistics is longer
/// than any that does.
fn has_words(statistics: &Statistics) -> bool {
    let bounds = [statistics.min_bytes_opt(), statistics.max_bytes_opt()];
    bounds.into_iter().flatten().any(|bound| !NON_FINITE.contains(&bound))
}
