//! Reads the rows of a run on disk.

use wandb_tables::Batch;

use super::{RowReader, RunData, Wanted};
use crate::error::Error;
use crate::issue::Issue;

/// A request for rows of a run.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) wanted: Wanted,
    /// The number of evenly spaced rows to return, or `None` for all.
    pub(crate) samples: Option<u64>,
}

/// Reads rows in batches.
pub(crate) struct Feed {
    rows: Box<dyn RowReader>,
    sampling: Option<Sampling>,
}

/// Selects evenly spaced rows, including the first and the last.
#[derive(Debug, Clone, Copy)]
struct Sampling {
    rows: u64,
    of: u64,
    seen: u64,
    taken: u64,
}

impl Feed {
    /// Opens the rows. Sampling first counts all of them.
    pub(crate) fn open(run: &dyn RunData, ask: &Ask) -> Result<Self, Error> {
        let mut sampling = None;
        if let Some(rows) = ask.samples {
            let mut counting = open(run, &ask.wanted)?;
            let mut of = 0;
            while let Some(batch) = counting.next()? {
                of += batch.row_count() as u64;
            }
            sampling = (of > rows).then_some(Sampling { rows, of, seen: 0, taken: 0 });
        }
        Ok(Self { rows: open(run, &ask.wanted)?, sampling })
    }

    /// Returns the next rows, at least one, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let Some(batch) = self.rows.next()? else { return Ok(None) };
            let Some(sampling) = &mut self.sampling else { return Ok(Some(batch)) };
            let mut rows = batch.into_rows()?;
            rows.retain(|_| sampling.takes());
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

fn open(run: &dyn RunData, wanted: &Wanted) -> Result<Box<dyn RowReader>, Error> {
    match wanted {
        Wanted::Logged(selection) => run.rows(selection),
        Wanted::System => run.system_metrics(),
    }
}

impl Sampling {
    /// Returns whether the next row is a sample.
    fn takes(&mut self) -> bool {
        let Self { rows, of, seen, taken } = *self;
        self.seen += 1;
        let last = u128::from(of - 1);
        let place = match rows {
            0 => return false,
            1 => last,
            rows => u128::from(taken) * last / u128::from(rows - 1),
        };
        let takes = u128::from(seen) >= place && taken < rows;
        self.taken += u64::from(takes);
        takes
    }
}
