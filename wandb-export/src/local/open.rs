//! From places to runs.

use std::path::Path;
use std::sync::Arc;

use wandb_core::model::{Run, Sweep};
use wandb_core::{BaseUrl, ProjectPath};
use wandb_graphql::{Order, OrderKey};

use super::choose::choose;
use super::find::{Found, Sessions, find};
use super::run::NO_ENTITY;
use super::{LocalRun, Place};
use crate::error::Error;
use crate::issue::Issue;
#[cfg(feature = "mirror")]
use crate::mirror::{Archive, MirroredRun};

/// A folder of runs.
#[derive(Debug, Clone)]
pub(crate) struct LocalProject {
    /// What the folder is called as a project.
    pub(crate) path: ProjectPath,
    /// Where the runs are, which are read one by one.
    pub(crate) runs: Arc<[RunSource]>,
    /// What is missing from the folder as a whole.
    pub(crate) issues: Vec<Issue>,
    /// The server that it is on, where that is known.
    pub(crate) server: Option<BaseUrl>,
}

/// Where runs of the same id are.
#[derive(Debug, Clone)]
pub(crate) enum RunSource {
    /// In the SDK's files.
    Sessions(Sessions),
    /// In a mirror.
    #[cfg(feature = "mirror")]
    Mirrored(MirroredRun),
}

impl LocalProject {
    /// What orders each run, if that is known without a look at the runs: a mirror knows when they were created.
    pub(crate) fn order_keys(&self, order: &Order) -> Option<Vec<OrderKey>> {
        let is_by_time = *order == Order::default() || order.to_string() == "-created_at";
        if !is_by_time {
            return None;
        }
        self.runs.iter().map(|source| source.with_time().map(|run| order.key(&run))).collect()
    }

    /// Reads the runs of a source among others, as a rule a single one. One that cannot be read becomes an issue and does not
    /// stop the others.
    pub(crate) fn read_one_of_many(source: &RunSource) -> Result<Vec<LocalRun>, Error> {
        match (Self::read(source), source) {
            (Err(error), RunSource::Sessions(sessions)) => Ok(vec![LocalRun::unreadable(sessions, &error)?]),
            #[cfg(feature = "mirror")]
            (Err(error), RunSource::Mirrored(run)) => Ok(vec![LocalRun::unreadable_mirrored(run, &error)?]),
            (read, _) => read,
        }
    }

    /// Reads the runs of a source, as a rule a single one.
    pub(crate) fn read(source: &RunSource) -> Result<Vec<LocalRun>, Error> {
        match source {
            RunSource::Sessions(sessions) => LocalRun::open(sessions),
            #[cfg(feature = "mirror")]
            RunSource::Mirrored(run) => Ok(vec![LocalRun::mirrored(run.clone())?]),
        }
    }
}

impl RunSource {
    /// A run that holds nothing but when it was created, if that is known without a look at the run.
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

/// The folder of runs at a place, which may be a single run's.
pub(crate) fn open_project(place: &Place) -> Result<LocalProject, Error> {
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
pub(super) fn mirrored_project(archive: &Arc<Archive>) -> Result<LocalProject, Error> {
    let (mut runs, mut issues) = (Vec::new(), archive.issues().to_vec());
    let list = format!("runs of {}", archive.project()?);
    for run in archive.ids().iter().map(|id| MirroredRun::new(archive, id)) {
        match run.path() {
            Ok(_) => runs.push(RunSource::Mirrored(run)),
            // The mirror has noted it, and nothing of it can be read.
            Err(Error::Path(error)) => issues.push(Issue::unusable_name(&list, &error)),
            Err(error) => return Err(error),
        }
    }
    Ok(LocalProject { path: archive.project()?, runs: runs.into(), issues, server: archive.server() })
}

/// The mirror that was found at a place, if it is that of a single project.
#[cfg(feature = "mirror")]
pub(super) fn archive(place: &Place, found: Found) -> Result<Archive, Error> {
    match found {
        Found::Mirror(folder) => Archive::open(&folder),
        Found::Mirrors(folders) => match &folders[..] {
            [folder] => Archive::open(folder),
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

/// The run at a place: a file, its folder, a folder of runs with a single one, or a folder of runs and an id behind it, if need
/// be with the project in front of it.
pub(crate) fn open_run(place: &Place) -> Result<Arc<LocalRun>, Error> {
    choose(place)?.read()
}

/// The same for those who want its rows alone: of a run in a single file only which one it is has been read.
pub(crate) fn open_rows(place: &Place) -> Result<Arc<LocalRun>, Error> {
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

/// The sweep at a place, which is a folder of runs with the sweep's id behind it; what it is itself only a mirror tells.
pub(crate) fn open_sweep(place: &Place) -> Result<(LocalProject, String, Option<Sweep>), Error> {
    let (folder, id) = place.split().ok_or_else(|| Error::no_run_at(place))?;
    #[cfg(feature = "mirror")]
    if let Some(found @ (Found::Mirror(_) | Found::Mirrors(_))) = find(&folder)? {
        let archive = Arc::new(archive(&folder, found)?);
        let sweep = archive.sweep(&id)?;
        return Ok((mirrored_project(&archive)?, id, sweep));
    }
    Ok((open_project(&folder)?, id, None))
}
