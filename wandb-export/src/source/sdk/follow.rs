//! Follows the rows of a run that is still being written.

use std::fs::File;
use std::path::PathBuf;

use wandb_core::Row;
use wandb_runlog::{HistoryReader, NextBatch, ResumePoint, Rows, Selection};
use wandb_tables::Batch;

use super::run::{SdkData, damage_issues, no_sessions, order_issue};
use super::session::Session;
use super::sessions::SessionRows;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{PollResult, RowKind, RowReader as _, Tail, read_error};

/// The number of polls without new rows after the end of a run. Older SDKs write a last row after the record
/// of the end.
const POLLS_AFTER_END: u32 = 2;

/// Follows the last session of a run, after reading its earlier ones.
#[derive(Debug)]
pub(super) struct TailReader {
    path: PathBuf,
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
    resume_point: ResumePoint,
    has_ended: bool,
    /// The number of polls without new rows since the end.
    quiet_polls: u32,
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
        let Some(path) = &files.log else {
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
            issues.push(Issue::EarlierRowsLeftOut { file: path.clone(), first: *first });
        }
        Ok(Self {
            path: path.clone(),
            file: File::open(path).map_err(|error| read_error(path, error))?,
            shift: *shift,
            earlier_end: ends.filter(|_| steps.is_none()),
            earlier: Some(SessionRows::new(earlier, RowKind::Logged(before))),
            selection,
            reader: None,
            resume_point: ResumePoint::default(),
            has_ended: false,
            quiet_polls: 0,
            out_of_order: 0,
            is_over: false,
            issues,
        })
    }

    /// Returns whether no later row was requested.
    fn is_last_wanted(&self, step: i64) -> bool {
        let end = self.selection.steps().end;
        end < i64::MAX && end <= step.saturating_add(1)
    }

    fn poll_last_session(&mut self) -> Result<PollResult, PollError> {
        let mut reader = if let Some(reader) = self.reader.take() {
            reader
        } else {
            if self.file.metadata()?.len() < self.resume_point.offset() {
                self.issues.push(Issue::FileShrunk { file: self.path.clone() });
                self.is_over = true;
                return Ok(PollResult::Ended);
            }
            let (file, selection) = (self.file.try_clone()?, self.selection.clone());
            HistoryReader::resume(file, selection, &self.resume_point)?.with_step_offset(self.shift)
        };
        let resume_point = match reader.next_or_resume_point()? {
            NextBatch::Rows(rows) => {
                self.reader = Some(reader);
                let result = to_poll_result(rows)?;
                if let (PollResult::Rows(rows), Some(end)) = (&result, self.earlier_end) {
                    let is_behind = |row: &&Row| row.step().is_some_and(|step| step <= end);
                    self.out_of_order += rows.iter().filter(is_behind).count() as u64;
                }
                return Ok(result);
            }
            NextBatch::ResumePoint(resume_point) => resume_point,
        };
        self.has_ended |= reader.has_ended();
        let has_grown = resume_point.offset() != self.resume_point.offset();
        self.quiet_polls = if self.has_ended && !has_grown { self.quiet_polls + 1 } else { 0 };
        self.resume_point = resume_point;
        self.out_of_order += reader.out_of_order();
        let is_last = self.quiet_polls >= POLLS_AFTER_END;
        // The last record may be incomplete because it is still being written. Report it only at the end.
        let mut losses = reader.losses().clone();
        losses.damages.retain(|damage| is_last || !damage.at_end);
        self.issues.extend(damage_issues(&self.path, &losses));
        let is_far_enough = reader.last_step().is_some_and(|step| self.is_last_wanted(step));
        if !is_last && !is_far_enough {
            return Ok(PollResult::Pending);
        }
        self.is_over = true;
        self.issues.extend(order_issue(&self.path, self.out_of_order));
        if !is_last {
            return Ok(PollResult::Ended);
        }
        // At the end, return a row of which only parts were written.
        reader.next_rows()?.map_or(Ok(PollResult::Ended), to_poll_result)
    }
}

impl Tail for TailReader {
    fn poll(&mut self) -> Result<PollResult, Error> {
        if self.is_over {
            return Ok(PollResult::Ended);
        }
        if let Some(rows) = &mut self.earlier {
            if let Some(batch) = rows.next()? {
                return Ok(PollResult::Rows(batch.into_rows()?));
            }
            self.issues.extend_from_slice(rows.issues());
            self.earlier = None;
        }
        self.poll_last_session().map_err(|error| match error {
            PollError::Reading(error) => read_error(&self.path, error),
            PollError::Other(error) => error,
        })
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

/// The reason why a poll failed.
enum PollError {
    Reading(std::io::Error),
    Other(Error),
}

impl From<std::io::Error> for PollError {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(error)
    }
}

fn to_poll_result(rows: Rows) -> Result<PollResult, PollError> {
    let rows = match rows {
        Rows::Page(page) => Batch::Page(page).into_rows().map_err(|error| PollError::Other(error.into()))?,
        Rows::Single(rows) => rows,
    };
    Ok(PollResult::Rows(rows))
}
