//! `sampledHistory`: the requested key lists, and the conversion of the answered lists to rows.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;
use wandb_core::operation::AnswerError;

use crate::row::{STEP, rows};
use crate::schema::{JsonText, sdl as schema};
use crate::{HistoryRow, Keys, Samples, Selection};

/// A request for one list of rows. The server samples along the first key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    pub(super) keys: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_step: Option<i64>,
    /// Inclusive, unlike other maxima.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_step: Option<i64>,
    pub(super) samples: i32,
}

impl Spec<'_> {
    pub(super) fn to_json(&self) -> Result<JsonText, AnswerError> {
        let json = serde_json::to_string(self);
        json.map(|json| JsonText(json.into()))
            .map_err(|error| AnswerError::InvalidRequest { message: error.to_string() })
    }
}

#[derive(cynic::QueryVariables, Debug)]
pub(super) struct SpecsVariables {
    pub(super) specs: Vec<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "SpecsVariables")]
pub(super) struct SpecsRun {
    #[arguments(specs: $specs)]
    pub(super) sampled_history: Option<Vec<Option<JsonText>>>,
}

/// The key lists to request, each in a separate spec, because the server only returns rows with all keys of a spec.
///
/// Returns `None` for whole rows.
pub(super) fn key_lists<'a>(selection: &'a Selection, axis: &'a str) -> Option<Vec<Vec<&'a str>>> {
    match selection {
        Selection::Everything => None,
        Selection::AllOf(keys) => Some(vec![keys.preceded_by(axis)]),
        Selection::AnyOf(keys) => Some(any_of(keys, axis)),
    }
}

/// A key list for each of the keys.
pub(super) fn any_of<'a>(keys: &'a Keys, axis: &'a str) -> Vec<Vec<&'a str>> {
    let lists = keys.without_step().into_iter();
    lists.map(|key| if key == axis { vec![axis] } else { vec![axis, key] }).collect()
}

/// The specs for all rows of `selection` between `min_step` and `max_step`, both inclusive.
pub(super) fn specs(
    selection: &Selection,
    (min_step, max_step): (i64, i64),
    samples: Samples,
) -> Result<Option<Vec<JsonText>>, AnswerError> {
    let Some(lists) = key_lists(selection, STEP) else { return Ok(None) };
    let spec =
        |keys| Spec { keys, min_step: Some(min_step), max_step: Some(max_step), samples: samples.get() };
    lists.into_iter().map(|keys| spec(keys).to_json()).collect::<Result<_, _>>().map(Some)
}

/// Reads the rows of an answer with one list for each of `asked` specs.
///
/// # Errors
/// If a list is missing or is not a list.
pub(super) fn read(lists: Option<Vec<Option<JsonText>>>, asked: usize) -> Result<Vec<HistoryRow>, String> {
    let lists = lists.ok_or("it holds a run without sampledHistory")?;
    if lists.len() != asked {
        return Err(format!("it holds {} lists of rows, not {asked}", lists.len()));
    }
    let lists = lists.into_iter().map(list).collect::<Result<Vec<_>, _>>()?;
    if lists.len() == 1 {
        return Ok(lists.into_iter().flatten().collect());
    }
    merge_lists(&lists)
}

fn list(json: Option<JsonText>) -> Result<Vec<HistoryRow>, String> {
    let Some(JsonText(json)) = json.filter(|json| &*json.0 != "null") else { return Ok(Vec::new()) };
    let texts: Vec<Option<JsonText>> =
        serde_json::from_str(&json).map_err(|error| format!("a list of rows cannot be read: {error}"))?;
    Ok(rows(texts))
}

type Fields<'a> = IndexMap<String, &'a RawValue>;

