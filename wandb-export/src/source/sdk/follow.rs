//! Follows the rows of a run that is still being written.

use std::fs::File;
use std::path::PathBuf;

use wandb_core::Row;
use wandb_runlog::{HistoryReader, NextBatch, ResumePoint, Rows, Selection};
use wandb_tables::Batch;

use super::run::{SdkData, damage, disorder, no_sessions};
use super::session::Session;
use super::sessions::SessionRows;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{News, RowReader as _, Tail, Wanted, reading};

/// The number of looks without new rows after the end of a run. Older SDKs write a last row after the record
/// of the end.
const LOOKS_AFTER_THE_END: u32 = 2;

/// Follows the last session of a run, after reading its earlier ones.
#[derive(Debug)]
pub(super) struct TailReader {
    place: PathBuf,
    /// Held open, because the SDK may redirect the link to the latest run.
    file: File,
    shift: i64,
    /// The last step of the earlier sessions, if the last session had no steps yet.
    earlier_end: Option<i64>,
    selection: Selection,
    /// The rows of the earlier sessions, until they are read.
    earlier: Option<SessionRows>,
    /// The reader at the current position, while it finds rows.
    reader: Option<HistoryReader<File>>,
    mark: ResumePoint,
    has_ended: bool,
    /// The number of looks without new rows since the end.
    quiet: u32,
    out_of_order: u64,
    is_over: bool,
    issues: Vec<Issue>,
}

impl TailReader {
    /// Opens a run to follow it.
    ///
    /// # Errors
    /// If its last session has no `.wandb` file.
    pub(super) fn open(run: &SdkData, selection: Selection) -> Result<Self, Error> {
        let Some((last, earlier)) = run.sessions.split_last() else { return Err(no_sessions()) };
        let Session { files, shift, steps, .. } = last;
        let Some(place) = &files.log else {
            return Err(Error::usage(format!(
                "{} has no .wandb file to follow; leave out --follow",
                files.folder().display()
            )));
        };
        let mut issues = run.history_issues.clone();
        let mut before = selection.clone();
        let ends = earlier.iter().filter_map(|session| Some(session.steps?.1)).max();
        if let Some((first, _)) = steps
            && ends.is_some_and(|end| *first <= end)
        {
            before = before.max_step(selection.steps().end.min(*first));
            issues.retain(|issue| !matches!(issue, Issue::SessionsOverlap { .. }));
            issues.push(Issue::EarlierRowsLeftOut { file: place.clone(), first: *first });
        }
        Ok(Self {
            place: place.clone(),
            file: File::open(place).map_err(|error| reading(place, error))?,
            shift: *shift,
            earlier_end: ends.filter(|_| steps.is_none()),
            earlier: Some(SessionRows::new(earlier, Wanted::Logged(before))),
            selection,
            reader: None,
            mark: ResumePoint::default(),
            has_ended: false,
            quiet: 0,
            out_of_order: 0,
            is_over: false,
            issues,
        })
    }

    /// Returns whether no later row was requested.
    fn is_end(&self, step: i64) -> bool {
        let end = self.selection.steps().end;
        end < i64::MAX && end <= step.saturating_add(1)
    }

    fn look_at_last(&mut self) -> Result<News, Failed> {
        let mut reader = if let Some(reader) = self.reader.take() {
            reader
        } else {
            if self.file.metadata()?.len() < self.mark.offset() {
                self.issues.push(Issue::FileShrunk { file: self.place.clone() });
                self.is_over = true;
                return Ok(News::Over);
            }
            let (file, selection) = (self.file.try_clone()?, self.selection.clone());
            HistoryReader::resume(file, selection, &self.mark)?.with_step_offset(self.shift)
        };
        let mark = match reader.next_or_resume_point()? {
            NextBatch::Rows(rows) => {
                self.reader = Some(reader);
                let news = rows_of(rows)?;
                if let (News::Rows(rows), Some(end)) = (&news, self.earlier_end) {
                    let is_behind = |row: &&Row| row.step().is_some_and(|step| step <= end);
                    self.out_of_order += rows.iter().filter(is_behind).count() as u64;
                }
                return Ok(news);
            }
            NextBatch::ResumePoint(mark) => mark,
        };
        self.has_ended |= reader.has_ended();
        let has_grown = mark.offset() != self.mark.offset();
        self.quiet = if self.has_ended && !has_grown { self.quiet + 1 } else { 0 };
        self.mark = mark;
        self.out_of_order += reader.out_of_order();
        let is_last = self.quiet >= LOOKS_AFTER_THE_END;
        // The last record may be incomplete because it is still being written. Report it only at the end.
        let mut losses = reader.losses().clone();
        losses.damages.retain(|damage| is_last || !damage.at_end);
        self.issues.extend(damage(&self.place, &losses));
        let is_far_enough = reader.last_step().is_some_and(|step| self.is_end(step));
        if !is_last && !is_far_enough {
            return Ok(News::Nothing);
        }
        self.is_over = true;
        self.issues.extend(disorder(&self.place, self.out_of_order));
        if !is_last {
            return Ok(News::Over);
        }
        // At the end, return a row of which only parts were written.
        reader.next_rows()?.map_or(Ok(News::Over), rows_of)
    }
}

impl Tail for TailReader {
    fn look(&mut self) -> Result<News, Error> {
        if self.is_over {
            return Ok(News::Over);
        }
        if let Some(rows) = &mut self.earlier {
            if let Some(batch) = rows.next()? {
                return Ok(News::Rows(batch.into_rows()?));
            }
            self.issues.extend_from_slice(rows.issues());
            self.earlier = None;
        }
        self.look_at_last().map_err(|error| match error {
            Failed::Reading(error) => reading(&self.place, error),
            Failed::Other(error) => error,
        })
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

/// The reason why a look failed.
enum Failed {
    Reading(std::io::Error),
    Other(Error),
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(error)
    }
}

fn rows_of(rows: Rows) -> Result<News, Failed> {
    let rows = match rows {
        Rows::Page(page) => Batch::Page(page).into_rows().map_err(|error| Failed::Other(error.into()))?,
        Rows::Single(rows) => rows,
    };
    Ok(News::Rows(rows))
}
