//! From places to runs.

use std::path::Path;
use std::sync::Arc;

use wandb_core::ProjectPath;

use super::find::{Found, Sessions, find};
use super::run::NO_ENTITY;
use super::{LocalRun, Place};
use crate::error::Error;

/// A folder of runs.
#[derive(Debug, Clone)]
pub(crate) struct LocalProject {
    /// What the folder is called as a project.
    pub(crate) path: ProjectPath,
    /// Where the runs are, which are read one by one.
    pub(crate) runs: Vec<RunSource>,
}

/// Where runs of the same id are.
#[derive(Debug, Clone)]
pub(crate) struct RunSource(Sessions);

impl LocalProject {
    /// Reads the runs of a source, as a rule a single one.
    pub(crate) fn read(source: &RunSource) -> Result<Vec<LocalRun>, Error> {
        LocalRun::open(&source.0)
    }
}

/// The folder of runs at a place, which may be a single run's.
pub(crate) fn open_project(place: &Place) -> Result<LocalProject, Error> {
    let runs = match find(place)? {
        Some(Found::Runs(runs)) => runs,
        Some(Found::Session(file)) => vec![vec![file]],
        None => return Err(Error::no_run_at(place)),
    };
    let name = std::path::absolute(place.path()).ok();
    let name = name.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("wandb");
    let path = ProjectPath::new(NO_ENTITY, name.trim()).or_else(|_| ProjectPath::new(NO_ENTITY, "wandb"))?;
    Ok(LocalProject { path, runs: runs.into_iter().map(RunSource).collect() })
}

/// The run at a place: a file, its folder, a folder of runs with a single one, or a folder of runs and an id behind it.
pub(crate) fn open_run(place: &Place) -> Result<Arc<LocalRun>, Error> {
    let sessions = match find(place)? {
        Some(Found::Session(file)) => vec![file],
        Some(Found::Runs(runs)) => match <[Sessions; 1]>::try_from(runs) {
            Ok([sessions]) => sessions,
            Err(runs) => {
                return Err(Error::usage(format!(
                    "which of the {} runs in {place}? put its id behind the folder, or name its own folder",
                    runs.len()
                )));
            }
        },
        None => by_id(place)?,
    };
    let mut runs = LocalRun::open(&sessions)?;
    match runs.len() {
        1 => Ok(Arc::new(runs.remove(0))),
        count => Err(Error::usage(format!(
            "{place} has {count} sessions of that run, which are no continuation of one another; name the folder of one"
        ))),
    }
}

fn by_id(place: &Place) -> Result<Sessions, Error> {
    let nothing = || Error::no_run_at(place);
    let (folder, id) = place.split().ok_or_else(nothing)?;
    let Some(Found::Runs(runs)) = find(&folder)? else { return Err(nothing()) };
    let is_it =
        |sessions: &Sessions| sessions.iter().any(|file| super::find::id_of(file).as_deref() == Some(&*id));
    runs.into_iter().find(is_it).ok_or_else(nothing)
}

/// The sweep at a place, which is a folder of runs with the sweep's id behind it.
pub(crate) fn open_sweep(place: &Place) -> Result<(LocalProject, String), Error> {
    let (folder, id) = place.split().ok_or_else(|| Error::no_run_at(place))?;
    Ok((open_project(&folder)?, id))
}
