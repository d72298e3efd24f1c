//! The outcome of copying runs, as counts and gaps.

use std::collections::HashSet;

use wandb_mirror::record::RunRecord;
use wandb_mirror::{Contents, Part};

use crate::error::Error;

/// The outcome of copying runs.
#[derive(Debug, Default)]
pub(super) struct CopyResult {
    pub(super) new: u64,
    pub(super) grown: u64,
    pub(super) changed: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Runs that were deleted after they were listed.
    pub(super) gone: Vec<String>,
    /// Missing or inexact data, as pairs of a run's id and a description.
    pub(super) missing: Vec<(String, String)>,
    /// The error that stopped the copy early, if any.
    pub(super) stopped: Option<Error>,
}

impl CopyResult {
    /// Compares the record of a run with the earlier one.
    pub(super) fn from_records(before: Option<&RunRecord>, now: &RunRecord, contents: Contents) -> Self {
        let mut copied = Self::default();
        let rows = |record: &RunRecord| record.history.as_ref().map_or(0, |copied| copied.content.rows);
        match before {
            _ if now.gone => copied.gone.push(now.run.clone()),
            None => copied.new = 1,
            Some(before) if rows(now) > rows(before) => copied.grown = 1,
            Some(_) => copied.changed = 1,
        }
        // A run that failed entirely lacks every wanted part.
        let is_wanted =
            |part: &&str| *part == Part::Runs.name() || contents.parts().any(|own| own.name() == *part);
        let gaps = now.missing.iter().chain(&now.inexact).filter(|(part, _)| is_wanted(&part.as_str()));
        copied.missing =
            gaps.flat_map(|(_, gaps)| gaps).map(|what| (now.run.clone(), what.clone())).collect();
        for part in [Part::History, Part::System, Part::Logs] {
            let old = before.and_then(|before| before.table(part));
            if let Some(stored) = now.table(part).filter(|now| Some(*now) != old) {
                copied.rows += stored.rows;
                copied.bytes += stored.bytes;
            }
        }
        let old: HashSet<&str> =
            before.iter().flat_map(|before| before.files()).map(|file| &*file.md5).collect();
        copied.bytes +=
            now.files().filter(|file| !old.contains(&*file.md5)).map(|file| file.bytes).sum::<u64>();
        copied
    }

    /// Adds the outcome of other runs.
    pub(super) fn add(&mut self, other: Self) {
        self.new += other.new;
        self.grown += other.grown;
        self.changed += other.changed;
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.gone.extend(other.gone);
        self.missing.extend(other.missing);
        self.stopped = self.stopped.take().or(other.stopped);
    }
}
