//! `historyKeys`: the keys that a run logged, with their counts and types.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Value, json};

/// Counts per key and type, updated as rows arrive.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyStatistics(IndexMap<String, KeyStatistic>);

#[derive(Debug, Clone)]
struct KeyStatistic {
    types: BTreeMap<&'static str, u64>,
    custom: BTreeMap<String, u64>,
    monotonic: bool,
    previous: Option<f64>,
}

impl KeyStatistics {
    /// Adds a row. Nested objects count under dotted keys.
    pub(crate) fn add(&mut self, row: &Value) {
        if let Value::Object(fields) = row {
            for (key, value) in fields {
                self.add_value(key, value);
            }
        }
    }

    fn add_value(&mut self, key: &str, value: &Value) {
        if let Value::Object(fields) = value
            && !fields.contains_key("_type")
            && !fields.is_empty()
        {
            for (inner, value) in fields {
                self.add_value(&format!("{key}.{inner}"), value);
            }
            return;
        }
        let statistic = match self.0.get_mut(key) {
            Some(statistic) => statistic,
            None => self.0.entry(key.to_owned()).or_insert_with(KeyStatistic::new),
        };
        statistic.add(value);
    }

    /// Adds a key that has a number in all `count` rows of a generated run.
    pub(crate) fn add_numbers(&mut self, key: &str, count: u64, monotonic: bool, last: f64) {
        let mut statistic = KeyStatistic::new();
        statistic.types.insert("number", count);
        statistic.monotonic = monotonic;
        statistic.previous = Some(last);
        self.0.insert(key.to_owned(), statistic);
    }

    /// Adds a key that has a value of type `name` in all `count` rows of a generated run.
    pub(crate) fn add_all(&mut self, key: &str, name: &'static str, count: u64) {
        let mut statistic = KeyStatistic::new();
        statistic.types.insert(name, count);
        statistic.monotonic = false;
        self.0.insert(key.to_owned(), statistic);
    }

    #[cfg(test)]
    pub(crate) fn count(&self, key: &str) -> u64 {
        self.0.get(key).map_or(0, |statistic| statistic.types.values().sum())
    }

    /// Returns the value of `historyKeys`.
    pub(crate) fn to_json(&self, last_step: i64) -> Value {
        let keys: serde_json::Map<String, Value> =
            self.0.iter().map(|(key, statistic)| (key.clone(), statistic.to_json())).collect();
        json!({ "lastStep": last_step, "keys": keys, "sets": [] })
    }
}

impl KeyStatistic {
    fn new() -> Self {
        Self { types: BTreeMap::new(), custom: BTreeMap::new(), monotonic: true, previous: None }
    }

    fn add(&mut self, value: &Value) {
        let name = match value {
            Value::Null => "nil",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "list",
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("_type") {
                    *self.custom.entry(name.clone()).or_default() += 1;
                    return;
                }
                "map"
            }
        };
        *self.types.entry(name).or_default() += 1;
        if let Some(number) = value.as_f64() {
            self.monotonic &= self.previous.is_none_or(|previous| previous <= number);
            self.previous = Some(number);
        } else {
            self.monotonic = false;
        }
    }

    fn to_json(&self) -> Value {
        let counts = self.types.iter().map(|(name, count)| (*name, count));
        let custom = self.custom.iter().map(|(name, count)| (name.as_str(), count));
        let counts: Vec<Value> =
            counts.chain(custom).map(|(name, count)| json!({ "type": name, "count": count })).collect();
        json!({ "typeCounts": counts, "monotonic": self.monotonic, "previousValue": self.previous.unwrap_or(-1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_per_dotted_key() {
        let mut keys = KeyStatistics::default();
        for row in [
            json!({"a": 1, "n": {"x": 1}, "h": {"_type": "histogram", "values": []}}),
            json!({"a": "NaN", "n": {"x": 0}}),
        ] {
            keys.add(&row);
        }
        let answer = keys.to_json(1);
        assert_eq!(answer["lastStep"], 1);
        assert_eq!(
            answer["keys"]["a"]["typeCounts"],
            json!([{"type": "number", "count": 1}, {"type": "string", "count": 1}])
        );
        assert_eq!(answer["keys"]["h"]["typeCounts"], json!([{"type": "histogram", "count": 1}]));
        assert_eq!(answer["keys"]["n.x"]["monotonic"], false);
        assert!(answer["keys"].get("n").is_none());
    }
}
