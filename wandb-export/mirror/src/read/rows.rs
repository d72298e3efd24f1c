//! Reads the rows of a run from the Parquet files of a mirror.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use wandb_core::Row;
use wandb_storage::Object;
use wandb_tables::rows_at_once;
use wandb_tables::{is_rest, key_of, rows_of};

use super::{MirroredRun, unreadable};
use crate::contents::Part;
use crate::disk::ParquetObject;
use crate::error::Error;
use crate::gap::Gap;
use crate::layout::{STEP, key_of_column, unlabelled};

/// The cost of a value in a row, relative to one in a column.
const CELLS_FOR_ONE: usize = 4;

/// The approximate size of a batch, in bytes of values.
const BYTES_AT_ONCE: i64 = 8 << 20;

/// The memory of a value in a row besides its text, in bytes.
const VALUE_BYTES: i64 = 48;

/// The rows and columns to read. The rest may be skipped, but is not always. Default: everything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowFilter {
    /// The keys, or none for all keys. A key with dots may lead into objects.
    pub keys: Vec<String>,
    /// The steps.
    pub steps: Range<i64>,
}

impl Default for RowFilter {
    fn default() -> Self {
        Self { keys: Vec::new(), steps: i64::MIN..i64::MAX }
    }
}

impl RowFilter {
    /// Creates a filter of keys and steps.
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>, steps: Range<i64>) -> Self {
        Self { keys: keys.into_iter().map(Into::into).collect(), steps }
    }
}

/// Reads the rows of a run in batches of at least one row.
#[derive(Debug)]
pub struct MirroredRows {
    place: PathBuf,
    reader: Option<ParquetRecordBatchReader>,
    gaps: Vec<Gap>,
}

impl MirroredRows {
    /// Opens the rows that the run logged. Skips columns without selected keys, and row groups without selected steps.
    pub fn logged(run: &MirroredRun, filter: &RowFilter) -> Result<Self, Error> {
        Self::open(run, Part::History, filter)
    }

    /// Opens the system metrics.
    pub fn system(run: &MirroredRun) -> Result<Self, Error> {
        Self::open(run, Part::System, &RowFilter::default())
    }

    fn open(run: &MirroredRun, part: Part, filter: &RowFilter) -> Result<Self, Error> {
        let mut gaps = run.gaps(part)?;
        let Some((here, stored)) = run.table(part)? else {
            return Ok(Self { place: PathBuf::new(), reader: None, gaps });
        };
        let place = run.mirror().place(&here);
        let Some(table) = run.mirror().open_object(&here)? else {
            gaps.push(run.gap(&format!("{} is not there", place.display())));
            return Ok(Self { place, reader: None, gaps });
        };
        let builder = builder(table, &place)?;
        let rows = builder.metadata().file_metadata().num_rows();
        // More rows than recorded are fine: a sync is in progress.
        if u64::try_from(rows).is_ok_and(|rows| rows < stored.rows) {
            let what = format!("{} has {rows} rows instead of {}", place.display(), stored.rows);
            gaps.push(run.gap(&what));
        }
        let columns = wanted_columns(builder.schema(), filter);
        let groups = wanted_groups(builder.metadata(), filter);
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let at_once = rows_for(builder.metadata(), columns.len());
        let reader = builder.with_row_groups(groups).with_projection(mask).with_batch_size(at_once).build();
        let reader = Some(reader.map_err(|error| damaged(&place, error))?);
        Ok(Self { place, reader, gaps })
    }

    /// Returns the gaps in the rows.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn next_rows(&mut self) -> Result<Option<Vec<Row>>, Error> {
        while let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
            let batch = batch.map_err(|error| damaged(&self.place, error))?;
            let rows: Vec<Row> = rows_of(&batch)?.into_iter().map(unlabelled).collect();
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        self.reader = None;
        Ok(None)
    }
}

impl Iterator for MirroredRows {
    type Item = Result<Vec<Row>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_rows().transpose()
    }
}

/// Reads all rows of the table at `place`, batch by batch.
pub(super) fn batches(
    table: Arc<dyn Object>,
    place: &Path,
) -> Result<impl Iterator<Item = Result<Vec<Row>, Error>>, Error> {
    let builder = builder(table, place)?;
    let at_once = rows_for(builder.metadata(), builder.schema().fields().len());
    let reader = builder.with_batch_size(at_once).build().map_err(|error| damaged(place, error))?;
    Ok(reader.map(move |batch| Ok(rows_of(&batch.map_err(|error| damaged(place, error))?)?)))
}

