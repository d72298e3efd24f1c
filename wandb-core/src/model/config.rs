//! The hyperparameters of a run.

use serde::ser::{Serialize, Serializer};

use crate::value::{Map, Value, ValueError};

/// The configuration of a run (`Run.config`).
///
/// The server stores `{KEY: {"value": …, "desc": …}}`; this type holds the unwrapped values. The entries that W&B
/// itself writes, `_wandb` and `wandb_version`, are separate. Serializes as the values alone.
///
/// ```
/// use wandb_core::model::Config;
///
/// let config = Config::parse(br#"{"lr": {"value": 0.1, "desc": "step"}, "_wandb": {"value": {"cli": "0.31"}}}"#)?;
/// assert_eq!(config.get("lr").and_then(|lr| lr.as_f64()), Some(0.1));
/// assert_eq!(config.description("lr"), Some("step"));
/// assert_eq!(config.values().len(), 1);
/// assert!(config.internal().contains_key("_wandb"));
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    values: Map,
    internal: Map,
    descriptions: Map,
}

/// The keys of W&B's internal entries (`WANDB_INTERNAL_KEYS` of the Python SDK).
const INTERNAL_KEYS: [&str; 2] = ["_wandb", "wandb_version"];

impl Config {
    /// Parses the JSON text that the server stores. Empty text and `null` are an empty configuration.
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        Ok(super::map_from_json(text)?.into())
    }

    /// The configured values by key, in the server's order.
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Returns the value of a user's key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// W&B's internal entries, `_wandb` and `wandb_version`, unwrapped.
    pub fn internal(&self) -> &Map {
        &self.internal
    }

    /// Returns the description of a value, if it has one.
    pub fn description(&self, key: &str) -> Option<&str> {
        self.descriptions.get(key).and_then(Value::as_str)
    }

    /// Overlays the values of a later configuration, as for a resumed run. The later value of a key wins.
    #[must_use]
    pub fn overlaid_with(mut self, later: Self) -> Self {
        for key in later.values.keys() {
            self.descriptions.remove(key);
        }
        self.values.extend(later.values);
        self.internal.extend(later.internal);
        self.descriptions.extend(later.descriptions);
        self
    }

    /// Returns the configuration in the server's format: every value in an object `{value, desc}`, W&B's internal
    /// keys last.
    pub fn wrapped(&self) -> Map {
        let wrap = |(key, value): (&str, &Value)| {
            let description = self.descriptions.get(key).map(|description| ("desc", description.clone()));
            let wrapper: Map = [("value", value.clone())].into_iter().chain(description).collect();
            (key.to_owned(), Value::Map(wrapper))
        };
        self.values.iter().chain(self.internal.iter()).map(wrap).collect()
    }

    /// Returns the configured values without copying them.
    pub fn into_values(self) -> Map {
        self.values
    }
}

/// Unwraps the values. A value without a wrapper is kept, as in the Python SDK.
impl From<Map> for Config {
    fn from(entries: Map) -> Self {
        let mut config = Self::default();
        for (key, value) in entries {
            let is_internal = INTERNAL_KEYS.contains(&key.as_str());
            let value = match value {
                Value::Map(mut wrapper) if wrapper.contains_key("value") => {
                    if let Some(description @ Value::String(_)) = wrapper.remove("desc") {
                        config.descriptions.insert(key.clone(), description);
                    }
                    wrapper.remove("value").unwrap_or_default()
                }
                bare => bare,
            };
            let values = if is_internal { &mut config.internal } else { &mut config.values };
            values.insert(key, value);
        }
        config
    }
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_configuration_round_trips() {
        let text = br#"{"_wandb":{"value":{"cli":"0.31"}},"lr":{"value":0.1,"desc":"step"},"bare":[1]}"#;
        let config = Config::parse(text).unwrap();
        let wrapped = serde_json::to_string(&config.wrapped()).unwrap();
        assert_eq!(
            wrapped,
            r#"{"lr":{"value":0.1,"desc":"step"},"bare":{"value":[1]},"_wandb":{"value":{"cli":"0.31"}}}"#
        );
        assert_eq!(Config::from(config.wrapped()), config);
    }

    fn json(config: &Config) -> String {
        serde_json::to_string(config).unwrap()
    }

    #[test]
    fn values_keep_their_kind_and_order() {
        let text = br#"{"z":{"value":1},"a":{"desc":null,"value":null},"n":{"value":NaN},"big":{"value":123456789012345678901234567890},
            "nested":{"value":{"value":{"x":1.0}}},"list":{"value":[1,"two"]}}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!(
            Value::from(config.values().clone()).to_json(),
            r#"{"z":1,"a":null,"n":"NaN","big":123456789012345678901234567890,"nested":{"value":{"x":1.0}},"list":[1,"two"]}"#,
        );
        assert_eq!(config.description("a"), None);
    }

    #[test]
    fn bare_values_are_kept() {
        let config =
            Config::parse(br#"{"lr":0.5,"net":{"layers":2},"wandb_version":1,"d":{"desc":"no value"}}"#)
                .unwrap();
        assert_eq!(json(&config), r#"{"lr":0.5,"net":{"layers":2},"d":{"desc":"no value"}}"#);
        assert_eq!(config.internal().get("wandb_version"), Some(&Value::Int(1)));
    }

    #[test]
    fn later_configuration_overrides_its_keys() {
        let old =
            Config::parse(br#"{"a":{"value":1,"desc":"old"},"b":{"value":{"x":1}},"_wandb":{"value":1}}"#)
                .unwrap();
        let new = Config::parse(br#"{"a":{"value":2},"c":{"value":3,"desc":"new"}}"#).unwrap();
        let config = old.overlaid_with(new);
        assert_eq!(json(&config), r#"{"a":2,"b":{"x":1},"c":3}"#);
        assert_eq!((config.description("a"), config.description("c")), (None, Some("new")));
        assert!(config.internal().contains_key("_wandb"));
    }

    #[test]
    fn only_empty_text_and_null_are_empty() {
        for text in ["", "null", "{}", " "] {
            assert_eq!(Config::parse(text.as_bytes()).unwrap(), Config::default(), "{text}");
        }
        assert!(matches!(Config::parse(b"[1]"), Err(ValueError::NotAnObject { .. })));
        assert!(matches!(Config::parse(b"{\"a\""), Err(ValueError::Syntax { .. })));
    }
}
