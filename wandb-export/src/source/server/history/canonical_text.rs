//! Compares rows of different sources by content.

use std::fmt::Write as _;

use wandb_core::{Row, Value};

/// Integers up to this magnitude are exact as doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns a text that is equal for rows with equal content, whatever their source. An exported file has a null for a
/// missing key, and may have floats for integers and a different order of keys.
pub(super) fn canonical_text(row: &Row) -> String {
    let mut out = String::new();
    write_object(row.iter().collect(), &mut out);
    out
}

fn write_object(mut entries: Vec<(&str, &Value)>, out: &mut String) -> bool {
    entries.sort_unstable_by_key(|(key, _)| *key);
    let mut is_filled = false;
    out.push('{');
    for (key, value) in entries {
        let before = out.len();
        // Writing to a string cannot fail.
        let _ = write!(out, "{key:?}:");
        if write_value(value, out) {
            out.push(',');
            is_filled = true;
        } else {
            out.truncate(before);
        }
    }
    out.push('}');
    is_filled
}

/// Appends a value. Returns false for an empty one: null, or an object of empty values.
fn write_value(value: &Value, out: &mut String) -> bool {
    let _ = match value {
        Value::Null => return false,
        Value::Map(map) => return write_object(map.iter().collect(), out),
        Value::List(list) => {
            out.push('[');
            for value in list {
                if !write_value(value, out) {
                    out.push_str("null");
                }
                out.push(',');
            }
            out.push(']');
            Ok(())
        }
        Value::String(text) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => {
            write!(out, "{:?}", value.as_f64())
        }
        Value::String(text) => write!(out, "{text:?}"),
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
        Value::Float(float) if float.fract() == 0.0 && float.abs() <= EXACT => {
            write!(out, "{}", *float as i64)
        }
        Value::Float(float) => write!(out, "{:?}", Some(float)),
        other => out.write_str(&other.to_json()),
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_ignores_the_source() {
        let text = |json: &str| canonical_text(&Row::parse(json.as_bytes()).expect("a row"));
        let live = text(r#"{"b": 2, "a": {"x": 1.5, "y": null}, "n": "NaN", "l": [1, null]}"#);
        assert_eq!(
            live,
            text(
                r#"{"a": {"x": 1.5}, "b": 2.0, "gone": null, "e": {"z": null}, "n": NaN, "l": [1.0, null]}"#
            )
        );
        for other in [
            r#"{"a": 1}"#,
            r#"{"a": "1"}"#,
            r#"{"a": 1.5}"#,
            r#"{"a": [1]}"#,
            r#"{"a": true}"#,
            r#"{"b": 1}"#,
        ] {
            assert_ne!(text(r#"{"a": 2}"#), text(other));
        }
        assert_ne!(text(r#"{"a": 1}"#), text(r#"{"a": "1"}"#));
    }
}
