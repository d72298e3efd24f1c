//! One run in the SDK's files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wandb_core::model::{Run, RunState};
use wandb_core::{Map, RunPath, Value};
use wandb_runlog::{Facts, Losses, Selection};

use super::find::Sessions;
use super::follow::TailReader;
use super::session::{Session, SessionFacts};
use super::session_files::SessionFiles;
use super::sessions::SessionRows;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{DiskRun, LineBatches, RowKind, RowReader, RunData, Tail};
use crate::source::{FoundFile, RunFacts};

/// The entity in the path of a run whose files do not name one.
pub(super) const NO_ENTITY: &str = "local";

/// The SDK's name for a project without a name.
pub(super) const NO_PROJECT: &str = "uncategorized";

/// The time without a sign of life after which a server considers a run crashed.
const CRASH_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A run whose sessions are joined one by one.
#[derive(Debug, Clone)]
pub(super) struct SdkRun {
    pub(super) facts: RunFacts,
    /// The issues that also concern the history and that reading the rows does not find again.
    pub(super) history_issues: Vec<Issue>,
    /// The sessions, oldest first.
    pub(super) sessions: Vec<Session>,
}

/// The data of a run.
#[derive(Debug)]
pub(super) struct SdkData {
    /// The sessions, oldest first.
    pub(super) sessions: Vec<Session>,
    /// The issues of the run's facts.
    pub(super) issues: Vec<Issue>,
    pub(super) history_issues: Vec<Issue>,
}

impl From<SdkRun> for DiskRun {
    fn from(run: SdkRun) -> Self {
        let SdkRun { mut facts, history_issues, sessions } = run;
        facts.folder = sessions.last().map(|session| session.files.folder().to_owned());
        let data = Arc::new(SdkData { sessions, issues: facts.issues.clone(), history_issues });
        Self { facts, data }
    }
}

impl RunData for SdkData {
    fn rows(&self, selection: &Selection) -> Result<Box<dyn RowReader>, Error> {
        Ok(Box::new(SessionRows::new(&self.sessions, RowKind::Logged(selection.clone()))))
    }

    fn system_metrics(&self) -> Result<Box<dyn RowReader>, Error> {
        Ok(Box::new(SessionRows::new(&self.sessions, RowKind::System)))
    }

    fn history_issues(&self) -> Vec<Issue> {
        self.history_issues.clone()
    }

    fn follow(&self, selection: Selection) -> Result<Box<dyn Tail>, Error> {
        Ok(Box::new(TailReader::open(self, selection)?))
    }

    fn files(&self) -> Result<Vec<FoundFile>, Error> {
        let files = self.list_files()?.into_iter();
        Ok(files.map(|(model, place)| FoundFile { model, on_disk: Some(Arc::new(place)) }).collect())
    }

    fn file_issues(&self) -> Result<Vec<Issue>, Error> {
        self.find_file_issues()
    }

    fn console(&self) -> Result<LineBatches, Error> {
        self.open_console()
    }

    fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        self.find_console_issues()
    }
}

impl SdkRun {
    /// Stands in for a run whose files cannot be read, so that the others can be listed.
    pub(super) fn placeholder(sessions: &Sessions, error: &Error) -> Result<Self, Error> {
        let Some(files) = sessions.last() else { return Err(no_sessions()) };
        let session = Session { files: files.clone(), shift: 0, steps: None, has_console: false };
        let issues = vec![Issue::RunUnreadable { detail: error.with_causes() }];
        Self::from_session(SessionFacts {
            session,
            facts: Facts::default(),
            issues,
            history_issues: Vec::new(),
        })
    }

    /// Reads which run a session belongs to, and nothing else if possible.
    pub(super) fn read_start(files: &SessionFiles) -> Result<Self, Error> {
        Self::from_session(SessionFacts::read_start(files)?)
    }

    /// Creates the run of a single session.
    pub(super) fn from_session(read: SessionFacts) -> Result<Self, Error> {
        let SessionFacts { session, facts, issues, history_issues } = read;
        let last_activity = facts.last_activity;
        let Facts { run: mut model, metadata, branch, alerts, artifacts, .. } = facts;
        if model.id.is_empty() {
            model.id.clone_from(&session.files.id);
        }
        if model.project.is_empty() {
            NO_PROJECT.clone_into(&mut model.project);
        }
        model.state = model.state.or_else(|| {
            let is_silent = is_silent(last_activity?);
            Some(if is_silent { RunState::Crashed } else { RunState::Running })
        });
        let facts = RunFacts {
            metadata,
            branch,
            alerts,
            artifacts,
            issues,
            ..RunFacts::new(run_path(&model)?, model)
        };
        Ok(Self { facts, history_issues, sessions: vec![session] })
    }

