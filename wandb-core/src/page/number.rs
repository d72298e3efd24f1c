//! Recognition of JSON numbers in a text, without converting them.

use super::cell::CellKind;

/// The maximum number of digits of an integer, as in Python.
const MAX_DIGITS: usize = 4_300;

/// Integers of this many digits always fit 64 bits.
const CERTAIN_I64_DIGITS: usize = 18;

/// Floats with fewer digits before the point and at most as many in the exponent are always finite.
const CERTAIN_FINITE_DIGITS: (usize, usize) = (200, 2);

/// Recognizes the number at the start of `text`. Returns its kind and length, or `None` if there is none or it is
/// longer than the limit.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<(CellKind, usize)> {
    common_number(text).or_else(|| any_number(text))
}

/// Recognizes most numbers: a few digits, then an optional point followed by digits that fill less than [`WORDS`]
/// words. Returns `None` for others.
///
/// The start of the next value depends on the end of this one, so a processor can only work ahead if it predicts
/// that. The number of digits before the point is mostly constant within a column, so it is branched on. The number
/// behind it is not.
#[inline]
fn common_number(text: &[u8]) -> Option<(CellKind, usize)> {
    let start = usize::from(text.first() == Some(&b'-'));
    let integer = text.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if integer == 0 || integer > CERTAIN_I64_DIGITS || integer > 1 && text[start] == b'0' {
        return None;
    }
    let mut end = start + integer;
    let mut kind = CellKind::Int;
    if text.get(end) == Some(&b'.') {
        let fraction = leading_digits(text.get(end + 1..)?.first_chunk::<{ 8 * WORDS }>()?);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
        kind = CellKind::Float;
    }
    // If the digits fill all words, more may follow.
    matches!(text.get(end)?, b',' | b'}' | b' ').then_some((kind, end))
}

/// The number of words that hold the digits of any double near one.
const WORDS: usize = 3;

/// Counts the leading digits. Branch-free, because it depends on the number whether a word has a character that is no
/// digit, which a processor cannot predict.
#[inline]
fn leading_digits<const BYTES: usize>(text: &[u8; BYTES]) -> usize {
    let (words, _) = text.as_chunks::<8>();
    words.iter().rev().fold(0, |behind, word| {
        let others = non_digit_mask(u64::from_le_bytes(*word));
        let here = others.trailing_zeros() as usize / 8;
        here + if others == 0 { behind } else { 0 }
    })
}

/// Recognizes any number, including one at the end of a text.
#[inline(never)]
pub(super) fn any_number(text: &[u8]) -> Option<(CellKind, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let integer = match text.get(start)? {
        b'0' => 1,
        b'1'..=b'9' => digits(&text[start..]),
        b'I' if text[start..].starts_with(b"Infinity") => {
            let kind = if negative { CellKind::NegativeInfinity } else { CellKind::Infinity };
            return Some((kind, start + 8));
        }
        b'N' if !negative && text.starts_with(b"NaN") => return Some((CellKind::NaN, 3)),
        _ => return None,
    };
    let mut end = start + integer;
    let mut exponent = 0;
    let mut is_float = false;
    if text.get(end) == Some(&b'.') {
        let fraction = digits(&text[end + 1..]);
        if fraction == 0 {
            return None;
        }
        (end, is_float) = (end + 1 + fraction, true);
    }
    if let Some(b'e' | b'E') = text.get(end) {
        end += 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        exponent = digits(text.get(end..)?);
        if exponent == 0 {
            return None;
        }
        (end, is_float) = (end + exponent, true);
    }
    let token = &text[..end];
    if is_float {
        let is_certain = integer < CERTAIN_FINITE_DIGITS.0 && exponent <= CERTAIN_FINITE_DIGITS.1;
        return Some((if is_certain { CellKind::Float } else { float(token, negative)? }, end));
    }
    if integer <= CERTAIN_I64_DIGITS {
        return Some((CellKind::Int, end));
    }
    if integer > MAX_DIGITS {
        return None;
    }
    let fits = std::str::from_utf8(token).ok()?.parse::<i64>().is_ok();
    Some((if fits { CellKind::Int } else { CellKind::BigInt }, end))
}

