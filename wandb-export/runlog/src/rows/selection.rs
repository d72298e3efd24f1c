//! Selections of rows and keys.

use std::ops::Range;

use wandb_core::{Map, Row, Value};

use super::STEP;

/// A selection of rows and keys. By default: all rows with all keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Selection {
    keys: Vec<String>,
    any: bool,
    min_step: Option<i64>,
    max_step: Option<i64>,
}

/// The selected cells of a row.
pub(super) enum CellSelection<'c> {
    All,
    Subset(Vec<(&'c [u8], &'c [u8])>),
    Nothing,
    /// A key may lead into a nested object.
    Unclear,
}

impl Selection {
    /// Selects only rows that have all of these keys, reduced to these keys and the step.
    pub fn all_of(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        (self.keys, self.any) = (keys.into_iter().map(Into::into).collect(), false);
        self
    }

    /// Selects only rows that have at least one of these keys, reduced to these keys and the step.
    pub fn any_of(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        (self.keys, self.any) = (keys.into_iter().map(Into::into).collect(), true);
        self
    }

    /// Selects rows from this step on.
    pub fn min_step(mut self, step: i64) -> Self {
        self.min_step = Some(step);
        self
    }

    /// Selects rows up to, but not including, this step.
    pub fn max_step(mut self, step: i64) -> Self {
        self.max_step = Some(step);
        self
    }

    /// The selected keys. Empty for all keys.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The selected steps, end exclusive.
    pub fn steps(&self) -> Range<i64> {
        self.min_step.unwrap_or(i64::MIN)..self.max_step.unwrap_or(i64::MAX)
    }

    pub(super) fn has_step(&self, step: i64) -> bool {
        self.min_step.is_none_or(|first| first <= step) && self.max_step.is_none_or(|end| step < end)
    }

    /// Selects among the cells of a row, one of which is its step.
    pub(super) fn cells<'c>(&self, cells: &[(&'c [u8], &'c [u8])]) -> CellSelection<'c> {
        if self.keys.is_empty() {
            return CellSelection::All;
        }
        let find = |key: &str| cells.iter().rfind(|(own, _)| *own == key.as_bytes()).copied();
        let mut chosen: Vec<_> = find(STEP).into_iter().collect();
        let mut found = 0;
        for key in &self.keys {
            match find(key) {
                Some(cell) => {
                    found += 1;
                    if key != STEP {
                        chosen.push(cell);
                    }
                }
                None if key.contains('.') && cells.iter().any(|(_, json)| json.starts_with(b"{")) => {
                    return CellSelection::Unclear;
                }
                None => {}
            }
        }
        if self.is_enough(found) { CellSelection::Subset(chosen) } else { CellSelection::Nothing }
    }

    /// Applies the selection to a row. Returns `None` for an unselected row; a row without a step is in every range.
    pub fn choose(&self, row: Row) -> Option<Row> {
        if row.step().is_some_and(|step| !self.has_step(step)) {
            return None;
        }
        if self.keys.is_empty() { Some(row) } else { self.row(row.into_iter().collect()) }
    }

    /// Selects among the cells of a row. A key with dots also leads into objects.
    pub(super) fn row(&self, cells: Map) -> Option<Row> {
        if self.keys.is_empty() {
            return Some(cells.into_iter().collect());
        }
        let cells = Value::Map(cells);
        let mut chosen: Vec<_> = cells.get(STEP).map(|step| (STEP, step.clone())).into_iter().collect();
        let mut found = 0;
        for key in &self.keys {
            if let Some(value) = cells.get(key).or_else(|| cells.get_path(key.split('.'))) {
                found += 1;
                if key != STEP {
                    chosen.push((key, value.clone()));
                }
            }
        }
        self.is_enough(found).then(|| chosen.into_iter().collect())
    }

    fn is_enough(&self, found: usize) -> bool {
        if self.any { found > 0 } else { found == self.keys.len() }
    }
}
