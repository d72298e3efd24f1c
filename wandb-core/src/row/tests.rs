//! Tests of rows.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::value::Map;

fn row(text: &str) -> Row {
    Row::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn keys_keep_their_order_and_last_value_wins() {
    let row = row(r#"{"b": 1, "_step": 2, "a": null, "b": 3, "c": {"x": 1, "x": 2}, "a": 4, "b": "last"}"#);
    assert_eq!(row.keys().collect::<Vec<_>>(), ["b", "_step", "a", "c"]);
    assert_eq!(row.to_json_line(), "{\"b\":\"last\",\"_step\":2,\"a\":4,\"c\":{\"x\":2}}\n");
    assert_eq!((row.len(), row.is_empty()), (4, false));
    assert_eq!(row.get("a"), Some(&Value::Int(4)));
    assert_eq!(row.get("z"), None);
    assert!(Row::parse(b"{}").unwrap().is_empty());
}

#[test]
fn step_may_be_a_float() {
    for (text, step) in [
        (r#"{"_step": 5}"#, Some(5)),
        (r#"{"_step": 5.0}"#, Some(5)),
        (r#"{"_step": 9007199254740993}"#, Some(9_007_199_254_740_993)),
        (r#"{"_step": 5.5}"#, None),
        (r#"{"_step": "5"}"#, None),
        (r#"{"_step": null}"#, None),
        (r#"{"_step": NaN}"#, None),
        (r#"{"_step": 9223372036854775808}"#, None),
        (r#"{"_runtime": 5}"#, None),
    ] {
        assert_eq!(row(text).step(), step, "{text}");
    }
}

#[test]
fn rows_deserialize_into_types() {
    #[derive(serde::Deserialize)]
    struct Point {
        #[serde(rename = "_step")]
        step: u64,
        loss: f64,
        #[serde(rename = "eval/acc")]
        acc: Option<f64>,
    }
    let row = row(r#"{"_step": 1.0, "loss": "NaN", "eval/acc": 1, "other": []}"#);
    let point: Point = row.deserialize().unwrap();
    assert!(point.step == 1 && point.loss.is_nan() && point.acc == Some(1.0));
    let error = row.deserialize::<HashMap<String, f64>>().unwrap_err();
    assert_eq!(error.to_string(), "at other: invalid type: sequence, expected f64");
    assert!(row.deserialize::<Option<Point>>().unwrap().is_some());
}

#[test]
fn only_objects_are_rows() {
    let error = |text: &str| Row::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("[1, 2]"), "expected a JSON object, found \"[1, 2]\"");
    assert!(error("[1, 2").contains("EOF while parsing a list"));
    assert!(error("{} {}").contains("trailing characters"));
    assert!(error("").contains("EOF"));
}

#[test]
fn repairs_are_reported() {
    let (row, repairs) = Row::parse_with_repairs(b"{\"a\x01\": \"\\ud800\"}").unwrap();
    assert_eq!(row.keys().collect::<Vec<_>>(), ["a\u{1}"]);
    assert_eq!((repairs.control_characters, repairs.lone_surrogates), (1, 1));
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{{\"a\":{}0{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(row(&nested(256)).len(), 1);
    assert!(Row::parse(nested(257).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn rows_and_maps_agree(entries in prop::collection::vec(("[ab]{0,3}", any::<i64>()), 0..40)) {
        let text: Vec<String> = entries.iter().map(|(key, int)| format!("\"{key}\":{int}")).collect();
        let text = format!("{{{}}}", text.join(","));
        let map: Map = entries.iter().cloned().collect();
        let line = row(&text).to_json_line();
        prop_assert_eq!(line, Value::Map(map.clone()).to_json() + "\n");
        let collected: Row = entries.into_iter().map(|(key, int)| (key, Value::Int(int))).collect();
        prop_assert_eq!(&collected, &row(&text));
        prop_assert_eq!(serde_json::to_string(&collected).unwrap(), Value::Map(map).to_json());
    }
}

#[test]
fn negative_zero_step_stays_a_float() {
    let row = Row::parse(br#"{"_step":-0.0}"#).unwrap();
    assert_eq!(row.to_json_line(), "{\"_step\":-0.0}\n");
    assert_eq!(row.step(), Some(0));
}
