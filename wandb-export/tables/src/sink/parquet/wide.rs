//! Writes Parquet files with very many columns, one column at a time.
//!
//! An open column writer takes tens of kilobytes, even for few values. The rows are therefore grouped into
//! bins by column, so that only one column writer is in memory at a time. Nulls cost almost no time, and
//! almost no space as run-length encoded levels.

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;

use super::super::error::SinkError;
use super::super::format::Format;
use super::super::output::Output;
use super::super::shared_output::SharedOutput;
use super::super::sink_trait::SinkReport;
use super::bins::{Bin, Bins, Held, weight};
use super::properties::builder;
use crate::arrow::{Scatterer, arrow_schema};
use crate::columns::{ColumnType, Field, FieldKind, Schema, TableError};
use crate::rows::{Portion, Portions, Spool, rows_at_once};

/// Number of rows in a row group, unless that would make too many groups.
const GROUP_ROWS: u64 = if cfg!(test) { 1 << 10 } else { 64 << 10 };

/// Maximum number of column chunks in the file. The metadata of each takes about a kilobyte until the file is
/// finished, and again in readers.
const MOST_CHUNKS: u64 = 100_000;

/// Number of rows whose levels are buffered in memory.
const SLICE_ROWS: usize = if cfg!(test) { 256 } else { 16 << 10 };

/// Bytes of text of a column to buffer in memory.
const SLICE_TEXT: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// Page size in bytes. Readers hold a page of each column in memory.
const PAGE_BYTES: usize = 32 << 10;

/// Columns with fewer values are not compressed: compression costs more time than its savings are worth.
const FEW_VALUES: u64 = 512;

/// A column and the structs around it.
struct Leaf {
    holds: ColumnType,
    /// The marks of the structs around it, from the outermost inwards.
    structs: Vec<usize>,
    /// The path in the file, if the column has properties that differ from the defaults.
    path: Option<ColumnPath>,
    /// Number of values in all rows.
    values: u64,
}

/// Writes all rows of `spool` to `output`.
pub(super) fn write(schema: Schema, spool: Spool, output: Output) -> Result<SinkReport, SinkError> {
    let directory = output.directory().map(Path::to_owned);
    let output = SharedOutput::new(output);
    let (rows, text) = (spool.rows(), spool.bytes());
    let mut leaves = Vec::with_capacity(schema.column_count());
    add_leaves(schema.fields(), &mut Vec::new(), &mut Vec::new(), &mut leaves);
    let mut file = WideFile {
        weights: weights(&leaves, text),
        leaves,
        schema: &schema,
        directory,
        output: output.clone(),
    };
    let written = file.write(rows, spool);
    drop(file);
    written?;
    let bytes = output.into_output()?.commit()?;
    Ok(SinkReport { rows, columns: Some(schema.column_count()), bytes, findings: schema.findings })
}

struct WideFile<'schema> {
    schema: &'schema Schema,
    leaves: Vec<Leaf>,
    /// Expected size of each column in a bin, in bytes. Divided by the number of row groups once that is
    /// known.
    weights: Vec<u64>,
    directory: Option<PathBuf>,
    output: SharedOutput,
}

