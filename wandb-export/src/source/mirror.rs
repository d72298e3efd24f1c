//! Runs in the mirror of a project, recognized by its manifest.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::model::{Run, Sweep};
use wandb_graphql::ops::Detail;
use wandb_mirror::{Gap, MirrorReader, MirroredFile, MirroredRows, MirroredRun, Part, RowFilter, is_mirror};
use wandb_runlog::Selection;
use wandb_storage::ObjectReader;
use wandb_tables::Batch;

use super::disk::{
    DiskProject, DiskRun, LineBatches, LineReader, RowReader, RunData, RunEntry, RunFolder, Tail, ends_with,
};
use super::{FoundFile, RunFacts, StoredFile};
use crate::error::Error;
use crate::issue::Issue;

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
            let mirror = Arc::new(MirrorReader::open(folder)?);
            let run = MirroredRun::new(&mirror, id);
            if mirror.has(id) && ends_with(&run.path()?, names) {
                found.push(Arc::new(run));
            }
        }
        Ok(found)
    }

    fn sweep(&self, id: &str) -> Result<(DiskProject, Option<Sweep>), Error> {
        let mirror = self.open()?;
        Ok((project(&mirror)?, mirror.sweep(id)?))
    }
}

/// Returns the project of a mirror with its runs.
fn project(mirror: &Arc<MirrorReader>) -> Result<DiskProject, Error> {
    let (mut runs, mut issues) = (Vec::new(), issues(mirror.gaps()));
    let list = format!("runs of {}", mirror.project()?);
    for run in mirror.ids().iter().map(|id| MirroredRun::new(mirror, id)) {
        match run.path() {
            Ok(_) => runs.push(Arc::new(run) as Arc<dyn RunEntry>),
            // The mirror recorded this run, but its id is not valid in a path.
            Err(wandb_mirror::Error::Path(error)) => issues.push(Issue::unusable_name(&list, &error)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(DiskProject { path: mirror.project()?, runs: runs.into(), issues, server: mirror.server() })
}

impl RunEntry for MirroredRun {
    fn paths(&self) -> Vec<RunPath> {
        self.path().into_iter().collect()
    }

    fn read(&self) -> Result<Vec<DiskRun>, Error> {
        let (model, gaps) = Self::read(self)?;
        let optional = Detail::Full.optional_fields();
        let unsupported = self.mirror().unsupported_fields().filter(|field| optional.contains(field));
        let notes = unsupported.map(|field| Issue::UnsupportedField { field, requested: false });
        let issues = gaps.into_iter().map(Issue::from).chain(notes).collect();
        let server = self.mirror().server();
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
        let filter = RowFilter::new(selection.keys(), selection.steps());
        Ok(Box::new(SelectedRows::new(MirroredRows::logged(self, &filter)?, Some(selection.clone()))))
    }

    fn system_metrics(&self) -> Result<Box<dyn RowReader>, Error> {
        Ok(Box::new(SelectedRows::new(MirroredRows::system(self)?, None)))
    }

    fn follow(&self, _: Selection) -> Result<Box<dyn Tail>, Error> {
        Err(Error::usage(format!(
            "{} is in a mirror, which gets no new rows by itself; follow it on its server",
            self.path()?
        )))
    }

    fn files(&self) -> Result<Vec<FoundFile>, Error> {
        let files = Self::files(self)?.into_iter();
        Ok(files.map(|(model, file)| FoundFile { model, on_disk: Some(Arc::new(file)) }).collect())
    }

    fn file_issues(&self) -> Result<Vec<Issue>, Error> {
        Ok(issues(&self.gaps(Part::Files)?))
    }

    fn console(&self) -> Result<LineBatches, Error> {
        Ok(match self.log()? {
            Some(log) => Box::new(LineReader::open(&log)?),
            None => Box::new(std::iter::empty()),
        })
    }

    fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        Ok(issues(&self.gaps(Part::Logs)?))
    }
}

/// The selected rows of a run.
struct SelectedRows {
    reader: MirroredRows,
    selection: Option<Selection>,
    issues: Vec<Issue>,
}

impl SelectedRows {
    fn new(reader: MirroredRows, selection: Option<Selection>) -> Self {
        let issues = issues(reader.gaps());
        Self { reader, selection, issues }
    }
}

impl RowReader for SelectedRows {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        while let Some(mut rows) = self.reader.next().transpose()? {
            if let Some(selection) = &self.selection {
                rows = rows.into_iter().filter_map(|row| selection.choose(row)).collect();
            }
            if !rows.is_empty() {
                return Ok(Some(Batch::Rows(rows)));
            }
        }
        Ok(None)
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

fn issues(gaps: &[Gap]) -> Vec<Issue> {
    gaps.iter().cloned().map(Issue::from).collect()
}

impl StoredFile for MirroredFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(ObjectReader::new(Self::open(self)?, 0)))
    }

    fn path(&self) -> PathBuf {
        Self::path(self)
    }
}

impl From<Gap> for Issue {
    fn from(gap: Gap) -> Self {
        match gap {
            Gap::FileDamaged { file, detail } => Self::FileDamaged { file, detail },
            Gap::Incomplete { subject, detail } => Self::MirrorIncomplete { subject, detail },
        }
    }
}
