//! Values converted to the type of their column.

use std::borrow::Cow;

use wandb_core::Value;
use wandb_core::page::{Cell, CellKind};

use crate::columns::{ColumnType, TableError, ValueKind, cell_as_f64, digits_as_f64, int_as_f64};

/// A non-null value, converted to the type of its column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Datum<'a> {
    Bool(bool),
    Int64(i64),
    Float64(f64),
    Text(Cow<'a, str>),
}

impl<'a> Datum<'a> {
    /// Converts a value, or returns `None` if it does not fit.
    fn of(holds: ColumnType, value: &'a Value) -> Option<Self> {
        Some(match (holds, value) {
            (ColumnType::Bool, Value::Bool(value)) => Self::Bool(*value),
            (ColumnType::Int64, Value::Int(value)) => Self::Int64(*value),
            (ColumnType::Float64, value) => Self::Float64(as_f64(value)?),
            (ColumnType::Json, value) => Self::Text(Cow::Owned(value.to_json())),
            (ColumnType::Utf8, Value::String(value)) => Self::Text(Cow::Borrowed(value)),
            _ => return None,
        })
    }

    /// Converts a value for the column `name`. A value that does not fit is an error.
    pub(crate) fn of_value(name: &str, holds: ColumnType, value: &'a Value) -> Result<Self, TableError> {
        Self::of(holds, value).ok_or_else(|| TableError::Misfit {
            column: name.to_owned(),
            expected: holds,
            found: ValueKind::of(value),
        })
    }

    /// Converts a cell for the column `name`. Returns `None` if the cell is null or missing.
    #[inline]
    pub(crate) fn of_cell(name: &str, holds: ColumnType, cell: Cell<'a>) -> Result<Option<Self>, TableError> {
        let kind = cell.kind();
        Ok(Some(match (holds, kind) {
            (_, CellKind::Missing | CellKind::Null) => return Ok(None),
            (ColumnType::Float64, _) => match cell_as_f64(cell) {
                Some(value) => Self::Float64(value),
                None => return Self::of_other_cell(name, holds, cell),
            },
            (ColumnType::Utf8, CellKind::String)
            | (ColumnType::Json, CellKind::BigInt | CellKind::List | CellKind::Object | CellKind::Record) => {
                Self::Text(Cow::Borrowed(cell.text()))
            }
            // Small numbers in JSON text columns are converted too, so that pages and single rows give the
            // same text.
            _ => return Self::of_other_cell(name, holds, cell),
        }))
    }

    fn of_other_cell(name: &str, holds: ColumnType, cell: Cell<'_>) -> Result<Option<Self>, TableError> {
        let Some(value) = cell.to_value() else { return Ok(None) };
        if value.is_null() {
            return Ok(None);
        }
        Ok(Some(match Datum::of_value(name, holds, &value)? {
            Datum::Bool(value) => Self::Bool(value),
            Datum::Int64(value) => Self::Int64(value),
            Datum::Float64(value) => Self::Float64(value),
            Datum::Text(text) => Self::Text(Cow::Owned(text.into_owned())),
        }))
    }
}

/// Converts `value` to a double, or returns `None` if that would change the number.
fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Int(integer) => int_as_f64(*integer),
        Value::BigInt(integer) => digits_as_f64(integer.digits()),
        value => value.as_f64(),
    }
}
