//! What has become of a mirror.

use serde::Serialize;

/// What has become of a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MirrorReport {
    /// What has become of each project, in the server's order.
    pub projects: Vec<ProjectReport>,
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
    /// Bytes that were written, all tables and files together.
    pub bytes: u64,
    /// What is missing, by run. The next mirror tries again just those.
    pub missing: Vec<Missing>,
    /// What was damaged on the disk and has been fetched again, where that was looked for.
    pub damaged: Vec<String>,
    /// What a reader of the tables should know.
    pub notes: Vec<String>,
}

/// What is missing of a run, or of the project as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The run's id; `None` for the project.
    pub run: Option<String>,
    /// What is missing, and why.
    pub what: String,
}

impl MirrorReport {
    /// Whether everything that was wanted is there.
    pub fn is_complete(&self) -> bool {
        self.projects.iter().all(|project| project.missing.is_empty())
    }
}
