//! Reads one session of a run: its facts and its rows.

use std::fs::File;
use std::io;

use wandb_core::Map;
use wandb_runlog::{Facts, HistoryReader, Rows, SystemReader};
use wandb_tables::Batch;

use super::json_lines::{self, JsonLinesReader};
use super::run::{damage_issues, order_issue};
use super::session_files::{HISTORY, SessionFiles};
use super::texts::TextFiles;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{RowKind, read_error};

/// The start of a Git LFS pointer (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// One session of a run.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) files: SessionFiles,
    /// The offset from the session's steps to the run's steps.
    pub(super) shift: i64,
    /// The first and last step, counted as steps of the run, if known.
    pub(super) steps: Option<(i64, i64)>,
    /// Whether the log is complete and contains the console output.
    pub(super) has_console: bool,
}

/// The facts in the files of a session.
#[derive(Debug)]
pub(super) struct SessionFacts {
    pub(super) session: Session,
    pub(super) facts: Facts,
    /// The issues of the facts: missing or inexact data.
    pub(super) issues: Vec<Issue>,
    /// The issues that also concern the history and that reading the rows does not find again.
    pub(super) history_issues: Vec<Issue>,
}

impl SessionFacts {
    /// Reads everything but the rows of a session. The text files beside the log fill in what the log lacks.
    ///
    /// # Errors
    /// If a file cannot be read, or the only file is not a log.
    pub(super) fn read(files: &SessionFiles) -> Result<Self, Error> {
        let (mut facts, mut issues, mut history_issues) = (Facts::default(), Vec::new(), Vec::new());
        let mut last_values = Map::new();
        if let Some(log) = &files.log {
            facts = Facts::read(|| File::open(log)).map_err(|error| read_error(log, error))?;
            if facts.is_log {
                issues = damage_issues(log, &facts.losses);
                if !facts.is_run() {
                    history_issues.push(Issue::RunUnknown { file: log.clone() });
                }
            } else {
                history_issues.push(not_a_log(files)?);
            }
        } else {
            let failed = |error| read_error(files.folder(), error);
            (last_values, issues) = json_lines::add_row_facts(files, &mut facts).map_err(failed)?;
            if !files.is_before_logs() && !files.text_path(HISTORY).is_file() {
                history_issues.push(Issue::LogMissing { folder: files.folder().to_owned() });
            }
        }
        issues.extend_from_slice(&history_issues);
        let is_whole = facts.is_run() && facts.exit_code.is_some() && facts.losses.is_empty();
        if !is_whole {
            let last = facts.steps.map(|(_, last)| last);
            let mut texts = TextFiles::read(files)?;
            issues.append(&mut texts.issues);
            let are_behind = texts.last_step() < last;
            let used = texts.fill_gaps(&mut facts);
            if !facts.is_log && used.is_empty() {
                return Err(Error::NotALog {
                    file: files.display_path().to_owned(),
                    is_lfs_pointer: is_lfs_pointer(files)?,
                });
            }
            if !files.is_before_logs() && !used.is_empty() {
                issues.push(Issue::TextFilesUsed { path: files.display_path().to_owned(), files: used });
            }
            if are_behind {
                // A killed run did not include its last rows in its summary.
                facts.run.summary.get_or_insert_default().extend(last_values);
            }
        }
        let has_console = is_whole && facts.has_console;
        let session = Session { files: files.clone(), shift: 0, steps: facts.steps, has_console };
        Ok(Self { session, facts, issues, history_issues })
    }

    /// Reads only which run a session belongs to, or everything if the log does not start with that.
    pub(super) fn read_start(files: &SessionFiles) -> Result<Self, Error> {
        let Some(log) = &files.log else { return Self::read(files) };
        let opened = File::open(log).map_err(|error| read_error(log, error))?;
        let facts = Facts::read_start(opened).map_err(|error| read_error(log, error))?;
        if !facts.is_log {
            return Err(Error::NotALog { file: log.clone(), is_lfs_pointer: is_lfs_pointer(files)? });
        }
        if !facts.is_run() {
            return Self::read(files);
        }
        let session = Session { files: files.clone(), shift: 0, steps: None, has_console: false };
        Ok(Self { session, facts, issues: Vec::new(), history_issues: Vec::new() })
    }
}

/// Creates the issue for a file that is not a log.
fn not_a_log(files: &SessionFiles) -> Result<Issue, Error> {
    Ok(Issue::NotALog { file: files.display_path().to_owned(), is_lfs_pointer: is_lfs_pointer(files)? })
}

fn is_lfs_pointer(files: &SessionFiles) -> Result<bool, Error> {
    use io::Read as _;
    let Some(log) = &files.log else { return Ok(false) };
    let mut beginning = Vec::new();
    let opened = File::open(log).map_err(|error| read_error(log, error))?;
    let length = LFS_POINTER.len() as u64;
    opened.take(length).read_to_end(&mut beginning).map_err(|error| read_error(log, error))?;
    Ok(beginning == LFS_POINTER)
}

/// A reader of the rows of a session.
#[derive(Debug)]
pub(super) enum SessionReader {
    Logged(Box<HistoryReader<File>>),
    System(SystemReader<File>),
    Lines(JsonLinesReader),
}

impl SessionReader {
    /// Opens the rows. Returns `None` if the session has none.
    pub(super) fn open(session: &Session, wanted: &RowKind) -> Result<Option<Self>, Error> {
        let Session { files, shift, .. } = session;
        let opened = match (&files.log, wanted) {
            (Some(log), wanted) => File::open(log).map(|opened| {
                Some(match wanted {
                    RowKind::Logged(selection) => Self::Logged(Box::new(
                        HistoryReader::new(opened, selection.clone()).with_step_offset(*shift),
                    )),
                    RowKind::System => Self::System(SystemReader::new(opened)),
                })
            }),
            (None, RowKind::Logged(selection)) => {
                JsonLinesReader::open_logged(files, selection.clone(), *shift)
                    .map(|lines| lines.map(Self::Lines))
            }
            (None, RowKind::System) => {
                JsonLinesReader::open_system(files).map(|lines| lines.map(Self::Lines))
            }
        };
        opened.map_err(|error| read_error(files.display_path(), error))
    }

    /// Returns the next rows, at least one, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch>> {
        Ok(match self {
            Self::Logged(reader) => reader.next_rows()?.map(|rows| match rows {
                Rows::Page(page) => Batch::Page(page),
                Rows::Single(rows) => Batch::Rows(rows),
            }),
            Self::System(reader) => reader.next_rows()?.map(Batch::Rows),
            Self::Lines(lines) => lines.next_rows()?.map(Batch::Rows),
        })
    }

    /// Returns the issues found so far.
    pub(super) fn issues(&self, session: &Session) -> Vec<Issue> {
        let path = session.files.display_path();
        match self {
            Self::Logged(reader) => {
                let mut issues = damage_issues(path, reader.losses());
                issues.extend(order_issue(path, reader.out_of_order()));
                issues
            }
            Self::System(reader) => damage_issues(path, reader.losses()),
            Self::Lines(lines) => lines.issues(),
        }
    }
}
