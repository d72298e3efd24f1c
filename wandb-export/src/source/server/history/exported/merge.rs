//! Merges the rows of several files in step order.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use wandb_core::{Map, Row, Value};
use wandb_graphql::Selection;
use wandb_graphql::plan::join;
use wandb_tables::rows_of;

use super::super::canonical_text::canonical_text;
use super::decode::integer_steps;
use super::footer::{Footer, STEP};
use super::pages::ReadPlan;
use super::sparse_file::SharedFile;
use super::{catch_panic, unusable};
use crate::error::Error;
use crate::source::memory_size::{BATCH_BYTES, estimate_row_bytes};
use crate::source::select::select_row;

/// Maximum number of rows in a batch, and decoded from a file at once.
const BATCH_ROWS: usize = 8_192;

/// Maximum number of decoded rows of all files together.
const MAX_HELD_ROWS: usize = 65_536;

/// Maximum bytes of decoded rows of all files together, unless single rows are larger.
const MAX_HELD_BYTES: u64 = 4 << 20;

/// Maximum number of sorted ranges into which the rows of an unsorted file may fall.
const MAX_RANGES: usize = 1_024;

/// Opens `files`, in any order, and finds their last step. Returns the rows within `wanted` in step order. A row that
/// several files have appears as often as in the file that has it most often.
pub(super) fn open(
    files: Vec<SharedFile>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
) -> Result<(MergedRows, Option<i64>), Error> {
    let mut last_exported = None;
    let mut readers = Vec::new();
    for (number, bytes) in files.into_iter().enumerate() {
        let footer = Footer::read(&bytes).map_err(|error| unusable(&run, &error))?;
        let file = Arc::new(WholeFile::open(number, bytes, footer, &selection, &run)?);
        let (ranges, last) = sorted_ranges(&file, &run)?;
        last_exported = last_exported.max(last);
        readers
            .extend(ranges.into_iter().map(|range| RangeReader::new(Arc::clone(&file), range, wanted.start)));
    }
    let at_once = max_concurrent(&readers).max(1);
    for reader in &mut readers {
        let by_rows = (MAX_HELD_ROWS / at_once).clamp(16, BATCH_ROWS);
        reader.batch_rows =
            reader.file.plan.batch_rows(MAX_HELD_BYTES / at_once as u64, reader.file.row_bytes, by_rows);
    }
    Ok((MergedRows { readers, run, wanted, selection, failed: false }, last_exported))
}

/// Iterates over batches of rows, on a thread that may block on the disk.
pub(super) struct MergedRows {
    readers: Vec<RangeReader>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
    failed: bool,
}

/// A completely fetched file.
struct WholeFile {
    number: usize,
    bytes: SharedFile,
    footer: Footer,
    plan: ReadPlan,
    /// Estimated bytes of a row in memory.
    row_bytes: u64,
}

/// A range of a file's rows in step order.
struct SortedRange {
    rows: Range<usize>,
    /// The first and last step, unless no row has one.
    steps: Option<(i64, i64)>,
    /// Whether the first row has a step.
    begins_with_step: bool,
}

/// A range of a file that is being read.
struct RangeReader {
    file: Arc<WholeFile>,
    range: SortedRange,
    batch_rows: usize,
    state: ReadState,
    rows: VecDeque<(i64, Row)>,
    /// The step of the last row with a step. Before there is one, the position of the next row.
    position: i64,
}

/// Progress in reading a range. Ranges are opened only when their turn comes, to save memory.
enum ReadState {
    Unopened,
    Open(Box<ParquetRecordBatchReader>),
    Ended,
}

/// Returns the maximum number of ranges that share a step, so that their rows are in memory at once.
fn max_concurrent(readers: &[RangeReader]) -> usize {
    let mut ends = Vec::with_capacity(readers.len() * 2);
    for reader in readers {
        let (first, last) = (reader.position, reader.range.steps.map_or(reader.position, |(_, last)| last));
        ends.extend([(first, 0_u8), (last.max(first), 1)]);
    }
    // At the same step, starts sort before ends.
    ends.sort_unstable();
    let (mut now, mut max) = (0_usize, 0);
    for (_, ends) in ends {
        now = if ends == 0 { now + 1 } else { now.saturating_sub(1) };
        max = max.max(now);
    }
    max
}