impl WideFile<'_> {
    fn write(&mut self, rows: u64, spool: Spool) -> Result<(), SinkError> {
        let arrow = arrow_schema(self.schema);
        let options = ArrowWriterOptions::new().with_properties(properties(&self.leaves));
        let output = self.output.clone();
        let opened = ArrowWriter::try_new_with_options(output, SchemaRef::clone(&arrow), options)
            .and_then(ArrowWriter::into_serialized_writer);
        let (mut file, _) = opened.map_err(|error| self.failure(error))?;
        let most_groups = (MOST_CHUNKS / self.leaves.len().max(1) as u64).max(1);
        let groups = rows.div_ceil(GROUP_ROWS).clamp(1, most_groups);
        self.weights.iter_mut().for_each(|weight| *weight /= groups);
        let group_rows = usize::try_from(rows.div_ceil(groups)).unwrap_or(usize::MAX);
        let mut rows = Source { portions: spool.into_portions(rows_at_once(self.leaves.len()))?, left: None };
        while self.group(&mut file, &mut rows, group_rows)? {}
        file.finish().map(drop).map_err(|error| self.failure(error))
    }

    /// Writes a row group of at most `most` rows. Returns false if no rows were left.
    fn group(
        &self,
        file: &mut SerializedFileWriter<SharedOutput>,
        source: &mut Source,
        most: usize,
    ) -> Result<bool, SinkError> {
        let directory = self.directory.as_deref();
        let mut bins = Bins::new(&self.weights, self.schema.layout.marks, directory);
        let scatterer = Scatterer::new(self.schema);
        let mut rows = 0;
        while rows < most
            && !bins.is_full()
            && let Some(portion) = source.next_rows(most - rows)?
        {
            scatterer.scatter(&portion, rows, &mut bins)?;
            rows += portion.len();
        }
        if rows == 0 {
            return Ok(false);
        }
        let (bins, marks) = bins.into_parts();
        let mut group = file.next_row_group().map_err(|error| self.failure(error))?;
        for bin in bins {
            self.bin(&mut group, bin, &marks, rows)?;
        }
        group.close().map_err(|error| self.failure(error))?;
        Ok(true)
    }

    /// Writes the columns of a bin.
    fn bin(
        &self,
        group: &mut SerializedRowGroupWriter<'_, SharedOutput>,
        bin: Bin,
        marks: &[Vec<Range<u32>>],
        rows: usize,
    ) -> Result<(), SinkError> {
        if bin.is_too_large() {
            for part in bin.split(self.directory.as_deref())? {
                self.bin(group, part, marks, rows)?;
            }
            return Ok(());
        }
        let slots = bin.slots.clone();
        if slots.len() == 1 {
            let values = bin.into_values()?.map(|value| value.map(|(_, row, held)| (row, held)));
            return self.column(group, slots.start, values, marks, rows);
        }
        let columns = bin.into_columns()?;
        for slot in slots {
            self.column(group, slot, columns.values(slot), marks, rows)?;
        }
        Ok(())
    }

    fn column(
        &self,
        group: &mut SerializedRowGroupWriter<'_, SharedOutput>,
        slot: usize,
        values: impl Iterator<Item = Result<(usize, Held), TableError>>,
        marks: &[Vec<Range<u32>>],
        rows: usize,
    ) -> Result<(), SinkError> {
        let leaf = &self.leaves[slot];
        let writer = group.next_column().map_err(|error| self.failure(error))?;
        let Some(writer) = writer else {
            return Err(self.failure(ParquetError::General("no column left in the row group".to_owned())));
        };
        let structs = leaf.structs.iter().map(|&mark| marks[mark].as_slice()).collect();
        let mut column =
            Column { writer, structs, start: 0, levels: Vec::new(), values: Vec::new(), text: 0 };
        for value in values {
            let (row, held) = value?;
            column.push(row, held).map_err(|error| self.failure(error))?;
        }
        column.finish(rows).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: ParquetError) -> SinkError {
        self.output.failure(Format::Parquet, error)
    }
}

/// The rows that are not written yet.
struct Source {
    portions: Portions,
    left: Option<Portion>,
}

impl Source {
    /// Returns at most `most` rows. Row group boundaries depend on the rows alone, not on how they were
    /// batched.
    fn next_rows(&mut self, most: usize) -> Result<Option<Portion>, TableError> {
        let next = match self.left.take() {
            Some(left) => Some(left),
            None => self.portions.next().transpose()?,
        };
        let Some(rows) = next else { return Ok(None) };
        let (rows, left) = rows.split(most);
        self.left = left;
        Ok(Some(rows))
    }
}

/// A column of the current row group.
struct Column<'a> {
    writer: SerializedColumnWriter<'a>,
    structs: Vec<&'a [Range<u32>]>,
    /// First row that is not written yet.
    start: usize,
    /// Definition levels of the rows from `start` on: the number of enclosing structs present, plus one if
    /// there is a value.
    levels: Vec<i16>,
    values: Vec<Held>,
    text: usize,
}

