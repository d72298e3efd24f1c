//! The summary: what the file says of it, and what the SDK would have made of the rows.

use std::collections::HashSet;

use prost::Message;
use wandb_core::Map;

use super::tree::Tree;
use crate::flat::{Flat, flat};
use crate::metrics::Metrics;
use crate::proto;

/// A summary in the making.
#[derive(Debug, Default)]
pub(super) struct Summary {
    said: Tree,
    removed: HashSet<Vec<String>>,
    rows: u64,
    changes: u64,
    /// Whether a change behind the last row says its step, as older SDKs write all of the summary at the end.
    is_final: bool,
    metrics: Metrics,
    /// How many values the last change had.
    width: usize,
}

impl Summary {
    /// Takes a change that only sets values under single keys, and tells whether it is one.
    pub(super) fn change_flatly(&mut self, content: &[u8]) -> bool {
        let Some(Flat { cells, step: None }) = flat(content, self.width) else { return false };
        self.changes += 1;
        self.width = cells.len();
        for (key, json) in cells {
            if let Ok(key) = std::str::from_utf8(key) {
                self.set(&[key], json);
            }
        }
        true
    }

    fn set(&mut self, path: &[&str], json: &[u8]) {
        if !self.removed.is_empty() {
            self.removed.remove(&owned(path));
        }
        self.is_final |= path == ["_step"];
        self.said.set(path, json);
    }

    pub(super) fn change(&mut self, changes: &proto::Changes) {
        self.changes += 1;
        for item in &changes.update {
            if let Some(path) = item.path() {
                self.set(&path, &item.value_json);
            }
        }
        for item in &changes.remove {
            if let Some(path) = item.path() {
                self.said.remove(&path);
                self.removed.insert(owned(&path));
            }
        }
    }

    pub(super) fn define(&mut self, metric: &proto::Metric) {
        self.metrics.define(metric);
    }

    /// Counts a row.
    pub(super) fn row(&mut self) {
        self.rows += 1;
        self.is_final = false;
    }

    /// Whether rows have come that the summary may not know of. Newer SDKs write at least one change a row, unless they
    /// leave that to the server; older ones all of the summary at the end, if the run comes to one.
    pub(super) fn needs_rows(&self) -> bool {
        self.changes < self.rows && !self.is_final
    }

    /// Takes the values of a row.
    pub(super) fn see(&mut self, record: &proto::Record) {
        if let Some(row) = record.history.clone().and_then(|row| proto::History::decode(row).ok()) {
            self.metrics.see(&row);
        }
    }

    /// What the file says, and where it says nothing what follows from the rows that were seen.
    pub(super) fn into_map(self) -> Map {
        let Self { said, removed, metrics, .. } = self;
        let mut summary = said.into_map();
        let said: HashSet<String> = summary.keys().map(str::to_owned).collect();
        metrics.summarize(&mut summary, |path| {
            path.first().is_some_and(|key| said.contains(*key))
                || (1..=path.len()).any(|length| removed.contains(&owned(&path[..length])))
        });
        summary
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&key| key.to_owned()).collect()
}
