//! What has become of a mirror.

use serde::Serialize;
use wandb_core::client::Tally;

use crate::error::Error;

/// What has become of a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MirrorReport {
    /// What has become of each project, in order of names.
    pub projects: Vec<ProjectReport>,
    /// Requests sent, repeated ones included.
    pub requests: u64,
    /// Requests that had to be sent again.
    pub retries: u64,
    /// Times that the server's rate limit refused a request.
    pub rate_limited: u64,
    /// Time spent waiting for the rate limit or before another try, added up over all requests, in milliseconds.
    pub waited_ms: u64,
    /// Bytes received, of answers and of files.
    pub bytes_received: u64,
}

/// What has become of the mirror of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProjectReport {
    /// The project: `entity/project`.
    pub project: String,
    /// Runs that were not there before.
    pub new: u64,
    /// Runs that have more rows than before.
    pub grown: u64,
    /// Runs that have changed otherwise, or of which something was missing.
    pub changed: u64,
    /// Runs that are as they were; nothing was asked of them.
    pub same: u64,
    /// Runs that the server has no more. What is there of them stays.
    pub gone: Vec<String>,
    /// Rows of histories and system metrics, and lines of logs, that were written.
    pub rows: u64,
    /// Bytes that were written of runs: tables, logs, files, and their lines.
    pub bytes: u64,
    /// What is missing, by run, which the next mirror tries again; and what is not exact.
    pub missing: Vec<Missing>,
    /// What was damaged on the disk and has been fetched again, where that was looked for.
    pub damaged: Vec<String>,
    /// What the server had otherwise than it was mirrored, of runs that did not look changed, where that was looked for. It is as
    /// the server has it now.
    pub differing: Vec<String>,
    /// What the server of its version does not have, so that the mirror does not have it either: fields, and arguments of
    /// fields, of its schema. No later call can mend it before the server is updated.
    pub unsupported: Vec<String>,
    /// What a reader of the tables should know.
    pub notes: Vec<String>,
}

/// What is missing or not exact of a run, or of the project as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The run's id; `None` for the project.
    pub run: Option<String>,
    /// What is missing, or not exact, and why.
    pub what: String,
}

impl ProjectReport {
    /// A project that could not be had at all.
    pub(super) fn failed(project: String, error: &Error) -> Self {
        let missing = vec![Missing { run: None, what: error.with_causes() }];
        Self { project, missing, ..Self::default() }
    }
}

impl MirrorReport {
    /// Notes what it took: what there was to tell before, and what there is now.
    pub(super) fn took(&mut self, before: &Tally, now: &Tally) {
        self.requests = now.requests - before.requests;
        self.retries = now.retries - before.retries;
        self.rate_limited = now.rate_limited - before.rate_limited;
        let waited = now.waited.saturating_sub(before.waited).as_millis();
        self.waited_ms = u64::try_from(waited).unwrap_or(u64::MAX);
        self.bytes_received = now.bytes - before.bytes;
    }

    /// Whether everything that was wanted is there.
    pub fn is_complete(&self) -> bool {
        self.projects.iter().all(|project| project.missing.is_empty())
    }
}
