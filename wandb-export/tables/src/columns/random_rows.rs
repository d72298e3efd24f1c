//! Random rows for property tests, and a normal form that drops the differences a table cannot represent.

use proptest::collection::vec;
use proptest::prelude::*;
use wandb_core::{Map, Row, Value};

use super::Nested;
use super::number::{digits_as_f64, int_as_f64};

/// Keys that clash, nest, or need escaping.
const KEYS: [&str; 10] =
    ["_step", "loss", "a", "b", "a.b", "", "x,y", "qu\"ote", "损失\u{1f642}", "new\nline"];

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-5_i64..5).prop_map(Value::Int),
        any::<i64>().prop_map(Value::Int),
        ((i64::MAX as u64 + 1)..).prop_map(Value::from),
        number(),
        text(),
    ]
    .boxed()
}

fn number() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => any::<f64>().prop_map(Value::Float),
        1 => prop::num::f64::ANY.prop_map(Value::Float),
        1 => prop::sample::select(vec!["NaN", "Infinity", "-Infinity"]).prop_map(Value::from),
        1 => (-1000_i64..1000).prop_map(Value::Int),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<Value> {
    prop_oneof![
        "\\PC*".prop_map(Value::from),
        "[a,\"\r\n\t\0 ]{0,4}".prop_map(Value::from),
        prop::sample::select(vec!["", "null", "true", "1", "nan", "[]"]).prop_map(Value::from),
    ]
    .boxed()
}

fn value() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(3, 12, 4, |inner| {
            let keys = prop::sample::select(vec!["b", "c", "b.c", "", "_type"]);
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::List),
                vec((keys, inner), 0..4).prop_map(|entries| Value::Map(entries.into_iter().collect())),
            ]
        })
        .boxed()
}

/// Rows in which any key may have values of any kind.
fn wild_rows() -> impl Strategy<Value = Vec<Row>> {
    let entry = (prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned), value());
    vec(vec(entry, 0..6).prop_map(Row::from_iter), 0..12)
}

/// Rows such as runs log: each key has values of one kind, or is missing.
fn tame_rows() -> impl Strategy<Value = Vec<Row>> {
    let nested = (number(), any::<bool>()).prop_map(|(accuracy, best)| {
        Value::Map(Map::from_iter([("accuracy", accuracy), ("best", best.into())]))
    });
    let values = (
        any::<i64>().prop_map(Value::Int),
        number(),
        text(),
        any::<bool>().prop_map(Value::Bool),
        vec(number(), 0..3).prop_map(Value::List),
        nested,
    );
    let row = (values, any::<[bool; 6]>()).prop_map(|((step, loss, name, done, list, eval), here)| {
        let entries =
            [("_step", step), ("loss", loss), ("name", name), ("done", done), ("list", list), ("eval", eval)];
        entries
            .into_iter()
            .zip(here)
            .filter(|(_, here)| *here)
            .map(|((key, value), _)| (key.to_owned(), value))
            .collect()
    });
    vec(row, 0..12)
}

/// Generates rows whose keys clash, nest or vary.
pub fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![wild_rows(), tame_rows()]
}

/// Normalizes a row to what a table can represent: no nulls, integers as doubles where exact, and non-finite
/// numbers as strings. `nested` is the table's layout.
pub fn as_tabled(row: &Row, nested: Nested) -> Value {
    let entries = row.iter().filter(|(_, value)| !value.is_null());
    let tabled = entries.filter_map(|(key, value)| Some((key, divided(value, nested)?)));
    Value::Map(tabled.collect())
}

fn divided(value: &Value, nested: Nested) -> Option<Value> {
    let Value::Map(map) = value else { return Some(canonical(value)) };
    if nested == Nested::Json || map.is_empty() || map.contains_key("_type") {
        return Some(canonical(value));
    }
    let inner: Map = map
        .iter()
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(key, value)| Some((key, divided(value, nested)?)))
        .collect();
    (!inner.is_empty() || nested == Nested::Struct).then_some(Value::Map(inner))
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Int(integer) => int_as_f64(*integer).map_or(Value::Int(*integer), Value::Float),
        Value::BigInt(integer) => digits_as_f64(integer.digits()).map_or_else(|| value.clone(), Value::Float),
        Value::Float(float) if !float.is_finite() => {
            Value::parse(value.to_json().as_bytes()).expect("printed by the same library")
        }
        Value::List(list) => list.iter().map(canonical).collect::<Vec<_>>().into(),
        Value::Map(map) => Value::Map(map.iter().map(|(key, value)| (key, canonical(value))).collect()),
        scalar => scalar.clone(),
    }
}

/// Removes nulls from objects. Rows read back from structs lack them, but rows from structs that became JSON
/// text keep them, so tests compare both sides without nulls.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Value::List(list) => list.iter().map(without_nulls).collect::<Vec<_>>().into(),
        value => value.clone(),
    }
}
