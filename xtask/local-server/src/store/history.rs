//! The rows of a run in step order, stored as received or generated on demand.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::keys::KeyStatistics;
use super::source::RowSource;
use crate::text;

/// A stored row.
#[derive(Debug, Clone)]
struct Row {
    step: i64,
    text: Box<str>,
}

/// The rows of a run: generated ones, if any, followed by stored ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    generator: Option<Arc<dyn RowSource>>,
    rows: Vec<Row>,
    keys: KeyStatistics,
}

impl History {
    pub(crate) fn generated(source: impl RowSource + 'static) -> Self {
        Self { keys: source.keys(), generator: Some(Arc::new(source)), rows: Vec::new() }
    }

    fn generated_len(&self) -> usize {
        self.generator.as_ref().map_or(0, |generator| generator.len())
    }

    pub(crate) fn len(&self) -> usize {
        self.generated_len() + self.rows.len()
    }

    /// Whether all rows have the same keys.
    pub(crate) fn is_uniform(&self) -> bool {
        self.rows.is_empty() && self.generator.as_ref().is_some_and(|generator| generator.is_uniform())
    }

    pub(crate) fn step(&self, index: usize) -> i64 {
        match &self.generator {
            Some(generator) if index < generator.len() => generator.step(index),
            _ => self.rows[index - self.generated_len()].step,
        }
    }

    pub(crate) fn text(&self, index: usize) -> Cow<'_, str> {
        match &self.generator {
            Some(generator) if index < generator.len() => Cow::Owned(generator.text(index)),
            _ => Cow::Borrowed(&self.rows[index - self.generated_len()].text),
        }
    }

    /// Returns the generator of the row, or `None` if the row is stored.
    pub(crate) fn generator(&self, index: usize) -> Option<&dyn RowSource> {
        self.generator.as_deref().filter(|generator| index < generator.len())
    }

    /// Appends the row to `out` as a JSON string.
    pub(crate) fn write_json_string(&self, index: usize, out: &mut Vec<u8>) {
        match &self.generator {
            Some(generator) if index < generator.len() => generator.write_json_string(index, out),
            _ => write_json_string(&self.rows[index - self.generated_len()].text, out),
        }
    }

    pub(crate) fn last_step(&self) -> Option<i64> {
        self.len().checked_sub(1).map(|last| self.step(last))
    }

    pub(crate) fn keys(&self) -> &KeyStatistics {
        &self.keys
    }

    /// Returns the indexes of the rows with `min` <= step < `max`.
    pub(crate) fn window(&self, min: Option<i64>, max: Option<i64>) -> Range<usize> {
        let start = min.map_or(0, |min| self.first_at_least(min));
        let end = max.map_or(self.len(), |max| self.first_at_least(max));
        start..end.max(start)
    }

    fn first_at_least(&self, step: i64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.step(middle) < step { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Writes lines at a line offset, as the file stream does. Existing lines from there on are replaced, so that a
    /// retried request is idempotent.
    pub(crate) fn write(&mut self, offset: usize, lines: Vec<String>) {
        let offset = offset.saturating_sub(self.generated_len()).min(self.rows.len());
        let replaces = offset < self.rows.len();
        self.rows.truncate(offset);
        if replaces {
            self.recount();
        }
        for line in lines {
            self.push(line);
        }
        if !self.rows.is_sorted_by_key(|row| row.step) {
            self.rows.sort_by_key(|row| row.step);
        }
    }

    /// Appends rows.
    pub(crate) fn append(&mut self, lines: Vec<String>) {
        self.write(self.len(), lines);
    }

    fn push(&mut self, line: String) {
        let value = text::parse(&line);
        let step = step_of(&value).unwrap_or_else(|| self.last_step().map_or(0, |last| last + 1));
        self.keys.add(&value);
        self.rows.push(Row { step, text: line.into_boxed_str() });
    }

    fn recount(&mut self) {
        self.keys = self.generator.as_ref().map(|generator| generator.keys()).unwrap_or_default();
        for row in &self.rows {
            self.keys.add(&text::parse(&row.text));
        }
    }
}

/// Returns `_step`, which may be a float.
#[expect(clippy::cast_possible_truncation, reason = "a step sent as a float is a whole number")]
fn step_of(row: &serde_json::Value) -> Option<i64> {
    let step = row.get("_step")?;
    step.as_i64().or_else(|| step.as_f64().map(|step| step as i64))
}

/// Appends `text` to `out` as a JSON string.
pub(crate) fn write_json_string(text: &str, out: &mut Vec<u8>) {
    // Writing a str into a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(steps: &[i64]) -> History {
        let mut history = History::default();
        history.append(steps.iter().map(|step| format!(r#"{{"_step":{step}}}"#)).collect());
        history
    }

    #[test]
    fn windows_are_half_open_and_skip_gaps() {
        let history = history(&[5, 6, 1000, 1001, 5000]);
        assert_eq!(history.window(Some(6), Some(1001)), 1..3);
        assert_eq!(history.window(Some(7), Some(1000)), 2..2);
        assert_eq!(history.window(None, None), 0..5);
        assert_eq!(history.window(Some(9000), Some(1)), 5..5);
    }

    #[test]
    fn repeated_write_is_idempotent() {
        let mut history = history(&[0, 1, 2]);
        history.write(1, vec![r#"{"_step":1}"#.into(), r#"{"_step":2}"#.into()]);
        assert_eq!(history.len(), 3);
        assert_eq!(history.keys().count("_step"), 3);
    }

    #[test]
    fn rows_without_a_step_follow_the_last_one() {
        let mut history = history(&[7]);
        history.append(vec!["{}".into(), r#"{"_step":12.0}"#.into()]);
        assert_eq!((history.step(1), history.step(2)), (8, 12));
    }
}
