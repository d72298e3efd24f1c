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
    /// What of its files cannot be read, each in a sentence.
    pub(crate) incomplete: Vec<String>,
    /// Those of these sentences that readers of its rows do not tell.
    pub(crate) untold: Vec<String>,
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
                Some((before, first)) if first <= before && !begins_anew => next.tell(format!(
                    "{} begins with step {first}, and the session before has ended with step {before}; what both have of a step \
                     comes twice",
                    file.display()
                )),
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
        let (model, incomplete) = run.read()?;
        let server = run.archive().server();
        let source = Source::Mirrored(run);
        Ok(Self { incomplete, server, ..Self::with(model.path()?, model, source) })
    }

    /// A run whose files cannot be read at all, among others that can.
    pub(super) fn unreadable(sessions: &Sessions, error: &Error) -> Result<Self, Error> {
        let file = sessions.last().map_or(Path::new(""), PathBuf::as_path);
        let facts = Facts::begin(std::io::empty()).map_err(|error| reading(file, error))?;
        let mut run = Self::of(file, facts)?;
        run.incomplete = vec![error.with_causes()];
        Ok(run)
    }

    /// The run that a file is of, of which nothing else has been read.
    pub(super) fn begun(file: &Path) -> Result<Self, Error> {
        let opened = File::open(file).map_err(|error| reading(file, error))?;
        Self::of(file, Facts::begin(opened).map_err(|error| reading(file, error))?)
    }

    fn of(file: &Path, facts: Facts) -> Result<Self, Error> {
        let mut incomplete = unread(file, &facts.losses);
        let mut untold = Vec::new();
        if !facts.is_run() {
            untold.push(format!("{} does not say which run it is of", file.display()));
            incomplete.extend_from_slice(&untold);
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
        Ok(Self { metadata, branch, alerts, artifacts, incomplete, untold, ..run })
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
            incomplete: Vec::new(),
            untold: Vec::new(),
            server: None,
            source,
        }
    }

    /// Adds something that is missing, whatever is read of the run.
    fn tell(&mut self, what: String) {
        self.incomplete.push(what.clone());
        self.untold.push(what);
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
        self.incomplete.extend(later.incomplete);
        self.untold.extend(later.untold);
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

/// What of a file cannot be read, each in a sentence.
pub(super) fn unread(file: &Path, losses: &Losses) -> Vec<String> {
    losses.sentences().into_iter().map(|loss| format!("{}: {loss}", file.display())).collect()
}

/// That rows of a file do not come in the order of steps, if any do not.
pub(super) fn disorder(file: &Path, rows: u64) -> Option<String> {
    (rows > 0).then(|| {
        format!(
            "{}: {rows} rows are not in the order of steps; they come as they were written",
            file.display()
        )
    })
}

pub(super) fn reading(file: &Path, error: std::io::Error) -> Error {
    Error::io(format!("reading {}", file.display()), error)
}
