//! Where things are in a mirror's folder; `docs/mirror.md` tells what they are.

use super::contents::Part;

pub(super) const MANIFEST: &str = "manifest.jsonl";
pub(super) const RUNS: &str = "runs.jsonl";
pub(super) const RUN_TABLE: &str = "runs.parquet";
pub(super) const SWEEP_TABLE: &str = "sweeps.parquet";

/// What is not for readers.
pub(super) const OWN: &str = ".wandb-export";
pub(super) const JOURNAL: &str = ".wandb-export/journal";
pub(super) const LOCK: &str = ".wandb-export/lock";

/// The first column of every table of rows.
pub(super) const RUN_ID: &str = "run_id";

/// The second column of the table of a history.
pub(super) const STEP: &str = "_step";

/// What a key of a history becomes that is called like the first column.
pub(super) const LOGGED_RUN_ID: &str = "logged.run_id";

/// The place of a part of the run whose files are called `here`.
pub(super) fn place(part: Part, here: &str) -> String {
    match part {
        Part::Runs => RUNS.to_owned(),
        Part::Sweeps => SWEEP_TABLE.to_owned(),
        Part::History => format!("history/{here}.parquet"),
        Part::System => format!("system/{here}.parquet"),
        Part::Logs => format!("logs/{here}.log"),
        Part::Files => format!("files/{here}"),
    }
}
