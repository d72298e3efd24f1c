//! Items whose keys lead into nested maps.

use bytes::Bytes;
use wandb_core::{MAX_DEPTH, Map, Value};

use crate::proto::Item;

impl Item {
    /// The keys from the outside in. `None` if one is not UTF-8, or if they exceed the maximum depth.
    pub(crate) fn path(&self) -> Option<Vec<&str>> {
        if self.nested_key.len() > MAX_DEPTH {
            return None;
        }
        let keys =
            if self.nested_key.is_empty() { std::slice::from_ref(&self.key) } else { &self.nested_key };
        keys.iter().map(text).collect()
    }

    /// The only key; `None` if there are several, or if it is not UTF-8.
    pub(crate) fn single_key(&self) -> Option<&str> {
        std::str::from_utf8(self.only_key()?).ok()
    }

    /// The bytes of the only key; `None` if there are several.
    pub(crate) fn only_key(&self) -> Option<&[u8]> {
        match &self.nested_key[..] {
            [] => Some(&self.key),
            [key] => Some(key),
            _ => None,
        }
    }

    /// The value's JSON text; `None` if it is not UTF-8.
    pub(crate) fn json(&self) -> Option<&str> {
        text(&self.value_json)
    }

    /// The value; see [`value`].
    pub(crate) fn value(&self) -> Option<Value> {
        value(&self.value_json)
    }

    /// Whether both the key and the value are readable.
    pub(crate) fn is_readable(&self) -> bool {
        self.path().is_some() && is_value(&self.value_json)
    }
}

/// Parses a value. Text that is not JSON becomes a string, because SDK 0.19.0 wrote some system metrics without quotes
/// (wandb/wandb #9047). `None` if the text is empty or not UTF-8.
pub(crate) fn value(json: &[u8]) -> Option<Value> {
    if let Ok(value) = Value::parse(json) {
        return Some(value);
    }
    let text = std::str::from_utf8(json).ok().filter(|text| !text.is_empty())?;
    Some(Value::String(text.to_owned()))
}

/// Whether [`value`] would return a value.
pub(crate) fn is_value(json: &[u8]) -> bool {
    !json.is_empty() && std::str::from_utf8(json).is_ok()
}

fn text(bytes: &Bytes) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Sets the value at `path`. Creates maps along the path, replacing other values.
pub(crate) fn set(map: &mut Map, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            map.insert(*key, value);
        }
        [key, rest @ ..] => set(child(map, key), rest, value),
    }
}

/// Sets the value at `path` like [`set`], but merges maps into existing ones.
pub(crate) fn merge(map: &mut Map, path: &[&str], value: Value) {
    match (path, value) {
        ([], _) => {}
        ([key], Value::Map(inner)) => {
            let below = child(map, key);
            for (key, value) in inner {
                merge(below, &[&key], value);
            }
        }
        ([key], value) => set(map, &[key], value),
        ([key, rest @ ..], value) => merge(child(map, key), rest, value),
    }
}

/// Removes the value at `path`, if any, and any maps that become empty.
pub(crate) fn remove(map: &mut Map, path: &[&str]) {
    match path {
        [] => {}
        [key] => {
            map.remove(key);
        }
        [key, rest @ ..] => {
            if let Some(Value::Map(below)) = map.get_mut(key) {
                remove(below, rest);
                if below.is_empty() {
                    map.remove(key);
                }
            }
        }
    }
}

/// The map under `key`, created if missing.
fn child<'m>(map: &'m mut Map, key: &str) -> &'m mut Map {
    if !matches!(map.get(key), Some(Value::Map(_))) {
        map.insert(key, Map::new());
    }
    let Some(Value::Map(below)) = map.get_mut(key) else { unreachable!("it has just been put there") };
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(map: &Map) -> String {
        Value::from(map.clone()).to_json()
    }

    fn parsed(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_set_and_merged_at_their_path() {
        let mut map = Map::new();
        set(&mut map, &["a", "b"], Value::Int(1));
        set(&mut map, &["a", "c"], parsed(r#"{"x":1}"#));
        assert_eq!(json(&map), r#"{"a":{"b":1,"c":{"x":1}}}"#);
        set(&mut map, &["a", "c"], parsed(r#"{"y":2}"#));
        assert_eq!(json(&map), r#"{"a":{"b":1,"c":{"y":2}}}"#);
        merge(&mut map, &["a"], parsed(r#"{"c":{"z":{"w":3}},"d":null}"#));
        assert_eq!(json(&map), r#"{"a":{"b":1,"c":{"y":2,"z":{"w":3}},"d":null}}"#);
        merge(&mut map, &["a", "b"], parsed(r#"{"k":0}"#));
        assert_eq!(map.get("a").unwrap().get("b").unwrap().to_json(), r#"{"k":0}"#);
    }

    #[test]
    fn text_that_is_not_json_becomes_a_string() {
        for text in ["NVIDIA H100 80GB HBM3", "{", "5 apples", "\"open", "nothing", "-"] {
            assert_eq!(value(text.as_bytes()), Some(Value::String(text.to_owned())), "{text}");
        }
        for json in ["5", "\"x\"", "null", "NaN", "[1]"] {
            assert!(!matches!(value(json.as_bytes()), Some(Value::String(text)) if text == json), "{json}");
        }
        assert_eq!((value(b""), value(b"\xff")), (None, None));
        assert!(!is_value(b"") && !is_value(b"\xff") && is_value(b"{"));
    }

    #[test]
    fn emptied_maps_are_removed() {
        let mut map = Map::new();
        set(&mut map, &["a", "b", "c"], Value::Int(1));
        set(&mut map, &["d"], Value::Int(2));
        remove(&mut map, &["a", "x"]);
        remove(&mut map, &["d", "x"]);
        assert_eq!(json(&map), r#"{"a":{"b":{"c":1}},"d":2}"#);
        remove(&mut map, &["a", "b", "c"]);
        assert_eq!(json(&map), r#"{"d":2}"#);
    }
}
