//! The values of one row, in the order of a schema's columns.

use wandb_core::{Row, Value};

use super::error::TableError;
use super::layout::Layout;
use super::visit::Visitor;

/// One row, in the order of a schema's columns.
#[derive(Debug)]
pub(crate) struct Cells<'row> {
    /// For each slot the row's value, if it has one that is not null.
    values: Vec<Option<&'row Value>>,
    /// For each struct, whether the row has the object.
    pub(crate) marks: Vec<bool>,
    /// The value of the column for the rest, and its slot.
    rest: Option<(usize, Value)>,
}

impl Cells<'_> {
    /// The row's value for each slot, if it has one that is not null.
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
    /// Room for the cells of one row.
    pub(crate) fn cells<'row>(&self) -> Cells<'row> {
        Cells { values: vec![None; self.slots()], marks: vec![false; self.marks], rest: None }
    }

    /// Puts each value of `row` into its cell, and takes everything else out of `cells`.
    pub(crate) fn fill<'row>(&self, row: &'row Row, cells: &mut Cells<'row>) -> Result<(), TableError> {
        cells.values.fill(None);
        cells.marks.fill(false);
        cells.rest = self.rest.zip(self.visit(row, cells)?);
        Ok(())
    }
}
