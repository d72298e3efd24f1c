//! Where things are in a mirror's folder.
//!
//! ```text
//! manifest.jsonl           what there is: a line for the project, then one a run, in order of ids
//! runs.jsonl               a run a line, exactly as the server has it, the oldest first
//! runs.parquet             the same as a table: fields, config and summary as JSON text, and their scalars as columns
//! sweeps.parquet           a sweep a row
//! history/RUN.parquet      what a run has logged, a step a row; the column run_id comes first
//! system/RUN.parquet       what its machine measured meanwhile
//! logs/RUN.log             what it has printed
//! files/RUN/…              the files it has saved
//! .wandb-export/           the lock, the journal of a mirror that is not done, and what is not whole yet
//! ```

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
