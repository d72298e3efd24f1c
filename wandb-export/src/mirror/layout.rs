//! Where things are in a mirror's folder; `docs/mirror.md` tells what they are.

use super::contents::Part;
use crate::files::is_safe_component;

pub(super) const MANIFEST: &str = "manifest.jsonl";
pub(super) const RUNS: &str = "runs.jsonl";
pub(super) const RUN_TABLE: &str = "runs.parquet";
pub(super) const SWEEP_TABLE: &str = "sweeps.parquet";

/// The folder with a folder of files for each run.
pub(super) const FILES: &str = "files";

/// What is not for readers.
pub(super) const OWN: &str = ".wandb-export";
pub(super) const JOURNAL: &str = ".wandb-export/journal";
pub(super) const LOCK: &str = ".wandb-export/lock";

/// The folders of what there is a file of for each run.
pub(super) const FOLDERS: [&str; 3] = ["history", "system", "logs"];

/// The first column of every table of rows.
pub(super) const RUN_ID: &str = "run_id";

/// The second column of the table of a history.
pub(super) const STEP: &str = "_step";

/// What comes before a key of a history that is called like the first column, or like such a key with this before it.
const LOGGED: &str = "logged.";

/// The column of a key that a run has logged.
pub(super) fn column_of(key: &str) -> Option<String> {
    key.trim_start_matches(LOGGED).eq(RUN_ID).then(|| format!("{LOGGED}{key}"))
}

/// The key that a column is of, where that is another.
pub(super) fn key_of_column(column: &str) -> Option<&str> {
    column.strip_prefix(LOGGED).filter(|key| key.trim_start_matches(LOGGED) == RUN_ID)
}

/// The longest ending of a run's files. Their names have to be ones that every system can hold.
pub(super) const ENDING: &str = ".parquet";

/// What a name becomes with the longest ending.
pub(super) fn with_ending(name: &str) -> String {
    format!("{name}{ENDING}")
}

/// Whether files of a run can be called `here` without leaving their folders. Mirrors of earlier versions also have names
/// that end with a dot or a space.
pub(super) fn stays_inside(here: &str) -> bool {
    !matches!(here, "" | "." | "..") && is_safe_component(&with_ending(here))
}

/// The place of a part of the run whose files are called `here`.
pub(super) fn place(part: Part, here: &str) -> String {
    match part {
        Part::Runs => RUNS.to_owned(),
        Part::Sweeps => SWEEP_TABLE.to_owned(),
        Part::History => format!("history/{here}.parquet"),
        Part::System => format!("system/{here}.parquet"),
        Part::Logs => format!("logs/{here}.log"),
        Part::Files => format!("{FILES}/{here}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_do_not_stay_inside() {
        for here in ["", ".", "..", "../x", "a/b", "/etc", "a\u{0}"] {
            assert!(!stays_inside(here), "{here:?}");
        }
        for here in ["1a2b3c4d", "...", "abc.", "run 7"] {
            assert!(stays_inside(here), "{here:?}");
        }
    }

    #[test]
    fn every_key_has_a_column_of_its_own() {
        for (key, column) in [("run_id", "logged.run_id"), ("logged.run_id", "logged.logged.run_id")] {
            assert_eq!(column_of(key).as_deref(), Some(column));
            assert_eq!(key_of_column(column), Some(key));
        }
        for other in ["run", "logged.", "logged.run", "x.run_id"] {
            assert_eq!((column_of(other), key_of_column(other)), (None, None), "{other}");
        }
        assert_eq!(key_of_column("run_id"), None, "that is the run's own");
    }
}
