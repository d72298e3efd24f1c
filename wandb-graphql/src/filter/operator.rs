//! What one operator asks of the value of a field.

use std::cmp::Ordering;

use regex_lite::{Regex, RegexBuilder};
use wandb_core::Value;

use super::FilterError;
use super::compare::{Comparison, equal};

/// A question to the value of a field. Those that negate another are the other, negated.
#[derive(Debug, Clone)]
pub(super) enum Operator {
    Equals(Value),
    OneOf(Vec<Value>),
    Compares(Value, &'static [Ordering]),
    Exists(bool),
    Looks(Regex),
}

impl Operator {
    /// `$in` and `$nin`.
    pub(super) fn one_of(operator: &str, operand: &Value) -> Result<Self, FilterError> {
        let wanted = operand.as_list().ok_or_else(|| bad(operator, operand, "a list"))?;
        Ok(Self::OneOf(wanted.to_vec()))
    }

    /// `$gt`, `$gte`, `$lt` and `$lte`, by the outcomes that they let through.
    pub(super) fn compares(
        operator: &str,
        operand: &Value,
        outcomes: &'static [Ordering],
    ) -> Result<Self, FilterError> {
        match operand {
            Value::List(_) | Value::Map(_) => {
                Err(bad(operator, operand, "a number, string, boolean or null"))
            }
            _ => Ok(Self::Compares(operand.clone(), outcomes)),
        }
    }

    /// `$exists`, whose operand may be a number, as in `MongoDB`.
    pub(super) fn exists(operand: &Value) -> Result<Self, FilterError> {
        match operand {
            Value::Bool(wanted) => Ok(Self::Exists(*wanted)),
            Value::Int(wanted) => Ok(Self::Exists(*wanted != 0)),
            _ => Err(bad("$exists", operand, "true or false")),
        }
    }

    /// `$regex`, with the `$options` beside it.
    pub(super) fn looks(operand: &Value, options: Option<&Value>) -> Result<Self, FilterError> {
        let pattern = operand.as_str().ok_or_else(|| bad("$regex", operand, "a string"))?;
        let mut builder = RegexBuilder::new(pattern);
        if let Some(options) = options {
            let bad = || bad("$options", options, "a string of the letters i, m, s and x");
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
        builder.build().map(Self::Looks).map_err(bad)
    }

    /// Whether a value passes. One that is missing counts as null, but for `$exists`.
    pub(super) fn passes(&self, value: Option<&Value>, comparison: Comparison) -> bool {
        let given = value.unwrap_or(&Value::Null);
        match self {
            Self::Exists(wanted) => value.is_some() == *wanted,
            Self::Equals(wanted) => any(given, |given| equal(given, wanted, comparison)),
            Self::OneOf(wanted) => {
                any(given, |given| wanted.iter().any(|wanted| equal(given, wanted, comparison)))
            }
            Self::Compares(wanted, outcomes) => any(given, |given| {
                comparison(given, wanted).is_some_and(|outcome| outcomes.contains(&outcome))
            }),
            Self::Looks(pattern) => {
                any(given, |given| given.as_str().is_some_and(|text| pattern.is_match(text)))
            }
        }
    }
}

/// A list passes as a whole or by one of its items, as in `MongoDB`.
fn any(value: &Value, passes: impl Fn(&Value) -> bool) -> bool {
    passes(value) || value.as_list().is_some_and(|items| items.iter().any(passes))
}

/// What to say of an operator that is given something it makes no sense of.
pub(super) fn bad(operator: &str, operand: &Value, needed: &'static str) -> FilterError {
    let mut found = operand.to_json();
    if let Some((end, _)) = found.char_indices().nth(LONGEST_QUOTE) {
        found.replace_range(end.., "…");
    }
    FilterError::BadOperand { operator: operator.to_owned(), needed, found }
}

/// Characters of an operand that an error repeats.
const LONGEST_QUOTE: usize = 60;
