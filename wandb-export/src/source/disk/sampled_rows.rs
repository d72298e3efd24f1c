//! Reads the rows of a run on disk.

use wandb_tables::Batch;

use super::{RowKind, RowReader, RunData};
use crate::error::Error;
use crate::issue::Issue;

/// A request for rows of a run.
#[derive(Debug, Clone)]
pub(crate) struct RowRequest {
    pub(crate) kind: RowKind,
    /// The number of evenly spaced rows to return, or `None` for all.
    pub(crate) samples: Option<u64>,
}

/// Reads all or evenly spaced rows in batches.
pub(crate) struct SampledRows {
    rows: Box<dyn RowReader>,
    sampler: Option<Sampler>,
}

/// Selects evenly spaced rows, including the first and the last.
#[derive(Debug, Clone, Copy)]
struct Sampler {
    wanted: u64,
    total: u64,
    seen: u64,
    selected: u64,
}

impl SampledRows {
    /// Opens the rows. Sampling first counts all of them.
    pub(crate) fn open(run: &dyn RunData, request: &RowRequest) -> Result<Self, Error> {
        let mut sampler = None;
        if let Some(rows) = request.samples {
            let mut counted_rows = open(run, &request.kind)?;
            let mut total = 0;
            while let Some(batch) = counted_rows.next()? {
                total += batch.row_count() as u64;
            }
            sampler = (total > rows).then_some(Sampler { wanted: rows, total, seen: 0, selected: 0 });
        }
        Ok(Self { rows: open(run, &request.kind)?, sampler })
    }

    /// Returns the next rows, at least one, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let Some(batch) = self.rows.next()? else { return Ok(None) };
            let Some(sampler) = &mut self.sampler else { return Ok(Some(batch)) };
            let mut rows = batch.into_rows()?;
            rows.retain(|_| sampler.select_next());
            if !rows.is_empty() {
                return Ok(Some(Batch::Rows(rows)));
            }
        }
    }

    /// Returns the issues found so far.
    pub(crate) fn issues(&self) -> &[Issue] {
        self.rows.issues()
    }
}

fn open(run: &dyn RunData, kind: &RowKind) -> Result<Box<dyn RowReader>, Error> {
    match kind {
        RowKind::Logged(selection) => run.rows(selection),
        RowKind::System => run.system_metrics(),
    }
}

impl Sampler {
    /// Returns whether the next row is a sample.
    fn select_next(&mut self) -> bool {
        let Self { wanted, total, seen, selected } = *self;
        self.seen += 1;
        let last = u128::from(total - 1);
        let target = match wanted {
            0 => return false,
            1 => last,
            wanted => u128::from(selected) * last / u128::from(wanted - 1),
        };
        let is_selected = u128::from(seen) >= target && selected < wanted;
        self.selected += u64::from(is_selected);
        is_selected
    }
}
