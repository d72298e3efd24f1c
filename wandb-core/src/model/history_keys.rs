//! The metrics that a run has logged.

use indexmap::IndexMap;
use serde::Serialize;

use crate::value::{Map, Value};

/// The metrics of a run's history (`Run.historyKeys`), as counted by the server.
///
/// ```
/// use wandb_core::Value;
/// use wandb_core::model::HistoryKeys;
///
/// let json = br#"{"lastStep": 9, "keys": {"loss": {"typeCounts": [{"type": "number", "count": 10}]}}}"#;
/// let keys = HistoryKeys::from_value(&Value::parse(json)?);
/// assert_eq!(keys.last_step, Some(9));
/// assert_eq!(keys.keys["loss"].count(), 10);
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistoryKeys {
    /// The largest logged step (`lastStep`); `None` if there is none.
    pub last_step: Option<i64>,
    /// The metrics by name, in the server's order (`keys`).
    pub keys: IndexMap<String, HistoryKey>,
}

/// A metric of a run's history.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistoryKey {
    /// The number of values of each type (`typeCounts`).
    pub type_counts: Vec<TypeCount>,
    /// Whether the value never decreases (`monotonic`).
    pub is_monotonic: Option<bool>,
    /// The latest value counted by the server (`previousValue`).
    pub previous_value: Option<Value>,
}

/// The number of values of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TypeCount {
    /// The type's name (`type`): `number`, `string`, `map`, `list`, `boolean`, `nil`, or that of a W&B object such as
    /// `histogram`.
    pub r#type: String,
    /// The number of values (`count`).
    pub count: u64,
}

impl HistoryKeys {
    /// Parses the field's value. Missing parts are left empty; a negative `lastStep` means none.
    pub fn from_value(value: &Value) -> Self {
        let last_step = value.get("lastStep").and_then(Value::as_i64).filter(|step| *step >= 0);
        let keys = value.get("keys").and_then(Value::as_map);
        let keys = keys.map(Map::iter).into_iter().flatten();
        let keys = keys.map(|(name, key)| (name.to_owned(), HistoryKey::from_value(key))).collect();
        Self { last_step, keys }
    }
}

impl HistoryKey {
    fn from_value(value: &Value) -> Self {
        let counts = value.get("typeCounts").and_then(Value::as_list).unwrap_or_default();
        Self {
            type_counts: counts.iter().filter_map(Value::as_map).map(TypeCount::from_map).collect(),
            is_monotonic: value.get("monotonic").and_then(Value::as_bool),
            previous_value: value.get("previousValue").filter(|previous| !previous.is_null()).cloned(),
        }
    }

    /// The number of values of all types.
    pub fn count(&self) -> u64 {
        self.type_counts.iter().map(|counted| counted.count).fold(0, u64::saturating_add)
    }
}

impl TypeCount {
    fn from_map(map: &Map) -> Self {
        let count = map.get("count").and_then(Value::as_i64).unwrap_or_default();
        Self {
            r#type: map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            count: u64::try_from(count).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> HistoryKeys {
        HistoryKeys::from_value(&Value::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn all_counts_are_parsed() {
        let keys = read(
            r#"{"sets": [], "lastStep": 7.0, "keys": {
                "z": {"typeCounts": [{"type": "number", "count": 3}, {"type": "string", "count": 2}],
                      "monotonic": true, "previousValue": 1.5},
                "a": {"typeCounts": [{"type": "histogram", "count": 1, "items": {}}], "previousValue": null}
            }}"#,
        );
        assert_eq!(keys.last_step, Some(7));
        assert_eq!(keys.keys.keys().collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!((keys.keys["z"].count(), keys.keys["a"].count()), (5, 1));
        assert_eq!(keys.keys["z"].is_monotonic, Some(true));
        assert_eq!(keys.keys["z"].previous_value, Some(Value::Float(1.5)));
        assert_eq!(keys.keys["a"].type_counts[0].r#type, "histogram");
        assert_eq!(keys.keys["a"].previous_value, None);
    }

    #[test]
    fn missing_or_invalid_parts_are_skipped() {
        for json in ["null", "{}", r#"{"lastStep": -1, "keys": null}"#, r#"{"lastStep": "x", "keys": []}"#] {
            assert_eq!(read(json), HistoryKeys::default(), "{json}");
        }
        let keys = read(r#"{"keys": {"a": null, "b": {"typeCounts": [1, {"count": -1}]}}}"#);
        assert_eq!(keys.keys["a"], HistoryKey::default());
        assert_eq!(keys.keys["b"].count(), 0);
    }
}