impl Iterator for MergedRows {
    type Item = Result<Vec<Row>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.batch();
        self.failed = batch.is_err();
        match batch {
            Ok(rows) if rows.is_empty() => None,
            batch => Some(batch),
        }
    }
}

impl MergedRows {
    fn batch(&mut self) -> Result<Vec<Row>, Error> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(step) = self.readers.iter().filter_map(RangeReader::step).min() else { break };
            let rows = self.take_step(step)?;
            if self.wanted.contains(&step) {
                let chosen = rows.into_iter().filter_map(|row| select_row(row, &self.selection, &[STEP]));
                let before = batch.len();
                batch.extend(chosen);
                bytes += batch[before..].iter().map(estimate_row_bytes).sum::<usize>();
            }
        }
        Ok(batch)
    }

    /// Takes all rows of the lowest step. Rows of the same file are distinct; rows of different files may be the
    /// same.
    fn take_step(&mut self, step: i64) -> Result<Vec<Row>, Error> {
        let mut of_files: Vec<(usize, Vec<Row>)> = Vec::new();
        for reader in self.readers.iter_mut().filter(|reader| reader.step() == Some(step)) {
            let rows = reader.take_step(step, &self.run)?;
            match of_files.last_mut() {
                Some((file, own)) if *file == reader.file.number => own.extend(rows),
                _ => of_files.push((reader.file.number, rows)),
            }
        }
        let is_shared = of_files.len() > 1;
        let files = of_files.into_iter().map(|(_, rows)| rows);
        let mut rows = files.reduce(|one, other| join(one, other, canonical_text)).unwrap_or_default();
        if is_shared {
            // The server returns the files in a different order with every call.
            rows.sort_by_cached_key(|row| (timestamp(row), canonical_text(row)));
        }
        Ok(rows)
    }
}

/// Returns the time of a row as a sort key.
fn timestamp(row: &Row) -> u64 {
    let time = row.get("_timestamp").and_then(Value::as_f64).unwrap_or_default();
    // The bits of non-negative floats sort like the floats.
    time.max(0.0).to_bits()
}

impl RangeReader {
    fn new(file: Arc<WholeFile>, range: SortedRange, wanted_start: i64) -> Self {
        let first = range.steps.filter(|_| range.begins_with_step).map(|(first, _)| first);
        // Leading rows without a step are placed at the first wanted step.
        let position = first.unwrap_or(wanted_start);
        Self { file, range, batch_rows: 1, state: ReadState::Unopened, rows: VecDeque::new(), position }
    }

    /// Returns the step of the next row.
    fn step(&self) -> Option<i64> {
        match self.rows.front() {
            Some((step, _)) => Some(*step),
            None if matches!(self.state, ReadState::Unopened) => Some(self.position),
            None => None,
        }
    }

    fn take_step(&mut self, step: i64, run: &str) -> Result<Vec<Row>, Error> {
        let mut taken = Vec::new();
        self.fill(run)?;
        while self.step() == Some(step) {
            taken.extend(self.rows.pop_front().map(|(_, row)| row));
            self.fill(run)?;
        }
        Ok(taken)
    }

    /// Decodes the next rows if none are left.
    fn fill(&mut self, run: &str) -> Result<(), Error> {
        while self.rows.is_empty() {
            let reader = match &mut self.state {
                ReadState::Open(reader) => reader,
                ReadState::Unopened => {
                    self.state = ReadState::Open(Box::new(self.open(run)?));
                    continue;
                }
                ReadState::Ended => return Ok(()),
            };
            let Some(batch) = catch_panic(run, || reader.next())? else {
                self.state = ReadState::Ended;
                return Ok(());
            };
            let batch = batch.map_err(|error| unusable(run, &error))?;
            for row in rows_of(&batch)? {
                let row = without_empty_objects(row.with_integer_step());
                // A row without a step stays after the one before it.
                self.position = row.step().unwrap_or(self.position);
                self.rows.push_back((self.position, row));
            }
        }
        Ok(())
    }

    fn open(&self, run: &str) -> Result<ParquetRecordBatchReader, Error> {
        self.file.read(&self.file.plan, self.batch_rows, Some(&self.range.rows), run)
    }
}

/// Removes objects without content. A file cannot store an empty struct, so such an object is a struct of nulls,
/// which stands for a missing key.
fn without_empty_objects(row: Row) -> Row {
    if !row.iter().any(|(_, value)| matches!(value, Value::Map(_) | Value::List(_))) {
        return row;
    }
    let entry = |(key, value)| Some((key, prune_empty(value)?));
    row.into_iter().filter_map(entry).collect()
}