impl Column<'_> {
    fn push(&mut self, row: usize, held: Held) -> Result<(), ParquetError> {
        self.pad(row)?;
        if let Held::Text(text) = &held {
            self.text += text.len();
        }
        let level = self.structs.len() + 1;
        self.levels.push(i16::try_from(level).unwrap_or(i16::MAX));
        self.values.push(held);
        // The cut depends on the rows alone, so that the same rows give the same pages.
        if self.levels.len() >= SLICE_ROWS || self.text >= SLICE_TEXT { self.flush() } else { Ok(()) }
    }

    /// Adds nulls up to a row.
    fn pad(&mut self, row: usize) -> Result<(), ParquetError> {
        while self.start + self.levels.len() < row {
            let first = self.start + self.levels.len();
            let end = row.min(self.start + SLICE_ROWS);
            self.levels.resize(end - self.start, 0);
            for (level, ranges) in (1..).zip(&self.structs) {
                for range in ranges_within(ranges, first, end) {
                    self.levels[range.start - self.start..range.end - self.start].fill(level);
                }
            }
            if self.levels.len() >= SLICE_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self, rows: usize) -> Result<(), ParquetError> {
        self.pad(rows)?;
        self.flush()?;
        self.writer.close()
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let (values, levels) = (std::mem::take(&mut self.values), self.levels.as_slice());
        match self.writer.untyped() {
            ColumnWriter::BoolColumnWriter(writer) => {
                write_values(writer, values, levels, |held| match held {
                    Held::Bool(value) => Some(value),
                    _ => None,
                })
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                write_values(writer, values, levels, |held| match held {
                    Held::Int64(value) => Some(value),
                    _ => None,
                })
            }
            ColumnWriter::DoubleColumnWriter(writer) => {
                write_values(writer, values, levels, |held| match held {
                    Held::Float64(value) => Some(value),
                    _ => None,
                })
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                write_values(writer, values, levels, |held| match held {
                    Held::Text(value) => Some(ByteArray::from(value)),
                    _ => None,
                })
            }
            _ => Err(ParquetError::General("unexpected column type".to_owned())),
        }?;
        self.start += self.levels.len();
        self.levels.clear();
        self.text = 0;
        Ok(())
    }
}

fn write_values<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    values: Vec<Held>,
    levels: &[i16],
    convert: impl Fn(Held) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = values.into_iter().filter_map(convert).collect();
    writer.write_batch(&values, Some(levels), None).map(drop)
}

/// Returns the parts of ascending ranges that lie within `first..end`.
fn ranges_within(ranges: &[Range<u32>], first: usize, end: usize) -> impl Iterator<Item = Range<usize>> {
    let skipped = ranges.partition_point(|range| range.end as usize <= first);
    ranges[skipped..]
        .iter()
        .map(move |range| first.max(range.start as usize)..end.min(range.end as usize))
        .take_while(|range| range.start < range.end)
}

fn add_leaves(fields: &[Field], names: &mut Vec<String>, structs: &mut Vec<usize>, leaves: &mut Vec<Leaf>) {
    for field in fields {
        names.push(field.name().to_owned());
        match field.kind() {
            FieldKind::Column(holds) => leaves.push(Leaf {
                holds: *holds,
                structs: structs.clone(),
                path: (field.values >= FEW_VALUES).then(|| ColumnPath::new(names.clone())),
                values: field.values,
            }),
            FieldKind::Struct(fields) => {
                structs.push(field.slot);
                add_leaves(fields, names, structs, leaves);
                structs.pop();
            }
        }
        names.pop();
    }
}

/// Returns the expected size of each column. `text` is the size of all rows in bytes.
fn weights(leaves: &[Leaf], text: u64) -> Vec<u64> {
    let values = leaves.iter().fold(0_u64, |sum, leaf| sum.saturating_add(leaf.values)).max(1);
    let of = |leaf: &Leaf| match leaf.holds {
        ColumnType::Utf8 | ColumnType::Json => weight(leaf.values, Some(text / values)),
        _ => weight(leaf.values, None),
    };
    leaves.iter().map(of).collect()
}

/// Returns the writer properties. Columns with few values use plain encoding. Page statistics and indexes are
/// omitted, because most columns have a single page.
fn properties(leaves: &[Leaf]) -> WriterProperties {
    let plain = builder()
        .set_data_page_size_limit(PAGE_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    let many = leaves.iter().filter_map(|leaf| Some((leaf.holds, leaf.path.clone()?)));
    let properties = many.fold(plain, |builder, (holds, path)| {
        let builder = builder.set_column_compression(path.clone(), Compression::ZSTD(ZstdLevel::default()));
        match holds {
            ColumnType::Utf8 | ColumnType::Json => builder.set_column_dictionary_enabled(path, true),
            ColumnType::Int64 => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            ColumnType::Bool | ColumnType::Float64 => builder,
        }
    });
    properties.build()
}

#[cfg(all(test, feature = "csv"))]
mod tests;
