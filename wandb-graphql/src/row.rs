//! A row of a history, before it is parsed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::lenient;
use crate::schema::{JsonText, integer};

/// A row of a run's history: its step, and the row as JSON text.
///
/// Only the step is parsed here, because the order of rows depends on it. Other threads parse the values later.
///
/// ```
/// use wandb_graphql::HistoryRow;
///
/// let row = HistoryRow::new(r#"{"_step": 7.0, "loss": NaN}"#);
/// assert_eq!(row.step(), Some(7));
/// assert_eq!(row.json(), r#"{"_step": 7.0, "loss": NaN}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    step: Option<i64>,
    json: Box<str>,
}

/// The key of a row's step.
pub(crate) const STEP: &str = "_step";

const NULL: &str = "null";

impl HistoryRow {
    /// Makes a row from its JSON text.
    pub fn new(json: impl Into<Box<str>>) -> Self {
        let json = json.into();
        Self { step: step_of(&json), json }
    }

    fn null() -> Self {
        Self::new(NULL)
    }

    /// Whether the server sent null instead of a row.
    pub fn is_null(&self) -> bool {
        &*self.json == NULL
    }

    /// The row's `_step`, if it is an integer. Some servers write it as a float. Rows of system metrics, and of runs
    /// that several processes write to, have none.
    pub fn step(&self) -> Option<i64> {
        self.step
    }

    /// The row as JSON text, which may contain bare `NaN` and `Infinity` and raw control characters.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Converts the row to its text without a copy.
    pub fn into_json(self) -> Box<str> {
        self.json
    }
}

/// Converts the rows of an answer. A null becomes a [null row](HistoryRow::is_null), so that it can be counted.
pub(crate) fn rows(texts: impl IntoIterator<Item = Option<JsonText>>) -> Vec<HistoryRow> {
    texts.into_iter().map(|text| text.map_or_else(HistoryRow::null, |text| HistoryRow::new(text.0))).collect()
}

fn step_of(json: &str) -> Option<i64> {
    let read = |text: &[u8]| {
        let step: Result<StepText, _> = serde_json::from_slice(text);
        step.map(|step| step.0.as_deref().and_then(integer))
    };
    read(json.as_bytes()).or_else(|_| read(&lenient::to_strict(json.as_bytes()))).ok().flatten()
}

/// The text of `_step` in a row. The last of several counts, as in every JSON reader of W&B.
struct StepText(Option<String>);

impl<'de> Deserialize<'de> for StepText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StepVisitor)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier)]
enum Key {
    #[serde(rename = "_step")]
    Step,
    #[serde(other)]
    Other,
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = StepText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<StepText, A::Error> {
        let mut step = None;
        while let Some(key) = row.next_key()? {
            match key {
                Key::Step => step = Some(row.next_value::<&RawValue>()?.get().to_owned()),
                Key::Other => _ = row.next_value::<IgnoredAny>()?,
            }
        }
        Ok(StepText(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_is_found_in_any_row() {
        for (json, step) in [
            (r#"{"_step":0}"#, Some(0)),
            (r#"{"loss":1,"nested":{"_step":9},"_step":3}"#, Some(3)),
            (r#"{"_step":3.0}"#, Some(3)),
            (r#"{"_step":-2}"#, Some(-2)),
            (r#"{"\u005fstep":4}"#, Some(4)),
            (r#"{"loss":NaN,"worse":-Infinity,"_step":5}"#, Some(5)),
            ("{\"text\":\"a\nb\",\"_step\":6}", Some(6)),
            (r#"{"_step":9223372036854775807}"#, Some(i64::MAX)),
            (r#"{"_step":1,"_step":2}"#, Some(2)),
            (r#"{"_step":"5"}"#, None),
            (r#"{"_step":5.5}"#, None),
            (r#"{"_step":null}"#, None),
            (r#"{"_step":NaN}"#, None),
            (r#"{"_runtime":1}"#, None),
            ("[1]", None),
            ("", None),
        ] {
            assert_eq!(HistoryRow::new(json).step(), step, "{json}");
        }
    }

    #[test]
    fn nulls_become_null_rows() {
        let texts = [None, Some(JsonText("null".into())), Some(JsonText(r#"{"_step":1}"#.into()))];
        let rows = rows(texts);
        assert_eq!(rows.iter().map(HistoryRow::is_null).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(rows.iter().map(HistoryRow::step).collect::<Vec<_>>(), [None, None, Some(1)]);
    }
}
