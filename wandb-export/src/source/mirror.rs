//! Runs in the mirror of a project, recognized by its manifest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::model::{File, Run, Sweep};
use wandb_runlog::Selection;
use wandb_tables::Batch;

use super::RunFacts;
use super::disk::{
    DiskProject, DiskRun, LineBatches, LineReader, RowReader, RunData, RunEntry, RunFolder, Tail, ends_with,
};

use crate::error::Error;
use crate::issue::Issue;
use crate::mirror::{MirrorReader, MirroredRows, MirroredRun, Part, is_mirror};

/// Looks for a mirror, or a folder of mirrors.
pub(super) fn find_runs(place: &Path) -> Result<Option<Box<dyn RunFolder>>, Error> {
    let failed = |error| Error::io(format!("looking for runs at {}", place.display()), error);
    if !place.is_dir() {
        return Ok(None);
    }
    let mut folders = Vec::new();
    if is_mirror(place).map_err(failed)? {
        folders.push(place.to_owned());
    } else {
        for entry in fs::read_dir(place).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A folder that cannot be read does not count as a mirror.
            if entry.file_type().map_err(failed)?.is_dir() && is_mirror(&entry.path()).unwrap_or(false) {
                folders.push(entry.path());
            }
        }
        folders.sort_unstable();
    }
    let place = place.to_owned();
    Ok((!folders.is_empty()).then(|| Box::new(Mirrors { place, folders }) as Box<dyn RunFolder>))
}

/// The mirrors at a place, usually one.
#[derive(Debug)]
struct Mirrors {
    place: PathBuf,
    folders: Vec<PathBuf>,
}

impl Mirrors {
    /// Opens the only mirror. Fails if there are several.
    fn open(&self) -> Result<Arc<MirrorReader>, Error> {
        if let [folder] = &self.folders[..] {
            return Ok(Arc::new(MirrorReader::open(folder)?));
        }
        let names: Vec<_> = self.folders.iter().map(|folder| folder.display().to_string()).collect();
        Err(Error::usage(format!(
            "which of the {} projects in {}? name the folder of one: {}",
            names.len(),
            self.place.display(),
            names.join(", ")
        )))
    }
}

impl RunFolder for Mirrors {
    fn project(&self) -> Result<DiskProject, Error> {
        project(&self.open()?)
    }

    fn select(&self, names: &[String]) -> Result<Vec<Arc<dyn RunEntry>>, Error> {
        let Some(id) = names.last() else { return Ok(Vec::new()) };
        let mut found: Vec<Arc<dyn RunEntry>> = Vec::new();
        for folder in &self.folders {
            let archive = Arc::new(MirrorReader::open(folder)?);
            let run = MirroredRun::new(&archive, id);
            if archive.has(id) && ends_with(&run.path()?, names) {
                found.push(Arc::new(run));
            }
        }
        Ok(found)
    }

    fn sweep(&self, id: &str) -> Result<(DiskProject, Option<Sweep>), Error> {
        let archive = self.open()?;
        Ok((project(&archive)?, archive.sweep(id)?))
    }
}

/// Returns the project of a mirror with its runs.
fn project(archive: &Arc<MirrorReader>) -> Result<DiskProject, Error> {
    let (mut runs, mut issues) = (Vec::new(), archive.issues().to_vec());
    let list = format!("runs of {}", archive.project()?);
    for run in archive.ids().iter().map(|id| MirroredRun::new(archive, id)) {
        match run.path() {
            Ok(_) => runs.push(Arc::new(run) as Arc<dyn RunEntry>),
            // The mirror recorded this run, but its id is not valid in a path.
            Err(Error::Path(error)) => issues.push(Issue::unusable_name(&list, &error)),
            Err(error) => return Err(error),
        }
    }
    Ok(DiskProject { path: archive.project()?, runs: runs.into(), issues, server: archive.server() })
}

impl RunEntry for MirroredRun {
    fn paths(&self) -> Vec<RunPath> {
        self.path().into_iter().collect()
    }

    fn read(&self) -> Result<Vec<DiskRun>, Error> {
        let (model, issues) = Self::read(self)?;
        let server = self.archive().server();
        let facts = RunFacts { issues, server, ..RunFacts::new(model.path()?, model) };
        Ok(vec![DiskRun { facts, data: Arc::new(self.clone()) }])
    }

    fn outline(&self) -> Option<Run> {
        let mut run = Run::new("", "", "", "");
        run.created_at = self.created_at();
        Some(run)
    }

    fn placeholder(&self, error: Error) -> Result<DiskRun, Error> {
        let path = self.path()?;
        let model = Run::new(path.entity(), path.project(), path.run(), "");
        let issues = vec![Issue::RunUnreadable { detail: error.with_causes() }];
        let facts = RunFacts { issues, ..RunFacts::new(path, model) };
        Ok(DiskRun { facts, data: Arc::new(self.clone()) })
    }
}

impl RunData for MirroredRun {
    fn rows(&self, selection: &Selection) -> Result<Box<dyn RowReader>, Error> {
        Ok(Box::new(MirroredRows::logged(self, selection.clone())?))
    }

    fn system_metrics(&self) -> Result<Box<dyn RowReader>, Error> {
        Ok(Box::new(MirroredRows::system(self)?))
    }

    fn follow(&self, _: Selection) -> Result<Box<dyn Tail>, Error> {
        Err(Error::usage(format!(
            "{} is in a mirror, which gets no new rows by itself; follow it on its server",
            self.path()?
        )))
    }

    fn files(&self) -> Result<Vec<(File, PathBuf)>, Error> {
        Self::files(self)
    }

    fn file_issues(&self) -> Result<Vec<Issue>, Error> {
        self.issues(Part::Files)
    }

    fn console(&self) -> Result<LineBatches, Error> {
        Ok(match self.log()? {
            Some(log) => Box::new(LineReader::open(&log)?),
            None => Box::new(std::iter::empty()),
        })
    }

    fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        self.issues(Part::Logs)
    }
}

impl RowReader for MirroredRows {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        Ok(Self::next(self)?.map(Batch::Rows))
    }

    fn issues(&self) -> &[Issue] {
        Self::issues(self)
    }
}
