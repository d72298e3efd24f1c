//! The MongoDB-style filters of lists: runs, artifacts, collections, projects.

use std::cmp::Ordering;

use serde_json::Value;

use super::field::field;
use super::run::Run;

/// A filter that cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    #[error("filters are not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("unknown operator {0:?} in filters")]
    Operator(String),
    #[error("operator {0:?} needs {1}")]
    Operand(&'static str, &'static str),
    #[error("bad regular expression in filters: {0}")]
    Regex(#[from] regex::Error),
}

/// A parsed filter.
#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Field(String, Condition),
}

/// A condition on the value of a field.
#[derive(Debug)]
pub(crate) enum Condition {
    Equals(Value),
    Compares(Value, &'static [Ordering]),
    In(Vec<Value>),
    Exists(bool),
    Matches(regex::Regex),
    Contains(Value),
}

impl Filter {
    /// Parses the JSON text of a filter. Empty text and `{}` match every entry.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        if text.trim().is_empty() {
            return Ok(Self::All(Vec::new()));
        }
        Self::from_value(&serde_json::from_str(text)?)
    }

    fn from_value(value: &Value) -> Result<Self, FilterError> {
        let Value::Object(entries) = value else {
            return if value.is_null() {
                Ok(Self::All(Vec::new()))
            } else {
                Err(FilterError::Operand("filter", "an object"))
            };
        };
        let parts = entries
            .iter()
            .map(|(key, value)| match key.as_str() {
                "$and" => Ok(Self::All(Self::list("$and", value)?)),
                "$or" => Ok(Self::Any(Self::list("$or", value)?)),
                "$nor" => Ok(Self::Not(Box::new(Self::Any(Self::list("$nor", value)?)))),
                "$not" => Ok(Self::Not(Box::new(Self::from_value(value)?))),
                operator if operator.starts_with('$') => Err(FilterError::Operator(operator.to_owned())),
                field => Self::on_field(field, value),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self::All(parts))
    }

    fn list(operator: &'static str, value: &Value) -> Result<Vec<Self>, FilterError> {
        let items = value.as_array().ok_or(FilterError::Operand(operator, "a list"))?;
        items.iter().map(Self::from_value).collect()
    }

    fn on_field(field: &str, value: &Value) -> Result<Self, FilterError> {
        let Some(operators) = value.as_object().filter(|map| map.keys().any(|key| key.starts_with('$')))
        else {
            return Ok(Self::Field(field.to_owned(), Condition::Equals(value.clone())));
        };
        let tests = operators
            .iter()
            .map(|(operator, operand)| {
                let test = match operator.as_str() {
                    "$not" => return Ok(Self::Not(Box::new(Self::on_field(field, operand)?))),
                    "$ne" => return Ok(Self::not(field, Condition::Equals(operand.clone()))),
                    "$nin" => return Ok(Self::not(field, Condition::In(values("$nin", operand)?))),
                    "$eq" => Condition::Equals(operand.clone()),
                    "$in" => Condition::In(values("$in", operand)?),
                    "$gt" => Condition::Compares(operand.clone(), &[Ordering::Greater]),
                    "$gte" => Condition::Compares(operand.clone(), &[Ordering::Greater, Ordering::Equal]),
                    "$lt" => Condition::Compares(operand.clone(), &[Ordering::Less]),
                    "$lte" => Condition::Compares(operand.clone(), &[Ordering::Less, Ordering::Equal]),
                    "$exists" => Condition::Exists(operand.as_bool().unwrap_or(operand != 0)),
                    "$regex" => {
                        let pattern = operand.as_str().ok_or(FilterError::Operand("$regex", "a string"))?;
                        Condition::Matches(regex::Regex::new(pattern)?)
                    }
                    "$contains" => Condition::Contains(operand.clone()),
                    other => return Err(FilterError::Operator(other.to_owned())),
                };
                Ok(Self::Field(field.to_owned(), test))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self::All(tests))
    }

    fn not(field: &str, test: Condition) -> Self {
        Self::Not(Box::new(Self::Field(field.to_owned(), test)))
    }

    /// Returns whether every entry matches.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Whether the run matches. `state` is its current state.
    pub(crate) fn matches(&self, run: &Run, state: &str) -> bool {
        self.matches_fields(&|name| field(run, state, name))
    }

    /// Whether the entry with these fields matches.
    pub(crate) fn matches_fields(&self, field: &dyn Fn(&str) -> Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches_fields(field)),
            Self::Any(parts) => parts.iter().any(|part| part.matches_fields(field)),
            Self::Not(part) => !part.matches_fields(field),
            Self::Field(name, test) => test.passes(&field(name)),
        }
    }
}

fn values(operator: &'static str, operand: &Value) -> Result<Vec<Value>, FilterError> {
    operand.as_array().cloned().ok_or(FilterError::Operand(operator, "a list"))
}

impl Condition {
    fn passes(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => equals_or_contains(value, wanted),
            Self::In(wanted) => wanted.iter().any(|wanted| equals_or_contains(value, wanted)),
            Self::Exists(wanted) => value.is_null() != *wanted,
            Self::Compares(wanted, orderings) => {
                compare(value, wanted).is_some_and(|ordering| orderings.contains(&ordering))
            }
            Self::Matches(pattern) => match value {
                Value::String(text) => pattern.is_match(text),
                Value::Array(items) => {
                    items.iter().filter_map(Value::as_str).any(|item| pattern.is_match(item))
                }
                _ => false,
            },
            Self::Contains(wanted) => match (value, wanted) {
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Object(entries), Value::String(key)) => entries.contains_key(key),
                _ => equals_or_contains(value, wanted),
            },
        }
    }
}

/// Whether the value equals `wanted`, or is a list that contains it.
fn equals_or_contains(value: &Value, wanted: &Value) -> bool {
    equal(value, wanted) || value.as_array().is_some_and(|items| items.iter().any(|item| equal(item, wanted)))
}

fn equal(value: &Value, wanted: &Value) -> bool {
    value == wanted || compare(value, wanted) == Some(Ordering::Equal)
}

/// Compares two numbers, strings (also times) or booleans. Returns `None` for values of different kinds.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => match (time(a), time(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Parses a time. Without a zone it is UTC.
fn time(text: &str) -> Option<jiff::Timestamp> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })
}
