//! What a mirror knows of its runs: the manifest, the journal behind it, and where their rows are.
//!
//! In memory there is only an index, some hundred bytes a run; records and rows are read when they are wanted.

use std::collections::BTreeMap;
use std::io;

use wandb_core::BaseUrl;

use super::disk::{Appended, Disk, OpenFile, read_at};
use super::index::{self, Added, Known, Place, Runs, read_journal, read_manifest, read_rows};
use super::journal;
use super::layout::{FOLDERS, JOURNAL, MANIFEST, RUN_TABLE, RUNS, SWEEP_TABLE};
use super::record::{Header, RunRecord, Stored};
use crate::error::Error;

/// The state of a mirror.
#[derive(Debug)]
pub(super) struct Store {
    disk: Disk,
    header: Header,
    runs: Runs,
    manifest: Option<Box<dyn OpenFile>>,
    rows: Option<Box<dyn OpenFile>>,
    /// Until the manifest says what it says.
    journal: Option<Appended>,
    /// Whether there is anything that the manifest does not say.
    is_unsettled: bool,
    /// Whether there are rows that the table of runs does not have.
    has_new_rows: bool,
}

impl Store {
    /// Opens what is in the folder, for the project that `header` tells.
    ///
    /// # Errors
    /// If it is a mirror of something else, or of a later version.
    pub(super) fn open(disk: Disk, header: Header) -> Result<Self, Error> {
        let failed = |doing: &str, here: &str, disk: &Disk| {
            let doing = format!("{doing} {}", disk.place(here).display());
            move |error| Error::io(doing, error)
        };
        let mut runs = Runs::new();
        let reading = |here| failed("reading", here, &disk);
        let mut manifest = disk.open_file(MANIFEST).map_err(reading(MANIFEST))?;
        let mut rows = disk.open_file(RUNS).map_err(reading(RUNS))?;
        let mut found = None;
        if let Some(file) = &mut manifest {
            (found, _) = read_manifest(file, &mut runs).map_err(reading(MANIFEST))?;
        }
        let had_manifest = found.is_some();
        let mut journal = disk.open_file(JOURNAL).map_err(reading(JOURNAL))?;
        if !had_manifest && journal.is_none() {
            is_free(&disk)?;
        }
        if let Some(file) = &mut rows {
            read_rows(file, &mut runs).map_err(reading(RUNS))?;
        }
        let added = match &mut journal {
            Some(file) => read_journal(file, &mut runs).map_err(reading(JOURNAL))?,
            None => Added::default(),
        };
        let Added { header: begun_with, has_runs: is_unsettled, has_rows: has_new_rows, mut whole } = added;
        found = found.or(begun_with);
        if !had_manifest && !is_unsettled {
            // Nothing was mirrored yet, whatever somebody may have begun to.
            (found, whole) = (None, 0);
        }
        let header = match found {
            Some(found) => same(&disk, found, &header)?,
            None => header,
        };
        let mut journal = disk.open_to_append(JOURNAL, whole).map_err(failed("opening", JOURNAL, &disk))?;
        if journal.len() == 0 {
            // Synced with the first run, before which it counts for nothing.
            let begun = journal::header_line(&header).and_then(|line| journal.append(&line));
            begun.map_err(failed("writing", JOURNAL, &disk))?;
        }
        Ok(Self { disk, header, runs, manifest, rows, journal: Some(journal), is_unsettled, has_new_rows })
    }

    /// What is known of a run.
    pub(super) fn known(&self, id: &str) -> Option<&Known> {
        self.runs.get(id).filter(|known| known.record.is_some())
    }

    /// All runs that there are records of, in order of ids.
    pub(super) fn runs(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.runs.iter().filter(|(_, known)| known.record.is_some()).map(|(id, known)| (id.as_str(), known))
    }

    /// The tables of the project that are there.
    pub(super) fn tables(&self) -> &BTreeMap<String, Stored> {
        &self.header.tables
    }

    /// What the server lacked when the project was copied last.
    pub(super) fn unsupported(&self) -> &[String] {
        &self.header.unsupported
    }

    /// Notes what the server lacks.
    pub(super) fn set_unsupported(&mut self, unsupported: Vec<String>) {
        if self.header.unsupported != unsupported {
            self.header.unsupported = unsupported;
            self.is_unsettled = true;
        }
    }

    /// Notes a table of the project.
    pub(super) fn set_table(&mut self, name: &str, stored: Stored) {
        if self.header.tables.get(name) != Some(&stored) {
            self.header.tables.insert(name.to_owned(), stored);
            self.is_unsettled = true;
        }
    }

    /// Whether there are rows of runs that the table of runs does not have.
    pub(super) fn has_new_rows(&self) -> bool {
        self.has_new_rows
    }

    /// Gives up the rows of all runs that the server still has, so that they are fetched again. Those of the others are
    /// nowhere else.
    pub(super) fn forget_rows(&mut self) {
        for known in self.runs.values_mut().filter(|known| !known.gone) {
            if matches!(known.row, Some(Place::Rows(_))) {
                known.row = None;
            }
        }
    }

