//! Assigns steps to rows.

use wandb_core::{Map, Value};

use crate::items;
use crate::proto::{Item, PartialHistory};

/// Assigns steps to rows in file order. A row without a step follows the previous row: newer SDKs omit steps that the
/// user did not give.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepCounter {
    next: i64,
    has_started: bool,
    /// The row under construction from parts.
    open: Map,
}

/// A row assembled from parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JoinedRow {
    pub(crate) step: i64,
    pub(crate) cells: Map,
}

impl StepCounter {
    /// Sets the step of the first row, as given by the run's first record.
    pub(crate) fn start(&mut self, step: i64) {
        if !std::mem::replace(&mut self.has_started, true) {
            self.next = step;
        }
    }

    /// Returns the step of the next row, which may give it explicitly.
    pub(crate) fn assign(&mut self, given: Option<i64>) -> i64 {
        let step = given.unwrap_or(self.next);
        (self.next, self.has_started) = (step.saturating_add(1), true);
        step
    }

    /// Adds a part of a row and returns the rows it completes, as the SDK does.
    ///
    /// A part of a later step completes the previous row, and a part may complete its row explicitly. Parts of earlier
    /// steps are ignored.
    pub(crate) fn add_part(&mut self, part: &PartialHistory) -> Vec<JoinedRow> {
        let mut rows = Vec::new();
        if let Some(step) = part.step {
            if step.num < self.next {
                return rows;
            }
            if step.num > self.next {
                rows.extend(self.finish_row());
                self.next = step.num;
            }
        }
        add_items(&mut self.open, &part.item);
        if part.action.map_or(part.step.is_none(), |action| action.flush) {
            rows.extend(self.finish_row());
        }
        rows
    }

    /// Completes the row under construction, if it has any parts.
    pub(crate) fn finish_row(&mut self) -> Option<JoinedRow> {
        let cells = std::mem::take(&mut self.open);
        (!cells.is_empty()).then(|| JoinedRow { step: self.assign(None), cells })
    }
}

/// Adds items to a row. Returns whether all of them were readable.
pub(crate) fn add_items(row: &mut Map, items: &[Item]) -> bool {
    let mut is_whole = true;
    for item in items {
        match (item.path(), item.value()) {
            (Some(path), Some(value)) if path.len() == 1 && !matches!(value, Value::Map(_)) => {
                row.insert(path[0], value);
            }
            (Some(path), Some(value)) => items::merge(row, &path, value),
            _ => is_whole = false,
        }
    }
    is_whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Flush, Step};

    fn part(key: &str, step: Option<i64>, flush: Option<bool>) -> PartialHistory {
        let value_json = "1".into();
        PartialHistory {
            item: vec![Item { key: key.to_owned().into(), value_json, ..Item::default() }],
            step: step.map(|num| Step { num }),
            action: flush.map(|flush| Flush { flush }),
        }
    }

    fn rows(parts: &[PartialHistory]) -> Vec<(i64, String)> {
        let mut steps = StepCounter::default();
        let mut rows: Vec<_> = parts.iter().flat_map(|part| steps.add_part(part)).collect();
        rows.extend(steps.finish_row());
        rows.into_iter().map(|row| (row.step, row.cells.keys().collect::<Vec<_>>().join(" "))).collect()
    }

    #[test]
    fn parts_become_rows_as_in_the_sdk() {
        let row = |step, keys: &str| (step, keys.to_owned());
        // Each call of `log` ends a row, unless it gives a step or sets `commit`.
        assert_eq!(rows(&[part("a", None, None), part("b", None, None)]), [row(0, "a"), row(1, "b")]);
        assert_eq!(rows(&[part("a", None, Some(false)), part("b", None, None)]), [row(0, "a b")]);
        let parts = [part("a", Some(3), None), part("b", Some(3), None), part("c", Some(9), None)];
        assert_eq!(rows(&parts), [row(3, "a b"), row(9, "c")]);
        // A part of an earlier step is ignored.
        assert_eq!(rows(&[part("a", Some(3), Some(true)), part("b", Some(3), None)]), [row(3, "a")]);
    }

    #[test]
    fn row_without_a_step_follows_the_previous_one() {
        let mut steps = StepCounter::default();
        steps.start(5);
        assert_eq!([None, None, Some(20), None, Some(3)].map(|given| steps.assign(given)), [5, 6, 20, 21, 3]);
    }
}
