//! The values of one row, in the order of a schema's columns.

use indexmap::IndexMap;
use wandb_core::{Row, Value};

use super::error::TableError;
use super::layout::{Layout, Node};
use super::nested::divisible;

/// One row, in the order of a schema's columns.
#[derive(Debug)]
pub(crate) struct Cells<'row> {
    /// For each slot the row's value, if it has one that is not null.
    pub(crate) values: Vec<Option<&'row Value>>,
    /// For each struct, whether the row has the object.
    pub(crate) marks: Vec<bool>,
}

impl Layout {
    /// Room for the cells of one row.
    pub(crate) fn cells<'row>(&self) -> Cells<'row> {
        Cells { values: vec![None; self.slots()], marks: vec![false; self.marks] }
    }

    /// Puts each value of `row` into its cell, and takes everything else out of `cells`.
    pub(crate) fn fill<'row>(&self, row: &'row Row, cells: &mut Cells<'row>) -> Result<(), TableError> {
        cells.values.fill(None);
        cells.marks.fill(false);
        let mut path = Vec::new();
        self.descend(0, row.iter(), cells, &mut path)
    }

    fn descend<'row>(
        &self,
        node: usize,
        entries: impl Iterator<Item = (&'row str, &'row Value)>,
        cells: &mut Cells<'row>,
        path: &mut Vec<&'row str>,
    ) -> Result<(), TableError> {
        let children = &self.nodes[node].children;
        for (guess, (key, value)) in entries.enumerate() {
            path.push(key);
            let Some(child) = lookup(children, guess, key) else { return Err(unknown(path)) };
            let place = &self.nodes[child];
            match (divisible(value), place) {
                (Some(map), place) if !place.whole => {
                    if let Some(mark) = place.mark {
                        cells.marks[mark] = true;
                    }
                    self.descend(child, map.iter(), cells, path)?;
                }
                (_, _) if matches!(value, Value::Null) => {}
                (_, Node { slot: Some(slot), .. }) => cells.values[*slot] = Some(value),
                (_, Node { mark: Some(mark), .. }) if is_empty_object(value) => cells.marks[*mark] = true,
                _ => return Err(unknown(path)),
            }
            path.pop();
        }
        Ok(())
    }
}

/// Rows tend to have their keys in the order of the columns, which saves most of the hashing.
fn lookup(children: &IndexMap<String, usize>, guess: usize, key: &str) -> Option<usize> {
    match children.get_index(guess) {
        Some((name, &child)) if name == key => Some(child),
        _ => children.get(key).copied(),
    }
}

fn is_empty_object(value: &Value) -> bool {
    matches!(value, Value::Map(map) if map.is_empty())
}

fn unknown(path: &[&str]) -> TableError {
    TableError::UnknownKey { path: path.join(".") }
}
