//! Comparison of values for filters and orders.

use std::cmp::Ordering;

use wandb_core::Value;
use wandb_core::model::Timestamp;

use super::number::Number;

/// Compares two values; `None` if they are not comparable.
pub(crate) type Comparison = fn(&Value, &Value) -> Option<Ordering>;

/// Compares values of one kind: numbers, strings, booleans or nulls.
pub(crate) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (Number::from_value(one), Number::from_value(other)) {
        return one.compare(other);
    }
    match (one, other) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// Compares two texts as points in time if both are timestamps, so that time zones do not matter; else as [`compare`].
///
/// Only for fields that hold times: elsewhere a text is just a text.
pub(crate) fn compare_times(one: &Value, other: &Value) -> Option<Ordering> {
    match (moment(one), moment(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => compare(one, other),
    }
}

/// The point in time in a text, if it is a timestamp.
pub(crate) fn moment(value: &Value) -> Option<impl Ord + use<>> {
    Timestamp::from(value.as_str()?).time()
}

/// Whether two values are equal. Lists and maps compare item by item; the order of keys does not matter.
pub(super) fn equal(one: &Value, other: &Value, comparison: Comparison) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| equal(one, other, comparison))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| equal(one, other, comparison)))
        }
        _ => comparison(one, other) == Some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_of_different_kinds_do_not_compare() {
        let kinds = ["null", "true", "1", r#""a""#, "[1]", r#"{"a":1}"#];
        for (at, one) in kinds.iter().enumerate() {
            for (beside, other) in kinds.iter().enumerate() {
                let expected = (at == beside && at < 4).then_some(Ordering::Equal);
                assert_eq!(compare(&value(one), &value(other)), expected, "{one} {other}");
                assert_eq!(equal(&value(one), &value(other), compare), at == beside, "{one} {other}");
            }
        }
    }

    #[test]
    fn lists_and_maps_compare_item_by_item() {
        let one = value(r#"{"a":[1,{"b":2.0}],"c":null}"#);
        assert!(equal(&one, &value(r#"{"c":null,"a":[1.0,{"b":2}]}"#), compare));
        assert!(!equal(&one, &value(r#"{"c":null,"a":[1.0,{"b":3}]}"#), compare));
        assert!(!equal(&one, &value(r#"{"a":[1,{"b":2.0}]}"#), compare));
        assert!(!equal(&value("[1]"), &value("[1,2]"), compare));
    }

    #[test]
    fn times_compare_as_moments_only_in_time_fields() {
        let (zoned, bare) = (value(r#""2024-05-01T14:00:00+02:00""#), value(r#""2024-05-01T12:00:00""#));
        assert_eq!(compare_times(&zoned, &bare), Some(Ordering::Equal));
        assert_eq!(compare(&zoned, &bare), Some(Ordering::Greater));
        assert_eq!(compare_times(&zoned, &value(r#""yesterday""#)), Some(Ordering::Less));
        assert_eq!(compare_times(&zoned, &value("1714564800")), None);
    }
}
