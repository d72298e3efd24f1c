//! The rows of a run on disk.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use wandb_runlog::{HistoryReader, Losses, Rows, Selection, SystemReader};

use super::LocalRun;
use super::run::{Session, reading, unread};
use crate::batch::Batch;
use crate::error::Error;

/// What is asked of a run's rows.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) wanted: Wanted,
    /// At most so many, from the whole length.
    pub(crate) samples: Option<u64>,
}

/// Which rows.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// Of what the run has logged.
    Logged(Selection),
    /// Of what the machine measured meanwhile.
    System,
}

/// Rows, batch by batch, session after session.
#[derive(Debug)]
pub(crate) struct Feed {
    run: Arc<LocalRun>,
    wanted: Wanted,
    /// The session to be read next.
    session: usize,
    reader: Option<Reader>,
    sampling: Option<Sampling>,
    incomplete: Vec<String>,
}

#[derive(Debug)]
enum Reader {
    Logged(Box<HistoryReader<File>>),
    System(SystemReader<File>),
}

/// Some of many rows, the first and the last among them, the others evenly between.
#[derive(Debug, Clone, Copy)]
struct Sampling {
    rows: u64,
    of: u64,
    seen: u64,
    taken: u64,
}

impl Feed {
    /// Opens the rows. For samples all of them are counted first.
    pub(crate) fn open(run: Arc<LocalRun>, ask: Ask) -> Result<Self, Error> {
        let mut feed = Self {
            run,
            wanted: ask.wanted,
            session: 0,
            reader: None,
            sampling: None,
            incomplete: Vec::new(),
        };
        if let Some(rows) = ask.samples {
            let mut counting = Self { run: Arc::clone(&feed.run), wanted: feed.wanted.clone(), ..feed };
            let mut of = 0;
            while let Some(batch) = counting.next()? {
                of += batch.len() as u64;
            }
            feed = Self {
                session: 0,
                reader: None,
                sampling: (of > rows).then_some(Sampling { rows, of, seen: 0, taken: 0 }),
                incomplete: Vec::new(),
                ..counting
            };
        }
        Ok(feed)
    }

    /// The next rows, at least one; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let Some(batch) = self.next_of_all()? else { return Ok(None) };
            let Some(sampling) = &mut self.sampling else { return Ok(Some(batch)) };
            let mut rows = batch.into_rows()?;
            rows.retain(|_| sampling.takes());
            if !rows.is_empty() {
                return Ok(Some(Batch::Rows(rows)));
            }
        }
    }

    /// What could not be read so far, each in a sentence.
    pub(crate) fn incomplete(&self) -> &[String] {
        &self.incomplete
    }

    fn next_of_all(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let Some(reader) = &mut self.reader else {
                let Some(Session { file, shift }) = self.run.sessions.get(self.session) else {
                    return Ok(None);
                };
                let opened = File::open(file).map_err(|error| reading(file, error))?;
                self.reader = Some(match &self.wanted {
                    Wanted::Logged(selection) => Reader::Logged(Box::new(
                        HistoryReader::new(opened, selection.clone()).shifted(*shift),
                    )),
                    Wanted::System => Reader::System(SystemReader::new(opened)),
                });
                continue;
            };
            let file = &self.run.sessions[self.session].file;
            let batch = reader.next().map_err(|error| reading(file, error))?;
            if batch.is_some() {
                return Ok(batch);
            }
            self.incomplete.extend(unread(file, reader.losses()));
            self.incomplete.extend(reader.disorder(file));
            self.reader = None;
            self.session += 1;
        }
    }
}

impl Reader {
    fn next(&mut self) -> std::io::Result<Option<Batch>> {
        Ok(match self {
            Self::Logged(reader) => reader.next_rows()?.map(|rows| match rows {
                Rows::Page(page) => Batch::Page(page),
                Rows::Single(rows) => Batch::Rows(rows),
            }),
            Self::System(reader) => reader.next_rows()?.map(Batch::Rows),
        })
    }

    fn losses(&self) -> &Losses {
        match self {
            Self::Logged(reader) => reader.losses(),
            Self::System(reader) => reader.losses(),
        }
    }

    fn disorder(&self, file: &Path) -> Option<String> {
        let Self::Logged(reader) = self else { return None };
        let rows = reader.out_of_order();
        (rows > 0).then(|| {
            format!(
                "{}: {rows} rows are not in the order of steps; they come as they were written",
                file.display()
            )
        })
    }
}

impl Sampling {
    /// Whether the next row is one of the samples.
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
