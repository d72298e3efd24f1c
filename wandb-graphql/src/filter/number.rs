//! Exact comparison of numbers of any kind.

use std::cmp::Ordering;

use wandb_core::Value;

/// A number in a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number<'a> {
    Int(i64),
    /// The digits of an integer beyond `i64`, with a leading `-` if it is negative.
    Big(&'a str),
    Float(f64),
}

impl<'a> Number<'a> {
    /// The number in a value, if there is one.
    ///
    /// W&B's texts for non-finite numbers count as numbers: whether such a number became a text depends on the program
    /// that logged it.
    pub(super) fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Int(int) => Some(Self::Int(*int)),
            Value::BigInt(big) => Some(Self::Big(big.digits())),
            Value::Float(float) => Some(Self::Float(*float)),
            Value::String(_) => value.as_f64().map(Self::Float),
            _ => None,
        }
    }

    /// Compares without rounding. NaN equals NaN and is not ordered with other numbers.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(&other)),
            (Self::Big(one), Self::Big(other)) => Some(compare_digits(one, other)),
            (Self::Int(one), Self::Big(other)) => Some(compare_digits(&one.to_string(), other)),
            (Self::Float(one), Self::Float(other)) if one.is_nan() && other.is_nan() => Some(Ordering::Equal),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(&other),
            (Self::Float(one), Self::Int(other)) => compare_with_int(one, other),
            (Self::Float(one), Self::Big(other)) => compare_with_digits(one, other),
            (Self::Int(_) | Self::Big(_), _) => other.compare(self).map(Ordering::reverse),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float beyond i128 saturates, far beyond i64")]
fn compare_with_int(float: f64, int: i64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    let whole = float.trunc() as i128;
    Some(whole.cmp(&int.into()).then(sign(float.fract())))
}

/// Compares with an integer beyond `i64`. At that size a float has no fraction.
fn compare_with_digits(float: f64, digits: &str) -> Option<Ordering> {
    if float.is_finite() {
        return Some(compare_digits(&format!("{:.0}", float.trunc()), digits));
    }
    (!float.is_nan()).then(|| sign(float))
}

/// Compares a number other than NaN with zero. Returns `Equal` for NaN, which is the fraction of an infinite number.
fn sign(float: f64) -> Ordering {
    float.partial_cmp(&0.0).unwrap_or(Ordering::Equal)
}

fn compare_digits(one: &str, other: &str) -> Ordering {
    let longer = |one: &str, other: &str| one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (None, None) => longer(one, other),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => longer(other, one),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers in ascending order. Rounding would make some neighbours equal.
    const ASCENDING: &[&str] = &[
        "-Infinity",
        "-1e300",
        "-9223372036854775810",
        "-9223372036854775809",
        "-9223372036854775808",
        "-9007199254740993",
        "-9007199254740992.0",
        "-1.5",
        "-1",
        "-0.5",
        "0",
        "1e-300",
        "0.5",
        "1.0",
        "9007199254740992.0",
        "9007199254740993",
        "9223372036854774784.0",
        "9223372036854775807",
        "9223372036854775808.0",
        "9223372036854775809",
        "18446744073709551615",
        "18446744073709551616.0",
        "18446744073709551617",
        "1e300",
        "Infinity",
    ];

    fn compare(one: &Value, other: &Value) -> Option<Ordering> {
        Number::from_value(one).unwrap().compare(Number::from_value(other).unwrap())
    }

    #[test]
    fn numbers_compare_without_rounding() {
        let values: Vec<Value> =
            ASCENDING.iter().map(|text| Value::parse(text.as_bytes()).unwrap()).collect();
        for (at, one) in values.iter().enumerate() {
            for (beside, other) in values.iter().enumerate() {
                assert_eq!(compare(one, other), Some(at.cmp(&beside)), "{one:?} {other:?}");
            }
            assert_eq!(compare(one, &f64::NAN.into()), None);
            assert_eq!(compare(&f64::NAN.into(), one), None);
        }
    }

    #[test]
    fn numbers_of_different_kinds_can_be_equal() {
        for (one, other) in [
            ("1", "1.0"),
            ("0", "-0.0"),
            ("18446744073709551616", "18446744073709551616.0"),
            (r#""Infinity""#, "Infinity"),
            (r#""NaN""#, "NaN"),
        ] {
            let (one, other) =
                (Value::parse(one.as_bytes()).unwrap(), Value::parse(other.as_bytes()).unwrap());
            assert_eq!(compare(&one, &other), Some(Ordering::Equal), "{one:?} {other:?}");
            assert_eq!(compare(&other, &one), Some(Ordering::Equal), "{one:?} {other:?}");
        }
    }

    proptest! {
        #[test]
        fn integers_of_all_sizes_compare_exactly(one in integers(), other in integers()) {
            prop_assert_eq!(compare(&one.into(), &other.into()), Some(one.cmp(&other)));
        }

        #[test]
        #[expect(clippy::cast_precision_loss, reason = "that is what makes them close")]
        fn floats_compare_by_their_integer_value(int in integers(), near in -3_i128..=3) {
            let float = int as f64;
            let whole = format!("{float:.0}").parse::<i128>().unwrap();
            prop_assert_eq!(compare(&float.into(), &(int + near).into()), Some(whole.cmp(&(int + near))));
        }
    }

    fn integers() -> impl Strategy<Value = i128> {
        (any::<i64>(), -40_i32..60)
            .prop_map(|(int, bits)| if bits < 0 { i128::from(int) >> -bits } else { i128::from(int) << bits })
    }
}
