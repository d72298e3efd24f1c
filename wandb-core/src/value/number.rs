//! Interpretation of values as numbers.

use super::Value;

/// Parses W&B's string for a non-finite number.
pub(crate) fn non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Returns W&B's string for a non-finite number.
pub(super) fn non_finite_name(float: f64) -> Option<&'static str> {
    match float {
        _ if float.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// Converts a float to an integer, if it is integral and fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked, its ends being exact floats")]
pub(super) fn integral(float: f64) -> Option<i64> {
    const BELOW: f64 = -9_223_372_036_854_775_808.0;
    ((BELOW..-BELOW).contains(&float) && float.fract() == 0.0).then_some(float as i64)
}

impl Value {
    /// Returns the number. Integers become the nearest float, and the strings `"NaN"`, `"Infinity"` and `"-Infinity"`
    /// are numbers. `None` for anything else.
    #[expect(clippy::cast_precision_loss, reason = "documented")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(*int as f64),
            Self::BigInt(big) => Some(big.to_f64()),
            Self::Float(float) => Some(*float),
            Self::String(string) => non_finite(string),
            _ => None,
        }
    }

    /// Returns the integer, or an integral float (`5.0`) as an integer. `None` for anything else, or if it does not
    /// fit.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Float(float) => integral(*float),
            _ => None,
        }
    }

    /// Returns true for NaN and infinite numbers, as a float or as one of W&B's strings.
    pub fn is_non_finite(&self) -> bool {
        match self {
            Self::Float(float) => !float.is_finite(),
            Self::String(string) => non_finite(string).is_some(),
            _ => false,
        }
    }
}
