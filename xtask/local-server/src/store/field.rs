//! The fields of a run, by the names that filters and orders use.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::filter::compare;
use super::run::Run;

/// Returns the value of a field, or null if the run has none of that name.
pub(crate) fn field(run: &Run, state: &str, name: &str) -> Value {
    let facts = &run.facts;
    match name {
        "name" => json!(facts.name),
        "display_name" | "displayName" => json!(facts.display_name),
        "state" => json!(state),
        "tags" => json!(facts.tags),
        "group" => json!(facts.group),
        "jobType" | "job_type" => json!(facts.job_type),
        "sweep" => json!(facts.sweep),
        "notes" => json!(facts.notes),
        "description" => json!(facts.description),
        "commit" => json!(facts.commit),
        "host" => json!(facts.host),
        "username" | "user" => json!(facts.user),
        "created_at" | "createdAt" => json!(facts.created_at.to_string()),
        "heartbeat_at" | "heartbeatAt" | "updated_at" | "updatedAt" => json!(facts.heartbeat_at.to_string()),
        _ => {
            if let Some(key) = name.strip_prefix("config.") {
                nested(run.config(), key, true)
            } else if let Some(key) = name.strip_prefix("summary_metrics.") {
                nested(run.summary(), key, false)
            } else if let Some(tag) = name.strip_prefix("tags.") {
                if facts.tags.iter().any(|own| own == tag) { json!(true) } else { Value::Null }
            } else {
                Value::Null
            }
        }
    }
}

/// Looks up a dotted key. Keys may contain dots themselves. A config value is wrapped in `value`, which the key may
/// include or omit.
pub(crate) fn nested(object: &Value, key: &str, wrapped: bool) -> Value {
    let unwrap = |value: &Value, rest: &str| -> Value {
        let (value, rest) = match value.get("value") {
            Some(inner) if wrapped => match rest.strip_prefix("value") {
                Some("") => (inner, ""),
                Some(tail) if tail.starts_with('.') => (inner, &tail[1..]),
                _ => (inner, rest),
            },
            _ => (value, rest),
        };
        if rest.is_empty() { value.clone() } else { nested(value, rest, false) }
    };
    if let Some(value) = object.get(key) {
        return unwrap(value, "");
    }
    key.match_indices('.')
        .filter_map(|(at, _)| object.get(&key[..at]).map(|value| unwrap(value, &key[at + 1..])))
        .find(|value| !value.is_null())
        .unwrap_or(Value::Null)
}

/// A sort order: `+field` or `-field`, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order(Vec<(String, bool)>);

impl Order {
    /// Parses an order. The default is by creation time, oldest first.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let text = text.filter(|text| !text.is_empty()).unwrap_or("+created_at");
        Self(
            text.split(',')
                .map(|part| match part.strip_prefix('-') {
                    Some(field) => (field.to_owned(), true),
                    None => (part.strip_prefix('+').unwrap_or(part).to_owned(), false),
                })
                .collect(),
        )
    }

    /// Returns whether the order depends on a field.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    /// Returns the sort key of a run.
    pub(crate) fn key(&self, run: &Run, state: &str) -> Vec<Value> {
        self.key_of(&|name| field(run, state, name))
    }

    /// Returns the sort key of an entry with these fields.
    pub(crate) fn key_of(&self, field: &dyn Fn(&str) -> Value) -> Vec<Value> {
        self.0.iter().map(|(name, _)| field(name)).collect()
    }

    /// Compares two sort keys. Runs without the field come last in both directions; numbers come before strings.
    pub(crate) fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        let fields = self.0.iter().zip(left.iter().zip(right));
        fields.fold(Ordering::Equal, |decided, ((_, descending), (left, right))| {
            decided.then_with(|| {
                rank(left).cmp(&rank(right)).then_with(|| {
                    let ordering = compare(left, right).unwrap_or(Ordering::Equal);
                    if *descending { ordering.reverse() } else { ordering }
                })
            })
        })
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::Bool(_) => 1,
        Value::String(_) => 2,
        Value::Array(_) | Value::Object(_) => 3,
        Value::Null => 4,
    }
}
