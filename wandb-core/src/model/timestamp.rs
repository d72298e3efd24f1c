//! Timestamps.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use serde::ser::{Serialize, Serializer};

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

    /// The parsed time, unless the text is not a valid time.
    pub fn time(&self) -> Option<jiff::Timestamp> {
        self.time
    }
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
    fn invalid_times_stay_text() {
        for text in ["", "0001-13-01T00:00:00Z", "1714564800"] {
            assert_eq!(Timestamp::from(text).time(), None, "{text}");
            assert_eq!(serde_json::to_value(Timestamp::from(text)).unwrap(), text);
        }
    }
}
