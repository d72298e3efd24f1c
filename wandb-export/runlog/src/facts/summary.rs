//! The summary: what the file says of it, and what the SDK would have made of the rows.

use std::collections::HashSet;

use prost::Message;
use wandb_core::Map;

use crate::items;
use crate::metrics::Metrics;
use crate::proto;

/// A summary in the making.
#[derive(Debug, Default)]
pub(super) struct Summary {
    said: Map,
    removed: HashSet<Vec<String>>,
    /// Rows and changes of the summary; the SDK writes at least one change a row, unless it leaves that to the server.
    rows: u64,
    changes: u64,
    metrics: Metrics,
}

impl Summary {
    pub(super) fn change(&mut self, changes: &proto::Changes) {
        self.changes += 1;
        for item in &changes.update {
            if let (Some(path), Some(value)) = (item.path(), item.value()) {
                if !self.removed.is_empty() {
                    self.removed.remove(&owned(&path));
                }
                items::set(&mut self.said, &path, value);
            }
        }
        for item in &changes.remove {
            if let Some(path) = item.path() {
                items::remove(&mut self.said, &path);
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
    }

    /// Whether some rows have no summary that was made of them.
    pub(super) fn needs_rows(&self) -> bool {
        self.changes < self.rows
    }

    /// Takes the values of a row.
    pub(super) fn see(&mut self, record: &proto::Record) {
        if let Some(row) = record.history.clone().and_then(|row| proto::History::decode(row).ok()) {
            self.metrics.see(&row);
        }
    }

    pub(super) fn into_map(self) -> Map {
        let Self { mut said, removed, metrics, .. } = self;
        let known = said.clone();
        metrics.summarize(&mut said, |path| {
            let is_said = path.first().is_some_and(|key| known.contains_key(key));
            is_said || (1..=path.len()).any(|length| removed.contains(&owned(&path[..length])))
        });
        said
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&key| key.to_owned()).collect()
}
