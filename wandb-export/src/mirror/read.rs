//! Read-only access to a mirror.
//!
//! Reading takes no locks and writes nothing, so anyone can read a mirror, even during a sync: files are
//! replaced atomically, and open files keep their content.

mod rows;
mod run;

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
pub(crate) use rows::MirroredRows;
pub(crate) use run::MirroredRun;
use wandb_core::model::Sweep;
use wandb_core::operation::Field;
use wandb_core::{BaseUrl, ProjectPath};
use wandb_graphql::ops::Detail;

use super::disk::read_at;
use super::index::{Added, Place, Runs, in_order, read_journal, read_manifest, read_rows};
use super::layout::{JOURNAL, MANIFEST, RUNS, SWEEP_TABLE};
use super::record::Header;
use super::{journal, tables};
use crate::error::Error;
use crate::issue::Issue;

/// The most bytes to read of a header. Real ones are far shorter.
const LONGEST_HEADER: u64 = 1 << 20;

/// The most attempts to open a mirror while a sync replaces its files.
const MOST_LOOKS: u32 = 5;

/// Returns whether a folder is the mirror of a project.
pub(crate) fn is_mirror(folder: &Path) -> io::Result<bool> {
    let first_line = |here: &str| {
        let Some(file) = open(folder, here)? else { return Ok(None) };
        let mut line = Vec::new();
        match BufReader::new(file.take(LONGEST_HEADER)).read_until(b'\n', &mut line) {
            Ok(_) => Ok(Some(line)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    };
    // Look at the journal first: a sync that ends meanwhile writes the manifest before it removes the
    // journal.
    if first_line(JOURNAL)?.is_some_and(|line| journal::is_header(&line)) {
        return Ok(true);
    }
    Ok(first_line(MANIFEST)?.is_some_and(|line| serde_json::from_slice::<Header>(&line).is_ok()))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

/// A mirror opened for reading.
#[derive(Debug)]
pub(crate) struct MirrorReader {
    root: PathBuf,
    header: Header,
    runs: Runs,
    texts: Mutex<Texts>,
    issues: Vec<Issue>,
}

/// The files that hold records and rows, kept open so that their content does not change.
#[derive(Debug, Default)]
struct Texts {
    manifest: Option<File>,
    rows: Option<File>,
    journal: Option<File>,
}

impl MirrorReader {
    /// Opens the mirror in a folder, which must [be one](is_mirror).
    ///
    /// # Errors
    /// If the mirror cannot be read, or was written by a later version.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(format!("reading the mirror in {}", root.display()), error);
        let mut looks = 0;
        loop {
            looks += 1;
            // A sync ends by replacing the rows, replacing the manifest and removing the journal. Opening the
            // files in the reverse order misses nothing, unless a whole sync runs in between.
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
        let mut issues = Vec::new();
        let mut header = None;
        if let Some(file) = &texts.manifest {
            let unreadable;
            (header, unreadable) = read_manifest(file, &mut runs).map_err(failed)?;
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
            read_rows(file, &mut runs).map_err(failed)?;
        }
        if let Some(file) = &texts.journal {
            let Added { header: begun_with, .. } = read_journal(file, &mut runs).map_err(failed)?;
            header = header.or(begun_with);
        }
        let header = header.ok_or_else(|| Error::Mirror {
            folder: root.to_owned(),
            message: "neither its manifest nor its journal names a project".to_owned(),
        })?;
        header.check(root)?;
        Ok(Self { root: root.to_owned(), header, runs, texts: Mutex::new(texts), issues })
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
        let place = self.root.join(SWEEP_TABLE);
        let Some(file) = open(&self.root, SWEEP_TABLE).map_err(|error| unreadable(&place, error))? else {
            return Ok(None);
        };
        for batch in rows::batches(file, &place)? {
            let found = batch?.iter().filter_map(tables::sweep_of).find(|sweep| sweep.id == id);
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

/// Opens a file of the mirror in `root`. Links that lead out of the mirror are an error.
fn open(root: &Path, here: &str) -> io::Result<Option<File>> {
    let opened = Dir::open_ambient_dir(root, ambient_authority()).and_then(|root| root.open(here));
    match opened {
        Ok(file) => Ok(Some(file.into_std())),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fails if a link leads out of the mirror in `root`. A missing file is accepted.
fn check_inside(root: &Path, here: &str) -> io::Result<()> {
    let found = Dir::open_ambient_dir(root, ambient_authority()).and_then(|root| root.metadata(here));
    match found {
        Err(error) if !is_absence(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Returns whether the opened manifest is still the current one, judged by size and modification time.
fn is_same(root: &Path, opened: Option<&File>) -> bool {
    let shape =
        |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.len(), found.modified().ok()));
    shape(fs::metadata(root.join(MANIFEST))) == opened.and_then(|file| shape(file.metadata()))
}

fn unreadable(place: &Path, error: io::Error) -> Error {
    Error::io(format!("reading {}", place.display()), error)
}
