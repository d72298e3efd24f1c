//! Sampling: the rows that a sampled query selects, and the rows of `sampledHistory`.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use super::history::{History, write_json_string};
use super::limits::RowLimits;
use crate::text::{RowView, strict};

/// Picks `samples` evenly spaced positions out of `len`, including the first and the last. Returns all of them if they
/// fit.
pub(crate) fn positions(len: usize, samples: usize) -> Vec<usize> {
    match samples {
        _ if len <= samples => (0..len).collect(),
        0 => Vec::new(),
        1 => vec![0],
        _ => (0..samples).map(|sample| sample * (len - 1) / (samples - 1)).collect(),
    }
}

/// Appends the rows of a window, sampled down to `max_rows`, to `out` as a JSON list of JSON strings.
pub(crate) fn write_history_rows(
    history: &History,
    window: Range<usize>,
    max_rows: usize,
    limits: RowLimits,
    out: &mut Vec<u8>,
) {
    let picked = positions(window.len(), max_rows);
    // Reserves memory by the size of the first row, so that a large response is not reallocated.
    if let Some(first) = picked.first() {
        let before = out.len();
        history.write_json_string(window.start + first, out);
        let row = out.len() - before;
        out.truncate(before);
        out.reserve(picked.len().saturating_mul(row + row / 16 + 2));
    }
    out.push(b'[');
    for (at, position) in picked.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if limits.is_null(at) {
            out.extend_from_slice(b"null");
        } else {
            history.write_json_string(window.start + position, out);
        }
    }
    out.push(b']');
}

/// Default number of samples.
pub(crate) const DEFAULT_SAMPLES: usize = 500;

/// An element of `sampledHistory(specs)`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SampleSpec {
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    #[serde(default)]
    pub(crate) min_step: Option<i64>,
    /// Inclusive, unlike that of `history`.
    #[serde(default)]
    pub(crate) max_step: Option<i64>,
    #[serde(default)]
    pub(crate) samples: Option<usize>,
}

/// Returns the rows that have all keys of the spec, sampled, as a JSON list of objects.
pub(crate) fn sampled_rows(history: &History, limits: RowLimits, spec: &SampleSpec) -> Vec<u8> {
    let window = history.window(spec.min_step, spec.max_step.map(|max| max.saturating_add(1)));
    let samples = limits.max_rows(spec.samples);
    let row = |index| object(history, index, &spec.keys);
    // All rows of a generated run have the same keys, so only the selected ones have to be generated.
    let rows: Vec<Vec<u8>> = if history.is_uniform() {
        let start = window.start;
        positions(window.len(), samples).into_iter().filter_map(|at| row(start + at)).collect()
    } else {
        let rows: Vec<Vec<u8>> = window.filter_map(row).collect();
        positions(rows.len(), samples).into_iter().map(|at| rows[at].clone()).collect()
    };
    let shown =
        |(at, row): (usize, &Vec<u8>)| if limits.is_null(at) { b"null".to_vec() } else { row.clone() };
    let rows: Vec<_> = rows.iter().enumerate().map(shown).collect();
    let mut out = vec![b'['];
    out.extend_from_slice(&rows.join(&b','));
    out.push(b']');
    out
}

/// Returns the row reduced to `keys`, or `None` if it lacks one. Without keys, returns the whole row.
pub(crate) fn object(history: &History, index: usize, keys: &[String]) -> Option<Vec<u8>> {
    let step = history.step(index);
    if let Some(generator) = history.generator(index).filter(|_| !keys.is_empty()) {
        return reduced(step, keys, |key| generator.value(index, key).map(Cow::Owned));
    }
    let text = history.text(index);
    let text = strict(&text);
    if keys.is_empty() {
        return Some(text.as_bytes().to_vec());
    }
    let row = RowView::new(&text)?;
    reduced(step, keys, |key| row.get(key))
}

fn reduced<'a>(step: i64, keys: &[String], value: impl Fn(&str) -> Option<Cow<'a, str>>) -> Option<Vec<u8>> {
    let mut out = vec![b'{'];
    for (at, key) in keys.iter().enumerate().filter(|(at, key)| !keys[..*at].contains(key)) {
        if at > 0 {
            out.push(b',');
        }
        write_json_string(key, &mut out);
        out.push(b':');
        match value(key) {
            Some(value) => out.extend_from_slice(value.as_bytes()),
            None if key == "_step" => out.extend_from_slice(step.to_string().as_bytes()),
            None => return None,
        }
    }
    out.push(b'}');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        history.append(
            (0..10)
                .map(|step| {
                    if step % 2 == 0 {
                        format!(r#"{{"_step":{step},"a":{step}.50,"b":NaN}}"#)
                    } else {
                        format!(r#"{{"_step":{step},"a":1}}"#)
                    }
                })
                .collect(),
        );
        history
    }

    fn sampled(spec: &str) -> String {
        String::from_utf8(sampled_rows(
            &history(),
            RowLimits::default(),
            &serde_json::from_str(spec).unwrap(),
        ))
        .unwrap()
    }

    #[test]
    fn all_keys_are_required_and_max_step_is_included() {
        assert_eq!(
            sampled(r#"{"keys":["_step","a","b"],"minStep":2,"maxStep":4,"samples":100}"#),
            r#"[{"_step":2,"a":2.50,"b":"NaN"},{"_step":4,"a":4.50,"b":"NaN"}]"#
        );
        assert_eq!(sampled(r#"{"keys":["a","zzz"]}"#), "[]");
        assert_eq!(sampled(r#"{"keys":["a","a"],"maxStep":0}"#), r#"[{"a":0.50}]"#);
    }

    #[test]
    fn samples_are_spread_and_deterministic() {
        assert_eq!(positions(10, 4), [0, 3, 6, 9]);
        assert_eq!(positions(3, 4), [0, 1, 2]);
        assert_eq!(positions(3, 1), [0]);
        assert_eq!(positions(0, 5), [0; 0]);
        assert_eq!(sampled(r#"{"keys":["_step"],"samples":2}"#), r#"[{"_step":0},{"_step":9}]"#);
    }
}
