//! Reads a file's footer: its columns, their byte ranges, and the steps of its rows.

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

use super::footer_limits::{MAX_FOOTER_BYTES, check_claims};

/// The column by which the rows of a history are sorted.
pub(super) const STEP: &str = "_step";

/// Length of the end of a file that locates its footer, in bytes.
pub(super) const TAIL: usize = 8;

/// Strings that stand for numbers in W&B's JSON. A table treats a column of only these as numeric.
const NON_FINITE: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The footer of one file.
#[derive(Debug, Clone)]
pub(super) struct Footer(ArrowReaderMetadata);

/// The kind of a column's values, as far as types and statistics show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// No values.
    Nothing,
    Bool,
    /// 64-bit signed integers. `safe` if all of them are certainly exact as doubles.
    Int {
        safe: bool,
    },
    Float,
    /// Strings. `words` if at least one certainly does not stand for a number.
    Text {
        words: bool,
    },
    /// Values that must be inspected to determine the type of the column.
    Other,
}

/// Size in bytes from which a row group's own average row size counts, not only that of all groups.
const LARGE_GROUP: u64 = 1 << 20;

/// Bytes of a value in a row, without its text.
const ROW_VALUE_BYTES: u64 = 48;

/// Locates the footer of a file from the last [`TAIL`] bytes.
pub(super) fn locate_footer(tail: [u8; TAIL], length: u64) -> Result<Range<u64>> {
    let size = FooterTail::try_new(&tail)?.metadata_length() as u64;
    if size > MAX_FOOTER_BYTES {
        let message = format!("its footer claims {size} bytes, and at most {MAX_FOOTER_BYTES} can be read");
        return Err(ParquetError::General(message));
    }
    let end = length.checked_sub(TAIL as u64).filter(|end| *end >= size);
    let end =
        end.ok_or_else(|| ParquetError::General("its footer claims more bytes than it has".to_owned()))?;
    Ok(end - size..end)
}

impl Footer {
    /// Reads the footer of a complete file.
    pub(super) fn read(file: &impl ChunkReader) -> Result<Self> {
        let too_short = || ParquetError::General("it is too short".to_owned());
        let tail = file.len().checked_sub(TAIL as u64).ok_or_else(too_short)?;
        let tail = file.get_bytes(tail, TAIL)?;
        let range = locate_footer(tail[..].try_into().map_err(|_| too_short())?, file.len())?;
        Self::read_at(file, &range)
    }

    /// Reads the footer at its position in a file.
    pub(super) fn read_at(file: &impl ChunkReader, range: &Range<u64>) -> Result<Self> {
        let bytes = file.get_bytes(range.start, usize::try_from(range.end - range.start)?)?;
        let footer = Self::parse(&bytes)?;
        if footer.is_within(range.start) {
            return Ok(footer);
        }
        Err(ParquetError::General("a column lies outside of the file".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        check_claims(bytes).map_err(ParquetError::General)?;
        let metadata = Arc::new(ParquetMetaDataReader::decode_metadata(bytes)?);
        let read = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())?;
        let Some(schema) = with_plain_strings(read.schema()) else { return Ok(Self(read)) };
        let options = ArrowReaderOptions::new().with_schema(schema);
        ArrowReaderMetadata::try_new(metadata, options).map(Self)
    }

    /// Returns whether all columns precede the footer and no count is negative. The decoder would panic otherwise.
    fn is_within(&self, footer_start: u64) -> bool {
        let is_column_within = |column: &ColumnChunkMetaData| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let end = range.and_then(|(start, size)| start.checked_add(size));
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

    /// Returns the indexes of the columns in a selection, including the steps.
    pub(super) fn wanted_columns(&self, selection: &Selection) -> Vec<usize> {
        let keys: Option<HashSet<&str>> = selection.keys().map(|keys| keys.iter().chain([STEP]).collect());
        let is_wanted = |name: &str| keys.as_ref().is_none_or(|keys| keys.contains(name));
        let names = self.fields().iter().enumerate();
        names.filter(|(_, field)| is_wanted(field.name())).map(|(root, _)| root).collect()
    }

    pub(super) fn metadata(&self) -> &ParquetMetaData {
        self.0.metadata()
    }

    /// Returns the number of rows of each row group.
    pub(super) fn group_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
    }

    /// Returns the row groups that have rows.
    pub(super) fn nonempty_groups(&self) -> Vec<usize> {
        self.group_rows().enumerate().filter(|(_, rows)| *rows > 0).map(|(group, _)| group).collect()
    }

    /// Returns whether rows can have steps: the column exists and is numeric. W&B writes steps as floats.
    pub(super) fn has_steps(&self) -> bool {
        let is_number = |data_type: &DataType| is_integer(data_type) || is_float(data_type);
        self.fields().iter().any(|field| field.name() == STEP && is_number(field.data_type()))
    }

    /// Returns the first and last step of a row group, if its statistics have them and every row has a step.
    pub(super) fn step_range(&self, group: usize) -> Option<(i64, i64)> {
        let (root, field) = self.fields().find(STEP)?;
        let statistics = self.chunks(group, root).next()?.0;
        if statistics?.null_count_opt() != Some(0) {
            return None;
        }
        step_bounds(statistics, field.data_type())
    }

    /// Returns the byte ranges of a column's values.
    pub(super) fn byte_ranges(
        &self,
        group: usize,
        root: usize,
    ) -> impl Iterator<Item = Option<Range<u64>>> + '_ {
        self.chunks(group, root).map(|(_, bytes)| bytes)
    }

