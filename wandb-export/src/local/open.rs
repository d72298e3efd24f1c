//! Opens the runs, projects and sweeps at a place.

use std::path::Path;
use std::sync::Arc;

use wandb_core::model::{Run, Sweep};
use wandb_core::{BaseUrl, ProjectPath};
use wandb_graphql::{Order, OrderKey};

use super::choose::choose;
use super::find::{Found, Sessions, find};
use super::run::NO_ENTITY;
use super::{LocalPath, LocalRun};
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "mirror")]
use crate::mirror::{MirrorReader, MirroredRun};

/// A folder of runs.
#[derive(Debug, Clone)]
pub(crate) struct LocalProject {
    /// The project that stands for the folder.
    pub(crate) path: ProjectPath,
    /// The sources of the runs, which are read one by one.
    pub(crate) runs: Arc<[RunSource]>,
    /// The issues of the folder as a whole.
    pub(crate) issues: Vec<Issue>,
    /// The server that the runs belong to, if known.
    pub(crate) server: Option<BaseUrl>,
}

/// The source of the runs with one id.
#[derive(Debug, Clone)]
pub(crate) enum RunSource {
    /// Files of the SDK.
    Sessions(Sessions),
    /// A mirror.
    #[cfg(feature = "mirror")]
    Mirrored(MirroredRun),
}

impl LocalProject {
    /// Returns the sort keys of the runs, if these are known without reading the runs: a mirror knows when
    /// they were created.
    pub(crate) fn order_keys(&self, order: &Order) -> Option<Vec<OrderKey>> {
        let is_by_time = *order == Order::default() || order.to_string() == "-created_at";
        if !is_by_time {
            return None;
        }
        self.runs.iter().map(|source| source.with_time().map(|run| order.key(&run))).collect()
    }

    /// Reads the runs of a source, usually one. A run that cannot be read becomes an issue, so that it does
    /// not stop the others.
    pub(crate) fn read_one_of_many(source: &RunSource) -> Result<Vec<LocalRun>, Error> {
        match (Self::read(source), source) {
            (Err(error), RunSource::Sessions(sessions)) => Ok(vec![LocalRun::unreadable(sessions, &error)?]),
            #[cfg(feature = "mirror")]
            (Err(error), RunSource::Mirrored(run)) => Ok(vec![LocalRun::unreadable_mirrored(run, &error)?]),
            (read, _) => read,
        }
    }

    /// Reads the runs of a source, usually one.
    pub(crate) fn read(source: &RunSource) -> Result<Vec<LocalRun>, Error> {
        match source {
            RunSource::Sessions(sessions) => LocalRun::open(sessions),
            #[cfg(feature = "mirror")]
            RunSource::Mirrored(run) => Ok(vec![LocalRun::mirrored(run.clone())?]),
        }
    }
}

impl RunSource {
    /// Returns a run with only its creation time, if that is known without reading the run.
    fn with_time(&self) -> Option<Run> {
        match self {
            Self::Sessions(_) => None,
            #[cfg(feature = "mirror")]
            Self::Mirrored(run) => {
                let mut model = Run::new("", "", "", "");
                model.created_at = run.created_at();
                Some(model)
            }
        }
    }
}

/// Opens the folder of runs at a place, which may hold a single run.
pub(crate) fn open_project(place: &LocalPath) -> Result<LocalProject, Error> {
    let runs = match find(place)? {
        Some(Found::Runs(runs)) => runs,
        Some(Found::Session(session)) => vec![vec![session]],
        #[cfg(feature = "mirror")]
        Some(found @ (Found::Mirror(_) | Found::Mirrors(_))) => {
            return mirrored_project(&Arc::new(archive(place, found)?));
        }
        None => return Err(Error::no_run_at(place)),
    };
    let name = std::path::absolute(place.path()).ok();
    let name = name.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("wandb");
    let path = ProjectPath::new(NO_ENTITY, name.trim()).or_else(|_| ProjectPath::new(NO_ENTITY, "wandb"))?;
    let runs = runs.into_iter().map(RunSource::Sessions).collect();
    Ok(LocalProject { path, runs, issues: Vec::new(), server: None })
}

#[cfg(feature = "mirror")]
pub(super) fn mirrored_project(archive: &Arc<MirrorReader>) -> Result<LocalProject, Error> {
    let (mut runs, mut issues) = (Vec::new(), archive.issues().to_vec());
    let list = format!("runs of {}", archive.project()?);
    for run in archive.ids().iter().map(|id| MirroredRun::new(archive, id)) {
        match run.path() {
            Ok(_) => runs.push(RunSource::Mirrored(run)),
            // The mirror recorded this run, but its id is not valid in a path.
            Err(Error::Path(error)) => issues.push(Issue::unusable_name(&list, &error)),
            Err(error) => return Err(error),
        }
    }
    Ok(LocalProject { path: archive.project()?, runs: runs.into(), issues, server: archive.server() })
}

/// Opens the mirror found at a place. Fails if it holds several projects.
#[cfg(feature = "mirror")]
pub(super) fn archive(place: &LocalPath, found: Found) -> Result<MirrorReader, Error> {
    match found {
        Found::Mirror(folder) => MirrorReader::open(&folder),
        Found::Mirrors(folders) => match &folders[..] {
            [folder] => MirrorReader::open(folder),
            folders => {
                let names: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
                Err(Error::usage(format!(
                    "which of the {} projects in {place}? name the folder of one: {}",
                    names.len(),
                    names.join(", ")
                )))
            }
        },
        Found::Session(_) | Found::Runs(_) => Err(Error::no_run_at(place)),
    }
}

/// Opens the run at a place: a file, its folder, a folder with one run, or a folder followed by a run's id,
/// with the project before the id if needed.
pub(crate) fn open_run(place: &LocalPath) -> Result<Arc<LocalRun>, Error> {
    choose(place)?.read()
}

/// Opens the run at a place to read only its rows. For a run in a single file, reads only which run it is.
pub(crate) fn open_rows(place: &LocalPath) -> Result<Arc<LocalRun>, Error> {
    let chosen = choose(place)?;
    if let RunSource::Sessions(sessions) = &chosen.source
        && let [session] = &sessions[..]
    {
        let run = LocalRun::begun(session)?;
        if chosen.is_it(&run.path) {
            return Ok(Arc::new(run));
        }
    }
    chosen.read()
}

/// Opens the sweep at a place: a folder of runs followed by the sweep's id. Only a mirror knows the sweep's
/// own fields.
pub(crate) fn open_sweep(place: &LocalPath) -> Result<(LocalProject, String, Option<Sweep>), Error> {
    let (folder, id) = place.split().ok_or_else(|| Error::no_run_at(place))?;
    #[cfg(feature = "mirror")]
    if let Some(found @ (Found::Mirror(_) | Found::Mirrors(_))) = find(&folder)? {
        let archive = Arc::new(archive(&folder, found)?);
        let sweep = archive.sweep(&id)?;
        return Ok((mirrored_project(&archive)?, id, sweep));
    }
    Ok((open_project(&folder)?, id, None))
}
