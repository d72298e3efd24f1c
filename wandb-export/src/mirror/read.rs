//! Read-only access to a mirror.
//!
//! Reading takes no locks and writes nothing, so anyone can read a mirror, even during a sync: files are
//! replaced atomically, and open files keep their content.

mod rows;
mod run;

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use rows::MirroredRows;
pub(crate) use run::MirroredRun;
use wandb_core::model::Sweep;
use wandb_core::operation::Field;
use wandb_core::{BaseUrl, ProjectPath};
use wandb_graphql::ops::Detail;
use wandb_storage::{Folder, LogStorage, Object, ObjectReader, Storage as _, read_range};

use super::disk::place;
use super::index::{Added, Place, Runs, in_order, read_journal, read_manifest, read_rows};
use super::layout::{JOURNAL, MANIFEST, RUNS, SWEEP_TABLE};
use super::record::Header;
use super::{journal, tables};
use crate::error::Error;
use crate::issue::Issue;

/// The most bytes to read of a header. Real ones are far shorter.
const LONGEST_HEADER: u64 = 1 << 20;

/// The most attempts to open a mirror while a sync replaces its files.
const MAX_LOOKS: u32 = 5;

/// Returns whether a folder is the mirror of a project.
pub(crate) fn is_mirror(folder: &Path) -> io::Result<bool> {
    let Some(folder) = present(Folder::open(folder).map(Some))? else { return Ok(false) };
    let first_line = |object: io::Result<Option<Arc<dyn Object>>>| {
        let Some(object) = present(object)? else { return Ok(None) };
        let mut line = Vec::new();
        let read =
            BufReader::new(ObjectReader::new(object, 0).take(LONGEST_HEADER)).read_until(b'\n', &mut line);
        present(read.map(|_| Some(line)))
    };
    // Look at the journal first: a sync that ends meanwhile writes the manifest before it removes the
    // journal.
    if first_line(folder.read_log(JOURNAL))?.is_some_and(|line| journal::is_header(&line)) {
        return Ok(true);
    }
    Ok(first_line(folder.open_object(MANIFEST))?
        .is_some_and(|line| serde_json::from_slice::<Header>(&line).is_ok()))
}

/// Takes something else in the place of a file or folder for its absence.
fn present<T>(found: io::Result<Option<T>>) -> io::Result<Option<T>> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    match found {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => Ok(None),
        found => found,
    }
}

/// A mirror opened for reading.
#[derive(Debug)]
pub(crate) struct MirrorReader {
    root: PathBuf,
    storage: Arc<dyn LogStorage>,
    header: Header,
    runs: Runs,
    texts: Texts,
    issues: Vec<Issue>,
}

/// The objects that hold records and rows, kept open so that their content does not change.
#[derive(Debug)]
struct Texts {
    manifest: Option<Arc<dyn Object>>,
    rows: Option<Arc<dyn Object>>,
    journal: Option<Arc<dyn Object>>,
}

