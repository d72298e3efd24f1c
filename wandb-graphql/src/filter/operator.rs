//! Operators on the value of a field.

use std::cmp::Ordering;

use regex_lite::{Regex, RegexBuilder};
use wandb_core::Value;

use super::FilterError;
use super::compare::{Comparison, equal};

/// An operator with its operand. `$ne`, `$nin` and `$nor` are negations of other operators.
#[derive(Debug, Clone)]
pub(super) enum Operator {
    Equals(Value),
    OneOf(Vec<Value>),
    Compares(Value, &'static [Ordering]),
    Exists(bool),
    Matches(Regex),
}

impl Operator {
    /// Parses the operand of `$in` and `$nin`.
    pub(super) fn one_of(operator: &str, operand: &Value) -> Result<Self, FilterError> {
        let wanted = operand.as_list().ok_or_else(|| bad_operand(operator, operand, "a list"))?;
        Ok(Self::OneOf(wanted.to_vec()))
    }

    /// Parses the operand of `$gt`, `$gte`, `$lt` or `$lte`. `outcomes` are the orderings that match.
    pub(super) fn compares(
        operator: &str,
        operand: &Value,
        outcomes: &'static [Ordering],
    ) -> Result<Self, FilterError> {
        match operand {
            Value::List(_) | Value::Map(_) => {
                Err(bad_operand(operator, operand, "a number, string, boolean or null"))
            }
            _ => Ok(Self::Compares(operand.clone(), outcomes)),
        }
    }

    /// Parses the operand of `$exists`, which may be a number as in `MongoDB`.
    pub(super) fn exists(operand: &Value) -> Result<Self, FilterError> {
        match operand {
            Value::Bool(wanted) => Ok(Self::Exists(*wanted)),
            Value::Int(wanted) => Ok(Self::Exists(*wanted != 0)),
            _ => Err(bad_operand("$exists", operand, "true or false")),
        }
    }

    /// Parses the operand of `$regex`, with the `$options` beside it.
    pub(super) fn regex(operand: &Value, options: Option<&Value>) -> Result<Self, FilterError> {
        let pattern = operand.as_str().ok_or_else(|| bad_operand("$regex", operand, "a string"))?;
        let mut builder = RegexBuilder::new(pattern);
        if let Some(options) = options {
            let bad = || bad_operand("$options", options, "a string of the letters i, m, s and x");
            for letter in options.as_str().ok_or_else(bad)?.chars() {
                match letter {
                    'i' => builder.case_insensitive(true),
                    'm' => builder.multi_line(true),
                    's' => builder.dot_matches_new_line(true),
                    'x' => builder.ignore_whitespace(true),
                    _ => return Err(bad()),
                };
            }
        }
        let bad = |error: regex_lite::Error| FilterError::BadPattern {
            pattern: pattern.to_owned(),
            message: error.to_string(),
        };
        builder.build().map(Self::Matches).map_err(bad)
    }

    /// Whether a value matches. A missing value counts as null, except for `$exists`.
    pub(super) fn passes(&self, value: Option<&Value>, comparison: Comparison) -> bool {
        let given = value.unwrap_or(&Value::Null);
        match self {
            Self::Exists(wanted) => value.is_some() == *wanted,
            Self::Equals(wanted) => matches_any(given, |given| equal(given, wanted, comparison)),
            Self::OneOf(wanted) => {
                matches_any(given, |given| wanted.iter().any(|wanted| equal(given, wanted, comparison)))
            }
            Self::Compares(wanted, outcomes) => matches_any(given, |given| {
                comparison(given, wanted).is_some_and(|outcome| outcomes.contains(&outcome))
            }),
            Self::Matches(pattern) => {
                matches_any(given, |given| given.as_str().is_some_and(|text| pattern.is_match(text)))
            }
        }
    }
}

/// Whether a value or, for a list, one of its items matches, as in `MongoDB`.
fn matches_any(value: &Value, passes: impl Fn(&Value) -> bool) -> bool {
    passes(value) || value.as_list().is_some_and(|items| items.iter().any(passes))
}

/// The error for an operand of the wrong kind.
pub(super) fn bad_operand(operator: &str, operand: &Value, needed: &'static str) -> FilterError {
    let mut found = operand.to_json();
    if let Some((end, _)) = found.char_indices().nth(LONGEST_QUOTE) {
        found.replace_range(end.., "…");
    }
    FilterError::BadOperand { operator: operator.to_owned(), needed, found }
}

/// Maximum length of an operand in an error, in characters.
const LONGEST_QUOTE: usize = 60;
