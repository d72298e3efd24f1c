//! What a mirror tells while it is at work.

use wandb_core::{ProjectPath, RunPath};

/// Something that has happened. More kinds may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MirrorEvent {
    /// The runs of a project have been listed.
    Listed {
        /// The project.
        project: ProjectPath,
        /// How many runs there are, as far as they are wanted.
        runs: u64,
        /// How many of them are new or have changed, and so will be fetched.
        to_fetch: u64,
        /// How many rows those have, where the server tells.
        rows: u64,
    },
    /// Rows or lines of a run have been written; there may be more.
    Rows {
        /// The run.
        run: RunPath,
        /// How many came since the last such event of this run.
        rows: u64,
    },
    /// A file has come.
    File {
        /// The run.
        run: RunPath,
        /// Its size in bytes.
        bytes: u64,
    },
    /// A run is there.
    Run {
        /// The run.
        run: RunPath,
        /// What is missing of it, each in a sentence.
        missing: Vec<String>,
    },
    /// The tables of a project are there, and with them all of it.
    Project {
        /// The project.
        project: ProjectPath,
    },
}
