//! Converts JSON rows to Arrow columns, with types inferred from the values.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;
use serde_json::Value;

/// The type of a column: the narrowest that fits all its values.
#[derive(Debug, Clone, PartialEq)]
enum ColumnType {
    Empty,
    Bool,
    Int,
    Float,
    /// So far only the strings that W&B uses for non-finite numbers.
    NonFinite,
    Text,
    List(Box<ColumnType>),
    Struct(BTreeMap<String, ColumnType>),
    /// Values of different kinds, as JSON text.
    Mixed,
}

/// Converts rows to a record batch. A missing key becomes null.
pub(crate) fn record_batch(rows: &[Value]) -> Result<RecordBatch, ArrowError> {
    let ColumnType::Struct(kinds) =
        rows.iter().map(infer_type).reduce(merge).unwrap_or(ColumnType::Struct(BTreeMap::new()))
    else {
        return Err(ArrowError::SchemaError("a history row is not an object".to_owned()));
    };
    let rows: Vec<Option<&Value>> = rows.iter().map(Some).collect();
    let (fields, columns) = children(&kinds, &rows)?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Converts the steps to nullable 64-bit floats, as W&B's exporter writes them.
pub(crate) fn with_float_steps(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let Some((step, _)) = batch.schema_ref().column_with_name("_step") else { return Ok(batch.clone()) };
    let mut columns = batch.columns().to_vec();
    columns[step] = arrow::compute::cast(&columns[step], &DataType::Float64)?;
    let fields = batch.schema_ref().fields().iter().enumerate().map(|(index, field)| {
        if index == step { Arc::new(Field::new("_step", DataType::Float64, true)) } else { Arc::clone(field) }
    });
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Fields>())), columns)
}

fn infer_type(value: &Value) -> ColumnType {
    match value {
        Value::Null => ColumnType::Empty,
        Value::Bool(_) => ColumnType::Bool,
        Value::Number(number) if number.is_i64() => ColumnType::Int,
        Value::Number(_) => ColumnType::Float,
        Value::String(text) if non_finite(text).is_some() => ColumnType::NonFinite,
        Value::String(_) => ColumnType::Text,
        Value::Array(items) => ColumnType::List(Box::new(
            items.iter().map(infer_type).reduce(merge).unwrap_or(ColumnType::Empty),
        )),
        // Parquet has no structs without fields.
        Value::Object(fields) if fields.is_empty() => ColumnType::Mixed,
        Value::Object(fields) => {
            ColumnType::Struct(fields.iter().map(|(key, value)| (key.clone(), infer_type(value))).collect())
        }
    }
}

fn merge(left: ColumnType, right: ColumnType) -> ColumnType {
    match (left, right) {
        (ColumnType::Empty, other) | (other, ColumnType::Empty) => other,
        (ColumnType::Int | ColumnType::NonFinite, ColumnType::Float)
        | (ColumnType::Float, ColumnType::Int | ColumnType::NonFinite)
        | (ColumnType::Int, ColumnType::NonFinite)
        | (ColumnType::NonFinite, ColumnType::Int) => ColumnType::Float,
        (ColumnType::Text, ColumnType::NonFinite) | (ColumnType::NonFinite, ColumnType::Text) => {
            ColumnType::Text
        }
        (ColumnType::List(left), ColumnType::List(right)) => ColumnType::List(Box::new(merge(*left, *right))),
        (ColumnType::Struct(mut left), ColumnType::Struct(right)) => {
            for (key, kind) in right {
                let merged = merge(left.remove(&key).unwrap_or(ColumnType::Empty), kind);
                left.insert(key, merged);
            }
            ColumnType::Struct(left)
        }
        (left, right) if left == right => left,
        _ => ColumnType::Mixed,
    }
}

fn non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(non_finite))
}

fn children(
    kinds: &BTreeMap<String, ColumnType>,
    rows: &[Option<&Value>],
) -> Result<(Fields, Vec<ArrayRef>), ArrowError> {
    let mut fields = Vec::with_capacity(kinds.len());
    let mut columns = Vec::with_capacity(kinds.len());
    for (key, kind) in kinds {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.and_then(|row| row.get(key))).collect();
        let column = array(kind, &values)?;
        fields.push(Field::new(key, column.data_type().clone(), true));
        columns.push(column);
    }
    Ok((fields.into(), columns))
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn array(kind: &ColumnType, values: &[Option<&Value>]) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        ColumnType::Bool => {
            Arc::new(values.iter().map(|value| value.and_then(Value::as_bool)).collect::<BooleanArray>())
        }
        ColumnType::Int => {
            Arc::new(values.iter().map(|value| value.and_then(Value::as_i64)).collect::<Int64Array>())
        }
        ColumnType::Float | ColumnType::NonFinite => {
            Arc::new(values.iter().map(|value| value.and_then(float)).collect::<Float64Array>())
        }
        ColumnType::Text => {
            Arc::new(values.iter().map(|value| value.and_then(Value::as_str)).collect::<StringArray>())
        }
        ColumnType::Empty | ColumnType::Mixed => Arc::new(
            values.iter().map(|value| present(*value).map(Value::to_string)).collect::<StringArray>(),
        ),
        ColumnType::List(inner) => {
            let lists: Vec<Option<&Vec<Value>>> =
                values.iter().map(|value| value.and_then(Value::as_array)).collect();
            let items: Vec<Option<&Value>> =
                lists.iter().flatten().flat_map(|list| list.iter().map(Some)).collect();
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.map_or(0, Vec::len)));
            let nulls: NullBuffer = lists.iter().map(Option::is_some).collect::<Vec<bool>>().into();
            let items = array(inner, &items)?;
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            Arc::new(ListArray::try_new(field, offsets, items, Some(nulls))?)
        }
        ColumnType::Struct(kinds) => {
            let (fields, columns) = children(kinds, values)?;
            let nulls: NullBuffer =
                values.iter().map(|value| present(*value).is_some()).collect::<Vec<bool>>().into();
            Arc::new(StructArray::try_new(fields, columns, Some(nulls))?)
        }
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray as _;
    use arrow::datatypes::Float64Type;
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_the_narrowest_that_hold_all_values() {
        let batch = record_batch(&[
            json!({"i": 1, "f": 1, "s": "x", "m": 1, "l": [1, null], "o": {"a": {"b": 1}}, "e": null, "t": "NaN"}),
            json!({"i": i64::MIN, "f": "NaN", "s": "", "m": "one", "l": [2.5], "o": null, "b": true, "t": "y"}),
        ])
        .unwrap();
        let type_of = |name: &str| batch.column_by_name(name).unwrap().data_type().clone();
        assert_eq!(type_of("i"), DataType::Int64);
        assert_eq!(type_of("f"), DataType::Float64);
        assert_eq!(type_of("t"), DataType::Utf8);
        assert_eq!(type_of("m"), DataType::Utf8);
        assert_eq!(type_of("l"), DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true))));
        assert!(batch.column_by_name("f").unwrap().as_primitive::<Float64Type>().value(1).is_nan());
        assert_eq!(batch.column_by_name("m").unwrap().as_string::<i32>().value(1), "\"one\"");
        assert!(batch.column_by_name("o").unwrap().is_null(1));
        assert!(batch.column_by_name("b").unwrap().is_null(0));
    }
}
