//! The size axes: the command, data and bounds of each.

use super::{Axis, MAX_PEAK_MIB, Prepare};

const PLAIN: Axis = Axis {
    name: "",
    title: "",
    full: [0; 4],
    quick: 0,
    server: |_| Vec::new(),
    words: |_| Vec::new(),
    output: "out.csv",
    lines: |_| None,
    mib: MAX_PEAK_MIB,
    is_linear: true,
    prepare: Prepare::Nothing,
};

/// Number of rows in a history.
pub(crate) const ROWS: Axis = Axis {
    name: "axes/rows",
    title: "rows of 13 columns, to CSV",
    full: [500_000, 1_000_000, 2_000_000, 4_000_000],
    quick: 100_000,
    server: |size| words(&["--generate", &size.to_string()]),
    words: |size| words(&["history", &format!("local-team/synthetic/{size}"), "--all"]),
    lines: |size| Some(size + 1),
    ..PLAIN
};

/// Number of keys in every row.
pub(crate) const KEYS: Axis = Axis {
    name: "axes/keys",
    title: "keys in each of 1000 rows, to Parquet",
    full: [500, 1_000, 2_000, 4_000],
    quick: 1_000,
    server: |size| words(&["--generate", &format!("1000x{size}")]),
    words: |size| words(&["history", &format!("local-team/synthetic/1000x{size}"), "--all"]),
    output: "out.parquet",
    ..PLAIN
};

/// Number of keys, of which each row has 20. The number of rows is in proportion, and so is the number of values; the
/// number of table cells is not.
const SPARSE: Axis = Axis {
    full: [5_000, 10_000, 20_000, 40_000],
    quick: 8_000,
    server: |size| words(&["--generate-sparse", &sparse(size)]),
    words: |size| words(&["history", &format!("local-team/axes/sparse{}", sparse(size)), "--all"]),
    ..PLAIN
};

fn sparse(keys: u32) -> String {
    format!("{}x{keys}x20", keys / 8)
}

/// Sparse keys to Parquet.
pub(crate) const SPARSE_PARQUET: Axis = Axis {
    name: "axes/sparse-parquet",
    title: "keys of which a row has 20, an eighth as many rows, to Parquet",
    output: "out.parquet",
    mib: 300.0,
    ..SPARSE
};

/// Sparse keys to CSV, whose text has a comma for every cell.
pub(crate) const SPARSE_CSV: Axis = Axis {
    name: "axes/sparse-csv",
    title: "keys of which a row has 20, an eighth as many rows, to CSV",
    lines: |size| Some(size / 8 + 1),
    is_linear: false,
    ..SPARSE
};

/// Sparse keys to Arrow, which has no sparse layout.
pub(crate) const SPARSE_ARROW: Axis = Axis {
    name: "axes/sparse-arrow",
    title: "keys of which a row has 20, an eighth as many rows, to Arrow",
    output: "out.arrow",
    is_linear: false,
    ..SPARSE
};

/// Size of a cell in bytes.
const OF_CELLS: Axis = Axis {
    full: [125_000, 250_000, 500_000, 1_000_000],
    quick: 250_000,
    server: |size| words(&["--generate-cells", &format!("500x{size}")]),
    words: |size| words(&["history", &format!("local-team/axes/cells500x{size}"), "--all"]),
    lines: |_| Some(501),
    ..PLAIN
};

/// Number of rows with cells of 100 kB.
const OF_CELL_ROWS: Axis = Axis {
    full: [2_000, 4_000, 8_000, 16_000],
    quick: 500,
    server: |size| words(&["--generate-cells", &format!("{size}x100000")]),
    words: |size| words(&["history", &format!("local-team/axes/cells{size}x100000"), "--all"]),
    lines: |size| Some(size + 1),
    ..PLAIN
};

/// Large cells from the live query.
pub(crate) const CELLS: Axis =
    Axis { name: "axes/cells", title: "bytes in a cell of each of 500 rows, to CSV", ..OF_CELLS };

/// Rows with large cells from the live query.
pub(crate) const CELL_ROWS: Axis =
    Axis { name: "axes/cell-rows", title: "rows with a cell of 100 kB, to CSV", ..OF_CELL_ROWS };

/// Large cells from exported files.
pub(crate) const EXPORTED_CELLS: Axis = Axis {
    name: "axes/exported-cells",
    title: "bytes in a cell of each of 500 exported rows, to CSV",
    server: |size| exported(&format!("500x{size}")),
    words: |size| from_exported(&format!("500x{size}")),
    ..OF_CELLS
};

/// Rows with large cells from exported files.
pub(crate) const EXPORTED_CELL_ROWS: Axis = Axis {
    name: "axes/exported-cell-rows",
    title: "exported rows with a cell of 100 kB, to CSV",
    server: |size| exported(&format!("{size}x100000")),
    words: |size| from_exported(&format!("{size}x100000")),
    ..OF_CELL_ROWS
};

fn exported(size: &str) -> Vec<String> {
    words(&["--generate-cells", size, "--export", &format!("local-team/axes/cells{size}")])
}

fn from_exported(size: &str) -> Vec<String> {
    words(&["history", &format!("local-team/axes/cells{size}"), "--all", "--source", "exported"])
}

