//! What a mirror knows, for those who only read it.
//!
//! Nothing is locked and nothing is written, so that a mirror can be read by anybody, and while it is brought up to date:
//! files are replaced as wholes, and what has been opened stays what it was.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wandb_core::model::{self, Run, Sweep};
use wandb_core::{BaseUrl, ProjectPath, Row};

use super::contents::Part;
use super::disk::read_at;
use super::index::{Added, Place, Runs, in_order, read_journal, read_manifest, read_rows};
use super::layout::{JOURNAL, MANIFEST, RUNS, SWEEP_TABLE, place};
use super::record::{Header, RunRecord, Stored};
use super::{journal, read_rows as table, tables};
use crate::api::run_of;
use crate::error::Error;
use crate::files::is_safe;

/// A header is far shorter.
const LONGEST_HEADER: u64 = 1 << 20;

/// So often a mirror is looked at again that has been settled just then.
const MOST_LOOKS: u32 = 5;

/// Whether a folder is the mirror of a project.
pub(crate) fn is_mirror(folder: &Path) -> io::Result<bool> {
    let first_line = |here: &str| {
        let file = match File::open(folder.join(here)) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut line = Vec::new();
        BufReader::new(file.take(LONGEST_HEADER)).read_until(b'\n', &mut line)?;
        Ok(Some(line))
    };
    if let Some(line) = first_line(MANIFEST)? {
        return Ok(serde_json::from_slice::<Header>(&line).is_ok());
    }
    Ok(first_line(JOURNAL)?.is_some_and(|line| journal::is_header(&line)))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

/// A mirror that is read.
#[derive(Debug)]
pub(crate) struct Archive {
    root: PathBuf,
    header: Header,
    runs: Runs,
    texts: Mutex<Texts>,
    incomplete: Vec<String>,
}

/// The files that records and rows are in, as they were when the mirror was opened.
#[derive(Debug, Default)]
struct Texts {
    manifest: Option<File>,
    rows: Option<File>,
    journal: Option<File>,
}

impl Archive {
    /// Opens the mirror in a folder, which [is one](is_mirror).
    ///
    /// # Errors
    /// If it cannot be read, or is of a later version.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(format!("reading the mirror in {}", root.display()), error);
        let mut looks = 0;
        loop {
            looks += 1;
            // What a mirror does at its end is to replace the rows and then the manifest, and to remove the journal. Whoever
            // opens them the other way round misses nothing, unless a whole mirror passes by meanwhile.
            let open = |here| open(root, here).map_err(failed);
            let texts = Texts { journal: open(JOURNAL)?, manifest: open(MANIFEST)?, rows: open(RUNS)? };
            if looks == MOST_LOOKS || is_same(root, texts.manifest.as_ref()) {
                return Self::of(root, texts);
            }
        }
    }

    fn of(root: &Path, texts: Texts) -> Result<Self, Error> {
        let failed = |error| Error::io(format!("reading the mirror in {}", root.display()), error);
        let mut runs = Runs::new();
        let mut incomplete = Vec::new();
        let mut header = None;
        if let Some(file) = &texts.manifest {
            let unreadable;
            (header, unreadable) = read_manifest(file, &mut runs).map_err(failed)?;
            if unreadable > 0 {
                let place = root.join(MANIFEST);
                incomplete
                    .push(format!("{}: {unreadable} lines cannot be read, each of a run", place.display()));
            }
        } else {
            incomplete.push(format!(
                "the mirror in {} has not come to its end yet; there may be more",
                root.display()
            ));
        }
        if let Some(file) = &texts.rows {
            read_rows(file, &mut runs).map_err(failed)?;
        }
        if let Some(file) = &texts.journal {
            let Added { header: begun_with, .. } = read_journal(file, &mut runs).map_err(failed)?;
            header = header.or(begun_with);
        }
        let header = header.ok_or_else(|| Error::Mirror {
            folder: root.to_owned(),
            message: "it does not say what it is a mirror of".to_owned(),
        })?;
        header.check(root)?;
        Ok(Self { root: root.to_owned(), header, runs, texts: Mutex::new(texts), incomplete })
    }

    /// The project.
    pub(crate) fn project(&self) -> Result<ProjectPath, Error> {
        let (entity, project) = self.header.project.split_once('/').unwrap_or(("", &self.header.project));
        Ok(ProjectPath::new(entity, project)?)
    }

    /// The server that it is of, if that is a server's address.
    pub(crate) fn server(&self) -> Option<BaseUrl> {
        BaseUrl::parse(&self.header.server).ok()
    }

    /// What of the whole project cannot be read, each in a sentence.
    pub(crate) fn incomplete(&self) -> &[String] {
        &self.incomplete
    }

    /// The ids of all runs, the oldest first; behind them those that nothing but their parts are there of.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = in_order(&self.runs);
        ids.extend(self.runs.iter().filter(|(_, known)| known.row.is_none()).map(|(id, _)| id.clone()));
        ids
    }

    /// Whether there is a run of that id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.runs.contains_key(id)
    }

    /// The sweep of that id, if the mirror has it.
    pub(crate) fn sweep(&self, id: &str) -> Result<Option<Sweep>, Error> {
        let place = self.root.join(SWEEP_TABLE);
        let Some(file) = open(&self.root, SWEEP_TABLE).map_err(|error| unreadable(&place, error))? else {
            return Ok(None);
        };
        for rows in table::batches(file, &place)? {
            let found = rows?.iter().filter_map(tables::sweep_of).find(|sweep| sweep.id == id);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn text(&self, place: Option<Place>) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = place else { return Ok(None) };
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, span) = match place {
            Place::Manifest(span) => (&mut texts.manifest, span),
            Place::Rows(span) => (&mut texts.rows, span),
            Place::Journal(span) => (&mut texts.journal, span),
        };
        file.as_mut().map(|file| read_at(file, span.offset, span.len as usize)).transpose()
    }
}