/// Removes empty objects from a value. `None` if the value itself is one.
fn prune_empty(value: Value) -> Option<Value> {
    match value {
        Value::Map(map) => {
            let map: Map =
                map.into_iter().filter_map(|(key, value)| Some((key, prune_empty(value)?))).collect();
            (!map.is_empty()).then_some(Value::Map(map))
        }
        // Items of a list keep their positions.
        Value::List(list) => {
            Some(Value::List(list.into_iter().map(|value| prune_empty(value).unwrap_or_default()).collect()))
        }
        value => Some(value),
    }
}

impl WholeFile {
    fn open(
        number: usize,
        bytes: SharedFile,
        footer: Footer,
        selection: &Selection,
        run: &str,
    ) -> Result<Self, Error> {
        let (groups, columns) = (footer.nonempty_groups(), footer.wanted_columns(selection));
        let row_bytes = footer.row_bytes(&groups, &columns);
        let plan = catch_panic(run, || ReadPlan::new(&bytes, &footer, groups, columns))?;
        let plan = plan.map_err(|error| unusable(run, &error))?;
        Ok(Self { number, bytes, footer, plan, row_bytes })
    }

    fn read(
        &self,
        plan: &ReadPlan,
        batch_rows: usize,
        rows: Option<&Range<usize>>,
        run: &str,
    ) -> Result<ParquetRecordBatchReader, Error> {
        let read = catch_panic(run, || plan.read(&self.bytes, &self.footer, batch_rows, rows))?;
        read.map_err(|error| unusable(run, &error))
    }
}

/// Returns the ranges of a file whose rows are in step order, and the greatest step. In a file of a resumed run, the
/// steps may start again in the middle.
fn sorted_ranges(file: &WholeFile, run: &str) -> Result<(Vec<SortedRange>, Option<i64>), Error> {
    let rows: usize = file.footer.group_rows().sum();
    let Some((step, _)) = file.footer.fields().find(STEP) else {
        return if rows == 0 {
            Ok((Vec::new(), None))
        } else {
            Err(unusable(run, &"a file has no column _step"))
        };
    };
    let failed = |error: &dyn ToString| unusable(run, error);
    let plan = catch_panic(run, || {
        ReadPlan::new(&file.bytes, &file.footer, file.footer.nonempty_groups(), vec![step])
    })?;
    let mut reader = file.read(&plan.map_err(|error| failed(&error))?, BATCH_ROWS, None, run)?;
    let mut ranges = vec![SortedRange { rows: 0..0, steps: None, begins_with_step: false }];
    let mut last: Option<i64> = None;
    while let Some(batch) = catch_panic(run, || reader.next())? {
        let batch = batch.map_err(|error| failed(&error))?;
        let steps = integer_steps(batch.column(0));
        let steps: Int64Array = match &steps {
            Some(steps) => steps.as_primitive::<Int64Type>().clone(),
            // Other values, such as a user's own `_step`, cannot be ordered.
            None => rows_of(&batch)?.iter().map(Row::step).collect(),
        };
        for index in 0..steps.len() {
            let step = steps.is_valid(index).then(|| steps.value(index));
            last = last.max(step);
            add_row(&mut ranges, step);
        }
        if ranges.len() > MAX_RANGES {
            return Err(failed(
                &"the rows of a file are not in step order (read the history with --source live)",
            ));
        }
    }
    ranges.retain(|range| !range.rows.is_empty());
    Ok((ranges, last))
}

/// Adds a row to the last range, or to a new one if its step precedes those of the last range.
fn add_row(ranges: &mut Vec<SortedRange>, step: Option<i64>) {
    let Some(range) = ranges.last_mut() else { return };
    match (range.steps, step) {
        (Some((_, before)), Some(step)) if step < before => {
            let row = range.rows.end;
            ranges.push(SortedRange {
                rows: row..row + 1,
                steps: Some((step, step)),
                begins_with_step: true,
            });
            return;
        }
        (Some((first, _)), Some(step)) => range.steps = Some((first, step)),
        (None, Some(step)) => {
            range.begins_with_step = range.rows.is_empty();
            range.steps = Some((step, step));
        }
        (_, None) => {}
    }
    range.rows.end += 1;
}
