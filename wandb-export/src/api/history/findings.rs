//! What turns out about rows while they are read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wandb_core::RunPath;

use super::parse::Losses;
use crate::issue::Issue;

/// What turns out about the rows of a history while they are read; shared by all who read them.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) losses: Losses,
    pub(super) late: Late,
    issues: Arc<Mutex<Vec<Issue>>>,
}

/// Counts the rows that come behind rows of later steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Late(Arc<AtomicU64>);

impl Late {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[cfg(feature = "parquet")]
    pub(super) fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

impl Findings {
    pub(super) fn add(&self, issue: Issue) {
        self.issues.lock().unwrap_or_else(PoisonError::into_inner).push(issue);
    }

    /// The issues so far; complete after the last row.
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
