//! The summary: what the file says of it, and what the SDK would have made of the rows.

use std::collections::HashSet;

use prost::Message;
use wandb_core::Map;

use super::tree::Tree;
use crate::flat::{Flat, flat};
use crate::items;
use crate::metrics::Metrics;
use crate::proto;

/// A summary in the making.
#[derive(Debug, Default)]
pub(super) struct Summary {
    said: Tree,
    removed: HashSet<Vec<String>>,
    rows: u64,
    /// How many changes say a step, as those do that are made of a row.
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
        self.said.set(path, json);
    }

    /// Takes a change. Whether all of it could be read.
    pub(super) fn change(&mut self, changes: &proto::Changes) -> bool {
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
                    self.said.remove(&path);
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
    pub(super) fn row(&mut self) {
        self.rows += 1;
        self.is_final = false;
    }

    /// Whether rows have come that the summary may not know of. Newer SDKs write a change for each row, unless they leave
    /// that to the server; older ones all of the summary at the end, if the run comes to one.
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
