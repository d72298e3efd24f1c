//! Resolves a place to a project, a sweep or one run, or to an error that lists the choices.

use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::model::Sweep;

use super::LocalPath;
use super::disk::{DiskProject, DiskRun, RunEntry, ends_with};
use crate::error::Error;

/// The most runs that an error message lists.
const MOST_CHOICES: usize = 10;

/// The most names after a folder: a run's id, optionally with its project and entity before it.
const MOST_NAMES: usize = 3;

/// Opens the folder of runs at a place, which may hold a single run.
pub(super) fn open_project(place: &LocalPath) -> Result<DiskProject, Error> {
    place.find()?.ok_or_else(|| Error::no_run_at(place))?.project()
}

/// Opens the sweep at a place: a folder of runs followed by the sweep's id. Few sources know the sweep's fields.
pub(super) fn open_sweep(place: &LocalPath) -> Result<(DiskProject, String, Option<Sweep>), Error> {
    let (folder, id) = place.split().ok_or_else(|| Error::no_run_at(place))?;
    let found = folder.find()?.ok_or_else(|| Error::no_run_at(&folder))?;
    let (project, sweep) = found.sweep(&id)?;
    Ok((project, id, sweep))
}

/// Opens the run at a place: a file, its folder, a folder with one run, or a folder followed by a run's id,
/// with the project before the id if needed.
pub(super) fn open_run(place: &LocalPath) -> Result<DiskRun, Error> {
    choose(place)?.read()
}

/// Opens the run at a place to read only its rows.
pub(super) fn open_rows(place: &LocalPath) -> Result<DiskRun, Error> {
    let chosen = choose(place)?;
    match chosen.entry.open_rows()? {
        Some(run) if chosen.is_it(&run.facts.path) => Ok(run),
        _ => chosen.read(),
    }
}

/// A run that was found, with the names that the user gave.
#[derive(Debug)]
pub(super) struct Chosen {
    entry: Arc<dyn RunEntry>,
    /// The folder of runs, and the names after it.
    folder: LocalPath,
    names: Vec<String>,
}

/// Finds the run at a place.
pub(super) fn choose(place: &LocalPath) -> Result<Chosen, Error> {
    let (mut folder, mut names) = (place.clone(), Vec::new());
    let found = loop {
        if let Some(found) = folder.find()? {
            break found;
        }
        let above = folder.split().filter(|_| names.len() < MOST_NAMES);
        let (above, name) = above.ok_or_else(|| Error::no_run_at(place))?;
        folder = above;
        names.insert(0, name);
    };
    let mut runs = if names.is_empty() { found.project()?.runs.to_vec() } else { found.select(&names)? };
    match runs.len() {
        0 => Err(Error::no_run_at(place)),
        1 => Ok(Chosen { entry: runs.remove(0), folder, names }),
        count => {
            // Read one more than the message lists: if ids repeat, the choices need the project.
            let paths: Vec<_> = runs.iter().take(MOST_CHOICES + 1).flat_map(|run| run.paths()).collect();
            Err(ambiguous(&folder, count, choices(&folder, &paths)))
        }
    }
}

impl Chosen {
    /// Returns whether `path` is the run that the user named.
    fn is_it(&self, path: &RunPath) -> bool {
        let Some((_, above)) = self.names.split_last() else { return true };
        // A file name may have given the id, so compare only the names before it.
        above.is_empty() || ends_with(path, &[above, &[path.run().to_owned()]].concat())
    }

    fn read(&self) -> Result<DiskRun, Error> {
        let mut runs = self.entry.read()?;
        runs.retain(|run| self.is_it(&run.facts.path));
        // Renamed files may share an id and still belong to several runs.
        if let Some(id) = self.names.last()
            && runs.iter().any(|run| run.facts.path.run() == id)
        {
            runs.retain(|run| run.facts.path.run() == id);
        }
        match runs.len() {
            0 => Err(Error::no_run_at(&format!("{}/{}", self.folder, self.names.join("/")))),
            1 => Ok(runs.remove(0)),
            count => {
                let paths: Vec<_> = runs.into_iter().map(|run| run.facts.path).collect();
                Err(ambiguous(&self.folder, count, choices(&self.folder, &paths)))
            }
        }
    }
}

/// Formats what to write for each run: the folder and the id, with project and entity if needed to tell runs
/// apart.
fn choices(place: &LocalPath, paths: &[RunPath]) -> Vec<String> {
    let place = place.to_string();
    let place = place.trim_end_matches('/');
    let text = |path: &RunPath| {
        let is_alone = |is_same: fn(&RunPath, &RunPath) -> bool| {
            paths.iter().filter(|other| is_same(path, other)).count() == 1
        };
        let (entity, project, id) = (path.entity(), path.project(), path.run());
        if is_alone(|one, other| one.run() == other.run()) {
            format!("{place}/{id}")
        } else if is_alone(|one, other| one.run() == other.run() && one.project() == other.project()) {
            format!("{place}/{project}/{id}")
        } else {
            format!("{place}/{entity}/{project}/{id}")
        }
    };
    paths.iter().map(text).collect()
}

fn ambiguous(place: &LocalPath, count: usize, mut choices: Vec<String>) -> Error {
    let count = count.max(choices.len());
    choices.truncate(MOST_CHOICES);
    let more = count - choices.len();
    let more = if more > 0 { format!(", or one of {more} more") } else { String::new() };
    Error::usage(format!("which of the {count} runs in {place}? write {}{more}", choices.join(", or ")))
}
