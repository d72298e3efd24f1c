//! Resolves a local path to a project, a sweep or one run, or to an error that lists the choices.

use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::model::Sweep;

use super::LocalPath;
use super::disk::{DiskProject, DiskRun, RunEntry, ends_with};
use crate::error::Error;

/// The most runs that an error message lists.
const MAX_CHOICES: usize = 10;

/// The most names after a folder: a run's id, optionally with its project and entity before it.
const MAX_NAMES: usize = 3;

/// Opens the folder of runs at a path, which may hold a single run.
pub(super) fn open_project(path: &LocalPath) -> Result<DiskProject, Error> {
    path.find_runs()?.ok_or_else(|| Error::no_run_at(path))?.project()
}

/// Opens the sweep at a path: a folder of runs followed by the sweep's id. Few sources know the sweep's fields.
pub(super) fn open_sweep(path: &LocalPath) -> Result<(DiskProject, String, Option<Sweep>), Error> {
    let (folder, id) = path.split_last().ok_or_else(|| Error::no_run_at(path))?;
    let found = folder.find_runs()?.ok_or_else(|| Error::no_run_at(&folder))?;
    let (project, sweep) = found.sweep(&id)?;
    Ok((project, id, sweep))
}

/// Opens the run at a path: a file, its folder, a folder with one run, or a folder followed by a run's id,
/// with the project before the id if needed.
pub(super) fn open_run(path: &LocalPath) -> Result<DiskRun, Error> {
    find_run(path)?.read()
}

/// Opens the run at a path to read only its rows.
pub(super) fn open_rows(path: &LocalPath) -> Result<DiskRun, Error> {
    let found = find_run(path)?;
    match found.entry.open_rows()? {
        Some(run) if found.is_named(&run.facts.path) => Ok(run),
        _ => found.read(),
    }
}

/// A run that was found, with the names that the user gave.
#[derive(Debug)]
pub(super) struct FoundRun {
    entry: Arc<dyn RunEntry>,
    /// The folder of runs, and the names after it.
    folder: LocalPath,
    names: Vec<String>,
}

/// Finds the run at a path.
pub(super) fn find_run(path: &LocalPath) -> Result<FoundRun, Error> {
    let (mut folder, mut names) = (path.clone(), Vec::new());
    let found = loop {
        if let Some(found) = folder.find_runs()? {
            break found;
        }
        let above = folder.split_last().filter(|_| names.len() < MAX_NAMES);
        let (above, name) = above.ok_or_else(|| Error::no_run_at(path))?;
        folder = above;
        names.insert(0, name);
    };
    let mut runs = if names.is_empty() { found.project()?.runs.to_vec() } else { found.select(&names)? };
    match runs.len() {
        0 => Err(Error::no_run_at(path)),
        1 => Ok(FoundRun { entry: runs.remove(0), folder, names }),
        count => {
            // Read one more than the message lists: if ids repeat, the choices need the project.
            let paths: Vec<_> = runs.iter().take(MAX_CHOICES + 1).flat_map(|run| run.paths()).collect();
            Err(ambiguous(&folder, count, format_choices(&folder, &paths)))
        }
    }
}

impl FoundRun {
    /// Returns whether `path` is the run that the user named.
    fn is_named(&self, path: &RunPath) -> bool {
        let Some((_, above)) = self.names.split_last() else { return true };
        // A file name may have given the id, so compare only the names before it.
        above.is_empty() || ends_with(path, &[above, &[path.run().to_owned()]].concat())
    }

    fn read(&self) -> Result<DiskRun, Error> {
        let mut runs = self.entry.read()?;
        runs.retain(|run| self.is_named(&run.facts.path));
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
                Err(ambiguous(&self.folder, count, format_choices(&self.folder, &paths)))
            }
        }
    }
}

/// Formats what to write for each run: the folder and the id, with project and entity if needed to tell runs
/// apart.
fn format_choices(folder: &LocalPath, paths: &[RunPath]) -> Vec<String> {
    let folder = folder.to_string();
    let folder = folder.trim_end_matches('/');
    let text = |path: &RunPath| {
        let is_alone = |is_same: fn(&RunPath, &RunPath) -> bool| {
            paths.iter().filter(|other| is_same(path, other)).count() == 1
        };
        let (entity, project, id) = (path.entity(), path.project(), path.run());
        if is_alone(|one, other| one.run() == other.run()) {
            format!("{folder}/{id}")
        } else if is_alone(|one, other| one.run() == other.run() && one.project() == other.project()) {
            format!("{folder}/{project}/{id}")
        } else {
            format!("{folder}/{entity}/{project}/{id}")
        }
    };
    paths.iter().map(text).collect()
}

fn ambiguous(folder: &LocalPath, count: usize, mut choices: Vec<String>) -> Error {
    let count = count.max(choices.len());
    choices.truncate(MAX_CHOICES);
    let more = count - choices.len();
    let more = if more > 0 { format!(", or one of {more} more") } else { String::new() };
    Error::usage(format!("which of the {count} runs in {folder}? write {}{more}", choices.join(", or ")))
}
