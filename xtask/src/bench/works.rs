//! The works, and the rows that each of them fills.

mod columns;
mod exported;
mod files;
mod json;
mod latency;
mod memory;
mod mirror;
mod runlog;
mod runs;
mod start;

use anyhow::Result;

use super::stage::Stage;
use super::work::Work;

/// A work that has not begun.
pub(crate) struct Plan {
    /// The rows it fills.
    pub(crate) rows: &'static [&'static str],
    /// Starts its server.
    pub(crate) start: fn(&Stage) -> Result<Work>,
}

/// All works.
pub(crate) const ALL: &[Plan] = &[
    Plan { rows: &["start"], start: start::work },
    Plan { rows: &["json-csv", "json-parquet", "blocking"], start: json::work },
    Plan { rows: &["exported-csv", "exported-parquet", "blocking"], start: exported::work },
    Plan { rows: &["columns", "blocking"], start: columns::work },
    Plan { rows: &["runs", "blocking"], start: runs::near },
    Plan { rows: &["runs-latency", "blocking"], start: runs::far },
    Plan { rows: &["latency"], start: latency::work },
    Plan { rows: &["files", "blocking"], start: files::many },
    Plan { rows: &["large-file", "blocking"], start: files::large },
    Plan { rows: &["mirror", "blocking"], start: mirror::near },
    Plan { rows: &["mirror", "blocking"], start: mirror::far },
    Plan { rows: &["mirror", "blocking"], start: mirror::long },
    Plan { rows: &["mirror"], start: mirror::limited },
    Plan { rows: &["runlog"], start: runlog::scalars },
    Plan { rows: &["runlog"], start: runlog::memory },
    Plan { rows: &["memory"], start: memory::short },
    Plan { rows: &["memory-long"], start: memory::long },
];
