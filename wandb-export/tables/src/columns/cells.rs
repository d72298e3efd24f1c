//! The values of one row, in the order of a schema's columns.

use wandb_core::{Row, Value};

use super::error::TableError;
use super::layout::Layout;
use super::visit::Visitor;

/// One row, in the order of a schema's columns.
#[derive(Debug)]
pub(crate) struct Cells<'row> {
    /// The non-null value of each slot.
    values: Vec<Option<&'row Value>>,
    /// For each struct, whether the row has the object.
    pub(crate) marks: Vec<bool>,
    /// The slot and value of the column for the rest.
    rest: Option<(usize, Value)>,
}

impl Cells<'_> {
    /// Returns the non-null value of each slot.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&Value>> {
        let rest = self.rest.as_ref();
        self.values.iter().enumerate().map(move |(slot, value)| match (value, rest) {
            (None, Some((own, value))) if *own == slot => Some(value),
            (value, _) => *value,
        })
    }
}

impl<'row> Visitor<'row> for Cells<'row> {
    fn value(&mut self, slot: usize, value: &'row Value) -> Result<(), TableError> {
        self.values[slot] = Some(value);
        Ok(())
    }

    fn mark(&mut self, mark: usize) -> Result<(), TableError> {
        self.marks[mark] = true;
        Ok(())
    }
}

impl Layout {
    /// Allocates the cells for one row.
    pub(crate) fn cells<'row>(&self) -> Cells<'row> {
        Cells { values: vec![None; self.slots()], marks: vec![false; self.marks], rest: None }
    }

    /// Replaces the contents of `cells` with the values of `row`.
    pub(crate) fn fill<'row>(&self, row: &'row Row, cells: &mut Cells<'row>) -> Result<(), TableError> {
        cells.values.fill(None);
        cells.marks.fill(false);
        cells.rest = self.rest.zip(self.visit(row, cells)?);
        Ok(())
    }
}
