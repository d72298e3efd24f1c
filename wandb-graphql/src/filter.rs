//! Filters that select runs.

pub(crate) mod compare;
mod condition;
mod error;
pub(crate) mod field;
mod matches;
mod number;
mod operator;

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

pub use error::FilterError;
pub use matches::Matcher;

/// A filter of runs as MongoDB-style JSON. The server evaluates it, or [`matches`](Filter::matches) for local runs.
///
/// Operators are `$and`, `$or`, `$not`, `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$exists` and
/// `$regex`; fields are `state`, `display_name`, `tags`, `group`, `jobType`, `sweep`, `created_at`, `username`,
/// `config.KEY`, `summary_metrics.KEY` and more. Only the server knows all of them, so parsing checks only that the
/// text is a JSON object.
///
/// ```
/// use wandb_graphql::Filter;
///
/// let filter: Filter = r#"{"state": "finished", "summary_metrics.loss": {"$lt": 0.1}}"#.parse()?;
/// assert_eq!(filter.to_string(), r#"{"state": "finished", "summary_metrics.loss": {"$lt": 0.1}}"#);
/// let error = "state=finished".parse::<Filter>().unwrap_err();
/// assert!(error.to_string().starts_with("the filter is not JSON: expected value at line 1 column 1"));
/// # Ok::<(), wandb_graphql::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    json: String,
}

impl Filter {
    /// Matches every run.
    pub fn all() -> Self {
        Self { json: "{}".to_owned() }
    }

    /// Matches the runs of the sweep with this id.
    pub fn sweep(id: &str) -> Self {
        Self { json: json!({"$and": [{"sweep": id}]}).to_string() }
    }

    /// Matches the runs of the group with this name.
    pub fn group(name: &str) -> Self {
        Self { json: json!({"group": name}).to_string() }
    }

    /// Matches the runs with these ids, which servers call names.
    pub fn ids<I: AsRef<str>>(ids: impl IntoIterator<Item = I>) -> Self {
        let ids: Vec<Value> = ids.into_iter().map(|id| Value::from(id.as_ref())).collect();
        Self { json: json!({"name": {"$in": ids}}).to_string() }
    }

    /// Matches the runs created at or after `from` and before `until`, both RFC 3339 texts.
    ///
    /// ```
    /// use wandb_graphql::Filter;
    ///
    /// let may = Filter::created(Some("2024-05-01T00:00:00Z"), Some("2024-06-01T00:00:00Z"));
    /// assert_eq!(may.json(), r#"{"created_at":{"$gte":"2024-05-01T00:00:00Z","$lt":"2024-06-01T00:00:00Z"}}"#);
    /// assert_eq!(Filter::created(None, None), Filter::all());
    /// ```
    pub fn created(from: Option<&str>, until: Option<&str>) -> Self {
        let bounds = [("$gte", from), ("$lt", until)];
        let bounds: serde_json::Map<String, Value> = bounds
            .into_iter()
            .filter_map(|(operator, moment)| Some((operator.to_owned(), moment?.into())))
            .collect();
        if bounds.is_empty() {
            Self::all()
        } else {
            Self { json: json!({ "created_at": bounds }).to_string() }
        }
    }

    /// Matches the runs that match both filters.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { json: format!(r#"{{"$and":[{},{}]}}"#, self.json, other.json) }
    }

    /// Whether the filter matches every run.
    pub fn is_all(&self) -> bool {
        self.json.chars().filter(|c| !c.is_whitespace()).eq("{}".chars())
    }

    /// The filter as JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// [`Filter::all`].
impl Default for Filter {
    fn default() -> Self {
        Self::all()
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let json = input.trim();
        let value: Value = serde_json::from_str(json)
            .map_err(|error| FilterError::NotJson { message: error.to_string() })?;
        let found = match value {
            Value::Object(_) => return Ok(Self { json: json.to_owned() }),
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
        };
        Err(FilterError::NotAnObject { found })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_unchanged() {
        let text = r#"{ "config.lr.value":{"$in":[1e-3, 10000000000000000000001]} }"#;
        assert_eq!(format!("\n{text} ").parse::<Filter>().unwrap().json(), text);
        assert_eq!("{}".parse::<Filter>().unwrap(), Filter::default());
    }

    #[test]
    fn sweep_is_named_by_its_id() {
        assert_eq!(Filter::sweep(r#"a"b"#).json(), r#"{"$and":[{"sweep":"a\"b"}]}"#);
    }

    #[test]
    fn and_keeps_both_texts() {
        let both = Filter::sweep("sw").and(&r#"{ "state": "finished" }"#.parse().unwrap());
        assert_eq!(both.json(), r#"{"$and":[{"$and":[{"sweep":"sw"}]},{ "state": "finished" }]}"#);
        assert_eq!(both.json().parse::<Filter>().unwrap(), both);
    }

    #[test]
    fn invalid_filters_are_rejected() {
        for (text, message) in [
            ("", "the filter is not JSON: EOF while parsing a value"),
            ("{'state': 'finished'}", "the filter is not JSON: key must be a string at line 1 column 2"),
            (r#"{"a": 1} x"#, "the filter is not JSON: trailing characters at line 1 column 10"),
            (r#"[{"state": "finished"}]"#, "the filter is a list, not an object"),
            (r#""finished""#, "the filter is a string, not an object"),
        ] {
            let error = text.parse::<Filter>().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
            assert!(error.ends_with(r#"(expected something like {"state": "finished"})"#), "{error}");
        }
    }
}