/// Counts the leading digits of `text`, eight at a time, because most numbers have many.
fn digits(text: &[u8]) -> usize {
    let mut count = 0;
    while let Some(eight) = text[count..].first_chunk() {
        let others = non_digit_mask(u64::from_le_bytes(*eight));
        if others != 0 {
            return count + others.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count + text[count..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Sets the highest bit of each byte that is not a digit.
fn non_digit_mask(eight: u64) -> u64 {
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    const TO_OVERFLOW: u64 = u64::from_ne_bytes([0x80 - 10; 8]);
    // Digits become 0 to 9. Anything larger overflows into the highest bit, or already has it.
    let values = eight ^ ZEROS;
    (((values & !HIGHEST) + TO_OVERFLOW) | values) & HIGHEST
}

fn float(token: &[u8], negative: bool) -> Option<CellKind> {
    let float: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    Some(match (float.is_finite(), negative) {
        (true, _) => CellKind::Float,
        (false, false) => CellKind::Infinity,
        (false, true) => CellKind::NegativeInfinity,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_recognized_with_their_kind() {
        for (text, kind) in [
            ("0", CellKind::Int),
            ("-0", CellKind::Int),
            ("9223372036854775807", CellKind::Int),
            ("-9223372036854775808", CellKind::Int),
            ("9223372036854775808", CellKind::BigInt),
            ("0.0", CellKind::Float),
            ("-1.5e-300", CellKind::Float),
            ("5E2", CellKind::Float),
            ("1e308", CellKind::Float),
            ("1e400", CellKind::Infinity),
            ("-1e400", CellKind::NegativeInfinity),
            ("NaN", CellKind::NaN),
            ("Infinity", CellKind::Infinity),
            ("-Infinity", CellKind::NegativeInfinity),
        ] {
            assert_eq!(number(format!("{text},").as_bytes()), Some((kind, text.len())), "{text}");
        }
        let huge = format!("{}.5", "9".repeat(400));
        assert_eq!(number(huge.as_bytes()), Some((CellKind::Infinity, huge.len())));
    }

    #[test]
    fn digits_are_counted_up_to_any_other_byte() {
        for length in 0..20 {
            let counted = "0918273645".repeat(2)[..length].to_owned();
            assert_eq!(digits(counted.as_bytes()), length);
            for other in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = counted.clone().into_bytes();
                text.push(other);
                assert_eq!(digits(&text), length, "{other}");
                text.extend_from_slice(b"012345678");
                assert_eq!(digits(&text), length, "{other}");
            }
        }
    }

    proptest! {
        #[test]
        fn fast_path_agrees_with_the_general_one(
            text in "-?(0|[1-9][0-9]{0,2}|[0-9]{0,25})(\\.[0-9]{0,30})?([eE][+-]?[0-9]{0,3})?[,} ]?[0-9.x-]{0,30}",
        ) {
            if let Some(found) = common_number(text.as_bytes()) {
                prop_assert_eq!(Some(found), any_number(text.as_bytes()));
            }
        }
    }

    #[test]
    fn common_numbers_take_the_fast_path() {
        for digits in 1..24 {
            let text =
                format!(r#"-12.{},\"metric_00\":0.5,\"metric_01\":1.5"#, &"123456789".repeat(3)[..digits]);
            assert_eq!(common_number(text.as_bytes()), Some((CellKind::Float, 4 + digits)));
        }
        assert_eq!(common_number(b"1700000000, "), Some((CellKind::Int, 10)));
    }

    #[test]
    fn invalid_json_numbers_are_rejected() {
        for text in ["", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "-NaN", "--1", "Inf", "nan"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(number(b"01"), Some((CellKind::Int, 1)), "the caller rejects the following byte");
        assert_eq!(number("9".repeat(5_000).as_bytes()), None);
    }
}
