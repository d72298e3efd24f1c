//! Conversion of pages to rows.

use super::cell::{Cell, CellKind};
use super::{Column, Page};
use crate::value::{BigInt, non_finite};
use crate::{Row, Value};

/// The length of `-Infinity`.
const MAX_NON_FINITE_LENGTH: usize = 9;

impl Page {
    /// Returns the rows, each with its keys in their original order.
    pub fn to_rows(&self) -> Vec<Row> {
        let columns: Vec<Column<'_>> = self.columns().collect();
        let mut irregular = self.irregular.iter().peekable();
        (0..self.rows)
            .map(|row| {
                let entry = |column: &Column<'_>| {
                    let value = column.cell(row).to_value()?;
                    Some((Box::from(column.key()), value))
                };
                let order = irregular.next_if(|(of, _)| *of == row).map(|(_, order)| order);
                Row::of_entries(match order {
                    Some(order) => order.iter().filter_map(|&at| entry(&columns[at as usize])).collect(),
                    None => columns.iter().filter_map(entry).collect(),
                })
            })
            .collect()
    }
}

impl Cell<'_> {
    /// Returns the value, or `None` if the key is missing.
    pub fn to_value(self) -> Option<Value> {
        Some(match self.kind() {
            CellKind::Missing => return None,
            CellKind::Null => Value::Null,
            CellKind::False => Value::Bool(false),
            CellKind::True => Value::Bool(true),
            CellKind::Int => self.text().parse().map_or(Value::Null, Value::Int),
            CellKind::BigInt => Value::BigInt(BigInt::from_digits(self.text())),
            CellKind::Float => self.text().parse().map_or(Value::Null, Value::Float),
            CellKind::NaN => Value::Float(f64::NAN),
            CellKind::Infinity => Value::Float(f64::INFINITY),
            CellKind::NegativeInfinity => Value::Float(f64::NEG_INFINITY),
            CellKind::String => Value::String(self.text().to_owned()),
            CellKind::List | CellKind::Object | CellKind::Record => {
                Value::parse(self.text().as_bytes()).unwrap_or_default()
            }
        })
    }

    /// Returns a number that is not finite, whether written as a number or as W&B's string for it.
    pub fn non_finite(self) -> Option<f64> {
        match self.kind() {
            CellKind::NaN => Some(f64::NAN),
            CellKind::Infinity => Some(f64::INFINITY),
            CellKind::NegativeInfinity => Some(f64::NEG_INFINITY),
            CellKind::String if self.text_len() <= MAX_NON_FINITE_LENGTH => non_finite(self.text()),
            _ => None,
        }
    }
}