    /// Adds an issue of both the fields and the history.
    pub(super) fn add_issue(&mut self, issue: Issue) {
        self.facts.issues.push(issue.clone());
        self.history_issues.push(issue);
    }

    /// Shifts all steps.
    pub(super) fn shift(&mut self, by: i64) {
        for session in &mut self.sessions {
            session.shift = by;
            session.steps =
                session.steps.map(|(first, last)| (first.saturating_add(by), last.saturating_add(by)));
        }
        if let Some(step) = self.facts.model.summary.as_mut().and_then(|summary| summary.get_mut("_step"))
            && let Some(last) = step.as_i64()
        {
            *step = Value::Int(last.saturating_add(by));
        }
    }

    /// Adds a later session. If `is_known` is false, the session does not name its run, and project and id
    /// stay.
    pub(super) fn append_session(&mut self, later: Self, is_known: bool) -> Result<(), Error> {
        let (facts, later_facts) = (&mut self.facts, later.facts);
        let mut old = std::mem::replace(&mut facts.model, later_facts.model);
        let new = &mut facts.model;
        if !is_known {
            new.project = std::mem::take(&mut old.project);
            new.id = std::mem::take(&mut old.id);
        }
        if new.entity.is_empty() {
            new.entity = std::mem::take(&mut old.entity);
        }
        new.state = new.state.take().or(old.state);
        new.created_at = old.created_at.or(new.created_at.take());
        new.name = new.name.take().or(old.name);
        new.notes = new.notes.take().or(old.notes);
        new.group = new.group.take().or(old.group);
        new.job_type = new.job_type.take().or(old.job_type);
        new.sweep = new.sweep.take().or(old.sweep);
        new.commit = new.commit.take().or(old.commit);
        new.heartbeat_at = new.heartbeat_at.take().or(old.heartbeat_at);
        new.tags = new.tags.take().filter(|tags| !tags.is_empty()).or(old.tags);
        new.history_line_count =
            Some(old.history_line_count.unwrap_or(0) + new.history_line_count.unwrap_or(0));
        let config = old.config.unwrap_or_default();
        new.config = Some(config.overlaid_with(new.config.take().unwrap_or_default()));
        new.summary = Some(overlay(old.summary, new.summary.take()));
        new.system_metrics = Some(overlay(old.system_metrics, new.system_metrics.take()));
        facts.metadata = later_facts.metadata.or(facts.metadata.take());
        facts.branch = facts.branch.take().or(later_facts.branch);
        facts.alerts.extend(later_facts.alerts);
        facts.artifacts.extend(later_facts.artifacts);
        facts.issues.extend(later_facts.issues);
        facts.path = run_path(&facts.model)?;
        self.history_issues.extend(later.history_issues);
        self.sessions.extend(later.sessions);
        Ok(())
    }
}

/// The error for a run without sessions, which cannot occur.
pub(super) fn no_sessions() -> Error {
    Error::usage("a run has at least one session")
}

/// Merges two maps; the second one wins.
fn overlay(old: Option<Map>, new: Option<Map>) -> Map {
    let mut map = old.unwrap_or_default();
    map.extend(new.unwrap_or_default());
    map
}

/// Returns the path of a run, with a stand-in for an unknown entity.
fn run_path(model: &Run) -> Result<RunPath, Error> {
    let entity = if model.entity.is_empty() { NO_ENTITY } else { &model.entity };
    Ok(RunPath::new(entity, &model.project, &model.id)?)
}

/// Returns whether a run has been silent for long. The absolute difference allows for a clock ahead of this
/// one.
fn is_silent(last_activity: f64) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - last_activity).abs() > CRASH_TIMEOUT.as_secs_f64()
}

/// Returns an issue for each part of a file that cannot be read.
pub(super) fn damage_issues(file: &Path, losses: &Losses) -> Vec<Issue> {
    let issue = |detail| Issue::FileDamaged { file: file.to_owned(), detail };
    losses.sentences().into_iter().map(issue).collect()
}

/// Returns the issue of rows out of order, if there are any.
pub(super) fn order_issue(file: &Path, rows: u64) -> Option<Issue> {
    (rows > 0).then(|| Issue::RowsOutOfOrder { file: file.to_owned(), rows })
}
