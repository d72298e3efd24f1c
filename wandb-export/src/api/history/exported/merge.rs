//! The rows of several files in order of steps.

use std::collections::VecDeque;
use std::ops::Range;

use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use wandb_core::Row;
use wandb_graphql::Selection;

use super::held::Shared;
use super::{select, unusable};
use crate::error::Error;
use crate::table::rows_of;

/// The most rows of a batch, and the most that are decoded from a file at once.
const BATCH_ROWS: usize = 8_192;

/// The most rows that are decoded from all files together.
const ROWS_HELD: usize = 65_536;

/// Opens `files`, whose rows are each in order of steps while the files themselves are in none, and finds the last
/// step that any of them has. The rows come out in order, one for each step within `wanted`.
pub(super) fn open(
    files: Vec<Shared>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
) -> Result<(Merged, Option<i64>), Error> {
    let mut parts = Vec::with_capacity(files.len());
    let mut last_exported = None;
    let batch_rows = (ROWS_HELD / files.len().max(1)).clamp(16, BATCH_ROWS);
    for file in files {
        let last = last_step(&file, &run)?;
        last_exported = last_exported.max(last);
        let mut part =
            Part { reader: reader(file, batch_rows, &run)?, rows: VecDeque::new(), last_step: None };
        part.fill(&run)?;
        parts.push(part);
    }
    Ok((Merged { parts, run, wanted, selection, last_given: None, failed: false }, last_exported))
}

/// An iterator over batches of rows, for a thread that may wait for the disk.
pub(super) struct Merged {
    parts: Vec<Part>,
    run: String,
    wanted: Range<i64>,
    selection: Selection,
    last_given: Option<i64>,
    failed: bool,
}

struct Part {
    reader: ParquetRecordBatchReader,
    rows: VecDeque<(i64, Row)>,
    last_step: Option<i64>,
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
            let Some((step, row)) = self.least()? else { break };
            let is_new = self.last_given.is_none_or(|last| step > last);
            if !self.wanted.contains(&step) || !is_new {
                continue;
            }
            self.last_given = Some(step);
            batch.extend(select(row, &self.selection));
        }
        Ok(batch)
    }

    /// Takes the row with the least step of all the files' next rows.
    fn least(&mut self) -> Result<Option<(i64, Row)>, Error> {
        let next = |part: &Part| part.rows.front().map(|(step, _)| *step);
        let parts = self.parts.iter_mut().filter(|part| next(part).is_some());
        let Some(part) = parts.min_by_key(|part| next(part)) else { return Ok(None) };
        let row = part.rows.pop_front();
        if part.rows.is_empty() {
            part.fill(&self.run)?;
        }
        Ok(row)
    }
}

impl Part {
    /// Decodes the next rows, if there are any left.
    fn fill(&mut self, run: &str) -> Result<(), Error> {
        while self.rows.is_empty() {
            let Some(batch) = self.reader.next() else { return Ok(()) };
            let batch = batch.map_err(|error| unusable(run, &error))?;
            for row in rows_of(&batch)? {
                let step = row.step().ok_or_else(|| unusable(run, &"a row has no _step"))?;
                if self.last_step.is_some_and(|last| step < last) {
                    return Err(unusable(run, &"the rows of a file are not in order of steps"));
                }
                self.last_step = Some(step);
                self.rows.push_back((step, row));
            }
        }
        Ok(())
    }
}

fn reader(file: Shared, batch_rows: usize, run: &str) -> Result<ParquetRecordBatchReader, Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unusable(run, &error))?;
    builder.with_batch_size(batch_rows).build().map_err(|error| unusable(run, &error))
}

/// The greatest step in a file: that of its last row, as rows are in order.
fn last_step(file: &Shared, run: &str) -> Result<Option<i64>, Error> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file.clone()).map_err(|error| unusable(run, &error))?;
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let schema = builder.parquet_schema();
    let step = schema.root_schema().get_fields().iter().position(|field| field.name() == "_step");
    let Some(step) = step else {
        return if rows == 0 { Ok(None) } else { Err(unusable(run, &"a file has no column _step")) };
    };
    let mask = parquet::arrow::ProjectionMask::roots(schema, [step]);
    let tail = builder.with_projection(mask).with_offset(rows.saturating_sub(1)).build();
    let mut last = None;
    for batch in tail.map_err(|error| unusable(run, &error))? {
        let batch = batch.map_err(|error| unusable(run, &error))?;
        last = last.max(rows_of(&batch)?.last().and_then(Row::step));
    }
    Ok(last)
}
