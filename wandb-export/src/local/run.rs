//! One run on disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wandb_core::model::{Run, RunState};
use wandb_core::{BaseUrl, Map, RunPath, Value};
use wandb_runlog::{Alert, Artifact, Branch, Facts, Losses};

use super::find::Sessions;
use super::session::{Session, SessionFacts};
use super::session_files::SessionFiles;
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "mirror")]
use crate::mirror::MirroredRun;

/// The entity in the path of a run whose files do not name one.
pub(super) const NO_ENTITY: &str = "local";

/// The SDK's name for a project without a name.
pub(super) const NO_PROJECT: &str = "uncategorized";

/// The time without a sign of life after which a server considers a run crashed.
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// A run on disk.
#[derive(Debug, Clone)]
pub(crate) struct LocalRun {
    pub(crate) path: RunPath,
    pub(crate) model: Run,
    /// How and where the run was started, if a file says so.
    pub(crate) metadata: Option<Map>,
    /// The point of another run from which this run continues, if any.
    pub(crate) branch: Option<Branch>,
    /// The alerts, in order.
    pub(crate) alerts: Vec<Alert>,
    /// The artifacts that the run created and used, in order.
    pub(crate) artifacts: Vec<Artifact>,
    /// The issues of the fields above: missing or inexact data.
    pub(crate) issues: Vec<Issue>,
    /// The issues that also concern the history and that reading the rows does not find again.
    pub(crate) history_issues: Vec<Issue>,
    /// The server that the run belongs to, if known.
    pub(crate) server: Option<BaseUrl>,
    pub(super) source: Source,
}

impl LocalRun {
    /// Reads a run of a mirror.
    #[cfg(feature = "mirror")]
    pub(super) fn mirrored(run: MirroredRun) -> Result<Self, Error> {
        let (model, issues) = run.read()?;
        let server = run.archive().server();
        let source = Source::Mirrored(run);
        Ok(Self { issues, server, ..Self::with(model.path()?, model, source) })
    }

    /// Stands in for a run of a mirror that cannot be read, so that the others can be listed.
    #[cfg(feature = "mirror")]
    pub(super) fn unreadable_mirrored(run: &MirroredRun, error: &Error) -> Result<Self, Error> {
        let path = run.path()?;
        let issues = vec![Issue::RunUnreadable { detail: error.with_causes() }];
        let model = Run::new(path.entity(), path.project(), path.run(), "");
        Ok(Self { issues, ..Self::with(path, model, Source::Mirrored(run.clone())) })
    }

    /// Stands in for a run whose files cannot be read, so that the others can be listed.
    pub(super) fn unreadable(sessions: &Sessions, error: &Error) -> Result<Self, Error> {
        let Some(files) = sessions.last() else { return Err(Error::usage("a run has at least one session")) };
        let session = Session { files: files.clone(), shift: 0, steps: None, has_console: false };
        let issues = vec![Issue::RunUnreadable { detail: error.with_causes() }];
        Self::of(SessionFacts { session, facts: Facts::default(), issues, history_issues: Vec::new() })
    }

    /// Reads which run a session belongs to, and nothing else if possible.
    pub(super) fn begun(files: &SessionFiles) -> Result<Self, Error> {
        Self::of(SessionFacts::begin(files)?)
    }

    /// Creates the run of a single session.
    pub(super) fn of(read: SessionFacts) -> Result<Self, Error> {
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
        let path = path_of(&model)?;
        let run = Self::with(path, model, Source::Sessions(vec![session]));
        Ok(Self { metadata, branch, alerts, artifacts, issues, history_issues, ..run })
    }

    /// Creates a run without further data.
    fn with(path: RunPath, model: Run, source: Source) -> Self {
        Self {
            path,
            model,
            metadata: None,
            branch: None,
            alerts: Vec::new(),
            artifacts: Vec::new(),
            issues: Vec::new(),
            history_issues: Vec::new(),
            server: None,
            source,
        }
    }

    /// Adds an issue of both the fields and the history.
    pub(super) fn add_issue(&mut self, issue: Issue) {
        self.issues.push(issue.clone());
        self.history_issues.push(issue);
    }

    /// Shifts all steps.
    pub(super) fn shift(&mut self, by: i64) {
        self.source.shift(by);
        if let Some(step) = self.model.summary.as_mut().and_then(|summary| summary.get_mut("_step"))
            && let Some(last) = step.as_i64()
        {
            *step = Value::Int(last.saturating_add(by));
        }
    }

    /// Adds a later session. If `is_known` is false, the session does not name its run, and project and id
    /// stay.
    pub(super) fn go_on(&mut self, later: Self, is_known: bool) -> Result<(), Error> {
        let mut old = std::mem::replace(&mut self.model, later.model);
        let new = &mut self.model;
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
        new.summary = Some(over(old.summary, new.summary.take()));
        new.system_metrics = Some(over(old.system_metrics, new.system_metrics.take()));
        self.metadata = later.metadata.or(self.metadata.take());
        self.branch = self.branch.take().or(later.branch);
        self.alerts.extend(later.alerts);
        self.artifacts.extend(later.artifacts);
        self.issues.extend(later.issues);
        self.history_issues.extend(later.history_issues);
        self.path = path_of(&self.model)?;
        self.source.go_on(later.source);
        Ok(())
    }

    /// Returns the folder of the last session, or `None` for a run in a mirror.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.source.sessions().last().map(|session| session.files.folder())
    }

    /// Returns the folders with the run's saved files, the last session's first.
    pub(super) fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.source.sessions().iter().rev().map(|session| session.files.texts.clone())
    }
}

/// Merges two maps; the second one wins.
fn over(old: Option<Map>, new: Option<Map>) -> Map {
    let mut map = old.unwrap_or_default();
    map.extend(new.unwrap_or_default());
    map
}

/// Returns the path of a run, with a stand-in for an unknown entity.
fn path_of(model: &Run) -> Result<RunPath, Error> {
    let entity = if model.entity.is_empty() { NO_ENTITY } else { &model.entity };
    Ok(RunPath::new(entity, &model.project, &model.id)?)
}

/// Returns whether a run has been silent for long. The absolute difference allows for a clock ahead of this
/// one.
fn is_silent(last_activity: f64) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - last_activity).abs() > SILENCE.as_secs_f64()
}

/// Returns an issue for each part of a file that cannot be read.
pub(super) fn damage(file: &Path, losses: &Losses) -> Vec<Issue> {
    let issue = |detail| Issue::FileDamaged { file: file.to_owned(), detail };
    losses.sentences().into_iter().map(issue).collect()
}

/// Returns the issue of rows out of order, if there are any.
pub(super) fn disorder(file: &Path, rows: u64) -> Option<Issue> {
    (rows > 0).then(|| Issue::RowsOutOfOrder { file: file.to_owned(), rows })
}

pub(super) fn reading(file: &Path, error: std::io::Error) -> Error {
    Error::io(format!("reading {}", file.display()), error)
}
