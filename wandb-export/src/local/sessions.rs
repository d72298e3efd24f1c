//! The rows of a run in the files of its sessions.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

use wandb_runlog::{HistoryReader, Losses, Rows, SystemReader};

use super::Wanted;
use super::run::{Session, damage, disorder, reading};
use crate::batch::Batch;
use crate::error::Error;
use crate::issue::Issue;

/// Rows, batch by batch, session after session.
#[derive(Debug)]
pub(super) struct SessionRows {
    /// Those that are to be read yet.
    sessions: VecDeque<Session>,
    wanted: Wanted,
    /// The session that is being read.
    now: Option<(PathBuf, Reader)>,
    issues: Vec<Issue>,
}

#[derive(Debug)]
enum Reader {
    Logged(Box<HistoryReader<File>>),
    System(SystemReader<File>),
}

impl SessionRows {
    pub(super) fn new(sessions: &[Session], wanted: Wanted) -> Self {
        Self { sessions: sessions.iter().cloned().collect(), wanted, now: None, issues: Vec::new() }
    }

    /// The next rows, at least one; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let Some((file, reader)) = &mut self.now else {
                let Some(Session { file, shift }) = self.sessions.pop_front() else { return Ok(None) };
                let opened = File::open(&file).map_err(|error| reading(&file, error))?;
                let reader = match &self.wanted {
                    Wanted::Logged(selection) => {
                        Reader::Logged(Box::new(HistoryReader::new(opened, selection.clone()).shifted(shift)))
                    }
                    Wanted::System => Reader::System(SystemReader::new(opened)),
                };
                self.now = Some((file, reader));
                continue;
            };
            let batch = reader.next().map_err(|error| reading(file, error))?;
            if batch.is_some() {
                return Ok(batch);
            }
            self.issues.extend(damage(file, reader.losses()));
            self.issues.extend(reader.disorder(file));
            self.now = None;
        }
    }

    /// What could not be read so far.
    pub(super) fn issues(&self) -> &[Issue] {
        &self.issues
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

    fn disorder(&self, file: &Path) -> Option<Issue> {
        let Self::Logged(reader) = self else { return None };
        disorder(file, reader.out_of_order())
    }
}
