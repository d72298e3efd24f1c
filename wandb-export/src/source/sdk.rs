//! Runs in files that the SDK wrote, online or offline.

mod console;
mod files;
mod find;
mod follow;
mod join;
mod json_lines;
mod merge;
mod run;
mod session;
mod session_files;
mod sessions;
mod texts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::{ProjectPath, RunPath};

use self::find::{Sessions, find_sessions};
use self::run::{NO_ENTITY, SdkRun};
use super::disk::{DiskProject, DiskRun, RunEntry, RunFolder};
use crate::error::Error;

/// Looks for runs at a path.
pub(super) fn find_runs(path: &Path) -> Result<Option<Box<dyn RunFolder>>, Error> {
    let runs = find_sessions(path)
        .map_err(|error| Error::io(format!("looking for runs at {}", path.display()), error))?;
    let path = path.to_owned();
    Ok(runs.map(|runs| Box::new(SdkFolder { path, runs }) as Box<dyn RunFolder>))
}

/// A folder of runs, or a single run.
#[derive(Debug)]
struct SdkFolder {
    path: PathBuf,
    runs: Vec<Sessions>,
}

impl RunFolder for SdkFolder {
    fn project(&self) -> Result<DiskProject, Error> {
        let name = std::path::absolute(&self.path).ok();
        let name =
            name.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("wandb");
        let path =
            ProjectPath::new(NO_ENTITY, name.trim()).or_else(|_| ProjectPath::new(NO_ENTITY, "wandb"))?;
        let runs = self.runs.iter().cloned().map(to_entry).collect();
        Ok(DiskProject { path, runs, issues: Vec::new(), server: None })
    }

    fn select(&self, names: &[String]) -> Result<Vec<Arc<dyn RunEntry>>, Error> {
        let Some(id) = names.last() else { return Ok(Vec::new()) };
        let select = |is_selected: &dyn Fn(&Sessions) -> bool| {
            self.runs.iter().filter(|run| is_selected(run)).cloned().map(to_entry).collect::<Vec<_>>()
        };
        // File names give the id, unless a user has renamed the files.
        let by_name = select(&|run| run.iter().any(|session| session.id == *id));
        Ok(if by_name.is_empty() {
            select(&|run| read_paths(run).iter().any(|path| path.run() == id))
        } else {
            by_name
        })
    }
}

/// The sessions with one id, usually of one run.
#[derive(Debug)]
struct SdkEntry(Sessions);

fn to_entry(sessions: Sessions) -> Arc<dyn RunEntry> {
    Arc::new(SdkEntry(sessions))
}

impl RunEntry for SdkEntry {
    fn paths(&self) -> Vec<RunPath> {
        read_paths(&self.0).into_iter().collect()
    }

    fn read(&self) -> Result<Vec<DiskRun>, Error> {
        Ok(SdkRun::open(&self.0)?.into_iter().map(DiskRun::from).collect())
    }

    /// For a run in a single file, reads only which run it is.
    fn open_rows(&self) -> Result<Option<DiskRun>, Error> {
        match &self.0[..] {
            [session] => Ok(Some(SdkRun::read_start(session)?.into())),
            _ => Ok(None),
        }
    }

    fn placeholder(&self, error: Error) -> Result<DiskRun, Error> {
        Ok(SdkRun::placeholder(&self.0, &error)?.into())
    }
}

/// Reads the paths of the runs that sessions belong to, from the start of each log.
fn read_paths(sessions: &Sessions) -> BTreeSet<RunPath> {
    let start = |session| SdkRun::read_start(session).ok();
    sessions.iter().filter_map(start).map(|run| run.facts.path).collect()
}
