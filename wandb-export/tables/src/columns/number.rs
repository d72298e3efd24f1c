//! Exact conversion of integers to doubles.

/// All integers up to this magnitude are exact doubles.
const SAFE: u64 = 1 << 53;

/// Converts `integer` to a double, or returns `None` if it is not the exact value or the printed form of one.
///
/// Servers print a double such as 1.2345678901234567e20 without an exponent, as 123456789012345670000. The
/// exact value of that double differs from these digits. No other double prints as them, however, so
/// converting the digits back loses nothing.
#[expect(clippy::cast_precision_loss, reason = "the loss is checked below")]
pub(crate) fn int_as_f64(integer: i64) -> Option<f64> {
    let double = integer as f64;
    (integer.unsigned_abs() <= SAFE || is_print_of(double, &integer.to_string())).then_some(double)
}

/// Like [`int_as_f64`], for the decimal digits of an integer of any size, with a leading `-` if negative.
pub(crate) fn digits_as_f64(digits: &str) -> Option<f64> {
    let double: f64 = digits.parse().ok()?;
    is_print_of(double, digits).then_some(double)
}

/// Returns whether `digits` are the exact value of `double`, or its shortest form padded with zeros.
fn is_print_of(double: f64, digits: &str) -> bool {
    double.is_finite() && (format!("{double:.0}") == digits || format!("{double}") == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_convert_only_if_exact() {
        let safe = i64::try_from(SAFE).expect("fits");
        for exact in [0, 1, -1, safe, -safe, safe + 2, i64::MIN] {
            assert!(int_as_f64(exact).is_some(), "{exact}");
        }
        for inexact in [safe + 1, -safe - 1, i64::MAX, i64::MIN + 1] {
            assert_eq!(int_as_f64(inexact), None, "{inexact}");
        }
    }

    #[test]
    fn digits_convert_from_exact_or_short_form() {
        assert_eq!(digits_as_f64("9223372036854775808"), Some(9_223_372_036_854_775_808.0));
        assert_eq!(digits_as_f64("9223372036854776000"), Some(9_223_372_036_854_775_808.0));
        assert_eq!(digits_as_f64("-123456789012345670000"), Some(-123_456_789_012_345_670_000.0));
        assert_eq!(digits_as_f64("9223372036854775809"), None);
        assert_eq!(digits_as_f64(&"9".repeat(400)), None);
    }
}
