//! Timestamps.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use serde::ser::{Serialize, Serializer};

use crate::value::Value;

/// Decimal places of a millisecond down to a nanosecond.
const NANOSECOND_DIGITS: usize = 6;

/// A timestamp in the server's text form (`DateTime`), with the parsed time if it is valid.
///
/// Servers write RFC 3339. Older ones omit the zone, which is then UTC.
///
/// ```
/// use wandb_core::model::Timestamp;
///
/// let created: Timestamp = "2024-05-01T12:00:00".into();
/// assert_eq!(created.time(), Some("2024-05-01T12:00:00Z".parse()?));
/// assert_eq!(created.to_string(), "2024-05-01T12:00:00");
/// assert_eq!(Timestamp::from("yesterday").time(), None);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp {
    text: String,
    time: Option<jiff::Timestamp>,
}

impl Timestamp {
    /// The text as sent by the server.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Converts a number of milliseconds since 1970, as W&B's tables hold times, to RFC 3339. Returns `None` if the value
    /// is not a number, is out of range, or has more decimal places than nanoseconds need.
    ///
    /// ```
    /// use wandb_core::Value;
    /// use wandb_core::model::Timestamp;
    ///
    /// let time = |millis: Value| Timestamp::from_millis(&millis).map(|time| time.to_string());
    /// assert_eq!(time(Value::Int(1_714_564_800_250)).as_deref(), Some("2024-05-01T12:00:00.25Z"));
    /// assert_eq!(time(Value::Float(-0.5)).as_deref(), Some("1969-12-31T23:59:59.9995Z"));
    /// assert_eq!(time(Value::from("now")), None);
    /// ```
    pub fn from_millis(millis: &Value) -> Option<Self> {
        let time = match millis {
            Value::Int(millis) => jiff::Timestamp::from_millisecond(*millis).ok()?,
            // The digits are exact, unlike a multiplication.
            Value::Float(float) if float.is_finite() && !is_negative_zero(*float) => {
                let text = float.abs().to_string();
                let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
                if part.len() > NANOSECOND_DIGITS {
                    return None;
                }
                let nanoseconds: i128 = format!("{whole}{part:0<NANOSECOND_DIGITS$}").parse().ok()?;
                let sign = if float.is_sign_negative() { -1 } else { 1 };
                jiff::Timestamp::from_nanosecond(sign * nanoseconds).ok()?
            }
            _ => return None,
        };
        Some(Self { text: time.to_string(), time: Some(time) })
    }

    /// The parsed time, unless the text is not a valid time.
    pub fn time(&self) -> Option<jiff::Timestamp> {
        self.time
    }
}

fn is_negative_zero(float: f64) -> bool {
    float == 0.0 && float.is_sign_negative()
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        let utc = |time: civil::DateTime| Offset::UTC.to_timestamp(time).ok();
        let time = text.parse().ok().or_else(|| text.parse().ok().and_then(utc));
        Self { text, time }
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Formats as sent by the server.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Serializes as the text sent by the server.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_formats_parse_to_the_same_time() {
        let expected: jiff::Timestamp = "2024-05-01T12:00:00.25Z".parse().unwrap();
        for text in [
            "2024-05-01T12:00:00.25Z",
            "2024-05-01T12:00:00.250000",
            "2024-05-01 12:00:00.25",
            "2024-05-01T14:00:00.25+02:00",
        ] {
            let timestamp = Timestamp::from(text);
            assert_eq!(timestamp.time(), Some(expected), "{text}");
            assert_eq!(timestamp.as_str(), text);
        }
    }

    #[test]
    fn milliseconds_are_exact_or_rejected() {
        let time = |millis: Value| Timestamp::from_millis(&millis).map(|time| time.to_string());
        assert_eq!(time(Value::Int(0)).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(time(Value::Int(-1)).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(time(Value::Float(0.0)).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(time(Value::Float(1e12)).as_deref(), Some("2001-09-09T01:46:40Z"));
        assert_eq!(time(Value::Float(1.000_001)).as_deref(), Some("1970-01-01T00:00:00.001000001Z"));
        for millis in [
            Value::Int(i64::MAX),
            Value::Float(1e300),
            Value::Float(0.000_000_1),
            // An integer cannot tell it from zero.
            Value::Float(-0.0),
            Value::Float(f64::NAN),
            Value::Null,
        ] {
            assert_eq!(time(millis.clone()), None, "{millis:?}");
        }
    }

    #[test]
    fn invalid_times_stay_text() {
        for text in ["", "0001-13-01T00:00:00Z", "1714564800"] {
            assert_eq!(Timestamp::from(text).time(), None, "{text}");
            assert_eq!(serde_json::to_value(Timestamp::from(text)).unwrap(), text);
        }
    }
}
