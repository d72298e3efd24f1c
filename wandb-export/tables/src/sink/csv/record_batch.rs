//! Writes record batches as comma-separated values.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use wandb_core::Value;

use super::dialect::Dialect;

pub(super) fn push_batch(dialect: Dialect, batch: &RecordBatch, text: &mut String) {
    let columns: Vec<Column<'_>> = batch.columns().iter().map(Column::of).collect();
    // Approximate length of a number and its comma.
    text.reserve(batch.num_rows() * columns.len() * 20);
    for row in 0..batch.num_rows() {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                dialect.push_delimiter(text);
            }
            if column.nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                column.values.push(dialect, row, text);
            } else if columns.len() == 1 {
                // A blank line would not be a record.
                text.push_str("\"\"");
            }
        }
        text.push('\n');
    }
}

struct Column<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Bool(&'a BooleanBuffer),
    Int(&'a ScalarBuffer<i64>),
    Float(&'a ScalarBuffer<f64>),
    Text(&'a StringArray),
    /// Columns of sinks have no other types.
    Other,
}

impl<'a> Column<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        let values = match array.data_type() {
            DataType::Boolean => Values::Bool(array.as_boolean().values()),
            DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().values()),
            DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8 => Values::Text(array.as_string()),
            _ => Values::Other,
        };
        Self { nulls: array.nulls(), values }
    }
}

impl Values<'_> {
    fn push(&self, dialect: Dialect, row: usize, text: &mut String) {
        match self {
            Self::Bool(values) => text.push_str(if values.value(row) { "true" } else { "false" }),
            Self::Int(values) => Value::Int(values[row]).write_json(text),
            Self::Float(values) => match values[row] {
                float if float.is_finite() => Value::Float(float).write_json(text),
                float if float.is_nan() => text.push_str("NaN"),
                float => text.push_str(if float > 0.0 { "Infinity" } else { "-Infinity" }),
            },
            Self::Text(values) => dialect.push_string(values.value(row), text),
            Self::Other => {}
        }
    }
}
