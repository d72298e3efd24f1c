//! Issues found while rows are read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wandb_core::RunPath;

use super::parse::Losses;
use crate::issue::Issue;

/// Issues found while the rows of a history are read. Clones share the same list.
#[derive(Debug, Clone, Default)]
pub(super) struct RowIssues {
    pub(super) losses: Losses,
    pub(super) late: LateRows,
    issues: Arc<Mutex<Vec<Issue>>>,
}

/// Counts rows that follow rows of later steps.
#[derive(Debug, Clone, Default)]
pub(super) struct LateRows(Arc<AtomicU64>);

impl LateRows {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[cfg(feature = "parquet")]
    pub(super) fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

impl RowIssues {
    pub(super) fn add(&self, issue: Issue) {
        self.issues.lock().unwrap_or_else(PoisonError::into_inner).push(issue);
    }

    /// Returns the issues so far. Complete after the last row.
    pub(super) fn issues(&self, run: &RunPath) -> Vec<Issue> {
        let mut issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let late = self.late.count();
        if late > 0 {
            issues.push(Issue::StepsOutOfOrder { run: run.clone(), rows: late });
        }
        issues.extend(self.losses.issues(run));
        issues
    }
}
