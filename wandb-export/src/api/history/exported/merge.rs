//! The rows of several files in order of steps.

use std::collections::VecDeque;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use wandb_core::{Map, Row, Value};
use wandb_graphql::Selection;
use wandb_graphql::plan::join;

use super::super::content::content;
use super::super::select::select;
use super::decode::integer_steps;
use super::footer::STEP;
use super::held::Shared;
use super::unusable;
use crate::error::Error;
use crate::table::rows_of;

/// The most rows of a batch, and the most that are decoded from a file at once.
const BATCH_ROWS: usize = 8_192;

/// The most rows that are decoded from all files together.
const ROWS_HELD: usize = 65_536;

/// The most pieces into which the rows of a file may fall that are not in order of steps.
const MOST_PIECES: usize = 1_024;

/// Opens `files`, which are in no order, and finds the last step that any of them has. The rows come out in order of
/// steps, those within `wanted`. A row that several files have comes as often as the file that has it most.
pub(super) fn open(
    files: Vec<Shared>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
) -> Result<(Merged, Option<i64>), Error> {
    let mut last_exported = None;
    let mut pieces = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let (found, last) = ordered_pieces(&file, &run)?;
        last_exported = last_exported.max(last);
        pieces.extend(found.into_iter().map(|rows| (number, file.clone(), rows)));
    }
    let batch_rows = (ROWS_HELD / pieces.len().max(1)).clamp(16, BATCH_ROWS);
    let mut parts = Vec::with_capacity(pieces.len());
    for (file, bytes, rows) in pieces {
        let builder = builder(bytes, &run)?.with_batch_size(batch_rows);
        let reader = builder.with_offset(rows.start).with_limit(rows.len()).build();
        let reader = reader.map_err(|error| unusable(&run, &error))?;
        let mut part = Part { file, reader, rows: VecDeque::new(), place: wanted.start };
        part.fill(&run)?;
        parts.push(part);
    }
    Ok((Merged { parts, run, wanted, selection, failed: false }, last_exported))
}

/// An iterator over batches of rows, for a thread that may wait for the disk.
pub(super) struct Merged {
    parts: Vec<Part>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
    failed: bool,
}

/// A piece of a file in which the rows are in order of steps.
struct Part {
    file: usize,
    reader: ParquetRecordBatchReader,
    rows: VecDeque<(i64, Row)>,
    /// The step of the last row that has one.
    place: i64,
}

impl Iterator for Merged {
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

impl Merged {
    fn batch(&mut self) -> Result<Vec<Row>, Error> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_ROWS {
            let Some(step) = self.parts.iter().filter_map(Part::step).min() else { break };
            let rows = self.take(step)?;
            if self.wanted.contains(&step) {
                batch.extend(rows.into_iter().filter_map(|row| select(row, &self.selection, &[STEP])));
            }
        }
        Ok(batch)
    }

    /// Takes all the rows of the least step. A file's rows are all different ones, those of several files may be the
    /// same.
    fn take(&mut self, step: i64) -> Result<Vec<Row>, Error> {
        let mut of_files: Vec<(usize, Vec<Row>)> = Vec::new();
        for part in self.parts.iter_mut().filter(|part| part.step() == Some(step)) {
            let rows = part.take(step, &self.run)?;
            match of_files.last_mut() {
                Some((file, own)) if *file == part.file => own.extend(rows),
                _ => of_files.push((part.file, rows)),
            }
        }
        let is_shared = of_files.len() > 1;
        let files = of_files.into_iter().map(|(_, rows)| rows);
        let mut rows = files.reduce(|one, other| join(one, other, content)).unwrap_or_default();
        if is_shared {
            // The files are in another order at every call.
            rows.sort_by_cached_key(|row| (timestamp(row), content(row)));
        }
        Ok(rows)
    }
}

/// When a row was logged, as a key to sort by.
fn timestamp(row: &Row) -> u64 {
    let time = row.get("_timestamp").and_then(Value::as_f64).unwrap_or_default();
    // The bits of floats that are not negative are in the order of the floats.
    time.max(0.0).to_bits()
}

