//! The reports of a sync.

use serde::Serialize;
use wandb_core::client::ClientStats;

use crate::error::Error;

/// The result of [`Mirror::sync`](super::Mirror::sync).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MirrorReport {
    /// The result for each project, ordered by name.
    pub projects: Vec<ProjectReport>,
    /// Requests sent, including retries.
    pub requests: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Requests that the server's rate limit refused.
    pub rate_limited: u64,
    /// Time spent waiting for the rate limit or before a retry, summed over all requests, in milliseconds.
    pub waited_ms: u64,
    /// Bytes received in answers and downloaded files.
    pub bytes_received: u64,
}

/// The result for one project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProjectReport {
    /// The project: `entity/project`.
    pub project: String,
    /// Runs that are new in the mirror.
    pub new: u64,
    /// Runs with more rows than before.
    pub grown: u64,
    /// Runs that changed in another way, or had missing data.
    pub changed: u64,
    /// Unchanged runs, which were not fetched.
    pub same: u64,
    /// Runs that no longer exist on the server. Their data stays in the mirror.
    pub gone: Vec<String>,
    /// Rows of histories and system metrics and lines of logs that were written.
    pub rows: u64,
    /// Bytes written for runs: tables, logs, files and their rows.
    pub bytes: u64,
    /// Missing data by run, which the next sync retries, and inexact data.
    pub missing: Vec<Missing>,
    /// Damaged data that was fetched again. Only [`verify`](super::Mirror::verify) looks for it.
    pub damaged: Vec<String>,
    /// Data that differed from the server although the run looked unchanged. The mirror now has the server's
    /// version. Only [`compare`](super::Mirror::compare) looks for it.
    pub differing: Vec<String>,
    /// Fields and arguments that the server's schema lacks, so that the mirror lacks their data too. Only an
    /// update of the server changes that.
    pub unsupported: Vec<String>,
    /// Notes for readers of the tables.
    pub notes: Vec<String>,
}

/// Missing or inexact data of a run, or of the project as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The run's id, or `None` for the project.
    pub run: Option<String>,
    /// A description of the missing or inexact data, with the reason.
    pub what: String,
}

impl ProjectReport {
    /// Creates the report of a project that failed entirely.
    pub(super) fn failed(project: String, error: &Error) -> Self {
        let missing = vec![Missing { run: None, what: error.with_causes() }];
        Self { project, missing, ..Self::default() }
    }
}

impl MirrorReport {
    /// Sets the request counts to the difference of two tallies.
    pub(super) fn set_traffic(&mut self, before: &ClientStats, now: &ClientStats) {
        self.requests = now.requests - before.requests;
        self.retries = now.retries - before.retries;
        self.rate_limited = now.rate_limited - before.rate_limited;
        let waited = now.waited.saturating_sub(before.waited).as_millis();
        self.waited_ms = u64::try_from(waited).unwrap_or(u64::MAX);
        self.bytes_received = now.bytes - before.bytes;
    }

    /// Returns whether the mirror has everything that was wanted.
    pub fn is_complete(&self) -> bool {
        self.projects.iter().all(|project| project.missing.is_empty())
    }
}
