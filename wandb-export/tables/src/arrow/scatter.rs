//! Splits rows into column values, skipping the columns that a row lacks.

use std::ops::Range;

use wandb_core::page::Page;
use wandb_core::{Row, Value};

use super::datum::Datum;
use crate::columns::{ColumnType, FieldKind, PageColumns, Schema, TableError, Visitor};
use crate::rows::Portion;

/// Receives values for columns. The values of one column arrive in row order.
pub(crate) trait Scatter {
    /// Receives a value for the column at `slot`.
    fn value(&mut self, slot: usize, row: usize, datum: &Datum<'_>) -> Result<(), TableError>;

    /// Records that the row has the object of a struct column.
    fn mark(&mut self, mark: usize, row: usize) -> Result<(), TableError>;
}

/// Splits rows into column values.
pub(crate) struct Scatterer<'schema> {
    schema: &'schema Schema,
    /// Name and type of each column, by slot.
    columns: Vec<(&'schema str, ColumnType)>,
}

impl<'schema> Scatterer<'schema> {
    pub(crate) fn new(schema: &'schema Schema) -> Self {
        let column = |field: &'schema crate::columns::Field| match field.kind() {
            FieldKind::Column(column_type) => Some((field.name(), *column_type)),
            FieldKind::Struct(_) => None,
        };
        Self { schema, columns: schema.leaves().into_iter().filter_map(column).collect() }
    }

    /// Passes the values of `rows` to `to`. Row numbers start at `first`.
    pub(crate) fn scatter(
        &self,
        rows: &Portion,
        first: usize,
        to: &mut impl Scatter,
    ) -> Result<(), TableError> {
        match rows {
            Portion::Rows(rows) => self.rows(rows, first, to),
            Portion::Page(page, rows) => self.page(page, rows.clone(), first, to),
            Portion::Columns(columns) => self.rows(&crate::from_arrow::rows_of(columns)?, first, to),
        }
    }

    fn rows(&self, rows: &[Row], first: usize, to: &mut impl Scatter) -> Result<(), TableError> {
        for (row, values) in (first..).zip(rows) {
            let rest = self.schema.layout.visit(values, &mut OneRow { columns: &self.columns, row, to })?;
            if let Some((slot, rest)) = self.schema.layout.rest.zip(rest) {
                OneRow { columns: &self.columns, row, to }.value(slot, &rest)?;
            }
        }
        Ok(())
    }

    fn page(
        &self,
        page: &Page,
        rows: Range<usize>,
        first: usize,
        to: &mut impl Scatter,
    ) -> Result<(), TableError> {
        let Some(PageColumns { by_slot }) = PageColumns::of(&self.schema.layout, page) else {
            return self.rows(&page.to_rows()[rows], first, to);
        };
        for (slot, cells) in by_slot {
            let (name, holds) = self.columns[slot];
            for (row, place) in (first..).zip(rows.clone()) {
                if let Some(datum) = Datum::of_cell(name, holds, cells.cell(place))? {
                    to.value(slot, row, &datum)?;
                }
            }
        }
        Ok(())
    }
}

/// Converts the values of one row to their column types.
struct OneRow<'a, S> {
    columns: &'a [(&'a str, ColumnType)],
    row: usize,
    to: &'a mut S,
}

impl<'row, S: Scatter> Visitor<'row> for OneRow<'_, S> {
    fn value(&mut self, slot: usize, value: &'row Value) -> Result<(), TableError> {
        let (name, holds) = self.columns[slot];
        self.to.value(slot, self.row, &Datum::of_value(name, holds, value)?)
    }

    fn mark(&mut self, mark: usize) -> Result<(), TableError> {
        self.to.mark(mark, self.row)
    }
}