/// Chooses the number of rows per batch.
fn rows_for(metadata: &ParquetMetaData, columns: usize) -> usize {
    // A repeated text is stored once in the file, but once per row in memory. Numbers in lists become values.
    let size = |column: &ColumnChunkMetaData| {
        let text = column.uncompressed_size().max(column.unencoded_byte_array_data_bytes().unwrap_or(0));
        text.saturating_add(column.num_values().saturating_mul(VALUE_BYTES))
    };
    let (mut all, mut row) = (0_i64, 1);
    for group in metadata.row_groups() {
        let bytes = group.columns().iter().map(size).fold(0, i64::saturating_add);
        all = all.saturating_add(bytes);
        // Headers dominate a row group with few rows.
        if bytes > BYTES_AT_ONCE {
            row = row.max(bytes / group.num_rows().max(1));
        }
    }
    let row = row.max(all / metadata.file_metadata().num_rows().max(1));
    let by_size = usize::try_from(BYTES_AT_ONCE / row).unwrap_or_default();
    rows_at_once(columns * CELLS_FOR_ONE).min(by_size.max(1))
}

fn builder(
    table: Arc<dyn Object>,
    place: &Path,
) -> Result<ParquetRecordBatchReaderBuilder<ParquetObject>, Error> {
    let table = ParquetObject::new(table).map_err(|error| unreadable(place, error))?;
    ParquetRecordBatchReaderBuilder::try_new(table).map_err(|error| damaged(place, error))
}

fn damaged(place: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    unreadable(place, std::io::Error::other(error))
}

/// Returns the columns that may hold selected keys.
fn wanted_columns(schema: &Schema, filter: &RowFilter) -> Vec<usize> {
    let keys = &filter.keys;
    let is_wanted = |field: &Field| {
        let column = key_of(field);
        let column = key_of_column(&column).unwrap_or(&column);
        // A key with dots may be nested inside objects.
        let is_within = |key: &String| {
            key.strip_prefix(column).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        column == STEP || is_rest(field) || keys.is_empty() || keys.iter().any(is_within)
    };
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| is_wanted(field)).map(|(index, _)| index).collect()
}

/// Returns the row groups that may hold selected steps.
fn wanted_groups(metadata: &ParquetMetaData, filter: &RowFilter) -> Vec<usize> {
    let wanted = &filter.steps;
    let columns = metadata.file_metadata().schema_descr();
    let step = (0..columns.num_columns()).find(|&index| columns.column(index).name() == STEP);
    let has_wanted = |group: &RowGroupMetaData| {
        let Some(steps) = step.and_then(|step| steps(group, step)) else { return true };
        steps.end >= wanted.start && steps.start < wanted.end
    };
    let groups = metadata.row_groups().iter().enumerate();
    groups.filter(|(_, group)| has_wanted(group)).map(|(index, _)| index).collect()
}

/// Returns the first and last step of a row group, if its statistics cover every row.
fn steps(group: &RowGroupMetaData, column: usize) -> Option<Range<i64>> {
    let Statistics::Int64(found) = group.column(column).statistics()? else { return None };
    (found.null_count_opt() == Some(0)).then_some(*found.min_opt()?..*found.max_opt()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    /// Builds a table with the steps 0, 2, 4 and so on, in row groups of ten rows.
    fn table(rows: i64) -> ParquetRecordBatchReaderBuilder<bytes::Bytes> {
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|_| "r")));
        let steps: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row * 2)));
        let names = ["run_id", STEP, "loss", "logged.run_id", "a.b", "ab"];
        let columns = names.map(|name| (name, ArrayRef::clone(if name == "run_id" { &ids } else { &steps })));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10)).build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap()
    }

    #[test]
    fn row_groups_are_filtered_by_step() {
        let table = table(45);
        let groups = |steps: Range<i64>| {
            let filter = RowFilter { steps, ..RowFilter::default() };
            wanted_groups(table.metadata(), &filter)
        };
        assert_eq!(groups(i64::MIN..i64::MAX), [0, 1, 2, 3, 4]);
        assert_eq!(groups(39..i64::MAX), [2, 3, 4]);
        assert_eq!(groups(38..40), [1]);
        assert_eq!(groups(i64::MIN..41), [0, 1, 2]);
        assert_eq!(groups(89..i64::MAX), [0; 0]);
    }

    #[test]
    fn columns_are_filtered_by_key() {
        let table = table(1);
        let columns = |keys: &[&str]| {
            let filter = RowFilter::new(keys.iter().copied(), i64::MIN..i64::MAX);
            wanted_columns(table.schema(), &filter)
        };
        assert_eq!(columns(&[]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(columns(&["loss"]), [1, 2]);
        assert_eq!(columns(&["run_id"]), [0, 1, 3], "the first column is removed from every row");
        assert_eq!(columns(&["loss.x", "a.b.c"]), [1, 2, 4]);
        assert_eq!(columns(&["a"]), [1]);
    }

    #[test]
    fn wide_rows_shrink_the_batch() {
        assert_eq!(rows_for(table(45).metadata(), 6), 8192);
        assert_eq!(rows_for(table(45).metadata(), 1_000), 262);
    }
}