fn open(root: &Path, here: &str) -> io::Result<Option<File>> {
    match File::open(root.join(here)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the manifest that was opened is the one that is there.
fn is_same(root: &Path, opened: Option<&File>) -> bool {
    let shape =
        |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.len(), found.modified().ok()));
    shape(fs::metadata(root.join(MANIFEST))) == opened.and_then(|file| shape(file.metadata()))
}

pub(super) fn unreadable(place: &Path, error: io::Error) -> Error {
    Error::io(format!("reading {}", place.display()), error)
}

/// A run of a mirror.
#[derive(Debug, Clone)]
pub(crate) struct MirroredRun {
    archive: Arc<Archive>,
    id: String,
}

impl MirroredRun {
    pub(crate) fn new(archive: &Arc<Archive>, id: &str) -> Self {
        Self { archive: Arc::clone(archive), id: id.to_owned() }
    }

    /// What the mirror is of.
    pub(crate) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// What the server said of the run, and what of that is missing, each in a sentence.
    pub(crate) fn read(&self) -> Result<(Run, Vec<String>), Error> {
        let record = self.record()?;
        let known = self.archive.runs.get(&self.id);
        let place = self.archive.root.join(RUNS);
        let row = self.archive.text(known.and_then(|known| known.row));
        let row = row.map_err(|error| unreadable(&place, error))?;
        let project = self.archive.project()?;
        let mut incomplete = self.told_by(record.as_ref(), Part::Runs);
        let read = row.map(|text| Row::parse(&text).map(run_of));
        if matches!(read, Some(Err(_))) {
            incomplete.push(self.of_run(&format!("its line in {} cannot be read", place.display())));
        }
        let run = read.and_then(Result::ok).unwrap_or_else(|| {
            let mut run = Run::new(project.entity(), project.project(), &self.id, "");
            if let Some(record) = record {
                run.created_at = record.created_at.map(Into::into);
                run.heartbeat_at = record.heartbeat_at.map(Into::into);
                run.state = record.state.as_deref().map(Into::into);
            }
            run
        });
        Ok((run, incomplete))
    }

    /// What is missing of a part of the run, or may be other than the server has it, each in a sentence.
    pub(crate) fn told(&self, part: Part) -> Result<Vec<String>, Error> {
        Ok(self.told_by(self.record()?.as_ref(), part))
    }

    fn told_by(&self, record: Option<&RunRecord>, part: Part) -> Vec<String> {
        let Some(record) = record else {
            return vec![self.of_run("the mirror does not say what it has of it")];
        };
        let told = [&record.missing, &record.inexact];
        let mut told: Vec<String> =
            told.into_iter().filter_map(|told| told.get(part.name())).flatten().cloned().collect();
        match record.as_of(part) {
            None if told.is_empty() => told.push(format!("the mirror was made without this part: {part}")),
            Some(as_of) if as_of != record.as_of => {
                told.push(format!("{part}: the mirror has them as they were before the run changed last"));
            }
            _ => {}
        }
        told.iter().map(|what| self.of_run(what)).collect()
    }

    pub(super) fn of_run(&self, what: &str) -> String {
        format!("{}/{}: {what}", self.archive.header.project, self.id)
    }

    /// The table of a part that should be there, and how many rows it should have.
    pub(super) fn table(&self, part: Part) -> Result<Option<(PathBuf, Stored)>, Error> {
        let Some(record) = self.record()? else { return Ok(None) };
        let here = record.here();
        let stored =
            record.table(part).filter(|stored| stored.rows > 0 && is_safe(&format!("{here}.parquet")));
        Ok(stored.map(|stored| (self.archive.root.join(place(part, here)), stored.clone())))
    }

    /// The file of what the run has printed; none if it has printed nothing.
    ///
    /// # Errors
    /// If the mirror does not know.
    pub(crate) fn log(&self) -> Result<Option<PathBuf>, Error> {
        let told = self.told(Part::Logs)?;
        let file = self.table(Part::Logs)?.map(|(place, _)| place);
        match told.is_empty() || file.is_some() {
            true => Ok(file),
            false => Err(Error::Mirror { folder: self.archive.root.clone(), message: told.join("; ") }),
        }
    }

    /// The files of the run and where they are, in the server's order. Those that a damaged manifest has in other places
    /// than the run's own folder are left out.
    pub(crate) fn files(&self) -> Result<Vec<(model::File, PathBuf)>, Error> {
        let Some(record) = self.record()? else { return Ok(Vec::new()) };
        if !is_safe(record.here()) {
            return Ok(Vec::new());
        }
        let folder = self.archive.root.join(place(Part::Files, record.here()));
        let is_inside = |file: &&super::record::File| is_safe(file.here());
        let files = record.files().filter(is_inside).map(|file| {
            let mut model = model::File::new("", &file.name);
            (model.size, model.md5) = (Some(file.bytes), Some(file.md5.clone()));
            (model, folder.join(file.here()))
        });
        Ok(files.collect())
    }

    fn record(&self) -> Result<Option<RunRecord>, Error> {
        let known = self.archive.runs.get(&self.id);
        let read = || {
            let text = self.archive.text(known.and_then(|known| known.record))?;
            Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?)
        };
        read().map_err(|error| unreadable(&self.archive.root.join(MANIFEST), error))
    }
}
