//! The rows of a run that is still being written.

use std::fs::File;

use wandb_core::Row;
use wandb_runlog::{HistoryReader, Mark, Rows, Selection};

use super::run::{Session, reading, unread};
use super::sessions::SessionRows;
use super::{LocalRun, Wanted};
use crate::batch::Batch;
use crate::error::Error;

/// Follows the last session of a run, after its earlier ones.
#[derive(Debug)]
pub(crate) struct Following {
    /// The last one.
    session: Session,
    selection: Selection,
    /// The rows of the sessions before the last one.
    earlier: Option<SessionRows>,
    mark: Mark,
    has_ended: bool,
    incomplete: Vec<String>,
}

/// What there is to say at a look.
#[derive(Debug)]
pub(crate) enum News {
    /// New rows, at least one.
    Rows(Vec<Row>),
    /// Nothing yet.
    Nothing,
    /// The run has ended, and all its rows have been told.
    Over,
}

impl Following {
    /// # Errors
    /// If nobody writes to what the run is in.
    pub(crate) fn open(run: &LocalRun, selection: Selection) -> Result<Self, Error> {
        let Some((session, earlier)) = run.source.sessions().split_last() else {
            return Err(Error::usage(format!(
                "{} is in a mirror, where nothing comes by itself; follow it on its server",
                run.path
            )));
        };
        let earlier = Some(SessionRows::new(earlier, Wanted::Logged(selection.clone())));
        let (session, mark) = (session.clone(), Mark::default());
        Ok(Self { session, selection, earlier, mark, has_ended: false, incomplete: Vec::new() })
    }

    /// Looks what is new.
    pub(crate) fn look(&mut self) -> Result<News, Error> {
        if let Some(rows) = &mut self.earlier {
            if let Some(batch) = rows.next()? {
                return Ok(News::Rows(batch.into_rows()?));
            }
            self.incomplete.extend_from_slice(rows.incomplete());
            self.earlier = None;
        }
        let Session { file, shift } = &self.session;
        let failed = |error| reading(file, error);
        let opened = File::open(file).map_err(failed)?;
        let reader = HistoryReader::go_on(opened, self.selection.clone(), &self.mark).map_err(failed)?;
        let mut reader = reader.shifted(*shift);
        let mut new = Vec::new();
        loop {
            match reader.next_rows_or_mark().map_err(failed)? {
                Ok(Rows::Page(page)) => new.extend(Batch::Page(page).into_rows()?),
                Ok(Rows::Single(rows)) => new.extend(rows),
                Err(mark) => {
                    self.mark = mark;
                    break;
                }
            }
        }
        self.has_ended |= reader.has_ended();
        // What is at the end may be a record that is being written, unless nobody writes any more.
        let mut losses = reader.losses().clone();
        losses.damages.retain(|damage| self.has_ended || !damage.at_end);
        self.incomplete.extend(unread(file, &losses));
        Ok(match (new.is_empty(), self.has_ended) {
            (false, _) => News::Rows(new),
            (true, false) => News::Nothing,
            (true, true) => News::Over,
        })
    }

    /// What cannot be read, each in a sentence.
    pub(crate) fn incomplete(&self) -> &[String] {
        &self.incomplete
    }
}
