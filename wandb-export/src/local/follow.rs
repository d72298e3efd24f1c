//! The rows of a run that is still being written.

use std::fs::File;
use std::sync::Arc;

use wandb_core::Row;
use wandb_runlog::{HistoryReader, Mark, Rows, Selection};

use super::run::{Session, reading, unread};
use super::{Ask, Feed, LocalRun, Wanted};
use crate::batch::Batch;
use crate::error::Error;

/// Follows the last session of a run, after its earlier ones.
#[derive(Debug)]
pub(crate) struct Following {
    run: Arc<LocalRun>,
    selection: Selection,
    /// The rows of the sessions before the last one.
    earlier: Option<Feed>,
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
    pub(crate) fn open(run: Arc<LocalRun>, selection: Selection) -> Result<Self, Error> {
        let mut earlier = LocalRun::clone(&run);
        earlier.sessions.pop();
        let wanted = Wanted::Logged(selection.clone());
        let earlier = Some(Feed::open(Arc::new(earlier), Ask { wanted, samples: None })?);
        let mark = Mark::default();
        Ok(Self { run, selection, earlier, mark, has_ended: false, incomplete: Vec::new() })
    }

    /// Looks what is new.
    pub(crate) fn look(&mut self) -> Result<News, Error> {
        if let Some(feed) = &mut self.earlier {
            if let Some(batch) = feed.next()? {
                return Ok(News::Rows(batch.into_rows()?));
            }
            self.incomplete.extend_from_slice(feed.incomplete());
            self.earlier = None;
        }
        let Some(Session { file, shift }) = self.run.sessions.last() else { return Ok(News::Over) };
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