/// Merges lists into one row per step, ordered by step.
///
/// If a list has different values for one step, the step keeps two rows. Rows without a step come last, followed by
/// null rows.
fn merge_lists(lists: &[Vec<HistoryRow>]) -> Result<Vec<HistoryRow>, String> {
    let mut merged: Vec<(Option<i64>, Fields<'_>)> = Vec::new();
    let mut nulls = Vec::new();
    for list in lists {
        for row in list {
            if row.is_null() {
                nulls.push(Ok(row.clone()));
                continue;
            }
            let fields: Fields<'_> =
                serde_json::from_str(row.json()).map_err(|error| format!("a row cannot be read: {error}"))?;
            merged.push((row.step(), fields));
        }
    }
    merged.sort_by_key(|(step, _)| (step.is_none(), *step));
    let mut rows: Vec<(Option<i64>, Fields<'_>)> = Vec::new();
    for (step, fields) in merged {
        let same_step = rows.iter_mut().rev().take_while(|(own, _)| step.is_some() && *own == step);
        match same_step.filter(|(_, own)| values_agree(own, &fields)).last() {
            Some((_, own)) => own.extend(fields),
            None => rows.push((step, fields)),
        }
    }
    let text = |fields: &Fields<'_>| serde_json::to_string(fields).map_err(|error| error.to_string());
    rows.iter().map(|(_, fields)| text(fields).map(HistoryRow::new)).chain(nulls).collect()
}

/// Whether two rows have equal values for their common keys, except for the step, whose notation may differ.
fn values_agree(own: &Fields<'_>, other: &Fields<'_>) -> bool {
    other.iter().all(|(key, value)| key == STEP || own.get(key).is_none_or(|own| own.get() == value.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;

    fn keys(names: &[&str]) -> Keys {
        Keys::new(names.iter().copied()).unwrap()
    }

    fn read_lists(lists: &[&str]) -> Result<Vec<String>, String> {
        let texts = lists.iter().map(|list| Some(JsonText((*list).into()))).collect();
        let rows = read(Some(texts), lists.len())?;
        Ok(rows.into_iter().map(|row| row.json().to_owned()).collect())
    }

    #[test]
    fn all_keys_share_one_spec_and_any_get_one_each() {
        let specs = |selection| {
            let specs = specs(&selection, (10, 19), Samples::enough_for(10)).unwrap();
            specs.map(|specs| specs.into_iter().map(|spec| spec.0.into_string()).collect::<Vec<_>>())
        };
        assert_eq!(specs(Selection::Everything), None);
        assert_eq!(
            specs(Selection::AllOf(keys(&["a", "b\""]))).unwrap(),
            [r#"{"keys":["_step","a","b\""],"minStep":10,"maxStep":19,"samples":10}"#],
        );
        assert_eq!(
            specs(Selection::AnyOf(keys(&["a", "_step", "b"]))).unwrap(),
            [
                r#"{"keys":["_step","a"],"minStep":10,"maxStep":19,"samples":10}"#,
                r#"{"keys":["_step","b"],"minStep":10,"maxStep":19,"samples":10}"#,
            ],
        );
        assert_eq!(
            specs(Selection::AnyOf(keys(&["_step"]))).unwrap(),
            [r#"{"keys":["_step"],"minStep":10,"maxStep":19,"samples":10}"#],
        );
    }

    #[test]
    fn single_list_is_kept_unchanged() {
        let rows = read_lists(&[r#"[{"_step":2,"a":1e400}, null, {"a": 2, "_step": 1.0}]"#]);
        assert_eq!(rows.unwrap(), [r#"{"_step":2,"a":1e400}"#, "null", r#"{"a": 2, "_step": 1.0}"#]);
        assert_eq!(read_lists(&["null"]).unwrap(), [""; 0]);
    }

    #[test]
    fn several_lists_are_merged_by_step() {
        let rows = read_lists(&[
            r#"[{"_step":3,"a":"x"},{"_step":1,"a":12345678901234567890}]"#,
            r#"[{"_step":2,"b":null},{"_step":1.0,"b":{"c":[1.50]}}]"#,
            "[]",
        ]);
        assert_eq!(
            rows.unwrap(),
            [
                r#"{"_step":1.0,"a":12345678901234567890,"b":{"c":[1.50]}}"#,
                r#"{"_step":2,"b":null}"#,
                r#"{"_step":3,"a":"x"}"#,
            ],
        );
    }

    #[test]
    fn conflicting_rows_of_a_step_are_both_kept() {
        let rows = read_lists(&[
            r#"[{"_step":1,"a":1},{"_step":1,"a":2},{"_step":1,"a":2},{"a":9}]"#,
            r#"[{"_step":1,"b":1},{"_step":1,"b":2},{"b":9}]"#,
        ]);
        assert_eq!(
            rows.unwrap(),
            [r#"{"_step":1,"a":1,"b":1}"#, r#"{"_step":1,"a":2,"b":2}"#, r#"{"a":9}"#, r#"{"b":9}"#],
        );
    }

    #[test]
    fn missing_lists_are_errors() {
        assert_eq!(read(None, 1).unwrap_err(), "it holds a run without sampledHistory");
        assert_eq!(read(Some(Vec::new()), 1).unwrap_err(), "it holds 0 lists of rows, not 1");
        assert!(read_lists(&[r#"{"_step":1}"#]).unwrap_err().starts_with("a list of rows cannot be read"));
    }
}