    /// Estimates the decoded bytes per row of these columns: the average of all row groups, or of a large row group
    /// with larger rows.
    pub(super) fn decoded_row_bytes(&self, groups: &[usize], columns: &[usize]) -> u64 {
        self.max_row_bytes(groups, columns, |column| {
            let values = column.num_values().saturating_mul(8);
            column.uncompressed_size().max(text_bytes(column)).max(values)
        })
    }

    /// The same estimate for rows that are read one by one.
    pub(super) fn row_bytes(&self, groups: &[usize], columns: &[usize]) -> u64 {
        self.max_row_bytes(groups, columns, |column| {
            let values = column.num_values().saturating_mul(ROW_VALUE_BYTES.cast_signed());
            column.uncompressed_size().max(text_bytes(column)).saturating_add(values)
        })
    }

    fn max_row_bytes(
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
            // In a group with few rows, the headers dominate.
            if bytes > LARGE_GROUP {
                largest = largest.max(bytes / rows);
            }
        }
        largest.max(all_bytes / all_rows.max(1))
    }

    /// Returns the kind of a column's values within `groups`.
    pub(super) fn column_kind(&self, root: usize, groups: &[usize]) -> ColumnKind {
        let field = &self.fields()[root];
        if !field.metadata().keys().all(|key| key.starts_with("PARQUET:")) {
            // The metadata show that a program gives the values another meaning than their type.
            return ColumnKind::Other;
        }
        let chunks: Vec<(&RowGroupMetaData, Option<&Statistics>)> = groups
            .iter()
            .map(|&group| {
                let found = self.chunks(group, root).next().and_then(|(statistics, _)| statistics);
                (self.metadata().row_group(group), found)
            })
            .collect();
        // Whether a chunk has values, if its statistics show it.
        let is_filled = |(group, found): &(&RowGroupMetaData, Option<&Statistics>)| {
            let nulls = found.and_then(Statistics::null_count_opt)?;
            Some(nulls < u64::try_from(group.num_rows()).ok()?)
        };
        let has_no_values =
            !field.data_type().is_nested() && chunks.iter().all(|chunk| is_filled(chunk) == Some(false));
        if field.data_type().is_null() || has_no_values {
            return ColumnKind::Nothing;
        }
        if field.name() != STEP && !chunks.iter().any(|chunk| is_filled(chunk) == Some(true)) {
            // A column without values is omitted, and this one may have none.
            return ColumnKind::Other;
        }
        let mut statistics = chunks.iter().filter_map(|(_, found)| *found);
        match field.data_type() {
            DataType::Boolean => ColumnKind::Bool,
            // Steps are read as integers, and only those that are exact as doubles are accepted.
            data_type if field.name() == STEP && is_float(data_type) => ColumnKind::Int { safe: true },
            DataType::Float32 | DataType::Float64 => ColumnKind::Float,
            DataType::Utf8 => ColumnKind::Text { words: statistics.any(has_words) },
            data_type if is_integer(data_type) => {
                let filled = chunks.iter().filter(|chunk| is_filled(chunk) != Some(false));
                let bounds: Option<Vec<_>> = filled.map(|(_, found)| int_bounds(*found, data_type)).collect();
                match bounds {
                    Some(bounds) => {
                        let safe = bounds.iter().all(|&(min, max)| is_safe(min) && is_safe(max));
                        ColumnKind::Int { safe }
                    }
                    None if *data_type == DataType::UInt64 => ColumnKind::Other,
                    None => ColumnKind::Int { safe: false },
                }
            }
            _ => ColumnKind::Other,
        }
    }

    /// Returns the statistics and the byte range of each chunk of a column.
    fn chunks(
        &self,
        group: usize,
        root: usize,
    ) -> impl Iterator<Item = (Option<&Statistics>, Option<Range<u64>>)> + '_ {
        let columns = self.metadata().row_group(group).columns().iter().enumerate();
        columns.filter(move |(leaf, _)| self.root(*leaf) == root).map(|(_, column)| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let bytes = range.and_then(|(start, size)| Some(start..start.checked_add(size)?));
            (column.statistics(), bytes)
        })
    }

    /// Returns the column that a leaf belongs to.
    pub(super) fn root(&self, leaf: usize) -> usize {
        self.0.parquet_schema().get_column_root_idx(leaf)
    }
}

