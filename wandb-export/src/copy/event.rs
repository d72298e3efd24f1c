//! The progress events of a mirror.

use wandb_core::{ProjectPath, RunPath};

/// A progress event. New kinds may be added.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MirrorEvent {
    /// The runs of a project have been listed.
    Listed {
        /// The project.
        project: ProjectPath,
        /// The number of wanted runs.
        runs: u64,
        /// The number of runs that are new or changed and will be fetched.
        to_fetch: u64,
        /// The number of rows of those runs, as far as the server reports it.
        rows: u64,
    },
    /// Rows or lines of a run were written; more may follow.
    Rows {
        /// The run.
        run: RunPath,
        /// The number of rows since the last such event of this run.
        rows: u64,
    },
    /// A file was downloaded.
    File {
        /// The run.
        run: RunPath,
        /// Its size in bytes.
        bytes: u64,
    },
    /// A run was copied.
    Run {
        /// The run.
        run: RunPath,
        /// Descriptions of missing data, one sentence each.
        missing: Vec<String>,
    },
    /// The tables of a project were written, which completes it.
    Project {
        /// The project.
        project: ProjectPath,
    },
}