    /// Forgets a table of the project.
    pub(super) fn forget_table(&mut self, name: &str) {
        self.header.tables.remove(name);
        self.is_unsettled = true;
    }

    /// The record of a run.
    pub(super) fn record(&mut self, id: &str) -> io::Result<Option<RunRecord>> {
        let Some(place) = self.runs.get(id).and_then(|known| known.record) else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&self.text(place)?)?))
    }

    /// The rows of all runs, the oldest run first.
    pub(super) fn in_order(&self) -> Vec<String> {
        index::in_order(&self.runs)
    }

    /// The row of a run as JSON text.
    pub(super) fn row(&mut self, id: &str) -> io::Result<Vec<u8>> {
        match self.runs.get(id).and_then(|known| known.row) {
            Some(place) => self.text(place),
            None => Ok(Vec::new()),
        }
    }

    fn text(&mut self, place: Place) -> io::Result<Vec<u8>> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "it has been removed meanwhile");
        match place {
            Place::Manifest(span) => {
                read_at(self.manifest.as_mut().ok_or_else(gone)?, span.offset, span.len as usize)
            }
            Place::Rows(span) => {
                read_at(self.rows.as_mut().ok_or_else(gone)?, span.offset, span.len as usize)
            }
            Place::Journal(span) => {
                self.journal.as_mut().ok_or_else(gone)?.read_at(span.offset, span.len as usize)
            }
        }
    }

    /// Notes what has become of a run. It outlives a crash once [`sync`](Self::sync) has been called.
    pub(super) fn note(&mut self, record: &RunRecord, row: Option<&str>) -> io::Result<()> {
        let (line, mut record_at, mut row_at) = journal::run_line(record, row)?;
        let journal = self.journal.as_mut().ok_or_else(settled)?;
        let at = journal.len();
        journal.append(&line)?;
        record_at.offset += at;
        self.is_unsettled = true;
        let known = self.runs.entry(record.run.clone()).or_insert_with(Known::new);
        known.note(record, Place::Journal(record_at));
        if let Some(row_at) = &mut row_at {
            row_at.offset += at;
            known.row = Some(Place::Journal(*row_at));
            self.has_new_rows = true;
        }
        Ok(())
    }

    /// Waits until the disk has all that was noted.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.journal.as_mut().ok_or_else(settled)?.sync()
    }

    /// Writes the manifest, if it does not say everything, and ends the journal. Nothing can be noted after that.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.is_unsettled || self.manifest.is_none() {
            let mut file = self.disk.create()?;
            write_line(&mut file, &serde_json::to_vec(&self.header)?)?;
            let records: Vec<Place> = self.runs.values().filter_map(|known| known.record).collect();
            for place in &records {
                write_line(&mut file, &self.text(*place)?)?;
            }
            // Closed before it is replaced, as some systems ask for.
            self.manifest = None;
            file.put(MANIFEST, records.len() as u64)?;
        }
        self.journal = None;
        self.disk.remove(JOURNAL)
    }

    /// Lets go of the rows, which are about to be replaced.
    pub(super) fn close_rows(&mut self) {
        self.rows = None;
    }
}

fn settled() -> io::Error {
    io::Error::other("the mirror has been settled")
}

fn write_line(file: &mut impl io::Write, text: &[u8]) -> io::Result<()> {
    file.write_all(text)?;
    file.write_all(b"\n")
}

/// Whether there is nothing in the way of a mirror, in a folder that holds none.
fn is_free(disk: &Disk) -> Result<(), Error> {
    for own in [RUNS, RUN_TABLE, SWEEP_TABLE, "files"].into_iter().chain(FOLDERS) {
        let exists = disk.exists(own);
        if exists.map_err(|error| Error::io(format!("looking for {}", disk.place(own).display()), error))? {
            return Err(Error::usage(format!(
                "{} holds {own}, and no mirror; choose an empty folder, or a new one",
                disk.root().display()
            )));
        }
    }
    Ok(())
}

/// The header that was found, if it is of the same mirror.
fn same(disk: &Disk, found: Header, wanted: &Header) -> Result<Header, Error> {
    let folder = disk.root().to_owned();
    found.check(&folder)?;
    if found.project != wanted.project || !is_same_server(&found.server, &wanted.server) {
        return Err(Error::usage(format!(
            "{} holds a mirror of {} on {}; choose another folder for {} on {}",
            folder.display(),
            found.project,
            found.server,
            wanted.project,
            wanted.server
        )));
    }
    Ok(found)
}

/// Whether two base URLs are those of one deployment: the public one has several.
fn is_same_server(one: &str, other: &str) -> bool {
    let app = |url: &str| BaseUrl::parse(url).map(|url| url.app_url()).ok();
    one == other || app(one).is_some_and(|one| Some(one) == app(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_server_has_several_addresses() {
        assert!(is_same_server("https://api.wandb.ai", "https://api.forge.coreweave.com"));
        assert!(is_same_server("http://127.0.0.1:80", "http://127.0.0.1:80"));
        assert!(!is_same_server("https://api.wandb.ai", "https://wandb.example.org"));
    }
}
