//! One run on disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wandb_core::model::{Run, RunState};
use wandb_core::{BaseUrl, Map, RunPath, Value};
use wandb_runlog::{Alert, Artifact, Branch, Facts, Losses};

use super::find::{Sessions, id_of};
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "mirror")]
use crate::mirror::MirroredRun;

/// What stands in a path for an entity that a file does not tell.
pub(super) const NO_ENTITY: &str = "local";

/// What the SDK calls a project that is not given a name.
const NO_PROJECT: &str = "uncategorized";

/// A server takes a run for crashed when it has not heard of it for so long.
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// A run that is on disk.
#[derive(Debug, Clone)]
pub(crate) struct LocalRun {
    pub(crate) path: RunPath,
    pub(crate) model: Run,
    /// How and where it was started, where a file tells it.
    pub(crate) metadata: Option<Map>,
    /// Where it goes on from, if it was begun as the continuation of another.
    pub(crate) branch: Option<Branch>,
    /// Its alerts, in order.
    pub(crate) alerts: Vec<Alert>,
    /// The artifacts that it made and used, in order.
    pub(crate) artifacts: Vec<Artifact>,
    /// What is missing from the fields above, or inexact.
    pub(crate) issues: Vec<Issue>,
    /// Those issues that also concern the history, and that reading the rows does not find again.
    pub(crate) history_issues: Vec<Issue>,
    /// The server that it is on, where that is known.
    pub(crate) server: Option<BaseUrl>,
    pub(super) source: Source,
}

/// One file of a run.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) file: PathBuf,
    /// What its steps are behind those of the run.
    pub(super) shift: i64,
}

impl LocalRun {
    /// Reads what the files of a run say, all but the rows. A session that was resumed and counts its steps from 0 again
    /// goes on behind the one before. Others that have steps in common are no continuation of one another, and are runs by
    /// themselves.
    pub(super) fn open(sessions: &Sessions) -> Result<Vec<Self>, Error> {
        let mut runs: Vec<(Self, Option<i64>)> = Vec::new();
        for file in sessions {
            let facts = Facts::read(|| File::open(file)).map_err(|error| reading(file, error))?;
            let (first, last) = facts.steps.unzip();
            let is_resumed = facts.resumed;
            let begins_anew = facts.starting_step == 0 && first == Some(0);
            let mut next = Self::of(file, facts)?;
            let Some((run, before)) = runs.last_mut() else {
                runs.push((next, last));
                continue;
            };
            match before.zip(first) {
                Some((before, first)) if first <= before && !is_resumed => {
                    runs.push((next, last));
                    continue;
                }
                Some((before, first)) if first <= before && !begins_anew => {
                    next.add_issue(Issue::SessionsOverlap { file: file.clone(), first, last: before })
                }
                Some((before, first)) if first <= before => next.shift(before.saturating_add(1)),
                _ => {}
            }
            *before = next.last_step(last).max(*before);
            run.go_on(next);
        }
        Ok(runs.into_iter().map(|(run, _)| run).collect())
    }

    /// A run of a mirror.
    #[cfg(feature = "mirror")]
    pub(super) fn mirrored(run: MirroredRun) -> Result<Self, Error> {
        let (model, issues) = run.read()?;
        let server = run.archive().server();
        let source = Source::Mirrored(run);
        Ok(Self { issues, server, ..Self::with(model.path()?, model, source) })
    }

    /// A run whose files cannot be read at all, among others that can.
    pub(super) fn unreadable(sessions: &Sessions, error: &Error) -> Result<Self, Error> {
        let file = sessions.last().map_or(Path::new(""), PathBuf::as_path);
        let facts = Facts::begin(std::io::empty()).map_err(|error| reading(file, error))?;
        let mut run = Self::of(file, facts)?;
        run.issues = vec![Issue::RunUnreadable { detail: error.with_causes() }];
        Ok(run)
    }

    /// The run that a file is of, of which nothing else has been read.
    pub(super) fn begun(file: &Path) -> Result<Self, Error> {
        let opened = File::open(file).map_err(|error| reading(file, error))?;
        Self::of(file, Facts::begin(opened).map_err(|error| reading(file, error))?)
    }

    fn of(file: &Path, facts: Facts) -> Result<Self, Error> {
        let mut issues = damage(file, &facts.losses);
        let mut history_issues = Vec::new();
        if !facts.is_run() {
            history_issues.push(Issue::RunUnknown { file: file.to_owned() });
            issues.extend_from_slice(&history_issues);
        }
        let Facts { run: mut model, metadata, branch, alerts, artifacts, .. } = facts;
        if model.id.is_empty() {
            model.id = id_of(file).unwrap_or_default();
        }
        if model.project.is_empty() {
            NO_PROJECT.clone_into(&mut model.project);
        }
        model
            .state
            .get_or_insert_with(|| if is_silent(file) { RunState::Crashed } else { RunState::Running });
        let entity = if model.entity.is_empty() { NO_ENTITY } else { &model.entity };
        let path = RunPath::new(entity, &model.project, &model.id)?;
        let source = Source::Sessions(vec![Session { file: file.to_owned(), shift: 0 }]);
        let run = Self::with(path, model, source);
        Ok(Self { metadata, branch, alerts, artifacts, issues, history_issues, ..run })
    }

    /// A run of which nothing else is known.
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

    /// Adds an issue that concerns fields and history.
    fn add_issue(&mut self, issue: Issue) {
        self.issues.push(issue.clone());
        self.history_issues.push(issue);
    }

    /// What the last step of its only session is as one of the run.
    fn last_step(&self, last: Option<i64>) -> Option<i64> {
        let shift = self.source.sessions().first().map_or(0, |session| session.shift);
        last.map(|last| last.saturating_add(shift))
    }

    /// Moves the steps.
    fn shift(&mut self, by: i64) {
        self.source.shift(by);
        if let Some(step) = self.model.summary.as_mut().and_then(|summary| summary.get_mut("_step"))
            && let Some(last) = step.as_i64()
        {
            *step = Value::Int(last.saturating_add(by));
        }
    }

    /// Adds a later session.
    fn go_on(&mut self, later: Self) {
        let old = std::mem::replace(&mut self.model, later.model);
        let new = &mut self.model;
        self.path = later.path;
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
        self.source.go_on(later.source);
    }

    /// The folders that the SDK put files of the run into, the one of the last session first.
    pub(super) fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.source.sessions().iter().rev().filter_map(|session| Some(session.file.parent()?.join("files")))
    }
}

/// The entries of two maps, where both have one that of the second.
fn over(old: Option<Map>, new: Option<Map>) -> Map {
    let mut map = old.unwrap_or_default();
    map.extend(new.unwrap_or_default());
    map
}

fn is_silent(file: &Path) -> bool {
    let written = fs::metadata(file).and_then(|found| found.modified()).ok();
    written.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|silence| silence > SILENCE)
}

/// The parts of a file that cannot be read.
pub(super) fn damage(file: &Path, losses: &Losses) -> Vec<Issue> {
    let issue = |detail| Issue::FileDamaged { file: file.to_owned(), detail };
    losses.sentences().into_iter().map(issue).collect()
}

/// The issue with rows that are out of order, if there are any.
pub(super) fn disorder(file: &Path, rows: u64) -> Option<Issue> {
    (rows > 0).then(|| Issue::RowsOutOfOrder { file: file.to_owned(), rows })
}

pub(super) fn reading(file: &Path, error: std::io::Error) -> Error {
    Error::io(format!("reading {}", file.display()), error)
}
