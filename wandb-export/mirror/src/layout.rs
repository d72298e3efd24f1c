//! File names and paths in a mirror's folder; `docs/mirror.md` describes the files.

use wandb_core::{Row, Value};
use wandb_storage::safe_names::is_safe_component;

use crate::contents::Part;

/// The index of the mirror: a header and the records of all runs.
pub const MANIFEST: &str = "manifest.jsonl";

/// The rows of all runs.
pub const RUNS: &str = "runs.jsonl";

/// The rows of all runs as a table.
pub(crate) const RUN_TABLE: &str = "runs.parquet";

/// The rows of all sweeps.
pub const SWEEP_TABLE: &str = "sweeps.parquet";

/// The folder that holds a folder of files for each run.
pub(crate) const FILES: &str = "files/";

/// The log of changes, among the storage's internal files.
pub const JOURNAL: &str = ".wandb-export/journal";

/// The folders that hold one file for each run.
pub(crate) const FOLDERS: [&str; 3] = ["history/", "system/", "logs/"];

/// The first column of every table of rows.
pub const RUN_ID: &str = "run_id";

/// The second column of history tables.
pub const STEP: &str = "_step";

/// The prefix for logged keys that are named `run_id`, or `run_id` with this prefix before it.
const LOGGED: &str = "logged.";

/// Returns the column of a logged key, if it differs from the key.
pub fn column_of(key: &str) -> Option<String> {
    key.trim_start_matches(LOGGED).eq(RUN_ID).then(|| format!("{LOGGED}{key}"))
}

/// Returns the key of a column, if it differs from the column.
pub(crate) fn key_of_column(column: &str) -> Option<&str> {
    column.strip_prefix(LOGGED).filter(|key| key.trim_start_matches(LOGGED) == RUN_ID)
}

/// The longest suffix of a run's files. Names must be valid on every system with this suffix.
pub const ENDING: &str = ".parquet";

/// Appends the longest suffix to a name.
pub fn with_ending(name: &str) -> String {
    format!("{name}{ENDING}")
}

/// Returns whether files named `here` stay inside their folders. Earlier versions also wrote names that end
/// with a dot or a space.
pub fn stays_inside(here: &str) -> bool {
    !matches!(here, "" | "." | "..") && is_safe_component(&with_ending(here))
}

/// Returns the path of a part of the run whose files are named `here`.
pub fn place(part: Part, here: &str) -> String {
    match part {
        Part::Runs => RUNS.to_owned(),
        Part::Sweeps => SWEEP_TABLE.to_owned(),
        Part::History => format!("history/{here}.parquet"),
        Part::System => format!("system/{here}.parquet"),
        Part::Logs => format!("logs/{here}.log"),
        Part::Files => format!("{FILES}{here}"),
    }
}

/// Puts the run's id in front of a row.
pub fn labelled(run: &str, row: Row) -> Row {
    let label = (RUN_ID.into(), Value::String(run.to_owned()));
    let own = row.into_iter().map(|(key, value)| (column_of(&key).map_or(key, Into::into), value));
    std::iter::once(label).chain(own).collect()
}

/// Removes the run's id from a row.
pub fn unlabelled(row: Row) -> Row {
    let own = row.into_iter().filter(|(key, _)| &**key != RUN_ID);
    own.map(|(key, value)| (key_of_column(&key).map(Into::into).unwrap_or(key), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_names_do_not_stay_inside() {
        for here in ["", ".", "..", "../x", "a/b", "/etc", "a\u{0}"] {
            assert!(!stays_inside(here), "{here:?}");
        }
        for here in ["1a2b3c4d", "...", "abc.", "run 7"] {
            assert!(stays_inside(here), "{here:?}");
        }
    }

    #[test]
    fn keys_map_to_distinct_columns() {
        for (key, column) in [("run_id", "logged.run_id"), ("logged.run_id", "logged.logged.run_id")] {
            assert_eq!(column_of(key).as_deref(), Some(column));
            assert_eq!(key_of_column(column), Some(key));
        }
        for other in ["run", "logged.", "logged.run", "x.run_id"] {
            assert_eq!((column_of(other), key_of_column(other)), (None, None), "{other}");
        }
        assert_eq!(key_of_column("run_id"), None, "the column of the run itself");
    }
}
