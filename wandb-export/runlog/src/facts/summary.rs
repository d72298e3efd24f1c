//! Builds the summary from summary records and, where these are missing, from rows as the SDK does.

use std::collections::HashSet;

use prost::Message;
use wandb_core::Map;

use super::tree::Tree;
use crate::flat::{FlatRow, parse_flat};
use crate::items;
use crate::metrics::Metrics;
use crate::proto;

/// A summary under construction.
#[derive(Debug, Default)]
pub(super) struct Summary {
    explicit: Tree,
    removed: HashSet<Vec<String>>,
    rows: u64,
    /// How many changes set a step, as the changes made from a row do.
    changes: u64,
    /// Whether a change after the last row sets its step. Older SDKs write the whole summary at the end.
    is_final: bool,
    metrics: Metrics,
    /// The number of values in the last change.
    width: usize,
}

impl Summary {
    /// Applies a change that only sets values with single keys. Returns `false` for any other change.
    pub(super) fn apply_flat(&mut self, content: &[u8]) -> bool {
        let Some(FlatRow { cells, step: None }) = parse_flat(content, self.width) else { return false };
        self.width = cells.len();
        for (key, json) in cells {
            let Ok(key) = std::str::from_utf8(key) else { return false };
            if !items::is_value(json) {
                return false;
            }
            self.set(&[key], json);
        }
        true
    }

    fn set(&mut self, path: &[&str], json: &[u8]) {
        if !self.removed.is_empty() {
            self.removed.remove(&owned(path));
        }
        if path == ["_step"] {
            (self.is_final, self.changes) = (true, self.changes + 1);
        }
        self.explicit.set(path, json);
    }

    /// Applies a change. Returns whether all of it was readable.
    pub(super) fn apply(&mut self, changes: &proto::Changes) -> bool {
        let mut is_whole = true;
        for item in &changes.update {
            match item.path() {
                Some(path) if items::is_value(&item.value_json) => self.set(&path, &item.value_json),
                _ => is_whole = false,
            }
        }
        for item in &changes.remove {
            match item.path() {
                Some(path) => {
                    self.explicit.remove(&path);
                    self.removed.insert(owned(&path));
                }
                None => is_whole = false,
            }
        }
        is_whole
    }

    pub(super) fn define(&mut self, metric: &proto::Metric) {
        self.metrics.define(metric);
    }

    /// Counts a row.
    pub(super) fn count_row(&mut self) {
        self.rows += 1;
        self.is_final = false;
    }

    /// Whether the summary may lack the values of some rows.
    ///
    /// Newer SDKs write a change for each row, unless they leave that to the server. Older ones write the whole
    /// summary at the end, if the run gets there.
    pub(super) fn needs_rows(&self) -> bool {
        self.changes < self.rows && !self.is_final
    }

    /// Adds the values of a row.
    pub(super) fn add_row_values(&mut self, record: &proto::Record) {
        if let Some(row) = record.history.clone().and_then(|row| proto::History::decode(row).ok()) {
            self.metrics.add_row(&row);
        }
    }

    /// Combines the summary records with values computed from rows; the records take precedence.
    pub(super) fn into_map(self) -> Map {
        let Self { explicit, removed, metrics, .. } = self;
        let mut summary = explicit.into_map();
        let explicit: HashSet<String> = summary.keys().map(str::to_owned).collect();
        metrics.summarize(&mut summary, |path| {
            path.first().is_some_and(|key| explicit.contains(*key))
                || (1..=path.len()).any(|length| removed.contains(&owned(&path[..length])))
        });
        summary
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&key| key.to_owned()).collect()
}
