//! Rust types for the scalars of the schema.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

#[expect(unreachable_pub, reason = "generated")]
#[cynic::schema("wandb")]
pub(crate) mod sdl {}

/// The text of a `JSON` or `JSONString` field.
///
/// Servers send such a field either inline or as text inside a string. Both become the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct JsonText(pub(crate) Box<str>);

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('"') {
            let text = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
            Ok(Self(text))
        } else {
            Ok(Self(raw.into()))
        }
    }
}

cynic::impl_scalar!(JsonText, sdl::JSONString);

/// Allows the value for a nullable argument.
impl cynic::coercions::CoercesTo<Option<sdl::JSONString>> for JsonText {}

impl cynic::schema::IsScalar<sdl::JSON> for JsonText {
    type SchemaType = sdl::JSON;
}

/// A 64-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Int64(pub(crate) i64);

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"');
        integer(text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format_args!("{} is not an integer", raw.get())))
    }
}

cynic::impl_scalar!(Int64, sdl::Int64);

/// Allows the value for a nullable argument.
impl cynic::coercions::CoercesTo<Option<sdl::Int64>> for Int64 {}

/// A float that may be non-finite. JSON has no such numbers, so they arrive as text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Float(pub(crate) f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let value = wandb_core::Value::parse(raw.get().as_bytes()).ok();
        value
            .and_then(|value| value.as_f64())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format_args!("{} is not a number", raw.get())))
    }
}

impl cynic::schema::IsScalar<f64> for Float {
    type SchemaType = f64;
}

/// A timestamp, as the server's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub(crate) String);

cynic::impl_scalar!(DateTime, sdl::DateTime);

/// Parses a JSON number as an integer. Servers write steps as `5`, `5.0` or `5e0`.
pub(crate) fn integer(number: &str) -> Option<i64> {
    /// Integers up to this one convert from a float without loss.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Ok(integer) = number.parse() {
        return Some(integer);
    }
    let float: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_may_be_inline_or_text() {
        let inline: JsonText = serde_json::from_str(r#"{"a": [1, "x"]}"#).unwrap();
        assert_eq!(&*inline.0, r#"{"a": [1, "x"]}"#);
        let text: JsonText = serde_json::from_str(r#""{\"a\": [1, \"x\"]}""#).unwrap();
        assert_eq!(text, inline);
    }

    #[test]
    fn integers_may_be_integers_floats_or_text() {
        for (text, expected) in [
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("5e2", Some(500)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("5.5", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
            ("true", None),
            ("", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
        assert_eq!(serde_json::from_str::<Int64>(r#""123""#).unwrap(), Int64(123));
        let error = serde_json::from_str::<Int64>(r#""12x""#).unwrap_err();
        assert!(error.to_string().starts_with(r#""12x" is not an integer"#), "{error}");
    }
}
