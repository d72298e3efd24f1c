//! Reads the rows of a run on disk.

use wandb_runlog::Selection;
use wandb_tables::Batch;

use super::LocalRun;
use super::sessions::SessionRows;
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "mirror")]
use crate::mirror::MirroredRows;

/// A request for rows of a run.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) wanted: Wanted,
    /// The number of evenly spaced rows to return, or `None` for all.
    pub(crate) samples: Option<u64>,
}

/// The kind of rows.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// Rows that the run logged.
    Logged(Selection),
    /// System metrics of the machine.
    System,
}

/// Reads rows in batches.
#[derive(Debug)]
pub(crate) struct Feed {
    rows: Rows,
    sampling: Option<Sampling>,
}

/// All requested rows, from either source.
#[derive(Debug)]
enum Rows {
    Sessions(SessionRows),
    #[cfg(feature = "mirror")]
    Mirrored(MirroredRows),
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
    pub(crate) fn open(run: &LocalRun, ask: &Ask) -> Result<Self, Error> {
        let mut sampling = None;
        if let Some(rows) = ask.samples {
            let mut counting = Rows::open(run, &ask.wanted)?;
            let mut of = 0;
            while let Some(batch) = counting.next()? {
                of += batch.row_count() as u64;
            }
            sampling = (of > rows).then_some(Sampling { rows, of, seen: 0, taken: 0 });
        }
        Ok(Self { rows: Rows::open(run, &ask.wanted)?, sampling })
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
        match &self.rows {
            Rows::Sessions(rows) => rows.issues(),
            #[cfg(feature = "mirror")]
            Rows::Mirrored(rows) => rows.issues(),
        }
    }
}

impl Rows {
    #[cfg_attr(
        not(feature = "mirror"),
        expect(clippy::unnecessary_wraps, reason = "a mirror may be damaged")
    )]
    fn open(run: &LocalRun, wanted: &Wanted) -> Result<Self, Error> {
        Ok(match &run.source {
            Source::Sessions(sessions) => Self::Sessions(SessionRows::new(sessions, wanted.clone())),
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => Self::Mirrored(match wanted {
                Wanted::Logged(selection) => MirroredRows::logged(run, selection.clone())?,
                Wanted::System => MirroredRows::system(run)?,
            }),
        })
    }

    fn next(&mut self) -> Result<Option<Batch>, Error> {
        match self {
            Self::Sessions(rows) => rows.next(),
            #[cfg(feature = "mirror")]
            Self::Mirrored(rows) => Ok(rows.next()?.map(Batch::Rows)),
        }
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
