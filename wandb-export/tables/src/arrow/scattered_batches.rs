//! Record batches of very wide tables, most of whose columns are null in most rows.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::SchemaRef;

use super::datum::Datum;
use super::scatter::{Scatter, Scatterer};
use super::to_arrow::{Values, arrow_schema};
use crate::columns::{ColumnType, FieldKind, Schema, TableError};
use crate::rows::{Portions, Spool, rows_at_once};

/// Builds record batches lazily, each with a number of rows that suits the number of columns. Time and memory
/// grow with the number of values, not columns: columns without values share one null array.
pub(crate) struct ScatteredBatches {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    portions: Portions,
    /// Rows per batch.
    size: usize,
    waiting: Waiting,
    is_at_end: bool,
}

impl ScatteredBatches {
    /// Returns an iterator over batches of the rows in `spool`. The schema must have no structs.
    pub(crate) fn new(schema: Arc<Schema>, spool: Spool) -> Result<Self, TableError> {
        let size = rows_at_once(schema.column_count());
        Ok(Self {
            arrow: arrow_schema(&schema),
            portions: spool.into_portions(size)?,
            schema,
            size,
            waiting: Waiting::default(),
            is_at_end: false,
        })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let schema = Arc::clone(&self.schema);
        let scatterer = Scatterer::new(&schema);
        while !self.is_at_end && self.waiting.rows < self.size {
            match self.portions.next().transpose()? {
                Some(rows) => {
                    scatterer.scatter(&rows, self.waiting.rows, &mut self.waiting)?;
                    self.waiting.rows += rows.len();
                }
                None => self.is_at_end = true,
            }
        }
        let rows = self.waiting.rows.min(self.size);
        if rows == 0 {
            return Ok(None);
        }
        let arrays = arrays(&schema, &self.waiting.take(rows), rows);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(SchemaRef::clone(&self.arrow), arrays, &options);
        batch.map(Some).map_err(TableError::Arrow)
    }
}

impl Iterator for ScatteredBatches {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// Values that are not in a batch yet.
#[derive(Default)]
struct Waiting {
    cells: Vec<Cell>,
    rows: usize,
}

struct Cell {
    slot: usize,
    row: usize,
    datum: Datum<'static>,
}

impl Waiting {
    /// Removes and returns the values of the first `rows` rows, sorted by column.
    fn take(&mut self, rows: usize) -> Vec<Cell> {
        let (mut taken, mut left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.cells).into_iter().partition(|cell| cell.row < rows);
        for cell in &mut left {
            cell.row -= rows;
        }
        self.cells = left;
        self.rows -= rows;
        taken.sort_by_key(|cell| (cell.slot, cell.row));
        taken
    }
}

impl Scatter for Waiting {
    fn value(&mut self, slot: usize, row: usize, datum: &Datum<'_>) -> Result<(), TableError> {
        let datum = match datum {
            Datum::Bool(value) => Datum::Bool(*value),
            Datum::Int64(value) => Datum::Int64(*value),
            Datum::Float64(value) => Datum::Float64(*value),
            Datum::Text(text) => Datum::Text(Cow::Owned(text.clone().into_owned())),
        };
        self.cells.push(Cell { slot, row, datum });
        Ok(())
    }

    fn mark(&mut self, _: usize, _: usize) -> Result<(), TableError> {
        Ok(())
    }
}

fn arrays(schema: &Schema, cells: &[Cell], rows: usize) -> Vec<ArrayRef> {
    let mut nulls: Vec<(ColumnType, ArrayRef)> = Vec::new();
    let mut own = cells.chunk_by(|cell, next| cell.slot == next.slot).peekable();
    let column = |(slot, field): (usize, &crate::columns::Field)| {
        let holds = match field.kind() {
            FieldKind::Column(column_type) => *column_type,
            FieldKind::Struct(_) => ColumnType::Json,
        };
        let Some(cells) = own.next_if(|cells| cells.first().is_some_and(|cell| cell.slot == slot)) else {
            return all_null(&mut nulls, holds, rows);
        };
        let mut values = Values::new(holds, rows);
        let mut next = 0;
        for Cell { row, datum, .. } in cells {
            values.append_nulls(row - next);
            values.append(datum);
            next = row + 1;
        }
        values.append_nulls(rows - next);
        values.finish()
    };
    schema.fields().iter().enumerate().map(column).collect()
}

/// Returns an array of nulls, shared by all columns of the same type.
fn all_null(known: &mut Vec<(ColumnType, ArrayRef)>, holds: ColumnType, rows: usize) -> ArrayRef {
    if let Some((_, array)) = known.iter().find(|(own, _)| *own == holds) {
        return ArrayRef::clone(array);
    }
    let array = new_null_array(Values::new(holds, 0).finish().data_type(), rows);
    known.push((holds, ArrayRef::clone(&array)));
    array
}
