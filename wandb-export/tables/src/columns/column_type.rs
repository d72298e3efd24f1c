//! Column types, and the choice of a type that fits all values seen in a column.

use std::fmt;

use super::finding::Reason;
use super::kind_counts::{KindCounts, ValueKind};

/// The type of every value in one column. Every column may also hold nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// Booleans.
    Bool,
    /// Signed integers of 64 bits.
    Int64,
    /// Doubles, including NaN and the infinities.
    Float64,
    /// Text.
    Utf8,
    /// JSON text: lists, objects, integers beyond 64 bits, and every value of a column whose type changes.
    /// A string in such a column keeps its quotes, so that `"5"` differs from `5`.
    Json,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "boolean",
            Self::Int64 => "64-bit integer",
            Self::Float64 => "float",
            Self::Utf8 => "string",
            Self::Json => "JSON text",
        })
    }
}

impl KindCounts {
    /// Returns the narrowest type that keeps every value exact, and a reason if the choice should
    /// be reported.
    ///
    /// A column with only nulls is [`ColumnType::Utf8`].
    pub fn column_type(&self) -> (ColumnType, Option<Reason>) {
        use ValueKind as Kind;

        let only = |kinds: &[Kind]| self.seen().all(|(kind, _)| kind == Kind::Null || kinds.contains(&kind));
        let has = |kind: Kind| self.count(kind) > 0;

        if only(&[]) {
            (ColumnType::Utf8, None)
        } else if only(&[Kind::Bool]) {
            (ColumnType::Bool, None)
        } else if only(&[Kind::Integer]) {
            (ColumnType::Int64, None)
        } else if only(&[Kind::Integer, Kind::BigInteger]) {
            (ColumnType::Json, Some(Reason::BigIntegers))
        } else if only(&[Kind::Integer, Kind::BigInteger, Kind::Float, Kind::NonFiniteText]) {
            if self.inexact_integers() > 0 {
                (ColumnType::Json, Some(Reason::InexactIntegers))
            } else if has(Kind::Integer) || has(Kind::BigInteger) || has(Kind::Float) {
                (ColumnType::Float64, None)
            } else {
                (ColumnType::Float64, Some(Reason::OnlyNonFiniteText))
            }
        } else if only(&[Kind::String, Kind::NonFiniteText]) {
            (ColumnType::Utf8, None)
        } else if only(&[Kind::List]) || only(&[Kind::Object]) {
            (ColumnType::Json, None)
        } else {
            (ColumnType::Json, Some(Reason::TypeChanges))
        }
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::Value;

    use super::*;

    fn fitting(values: &str) -> (ColumnType, Option<Reason>) {
        let list = Value::parse(format!("[{values}]").as_bytes()).expect("valid JSON");
        let mut kinds = KindCounts::default();
        list.as_list().expect("a list").iter().for_each(|value| kinds.observe(value));
        kinds.column_type()
    }

    #[test]
    fn one_kind_of_value_has_its_own_type() {
        assert_eq!(fitting("null, true, null"), (ColumnType::Bool, None));
        assert_eq!(fitting("1, null, -9223372036854775808"), (ColumnType::Int64, None));
        assert_eq!(fitting("1.0, 2e300"), (ColumnType::Float64, None));
        assert_eq!(fitting(r#""a", "", null"#), (ColumnType::Utf8, None));
        assert_eq!(fitting("[], [1]"), (ColumnType::Json, None));
        assert_eq!(fitting("{}, {\"_type\": \"histogram\"}"), (ColumnType::Json, None));
    }

    #[test]
    fn only_nulls_are_text() {
        assert_eq!(fitting(""), (ColumnType::Utf8, None));
        assert_eq!(fitting("null, null"), (ColumnType::Utf8, None));
    }

    #[test]
    fn numbers_and_their_non_finite_strings_are_floats() {
        assert_eq!(fitting(r#"1, "NaN", 2.5, "Infinity", "-Infinity""#), (ColumnType::Float64, None));
        assert_eq!(fitting("NaN, Infinity, -Infinity"), (ColumnType::Float64, None));
        assert_eq!(fitting(r#"1, "NaN""#), (ColumnType::Float64, None));
    }

    #[test]
    fn only_non_finite_strings_are_reported_floats() {
        assert_eq!(fitting(r#""NaN", null"#), (ColumnType::Float64, Some(Reason::OnlyNonFiniteText)));
    }

    #[test]
    fn non_finite_strings_with_words_are_strings() {
        assert_eq!(fitting(r#""NaN", "banana""#), (ColumnType::Utf8, None));
        assert_eq!(fitting(r#""nan", "NAN", "inf""#), (ColumnType::Utf8, None));
    }

    #[test]
    fn integers_join_floats_only_when_exact() {
        assert_eq!(fitting("9007199254740992, 0.5"), (ColumnType::Float64, None));
        assert_eq!(fitting("9007199254740994, 0.5"), (ColumnType::Float64, None));
        assert_eq!(fitting("9007199254740993, 0.5"), (ColumnType::Json, Some(Reason::InexactIntegers)));
        assert_eq!(fitting("9223372036854775807, 0.5"), (ColumnType::Json, Some(Reason::InexactIntegers)));
        assert_eq!(fitting("9007199254740993, \"NaN\""), (ColumnType::Json, Some(Reason::InexactIntegers)));
    }

    #[test]
    fn double_printed_without_exponent_is_float() {
        assert_eq!(fitting("123456789012345670000, 0.5"), (ColumnType::Float64, None));
        assert_eq!(fitting("123456789012345670001, 0.5"), (ColumnType::Json, Some(Reason::InexactIntegers)));
    }

    #[test]
    fn integers_beyond_64_bits_keep_their_digits() {
        assert_eq!(fitting("1, 18446744073709551615"), (ColumnType::Json, Some(Reason::BigIntegers)));
    }

    #[test]
    fn changing_type_is_json_and_reported() {
        for values in [r#"1, "one""#, "true, 1", "true, \"true\"", "[], {}", "1, [1]", r#"1, "NaN", "word""#]
        {
            assert_eq!(fitting(values), (ColumnType::Json, Some(Reason::TypeChanges)), "{values}");
        }
    }
}
