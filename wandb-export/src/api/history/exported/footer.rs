//! What a file's footer says: which columns there are, where their bytes are, and which steps the rows have.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::Result;
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;

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

/// The footer's place in a file, read from the file's last [`TAIL`] bytes.
pub(super) fn place(tail: [u8; TAIL], length: u64) -> Result<Range<u64>> {
    let size = FooterTail::try_new(&tail)?.metadata_length() as u64;
    let end = length.saturating_sub(TAIL as u64);
    Ok(end.saturating_sub(size)..end)
}

impl Footer {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let metadata = Arc::new(ParquetMetaDataReader::decode_metadata(bytes)?);
        let read = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())?;
        let Some(schema) = with_plain_text(read.schema()) else { return Ok(Self(read)) };
        let options = ArrowReaderOptions::new().with_schema(schema);
        ArrowReaderMetadata::try_new(metadata, options).map(Self)
    }

    pub(super) fn reader_metadata(&self) -> &ArrowReaderMetadata {
        &self.0
    }

    pub(super) fn fields(&self) -> &Fields {
        self.0.schema().fields()
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.0.metadata()
    }

    /// The number of rows of each row group.
    pub(super) fn group_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
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

    /// How many bytes the values of a column take once they are decoded.
    pub(super) fn decoded_size(&self, group: usize, root: usize) -> u64 {
        let group = &self.metadata().row_groups()[group];
        let columns = group.columns().iter().enumerate().filter(|(leaf, _)| self.root(*leaf) == root);
        let sizes = columns.map(|(_, column)| {
            let text = column.unencoded_byte_array_data_bytes().unwrap_or_default();
            column.uncompressed_size().max(text).max(column.num_values().saturating_mul(8))
        });
        sizes.map(|size| u64::try_from(size).unwrap_or_default()).sum()
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

    fn root(&self, leaf: usize) -> usize {
        self.0.parquet_schema().get_column_root_idx(leaf)
    }
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