/// Returns the bytes of a column chunk's texts, including repeated ones, if the footer has them.
fn text_bytes(column: &ColumnChunkMetaData) -> i64 {
    column.unencoded_byte_array_data_bytes().unwrap_or_default()
}

/// Replaces the other string types of a schema by plain strings. `None` if it has no others.
fn with_plain_strings(schema: &SchemaRef) -> Option<SchemaRef> {
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

/// Converts a float to the integer that it stands for. `None` if it is fractional, or too large to be exact.
pub(super) fn to_integer(float: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    let integer = float as i64;
    (float.fract() == 0.0 && is_safe(integer)).then_some(integer)
}

/// Returns the minimum and maximum step from a column's statistics, if both are integers.
fn step_bounds(statistics: Option<&Statistics>, data_type: &DataType) -> Option<(i64, i64)> {
    let (min, max) = match statistics? {
        Statistics::Double(bounds) => (*bounds.min_opt()?, *bounds.max_opt()?),
        Statistics::Float(bounds) => (f64::from(*bounds.min_opt()?), f64::from(*bounds.max_opt()?)),
        _ => return int_bounds(statistics, data_type),
    };
    let bounds = (to_integer(min)?, to_integer(max)?);
    (bounds.0 <= bounds.1).then_some(bounds)
}

/// Integers up to this magnitude are exact as doubles.
fn is_safe(integer: i64) -> bool {
    integer.unsigned_abs() <= 1 << 53
}

/// Returns the minimum and maximum integer, if both are known and fit into 64 signed bits.
fn int_bounds(statistics: Option<&Statistics>, data_type: &DataType) -> Option<(i64, i64)> {
    let statistics = statistics?;
    let is_unsigned = data_type.is_unsigned_integer();
    // The deprecated statistics of unsigned integers used signed order.
    if is_unsigned && statistics.is_min_max_deprecated() {
        return None;
    }
    let (min, max) = match statistics {
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
    // Only bounds of strings can be truncated.
    (min <= max).then_some((min, max))
}

/// Returns whether a chunk certainly holds a string that does not stand for a number. A bound truncated by the
/// statistics is longer than any numeric string.
fn has_words(statistics: &Statistics) -> bool {
    let bounds = [statistics.min_bytes_opt(), statistics.max_bytes_opt()];
    bounds.into_iter().flatten().any(|bound| !NON_FINITE.contains(&bound))
}
