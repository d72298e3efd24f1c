//! The column for all values whose keys have no column.

use wandb_core::{Map, Value};

/// The values of a row that no other column holds, with their key paths.
///
/// The paths are sorted, so that the text does not depend on the source of the values.
#[derive(Debug, Default)]
pub(crate) struct RestValue(Vec<(Vec<String>, Value)>);

impl RestValue {
    pub(crate) fn push(&mut self, path: &[impl AsRef<str>], value: Value) {
        self.0.push((path.iter().map(|key| key.as_ref().to_owned()).collect(), value));
    }

    /// Returns an object with all values, or `None` if there are none.
    pub(crate) fn into_value(mut self) -> Option<Value> {
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_by(|(own, _), (other, _)| own.cmp(other));
        let mut all = Map::new();
        for (path, value) in self.0 {
            insert(&mut all, &path, value);
        }
        Some(Value::Map(all))
    }
}

fn insert(map: &mut Map, path: &[String], value: Value) {
    let Some((key, below)) = path.split_first() else { return };
    if below.is_empty() {
        map.insert(key.as_str(), value);
        return;
    }
    if !matches!(map.get(key), Some(Value::Map(_))) {
        map.insert(key.as_str(), Map::new());
    }
    if let Some(Value::Map(inner)) = map.get_mut(key) {
        insert(inner, below, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_nested_by_their_paths_in_order() {
        let mut rest = RestValue::default();
        rest.push(&["summary", "b"], Value::Int(2));
        rest.push(&["config", "net", "depth"], Value::Null);
        rest.push(&["summary", "a"], Value::Int(1));
        let text = rest.into_value().expect("values").to_json();
        assert_eq!(text, r#"{"config":{"net":{"depth":null}},"summary":{"a":1,"b":2}}"#);
        assert_eq!(RestValue::default().into_value(), None);
    }
}
