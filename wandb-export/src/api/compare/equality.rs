//! Equality of values.

use wandb_core::Value;

/// Returns whether Python would call the values equal, except that NaN equals itself and booleans are not numbers.
pub(super) fn are_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_equal(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| are_equal(one, other)))
        }
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            Value::Float(*float).as_i64() == Some(*int)
        }
        // Floats of this size are whole numbers, and print all digits without an exponent.
        (Value::BigInt(big), Value::Float(float)) | (Value::Float(float), Value::BigInt(big)) => {
            float.is_finite() && format!("{float:.0}") == big.digits()
        }
        // The server may or may not write these as text.
        _ if one.is_non_finite() && other.is_non_finite() => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one.is_nan() && other.is_nan() || one.total_cmp(&other).is_eq(),
            _ => false,
        },
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_equal_texts(one: &str, other: &str) -> bool {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let (one, other) = (value(one), value(other));
        assert_eq!(are_equal(&one, &other), are_equal(&other, &one));
        are_equal(&one, &other)
    }

    #[test]
    fn numbers_are_equal_if_exactly_equal() {
        for (one, other) in [
            ("1", "1.0"),
            ("0.0", "-0.0"),
            ("NaN", "NaN"),
            ("NaN", "\"NaN\""),
            ("-Infinity", "\"-Infinity\""),
            ("[1, {\"a\": 2, \"b\": NaN}]", "[1.0, {\"b\": NaN, \"a\": 2.0}]"),
            ("100000000000000000000", "1e20"),
            ("-100000000000000000000", "-1e20"),
        ] {
            assert!(are_equal_texts(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "true"),
            ("1", "\"1\""),
            ("null", "0"),
            ("9007199254740993", "9007199254740992.0"),
            ("9223372036854775807", "9223372036854775808.0"),
            ("100000000000000000001", "1e20"),
            ("Infinity", "-Infinity"),
            ("NaN", "Infinity"),
            ("[1]", "[1, 2]"),
            ("{\"a\": null}", "{}"),
        ] {
            assert!(!are_equal_texts(one, other), "{one} {other}");
        }
    }
}
