//! Converts Arrow record batches to rows.

mod column;
mod notes;
mod scalar;

use arrow_array::RecordBatch;
use wandb_core::{Map, Row, Value};

use self::column::Column;
use self::notes::Notes;
use crate::columns::TableError;

/// Metadata key for facts about a field that its name and Arrow type do not express. The value is a JSON
/// object: `"type": "json"` for JSON text, `"path"` for keys joined with dots, and `"rest": true` for the
/// column of keys without a column.
pub(crate) const METADATA_KEY: &str = "wandb-export";

/// Converts a record batch to rows, such as one read from a Parquet export of W&B or of this library.
///
/// A null becomes a missing key. Inside lists and maps, where its position matters, it stays a null. Other
/// values:
///
/// | Arrow | value |
/// |---|---|
/// | integers of every width | integer, exact |
/// | floats of every width | float, exact |
/// | decimals without places | integer, exact |
/// | decimals with places | string of its digits |
/// | strings of every kind | string |
/// | binary of every kind | string if it is UTF-8, otherwise a string of Base64 |
/// | boolean, list of every kind, dictionary | boolean, list, the value from the dictionary |
/// | struct, map with string keys | object |
/// | map with other keys | list of `{"key": …, "value": …}` |
/// | date, time, timestamp | string in ISO 8601; a timestamp with a time zone is in UTC and ends in `Z` |
/// | duration | integer, in the unit of the column |
///
/// Columns written by this library are restored to their original keys and values: JSON text is parsed, and
/// dotted columns become objects.
///
/// # Errors
///
/// [`TableError::UnsupportedType`] for intervals, unions and run-end-encoded columns, [`TableError::InvalidValue`].
pub fn rows_of(batch: &RecordBatch) -> Result<Vec<Row>, TableError> {
    let schema = batch.schema_ref();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| Ok((Notes::of(field), Column::new(array, field.name(), field)?)))
        .collect::<Result<Vec<_>, TableError>>()?;
    (0..batch.num_rows())
        .map(|index| {
            let mut entries = Vec::with_capacity(columns.len());
            for (notes, column) in &columns {
                let value = column.value(index)?;
                if let (true, Value::Map(rest)) = (notes.rest, &value) {
                    add(&mut entries, rest);
                } else if !value.is_null() {
                    put(&mut entries, &notes.path, column.name(), value);
                }
            }
            Ok(entries.into_iter().collect())
        })
        .collect()
}

/// Returns the top-level row key that holds the values of a column.
pub fn key_of(field: &arrow_schema::Field) -> String {
    Notes::of(field).path.into_iter().next().unwrap_or_else(|| field.name().clone())
}

/// Returns whether this is the column for all keys without a column.
pub fn is_rest(field: &arrow_schema::Field) -> bool {
    Notes::of(field).rest
}

/// Merges the values of the column for the rest into the row's entries.
fn add(entries: &mut Vec<(String, Value)>, rest: &Map) {
    for (key, value) in rest.iter() {
        match (entries.iter_mut().find(|(own, _)| own == key), value) {
            (Some((_, Value::Map(own))), Value::Map(rest)) => add_to(own, rest),
            _ => entries.push((key.to_owned(), value.clone())),
        }
    }
}

fn add_to(own: &mut Map, rest: &Map) {
    for (key, value) in rest.iter() {
        match (own.get_mut(key), value) {
            (Some(Value::Map(own)), Value::Map(rest)) => add_to(own, rest),
            _ => {
                own.insert(key, value.clone());
            }
        }
    }
}

/// Inserts a value at its path, or under the column's name if another value is in the way.
fn put(entries: &mut Vec<(String, Value)>, path: &[String], name: &str, value: Value) {
    if let [first, rest @ .., last] = path {
        if let Some((_, Value::Map(map))) = entries.iter_mut().find(|(key, _)| key == first) {
            if let Some(innermost) = innermost(map, rest) {
                innermost.insert(last.as_str(), value);
                return;
            }
        } else if !entries.iter().any(|(key, _)| key == first) {
            let map = rest.iter().rev().fold(Map::from_iter([(last.as_str(), value)]), |inner, key| {
                Map::from_iter([(key.as_str(), Value::Map(inner))])
            });
            entries.push((first.clone(), Value::Map(map)));
            return;
        }
    } else if let [only] = path {
        entries.push((only.clone(), value));
        return;
    }
    entries.push((name.to_owned(), value));
}

/// Returns the object at `keys` below `map`, creating missing objects. Returns `None` if another value is in
/// the way.
fn innermost<'a>(map: &'a mut Map, keys: &[String]) -> Option<&'a mut Map> {
    let Some((key, rest)) = keys.split_first() else { return Some(map) };
    if !map.contains_key(key) {
        map.insert(key.as_str(), Map::new());
    }
    match map.get_mut(key) {
        Some(Value::Map(map)) => innermost(map, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