/// Number of bins in a histogram.
pub(crate) const BINS: Axis = Axis {
    name: "axes/bins",
    title: "bins of a histogram in each of 2000 rows, to CSV",
    full: [1_250, 2_500, 5_000, 10_000],
    quick: 1_250,
    server: |size| words(&["--generate-bins", &format!("2000x{size}")]),
    words: |size| words(&["history", &format!("local-team/axes/bins2000x{size}"), "--all"]),
    lines: |_| Some(2_001),
    ..PLAIN
};

/// Nesting depth of objects.
pub(crate) const DEPTH: Axis = Axis {
    name: "axes/depth",
    title: "levels of objects, to Parquet with struct columns",
    full: [30, 60, 120, 240],
    quick: 240,
    server: |size| words(&["--generate-depth", &size.to_string()]),
    words: |size| words(&["history", &format!("local-team/axes/depth{size}"), "--all", "--nested", "struct"]),
    output: "out.parquet",
    ..PLAIN
};

/// Number of rows of system metrics.
pub(crate) const SYSTEM: Axis = Axis {
    name: "axes/system",
    title: "rows of 80 system metrics, to CSV",
    full: [10_000, 20_000, 40_000, 80_000],
    quick: 10_000,
    server: |size| words(&["--generate-system", &format!("{size}x80")]),
    words: |size| {
        let run = format!("local-team/axes/system{size}x80");
        words(&["history", &run, "--all", "--stream", "system"])
    },
    lines: |size| Some(size + 1),
    ..PLAIN
};

/// Number of runs in a project.
pub(crate) const RUNS: Axis = Axis {
    name: "axes/runs",
    title: "runs in the list of a project, to JSON Lines",
    full: [4_000, 8_000, 16_000, 32_000],
    quick: 2_000,
    server: |size| words(&["--generate-runs", &size.to_string()]),
    words: |_| words(&["runs", "local-team/many"]),
    output: "out.jsonl",
    lines: Some,
    ..PLAIN
};

/// Number of runs in the list of a mirror.
pub(crate) const MIRRORED_RUNS: Axis = Axis {
    name: "axes/mirrored-runs",
    title: "runs in the list of a mirror, to JSON Lines",
    full: [4_000, 8_000, 16_000, 32_000],
    quick: 2_000,
    server: |size| words(&["--generate-runs", &size.to_string()]),
    words: |_| words(&["runs", "{here}/mirror"]),
    output: "out.jsonl",
    lines: Some,
    mib: 40.0,
    prepare: Prepare::Mirror("local-team/many"),
    ..PLAIN
};

/// Number of runs whose configs have no key in common.
const OF_CONFIGS: Axis = Axis {
    full: [250, 500, 1_000, 2_000],
    quick: 500,
    server: |size| words(&["--generate-configs", &format!("{size}x50")]),
    mib: 300.0,
    ..PLAIN
};

/// Number of runs, with 50 config columns each, in a project table.
pub(crate) const CONFIGS: Axis = Axis {
    name: "axes/configs",
    title: "runs with 50 config keys that no other has, a project to Parquet",
    words: |size| words(&["project", &format!("local-team/configs{size}x50")]),
    output: "out.parquet",
    ..OF_CONFIGS
};

/// Number of runs, with 50 config columns each, in a mirror.
pub(crate) const MIRRORED_CONFIGS: Axis = Axis {
    name: "axes/mirrored-configs",
    title: "runs with 50 config keys that no other has, a mirror",
    words: |size| words(&["mirror", &format!("local-team/configs{size}x50")]),
    output: "mirror",
    ..OF_CONFIGS
};

/// Number of keys in the summaries of runs.
pub(crate) const SUMMARIES: Axis = Axis {
    name: "axes/summaries",
    title: "keys in the summary of each of 20 runs, listed to JSON Lines",
    full: [12_500, 25_000, 50_000, 100_000],
    quick: 12_500,
    server: |size| words(&["--generate-summaries", &format!("20x{size}")]),
    words: |size| words(&["project", &format!("local-team/summaries20x{size}")]),
    output: "out.jsonl",
    lines: |_| Some(20),
    ..PLAIN
};

/// Number of keys that runs have logged, which a list of runs does not need.
pub(crate) const KEYED_RUNS: Axis = Axis {
    name: "axes/keyed-runs",
    title: "keys in the history of each of 500 runs, listed to CSV",
    full: [1_000, 2_000, 4_000, 8_000],
    quick: 2_000,
    server: |size| words(&["--generate-keyed", &format!("500x{size}")]),
    words: |size| words(&["project", &format!("local-team/keyed500x{size}")]),
    lines: |_| Some(501),
    mib: 40.0,
    ..PLAIN
};

/// Number of files of a run.
pub(crate) const FILES: Axis = Axis {
    name: "axes/files",
    title: "files in the list of a run, to JSON Lines",
    full: [5_000, 10_000, 20_000, 40_000],
    quick: 2_000,
    server: |size| words(&["--generate-files", &format!("{size}x10")]),
    words: |size| words(&["files", &format!("local-team/files/{size}x10")]),
    output: "out.jsonl",
    lines: Some,
    ..PLAIN
};

/// Number of folders of local runs. Beyond a few thousand, most runs are read twice.
pub(crate) const FOLDERS: Axis = Axis {
    name: "axes/folders",
    title: "folders of runs on disk, listed to JSON Lines",
    full: [4_000, 8_000, 16_000, 32_000],
    quick: 1_000,
    words: |_| words(&["runs", "{here}/wandb"]),
    output: "out.jsonl",
    lines: Some,
    prepare: Prepare::Folders,
    ..PLAIN
};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
