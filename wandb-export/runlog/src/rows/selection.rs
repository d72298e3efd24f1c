//! Which rows, and what of them.

use std::ops::Range;

use wandb_core::{Map, Row, Value};

use super::STEP;

/// Which rows of a history, and what of them. By itself: every row with everything it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Selection {
    keys: Vec<String>,
    any: bool,
    min_step: Option<i64>,
    max_step: Option<i64>,
}

/// What of a row's cells is wanted.
pub(super) enum Chosen<'c> {
    All,
    These(Vec<(&'c [u8], &'c [u8])>),
    Nothing,
    /// A key may be one of nested objects.
    Unclear,
}

impl Selection {
    /// Only rows that hold all of these keys, and of them only these and the step.
    pub fn all_of(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        (self.keys, self.any) = (keys.into_iter().map(Into::into).collect(), false);
        self
    }

    /// Only rows that hold any of these keys, and of them only these and the step.
    pub fn any_of(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        (self.keys, self.any) = (keys.into_iter().map(Into::into).collect(), true);
        self
    }

    /// From this step on.
    pub fn min_step(mut self, step: i64) -> Self {
        self.min_step = Some(step);
        self
    }

    /// Up to, but not including, this step.
    pub fn max_step(mut self, step: i64) -> Self {
        self.max_step = Some(step);
        self
    }

    /// The keys that are asked for, if not all of them.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The steps that are asked for, end exclusive.
    pub fn steps(&self) -> Range<i64> {
        self.min_step.unwrap_or(i64::MIN)..self.max_step.unwrap_or(i64::MAX)
    }

    pub(super) fn has_step(&self, step: i64) -> bool {
        self.min_step.is_none_or(|first| first <= step) && self.max_step.is_none_or(|end| step < end)
    }

    /// Chooses among cells, of which one is the step.
    pub(super) fn cells<'c>(&self, cells: &[(&'c [u8], &'c [u8])]) -> Chosen<'c> {
        if self.keys.is_empty() {
            return Chosen::All;
        }
        let find = |key: &str| cells.iter().rfind(|(own, _)| *own == key.as_bytes()).copied();
        let mut chosen: Vec<_> = find(STEP).into_iter().collect();
        let mut held = 0;
        for key in &self.keys {
            match find(key) {
                Some(cell) => {
                    held += 1;
                    if key != STEP {
                        chosen.push(cell);
                    }
                }
                None if key.contains('.') && cells.iter().any(|(_, json)| json.starts_with(b"{")) => {
                    return Chosen::Unclear;
                }
                None => {}
            }
        }
        if self.is_enough(held) { Chosen::These(chosen) } else { Chosen::Nothing }
    }

    /// What is wanted of a row that is there already; `None` if nothing is. One without a step is of any.
    pub fn choose(&self, row: Row) -> Option<Row> {
        if row.step().is_some_and(|step| !self.has_step(step)) {
            return None;
        }
        if self.keys.is_empty() { Some(row) } else { self.row(row.into_iter().collect()) }
    }

    /// Chooses among the cells of a row. A key with dots is also found inside objects.
    pub(super) fn row(&self, cells: Map) -> Option<Row> {
        if self.keys.is_empty() {
            return Some(cells.into_iter().collect());
        }
        let cells = Value::Map(cells);
        let mut chosen: Vec<_> = cells.get(STEP).map(|step| (STEP, step.clone())).into_iter().collect();
        let mut held = 0;
        for key in &self.keys {
            if let Some(value) = cells.get(key).or_else(|| cells.get_path(key.split('.'))) {
                held += 1;
                if key != STEP {
                    chosen.push((key, value.clone()));
                }
            }
        }
        self.is_enough(held).then(|| chosen.into_iter().collect())
    }

    fn is_enough(&self, held: usize) -> bool {
        if self.any { held > 0 } else { held == self.keys.len() }
    }
}
