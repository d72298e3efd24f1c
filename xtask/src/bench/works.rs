//! The works, and the rows that each of them fills.

mod axes;
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
    Plan { rows: &["axes/rows"], start: |stage| axes::work(stage, axes::ROWS) },
    Plan { rows: &["axes/keys"], start: |stage| axes::work(stage, axes::KEYS) },
    Plan { rows: &["axes/sparse-parquet"], start: |stage| axes::work(stage, axes::SPARSE_PARQUET) },
    Plan { rows: &["axes/sparse-csv"], start: |stage| axes::work(stage, axes::SPARSE_CSV) },
    Plan { rows: &["axes/sparse-arrow"], start: |stage| axes::work(stage, axes::SPARSE_ARROW) },
    Plan { rows: &["axes/cells"], start: |stage| axes::work(stage, axes::CELLS) },
    Plan { rows: &["axes/cell-rows"], start: |stage| axes::work(stage, axes::CELL_ROWS) },
    Plan { rows: &["axes/exported-cells"], start: |stage| axes::work(stage, axes::EXPORTED_CELLS) },
    Plan { rows: &["axes/exported-cell-rows"], start: |stage| axes::work(stage, axes::EXPORTED_CELL_ROWS) },
    Plan { rows: &["axes/bins"], start: |stage| axes::work(stage, axes::BINS) },
    Plan { rows: &["axes/depth"], start: |stage| axes::work(stage, axes::DEPTH) },
    Plan { rows: &["axes/system"], start: |stage| axes::work(stage, axes::SYSTEM) },
    Plan { rows: &["axes/runs"], start: |stage| axes::work(stage, axes::RUNS) },
    Plan { rows: &["axes/mirrored-runs"], start: |stage| axes::work(stage, axes::MIRRORED_RUNS) },
    Plan { rows: &["axes/configs"], start: |stage| axes::work(stage, axes::CONFIGS) },
    Plan { rows: &["axes/mirrored-configs"], start: |stage| axes::work(stage, axes::MIRRORED_CONFIGS) },
    Plan { rows: &["axes/summaries"], start: |stage| axes::work(stage, axes::SUMMARIES) },
    Plan { rows: &["axes/keyed-runs"], start: |stage| axes::work(stage, axes::KEYED_RUNS) },
    Plan { rows: &["axes/files"], start: |stage| axes::work(stage, axes::FILES) },
    Plan { rows: &["axes/folders"], start: |stage| axes::work(stage, axes::FOLDERS) },
];