impl Part {
    fn step(&self) -> Option<i64> {
        self.rows.front().map(|(step, _)| *step)
    }

    fn take(&mut self, step: i64, run: &str) -> Result<Vec<Row>, Error> {
        let mut taken = Vec::new();
        while self.step() == Some(step) {
            taken.extend(self.rows.pop_front().map(|(_, row)| row));
            self.fill(run)?;
        }
        Ok(taken)
    }

    /// Decodes the next rows if there are none left.
    fn fill(&mut self, run: &str) -> Result<(), Error> {
        while self.rows.is_empty() {
            let Some(batch) = self.reader.next() else { return Ok(()) };
            let batch = batch.map_err(|error| unusable(run, &error))?;
            for row in rows_of(&batch)? {
                let row = without_hollow(row.with_integer_step());
                // A row without a step stays behind the one before it.
                self.place = row.step().unwrap_or(self.place);
                self.rows.push_back((self.place, row));
            }
        }
        Ok(())
    }
}

/// The row without objects that hold nothing. A file has no struct without members, so such an object is a struct of nulls,
/// which stands for a missing key.
fn without_hollow(row: Row) -> Row {
    if !row.iter().any(|(_, value)| matches!(value, Value::Map(_) | Value::List(_))) {
        return row;
    }
    let filled = |(key, value)| Some((key, filled(value)?));
    row.into_iter().filter_map(filled).collect()
}

/// The value without hollow objects; `None` if it is one itself.
fn filled(value: Value) -> Option<Value> {
    match value {
        Value::Map(map) => {
            let map: Map = map.into_iter().filter_map(|(key, value)| Some((key, filled(value)?))).collect();
            (!map.is_empty()).then_some(Value::Map(map))
        }
        // The place in a list matters.
        Value::List(list) => {
            Some(Value::List(list.into_iter().map(|value| filled(value).unwrap_or_default()).collect()))
        }
        value => Some(value),
    }
}

fn builder(file: Shared, run: &str) -> Result<ParquetRecordBatchReaderBuilder<Shared>, Error> {
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unusable(run, &error))
}

/// The pieces of a file in which the rows are in order of steps, and the greatest step in it. A file of a run that was
/// resumed may begin anew in the middle.
fn ordered_pieces(file: &Shared, run: &str) -> Result<(Vec<Range<usize>>, Option<i64>), Error> {
    let builder = builder(file.clone(), run)?;
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let schema = builder.parquet_schema();
    let step = schema.root_schema().get_fields().iter().position(|field| field.name() == STEP);
    let Some(step) = step else {
        return if rows == 0 {
            Ok((Vec::new(), None))
        } else {
            Err(unusable(run, &"a file has no column _step"))
        };
    };
    let mask = ProjectionMask::roots(schema, [step]);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let mut pieces: Vec<Range<usize>> = std::iter::once(0..0).collect();
    let (mut before, mut last): (Option<i64>, Option<i64>) = (None, None);
    for batch in reader.map_err(|error| unusable(run, &error))? {
        let batch = batch.map_err(|error| unusable(run, &error))?;
        let steps = integer_steps(batch.column(0));
        let steps: Int64Array = match &steps {
            Some(steps) => steps.as_primitive::<Int64Type>().clone(),
            // Whatever else there is, such as a user's own `_step`, has no place in the order of steps.
            None => rows_of(&batch)?.iter().map(Row::step).collect(),
        };
        for index in 0..steps.len() {
            if steps.is_valid(index) {
                let step = steps.value(index);
                if before.is_some_and(|before| step < before)
                    && let Some(end) = pieces.last().map(|piece| piece.end)
                {
                    pieces.push(end..end);
                }
                (before, last) = (Some(step), last.max(Some(step)));
            }
            if let Some(piece) = pieces.last_mut() {
                piece.end += 1;
            }
        }
        if pieces.len() > MOST_PIECES {
            return Err(unusable(
                run,
                &"the rows of a file are in no order of steps (read the history with --source live)",
            ));
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    Ok((pieces, last))
}