impl MirrorReader {
    /// Opens the mirror in a folder, which must [be one](is_mirror).
    ///
    /// # Errors
    /// If the mirror cannot be read, or was written by a later version.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(format!("reading the mirror in {}", root.display()), error);
        let storage = Folder::open(root).map_err(failed)?;
        let mut looks = 0;
        loop {
            looks += 1;
            // A sync ends by replacing the rows, replacing the manifest and removing the journal. Opening the
            // files in the reverse order misses nothing, unless a whole sync runs in between.
            let open = |here| present(storage.open_object(here)).map_err(failed);
            let journal = present(storage.read_log(JOURNAL)).map_err(failed)?;
            let texts = Texts { journal, manifest: open(MANIFEST)?, rows: open(RUNS)? };
            if looks == MAX_LOOKS || is_same(open(MANIFEST)?.as_deref(), texts.manifest.as_deref()) {
                return Self::of(root, Arc::new(storage), texts);
            }
        }
    }

    fn of(root: &Path, storage: Arc<dyn LogStorage>, texts: Texts) -> Result<Self, Error> {
        let failed = |error| Error::io(format!("reading the mirror in {}", root.display()), error);
        let whole = |object: &Arc<dyn Object>| ObjectReader::new(Arc::clone(object), 0);
        let mut runs = Runs::new();
        let mut issues = Vec::new();
        let mut header = None;
        if let Some(file) = &texts.manifest {
            let unreadable;
            (header, unreadable) = read_manifest(whole(file), &mut runs).map_err(failed)?;
            if unreadable > 0 {
                let detail = format!("{unreadable} unreadable lines, each for one run");
                issues.push(Issue::FileDamaged { file: root.join(MANIFEST), detail });
            }
        } else {
            issues.push(Issue::MirrorIncomplete {
                subject: root.display().to_string(),
                detail: "the mirror is not finished yet; there may be more".to_owned(),
            });
        }
        if let Some(file) = &texts.rows {
            read_rows(whole(file), &mut runs).map_err(failed)?;
        }
        if let Some(file) = &texts.journal {
            let Added { header: begun_with, .. } = read_journal(whole(file), &mut runs).map_err(failed)?;
            header = header.or(begun_with);
        }
        let header = header.ok_or_else(|| Error::Mirror {
            folder: root.to_owned(),
            message: "neither its manifest nor its journal names a project".to_owned(),
        })?;
        header.check(root)?;
        Ok(Self { root: root.to_owned(), storage, header, runs, texts, issues })
    }

    /// Returns the project.
    pub(crate) fn project(&self) -> Result<ProjectPath, Error> {
        let (entity, project) = self.header.project.split_once('/').unwrap_or(("", &self.header.project));
        Ok(ProjectPath::new(entity, project)?)
    }

    /// Returns the server that the mirror was copied from, if the header has a valid address.
    pub(crate) fn server(&self) -> Option<BaseUrl> {
        BaseUrl::parse(&self.header.server).ok()
    }

    /// Returns a note for each field of runs that the server did not support.
    fn unsupported_fields(&self) -> impl Iterator<Item = Issue> {
        let names = self.header.unsupported.iter().filter_map(|name| name.split_once('.'));
        let fields = names.map(|(on_type, name)| Field::named(on_type, name));
        let of_runs = fields.filter(|field| Detail::Full.optional_fields().contains(field));
        of_runs.map(|field| Issue::UnsupportedField { field, requested: false })
    }

    /// Returns the issues of the project as a whole.
    pub(crate) fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Returns the ids of all runs, oldest first. Runs without a row come last.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = in_order(&self.runs);
        ids.extend(self.runs.iter().filter(|(_, known)| known.row.is_none()).map(|(id, _)| id.clone()));
        ids
    }

    /// Returns whether the mirror has a run.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.runs.contains_key(id)
    }

    /// Returns a sweep, if the mirror has it.
    pub(crate) fn sweep(&self, id: &str) -> Result<Option<Sweep>, Error> {
        let Some(table) = self.open_object(SWEEP_TABLE)? else { return Ok(None) };
        for batch in rows::batches(table, &self.place(SWEEP_TABLE))? {
            let found = batch?.iter().filter_map(tables::sweep_of).find(|sweep| sweep.id == id);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn text(&self, place: Option<Place>) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = place else { return Ok(None) };
        let (object, span) = match place {
            Place::Manifest(span) => (&self.texts.manifest, span),
            Place::Rows(span) => (&self.texts.rows, span),
            Place::Journal(span) => (&self.texts.journal, span),
        };
        object.as_deref().map(|object| read_range(object, span.range())).transpose()
    }

    /// Returns the full path of a file.
    fn place(&self, here: &str) -> PathBuf {
        place(&self.root, here)
    }

    /// Opens a file. Links that lead out of the mirror are an error.
    fn open_object(&self, here: &str) -> Result<Option<Arc<dyn Object>>, Error> {
        present(self.storage.open_object(here)).map_err(|error| unreadable(&self.place(here), error))
    }
}

/// Returns whether the opened manifest is still the current one.
fn is_same(current: Option<&dyn Object>, opened: Option<&dyn Object>) -> bool {
    let version = |object: Option<&dyn Object>| object.and_then(|object| object.version().ok());
    version(current) == version(opened)
}

fn unreadable(place: &Path, error: io::Error) -> Error {
    Error::io(format!("reading {}", place.display()), error)
}
