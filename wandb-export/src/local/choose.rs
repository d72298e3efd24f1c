//! Resolves a place to one run, or to an error that lists the choices.

use std::collections::BTreeSet;
use std::sync::Arc;

use wandb_core::RunPath;

use super::find::{Found, Sessions, find};
use super::open::{LocalProject, RunSource};
#[cfg(feature = "mirror")]
use super::open::{archive, mirrored_project};
use super::{LocalPath, LocalRun};
use crate::error::Error;
#[cfg(feature = "mirror")]
use crate::mirror::MirrorReader;

/// The most runs that an error message lists.
const MOST_CHOICES: usize = 10;

/// The most names after a folder: a run's id, optionally with its project and entity before it.
const MOST_NAMES: usize = 3;

/// The source of a run, with the names that the user gave.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) source: RunSource,
    /// The folder of runs, and the names after it.
    folder: LocalPath,
    names: Vec<String>,
}

/// Finds the source of the run at a place.
pub(super) fn choose(place: &LocalPath) -> Result<Chosen, Error> {
    if let Some(found) = find(place)? {
        let chosen = |source| Chosen { source, folder: place.clone(), names: Vec::new() };
        return match found {
            Found::Session(session) => Ok(chosen(RunSource::Sessions(vec![session]))),
            Found::Runs(runs) => only(place, runs.into_iter().map(RunSource::Sessions).collect()).map(chosen),
            #[cfg(feature = "mirror")]
            found @ (Found::Mirror(_) | Found::Mirrors(_)) => {
                only(place, mirrored_project(&Arc::new(archive(place, found)?))?.runs.to_vec()).map(chosen)
            }
        };
    }
    let mut folder = place.clone();
    let mut names = Vec::new();
    while names.len() < MOST_NAMES {
        let Some((above, name)) = folder.split() else { break };
        (folder, names) = (above, [vec![name], names].concat());
        if let Some(found) = find(&folder)? {
            return behind(place, &folder, &names, found);
        }
    }
    Err(Error::no_run_at(place))
}

/// Finds the run that `names` select in a folder.
fn behind(place: &LocalPath, folder: &LocalPath, names: &[String], found: Found) -> Result<Chosen, Error> {
    let nothing = || Error::no_run_at(place);
    let id = names.last().ok_or_else(nothing)?.clone();
    let runs = match found {
        Found::Session(session) => vec![vec![session]],
        Found::Runs(runs) => runs,
        #[cfg(feature = "mirror")]
        Found::Mirror(mirror) => return of_mirrors(place, folder, names, &[mirror]),
        #[cfg(feature = "mirror")]
        Found::Mirrors(mirrors) => return of_mirrors(place, folder, names, &mirrors),
    };
    // File names give the id, unless a user has renamed the files.
    let by_name: Vec<_> =
        runs.iter().filter(|run| run.iter().any(|session| session.id == id)).cloned().collect();
    let runs = if by_name.is_empty() {
        runs.into_iter().filter(|run| paths(run).iter().any(|path| path.run() == id)).collect()
    } else {
        by_name
    };
    let mut chosen: Vec<_> = runs
        .into_iter()
        .map(|sessions| Chosen {
            source: RunSource::Sessions(sessions),
            folder: folder.clone(),
            names: names.to_vec(),
        })
        .collect();
    match chosen.len() {
        0 => Err(nothing()),
        1 => Ok(chosen.remove(0)),
        _ => Err(which(folder, &chosen.into_iter().map(|chosen| chosen.source).collect::<Vec<_>>())),
    }
}

/// Finds the run that `names` select in several mirrors.
#[cfg(feature = "mirror")]
fn of_mirrors(
    place: &LocalPath,
    folder: &LocalPath,
    names: &[String],
    mirrors: &[std::path::PathBuf],
) -> Result<Chosen, Error> {
    let mut found = Vec::new();
    let id = names.last().ok_or_else(|| Error::no_run_at(place))?;
    for mirror in mirrors {
        let archive = Arc::new(MirrorReader::open(mirror)?);
        let project = archive.project()?;
        let path = RunPath::new(project.entity(), project.project(), id)?;
        if archive.has(id) && matches(&path, names) {
            found.push((mirror, RunSource::Mirrored(crate::mirror::MirroredRun::new(&archive, id))));
        }
    }
    if found.len() > 1 {
        let choices = found.iter().map(|(mirror, _)| format!("{}/{id}", mirror.display())).collect();
        return Err(ambiguous(folder, found.len(), choices));
    }
    let (_, source) = found.pop().ok_or_else(|| Error::no_run_at(place))?;
    Ok(Chosen { source, folder: folder.clone(), names: names.to_vec() })
}

impl Chosen {
    /// Returns whether `path` is the run that the user named.
    pub(super) fn is_it(&self, path: &RunPath) -> bool {
        let Some((_, above)) = self.names.split_last() else { return true };
        // The id was matched by file name, so compare only the names before it.
        above.is_empty() || matches(path, &[above, &[path.run().to_owned()]].concat())
    }

    pub(super) fn read(&self) -> Result<Arc<LocalRun>, Error> {
        let mut runs = LocalProject::read(&self.source)?;
        runs.retain(|run| self.is_it(&run.path));
        // Renamed files may share an id and still belong to several runs.
        if let Some(id) = self.names.last()
            && runs.iter().any(|run| run.path.run() == id)
        {
            runs.retain(|run| run.path.run() == id);
        }
        match runs.len() {
            0 => Err(Error::no_run_at(&format!("{}/{}", self.folder, self.names.join("/")))),
            1 => Ok(Arc::new(runs.remove(0))),
            count => {
                let paths = runs.into_iter().map(|run| run.path).collect::<Vec<_>>();
                Err(ambiguous(&self.folder, count, choices(&self.folder, &paths)))
            }
        }
    }
}

/// Returns whether a path ends with these names.
fn matches(path: &RunPath, names: &[String]) -> bool {
    let parts = [path.entity(), path.project(), path.run()];
    parts.iter().rev().zip(names.iter().rev()).all(|(part, name)| part == name)
}

/// Returns the only run of a folder, or an error that lists the choices.
fn only(place: &LocalPath, runs: Vec<RunSource>) -> Result<RunSource, Error> {
    <[RunSource; 1]>::try_from(runs).map(|[run]| run).map_err(|runs| which(place, &runs))
}

/// Creates the error for an ambiguous run.
fn which(place: &LocalPath, runs: &[RunSource]) -> Error {
    let count = runs.len();
    // Read one more than the message lists: if ids repeat, the choices need the project.
    let mut all = Vec::new();
    for source in runs.iter().take(MOST_CHOICES + 1) {
        match source {
            RunSource::Sessions(sessions) => all.extend(paths(sessions)),
            #[cfg(feature = "mirror")]
            RunSource::Mirrored(run) => all.extend(run.path().ok()),
        }
    }
    ambiguous(place, count, choices(place, &all))
}

/// Reads the paths of the runs that sessions belong to, from the start of each log.
fn paths(sessions: &Sessions) -> BTreeSet<RunPath> {
    let begun = |session| LocalRun::begun(session).ok();
    sessions.iter().filter_map(begun).map(|run| run.path).collect()
}

/// Formats what to write for each run: the folder and the id, with project and entity if needed to tell runs
/// apart.
fn choices<'p>(place: &LocalPath, paths: impl IntoIterator<Item = &'p RunPath>) -> Vec<String> {
    let paths: Vec<_> = paths.into_iter().collect();
    let place = place.to_string();
    let place = place.trim_end_matches('/');
    let text = |path: &&RunPath| {
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
