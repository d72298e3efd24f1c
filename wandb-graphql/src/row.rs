//! A row of a history answer, before it is parsed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::lenient;
use crate::schema::{JsonText, integer};

/// A row of a run's history: its step, and the row as JSON text.
///
/// Rows are parsed into values elsewhere, on threads that have time for it; here only the step is looked up, since
/// the order of rows and their place in the history depend on it.
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

/// The key of a row that holds its step.
pub(crate) const STEP: &str = "_step";

const NULL: &str = "null";

impl HistoryRow {
    /// The row that `json` holds.
    pub fn new(json: impl Into<Box<str>>) -> Self {
        let json = json.into();
        Self { step: step_of(&json), json }
    }

    fn null() -> Self {
        Self::new(NULL)
    }

    /// Whether the server sent null in place of the row.
    pub fn is_null(&self) -> bool {
        &*self.json == NULL
    }

    /// The row's `_step`, if it has one that is an integer. Some servers write it as a float; system metrics and runs
    /// that several processes write to have none.
    pub fn step(&self) -> Option<i64> {
        self.step
    }

    /// The row as JSON text. It may hold bare `NaN` and `Infinity` and raw control characters.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The row's text, without a copy.
    pub fn into_json(self) -> Box<str> {
        self.json
    }
}

/// The rows of an answer. A null is kept as a [null row](HistoryRow::is_null), so that it can be counted.
pub(crate) fn rows(texts: impl IntoIterator<Item = Option<JsonText>>) -> Vec<HistoryRow> {
    texts.into_iter().map(|text| text.map_or_else(HistoryRow::null, |text| HistoryRow::new(text.0))).collect()
}

fn step_of(json: &str) -> Option<i64> {
    let read = |text: &[u8]| {
        let step: Result<StepText, _> = serde_json::from_slice(text);
        step.map(|step| step.0.as_deref().and_then(integer))
    };
    read(json.as_bytes()).or_else(|_| read(&lenient::strict(json.as_bytes()))).ok().flatten()
}

/// What a row has under `_step`, as it is written. Of several, the last counts, as for every JSON reader of W&B.
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
    fn the_step_is_found_in_whatever_a_row_holds() {
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
    fn nulls_are_kept_to_be_counted() {
        let texts = [None, Some(JsonText("null".into())), Some(JsonText(r#"{"_step":1}"#.into()))];
        let rows = rows(texts);
        assert_eq!(rows.iter().map(HistoryRow::is_null).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(rows.iter().map(HistoryRow::step).collect::<Vec<_>>(), [None, None, Some(1)]);
    }
}
