//! Passes each value of a row to its column. Columns without a value cost nothing.

use indexmap::IndexMap;
use wandb_core::{Row, Value};

use super::error::TableError;
use super::layout::{Layout, Node};
use super::nested::splittable_object;
use super::rest_value::RestValue;

/// Receives the values of a row.
pub(crate) trait Visitor<'row> {
    /// Receives a non-null value for the column at `slot`.
    fn value(&mut self, slot: usize, value: &'row Value) -> Result<(), TableError>;

    /// Records that the row has the object of a struct column.
    fn mark(&mut self, mark: usize) -> Result<(), TableError>;
}

impl Layout {
    /// Passes each value of `row` to `visitor`. Returns the value of the column for the rest, if any.
    pub(crate) fn visit<'row>(
        &self,
        row: &'row Row,
        visitor: &mut impl Visitor<'row>,
    ) -> Result<Option<Value>, TableError> {
        let mut rest = self.rest.map(|_| RestValue::default());
        self.descend(0, row.iter(), visitor, &mut rest, &mut Vec::new())?;
        Ok(rest.and_then(RestValue::into_value))
    }

    fn descend<'row>(
        &self,
        node: usize,
        entries: impl Iterator<Item = (&'row str, &'row Value)>,
        visitor: &mut impl Visitor<'row>,
        rest: &mut Option<RestValue>,
        path: &mut Vec<&'row str>,
    ) -> Result<(), TableError> {
        let children = &self.nodes[node].children;
        for (guess, (key, value)) in entries.enumerate() {
            path.push(key);
            match lookup(children, guess, key) {
                Some(child) => self.place(child, value, visitor, rest, path)?,
                None => set_aside(rest, path, value)?,
            }
            path.pop();
        }
        Ok(())
    }

    /// Passes on a value at or below a node.
    fn place<'row>(
        &self,
        child: usize,
        value: &'row Value,
        visitor: &mut impl Visitor<'row>,
        rest: &mut Option<RestValue>,
        path: &mut Vec<&'row str>,
    ) -> Result<(), TableError> {
        let place = &self.nodes[child];
        match (splittable_object(value), place) {
            (Some(map), place) if !place.whole => {
                if let Some(mark) = place.mark {
                    visitor.mark(mark)?;
                }
                self.descend(child, map.iter(), visitor, rest, path)?;
            }
            (_, _) if matches!(value, Value::Null) => {}
            (_, Node { slot: Some(slot), .. }) => visitor.value(*slot, value)?,
            (_, Node { mark: Some(mark), .. }) if is_empty_object(value) => visitor.mark(*mark)?,
            _ => set_aside(rest, path, value)?,
        }
        Ok(())
    }
}

/// Adds a value without a column to the rest. Without a column for the rest, the key is an error.
fn set_aside(rest: &mut Option<RestValue>, path: &[&str], value: &Value) -> Result<(), TableError> {
    match rest {
        // As in every column, a null is equivalent to a missing key.
        Some(_) if value.is_null() => Ok(()),
        Some(rest) => {
            rest.push(path, value.clone());
            Ok(())
        }
        None => Err(TableError::UnknownKey { path: path.join(".") }),
    }
}

/// Looks up a key, first at the guessed index. Rows tend to have their keys in column order, which avoids
/// most of the hashing.
fn lookup(children: &IndexMap<String, usize>, guess: usize, key: &str) -> Option<usize> {
    match children.get_index(guess) {
        Some((name, &child)) if name == key => Some(child),
        _ => children.get(key).copied(),
    }
}

fn is_empty_object(value: &Value) -> bool {
    matches!(value, Value::Map(map) if map.is_empty())
}
