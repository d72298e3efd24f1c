//! All workloads, and the rows that each of them fills.

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

use super::env::BenchEnv;
use super::workload::Workload;

/// A workload that has not been started.
pub(crate) struct Plan {
    /// The rows it fills.
    pub(crate) rows: &'static [&'static str],
    /// Starts its server and builds the workload.
    pub(crate) start: fn(&BenchEnv) -> Result<Workload>,
}

/// All workloads.
pub(crate) const ALL: &[Plan] = &[
    Plan { rows: &["start"], start: start::workload },
    Plan { rows: &["json-csv", "json-parquet", "blocking"], start: json::workload },
    Plan { rows: &["exported-csv", "exported-parquet", "blocking"], start: exported::workload },
    Plan { rows: &["columns", "blocking"], start: columns::workload },
    Plan { rows: &["runs", "blocking"], start: runs::near },
    Plan { rows: &["runs-latency", "blocking"], start: runs::far },
    Plan { rows: &["latency"], start: latency::workload },
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
    Plan { rows: &["axes/rows"], start: |env| axes::workload(env, axes::ROWS) },
    Plan { rows: &["axes/keys"], start: |env| axes::workload(env, axes::KEYS) },
    Plan { rows: &["axes/sparse-parquet"], start: |env| axes::workload(env, axes::SPARSE_PARQUET) },
    Plan { rows: &["axes/sparse-csv"], start: |env| axes::workload(env, axes::SPARSE_CSV) },
    Plan { rows: &["axes/sparse-arrow"], start: |env| axes::workload(env, axes::SPARSE_ARROW) },
    Plan { rows: &["axes/cells"], start: |env| axes::workload(env, axes::CELLS) },
    Plan { rows: &["axes/cell-rows"], start: |env| axes::workload(env, axes::CELL_ROWS) },
    Plan { rows: &["axes/exported-cells"], start: |env| axes::workload(env, axes::EXPORTED_CELLS) },
    Plan { rows: &["axes/exported-cell-rows"], start: |env| axes::workload(env, axes::EXPORTED_CELL_ROWS) },
    Plan { rows: &["axes/bins"], start: |env| axes::workload(env, axes::BINS) },
    Plan { rows: &["axes/depth"], start: |env| axes::workload(env, axes::DEPTH) },
    Plan { rows: &["axes/system"], start: |env| axes::workload(env, axes::SYSTEM) },
    Plan { rows: &["axes/runs"], start: |env| axes::workload(env, axes::RUNS) },
    Plan { rows: &["axes/mirrored-runs"], start: |env| axes::workload(env, axes::MIRRORED_RUNS) },
    Plan { rows: &["axes/configs"], start: |env| axes::workload(env, axes::CONFIGS) },
    Plan { rows: &["axes/mirrored-configs"], start: |env| axes::workload(env, axes::MIRRORED_CONFIGS) },
    Plan { rows: &["axes/summaries"], start: |env| axes::workload(env, axes::SUMMARIES) },
    Plan { rows: &["axes/keyed-runs"], start: |env| axes::workload(env, axes::KEYED_RUNS) },
    Plan { rows: &["axes/files"], start: |env| axes::workload(env, axes::FILES) },
    Plan { rows: &["axes/folders"], start: |env| axes::workload(env, axes::FOLDERS) },
];
