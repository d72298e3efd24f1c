//! Which step a row is of.

use wandb_core::{Map, Value};

use crate::items;
use crate::proto::{Item, PartialHistory};

/// The steps of rows, in their order. A row that says no step has the one behind the row before; so newer SDKs write
/// rows for which the user gave none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    next: i64,
    is_begun: bool,
    /// The row that is being put together from parts.
    open: Map,
}

/// A row that was put together from parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Joined {
    pub(crate) step: i64,
    pub(crate) cells: Map,
}

impl Steps {
    /// The step of the first row, as the first record of the run says.
    pub(crate) fn start(&mut self, step: i64) {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.next = step;
        }
    }

    /// The step of a row.
    pub(crate) fn of(&mut self, said: Option<i64>) -> i64 {
        let step = said.unwrap_or(self.next);
        (self.next, self.is_begun) = (step.saturating_add(1), true);
        step
    }

    /// Takes part of a row, and tells which rows are whole by it: one if a part of a later step begins, and one if the part
    /// says that its row ends. Parts of earlier steps are ignored. That is what the SDK does with them.
    pub(crate) fn part(&mut self, part: &PartialHistory) -> Vec<Joined> {
        let mut rows = Vec::new();
        if let Some(step) = part.step {
            if step.num < self.next {
                return rows;
            }
            if step.num > self.next {
                rows.extend(self.join());
                self.next = step.num;
            }
        }
        add(&mut self.open, &part.item);
        if part.action.map_or(part.step.is_none(), |action| action.flush) {
            rows.extend(self.join());
        }
        rows
    }

    /// The row whose parts have come so far, if any have.
    pub(crate) fn join(&mut self) -> Option<Joined> {
        let cells = std::mem::take(&mut self.open);
        (!cells.is_empty()).then(|| Joined { step: self.of(None), cells })
    }
}

/// Adds items to a row. Whether all of them could be read.
pub(crate) fn add(row: &mut Map, items: &[Item]) -> bool {
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
        let mut steps = Steps::default();
        let mut rows: Vec<_> = parts.iter().flat_map(|part| steps.part(part)).collect();
        rows.extend(steps.join());
        rows.into_iter().map(|row| (row.step, row.cells.keys().collect::<Vec<_>>().join(" "))).collect()
    }

    #[test]
    fn parts_become_rows_as_in_the_sdk() {
        let row = |step, keys: &str| (step, keys.to_owned());
        // Each log ends a row, unless it gives a step or says otherwise.
        assert_eq!(rows(&[part("a", None, None), part("b", None, None)]), [row(0, "a"), row(1, "b")]);
        assert_eq!(rows(&[part("a", None, Some(false)), part("b", None, None)]), [row(0, "a b")]);
        let parts = [part("a", Some(3), None), part("b", Some(3), None), part("c", Some(9), None)];
        assert_eq!(rows(&parts), [row(3, "a b"), row(9, "c")]);
        // What comes too late is ignored.
        assert_eq!(rows(&[part("a", Some(3), Some(true)), part("b", Some(3), None)]), [row(3, "a")]);
    }

    #[test]
    fn a_row_without_a_step_follows_the_one_before() {
        let mut steps = Steps::default();
        steps.start(5);
        assert_eq!([None, None, Some(20), None, Some(3)].map(|said| steps.of(said)), [5, 6, 20, 21, 3]);
    }
}
