//! The state of a mirror: the manifest, the journal and the rows of all runs.
//!
//! Memory holds only an index of a few hundred bytes per run; records and rows are read on demand.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use wandb_core::BaseUrl;
use wandb_storage::{AppendLog, Object, ObjectReader, read_range};

use crate::disk::Disk;
use crate::error::Error;
use crate::index::{
    self, IndexEntry, JournalSummary, RunIndex, TextLocation, read_journal, read_manifest, read_rows,
};
use crate::journal;
use crate::layout::{FILES, FOLDERS, JOURNAL, MANIFEST, RUN_TABLE, RUNS, SWEEP_TABLE};
use crate::record::{Header, RunRecord, Stored};

/// The state of a mirror.
#[derive(Debug)]
pub struct Store {
    pub(crate) disk: Disk,
    header: Header,
    runs: RunIndex,
    manifest: Option<Arc<dyn Object>>,
    rows: Option<Arc<dyn Object>>,
    /// `None` once the manifest contains its records.
    journal: Option<Box<dyn AppendLog>>,
    /// Whether the manifest lacks something.
    is_manifest_outdated: bool,
    /// Whether the journal has rows that the table of runs lacks.
    has_new_rows: bool,
}

impl Store {
    /// Opens the mirror of the project in `header`.
    ///
    /// # Errors
    /// If the folder holds something else or a later version.
    pub fn open(disk: Disk, header: Header) -> Result<Self, Error> {
        let failed = |doing: &str, here: &str, disk: &Disk| {
            let doing = format!("{doing} {}", disk.place(here).display());
            move |error| Error::io(doing, error)
        };
        let mut runs = RunIndex::new();
        let reading = |here| failed("reading", here, &disk);
        let whole = |object: &Arc<dyn Object>| ObjectReader::new(Arc::clone(object), 0);
        let manifest = disk.open_file(MANIFEST).map_err(reading(MANIFEST))?;
        let rows = disk.open_file(RUNS).map_err(reading(RUNS))?;
        let mut found = None;
        if let Some(manifest) = &manifest {
            (found, _) = read_manifest(whole(manifest), &mut runs).map_err(reading(MANIFEST))?;
        }
        let had_manifest = found.is_some();
        let journal = disk.read_log(JOURNAL).map_err(reading(JOURNAL))?;
        if !had_manifest && journal.is_none() {
            is_free(&disk)?;
        }
        if let Some(rows) = &rows {
            read_rows(whole(rows), &mut runs).map_err(reading(RUNS))?;
        }
        let added = match &journal {
            Some(journal) => read_journal(whole(journal), &mut runs).map_err(reading(JOURNAL))?,
            None => JournalSummary::default(),
        };
        let JournalSummary {
            header: begun_with,
            has_runs: is_manifest_outdated,
            has_rows: has_new_rows,
            mut whole,
        } = added;
        found = found.or(begun_with);
        if !had_manifest && !is_manifest_outdated {
            // Nothing was mirrored yet, so a journal of another project does not count.
            (found, whole) = (None, 0);
        }
        let header = match found {
            Some(found) => same(&disk, found, &header)?,
            None => header,
        };
        let mut journal = disk.open_log(JOURNAL, whole).map_err(failed("opening", JOURNAL, &disk))?;
        if journal.end() == 0 {
            // The header is synced with the first run. Until then, the journal does not count.
            let begun = journal::header_line(&header).and_then(|line| journal.append(&line));
            begun.map_err(failed("writing", JOURNAL, &disk))?;
        }
        Ok(Self {
            disk,
            header,
            runs,
            manifest,
            rows,
            journal: Some(journal),
            is_manifest_outdated,
            has_new_rows,
        })
    }

    /// Returns the index entry of a run that has a record.
    pub fn entry(&self, id: &str) -> Option<&IndexEntry> {
        self.runs.get(id).filter(|entry| entry.record.is_some())
    }

    /// Returns the index entries of all runs with a record, ordered by id.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &IndexEntry)> {
        self.runs.iter().filter(|(_, entry)| entry.record.is_some()).map(|(id, entry)| (id.as_str(), entry))
    }

    /// Returns the existing tables of the project.
    pub(crate) fn tables(&self) -> &BTreeMap<String, Stored> {
        &self.header.tables
    }

    /// Returns what the server lacked at the last sync.
    pub fn unsupported(&self) -> &[String] {
        &self.header.unsupported
    }

    /// Records what the server lacks.
    pub fn set_unsupported(&mut self, unsupported: Vec<String>) {
        if self.header.unsupported != unsupported {
            self.header.unsupported = unsupported;
            self.is_manifest_outdated = true;
        }
    }

    /// Records a table of the project.
    pub(crate) fn set_table(&mut self, name: &str, stored: Stored) {
        if self.header.tables.get(name) != Some(&stored) {
            self.header.tables.insert(name.to_owned(), stored);
            self.is_manifest_outdated = true;
        }
    }

    /// Returns whether the journal has rows that the table of runs lacks.
    pub fn has_new_rows(&self) -> bool {
        self.has_new_rows
    }

    /// Forgets the rows of all runs that the server still has, so that they are fetched again. The rows of
    /// deleted runs exist nowhere else.
    pub(crate) fn forget_rows(&mut self) {
        for entry in self.runs.values_mut().filter(|entry| !entry.gone) {
            if matches!(entry.row, Some(TextLocation::Rows(_))) {
                entry.row = None;
            }
        }
    }

    /// Forgets a table of the project.
    pub(crate) fn forget_table(&mut self, name: &str) {
        self.header.tables.remove(name);
        self.is_manifest_outdated = true;
    }

    /// Reads the record of a run.
    pub fn record(&self, id: &str) -> io::Result<Option<RunRecord>> {
        let Some(place) = self.runs.get(id).and_then(|entry| entry.record) else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&self.text(place)?)?))
    }

    /// Returns the ids of the runs that have a row, oldest run first.
    pub(crate) fn in_order(&self) -> Vec<String> {
        index::in_order(&self.runs)
    }

    /// Reads the row of a run as JSON text. Returns empty text if there is none.
    pub fn row(&self, id: &str) -> io::Result<Vec<u8>> {
        match self.runs.get(id).and_then(|entry| entry.row) {
            Some(place) => self.text(place),
            None => Ok(Vec::new()),
        }
    }

    fn text(&self, place: TextLocation) -> io::Result<Vec<u8>> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "it has been removed meanwhile");
        match place {
            TextLocation::Manifest(span) => {
                read_range(self.manifest.as_deref().ok_or_else(gone)?, span.range())
            }
            TextLocation::Rows(span) => read_range(self.rows.as_deref().ok_or_else(gone)?, span.range()),
            TextLocation::Journal(span) => self.journal.as_ref().ok_or_else(gone)?.read(span.range()),
        }
    }

    /// Appends a run's record and row to the journal. They survive a crash once [`sync`](Self::sync) returns.
    pub fn append(&mut self, record: &RunRecord, row: Option<&str>) -> io::Result<()> {
        let (line, mut record_at, mut row_at) = journal::run_line(record, row)?;
        let journal = self.journal.as_mut().ok_or_else(finished)?;
        let at = journal.end();
        journal.append(&line)?;
        record_at.offset += at;
        self.is_manifest_outdated = true;
        let entry = self.runs.entry(record.run.clone()).or_insert_with(IndexEntry::new);
        entry.update(record, TextLocation::Journal(record_at));
        if let Some(row_at) = &mut row_at {
            row_at.offset += at;
            entry.row = Some(TextLocation::Journal(*row_at));
            self.has_new_rows = true;
        }
        Ok(())
    }

    /// Waits until the journal is on the disk (fsync).
    pub fn sync(&mut self) -> io::Result<()> {
        self.journal.as_mut().ok_or_else(finished)?.persist()
    }

    /// Writes the manifest if it is out of date, and removes the journal. Nothing can be recorded afterwards.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.is_manifest_outdated || self.manifest.is_none() {
            let mut file = self.disk.create()?;
            write_line(&mut file, &serde_json::to_vec(&self.header)?)?;
            let records: Vec<TextLocation> = self.runs.values().filter_map(|entry| entry.record).collect();
            for place in &records {
                write_line(&mut file, &self.text(*place)?)?;
            }
            // Some systems require the file to be closed before it is replaced.
            self.manifest = None;
            file.put(MANIFEST, records.len() as u64)?;
        }
        self.journal = None;
        self.disk.remove_log(JOURNAL)
    }

    /// Closes the rows, which are about to be replaced.
    pub(crate) fn close_rows(&mut self) {
        self.rows = None;
    }
}

fn finished() -> io::Error {
    io::Error::other("the journal is already closed")
}

fn write_line(file: &mut impl io::Write, text: &[u8]) -> io::Result<()> {
    file.write_all(text)?;
    file.write_all(b"\n")
}

/// Checks that a folder without a mirror holds none of a mirror's files.
fn is_free(disk: &Disk) -> Result<(), Error> {
    for own in [RUNS, RUN_TABLE, SWEEP_TABLE, FILES].into_iter().chain(FOLDERS) {
        let own = own.trim_end_matches('/');
        let exists = disk.exists(own);
        if exists.map_err(|error| Error::io(format!("looking for {}", disk.place(own).display()), error))? {
            return Err(Error::Occupied { folder: disk.root().to_owned(), name: own.to_owned() });
        }
    }
    Ok(())
}

/// Returns the header `found` on the disk if it belongs to the wanted mirror.
fn same(disk: &Disk, found: Header, wanted: &Header) -> Result<Header, Error> {
    let folder = disk.root().to_owned();
    found.check(&folder)?;
    if found.project != wanted.project || !is_same_server(&found.server, &wanted.server) {
        return Err(Error::OtherProject {
            folder,
            found: (found.project, found.server),
            wanted: (wanted.project.clone(), wanted.server.clone()),
        });
    }
    Ok(found)
}

/// Returns whether two base URLs belong to one deployment: the public one has several.
fn is_same_server(one: &str, other: &str) -> bool {
    let app = |url: &str| BaseUrl::parse(url).map(|url| url.app_url()).ok();
    one == other || app(one).is_some_and(|one| Some(one) == app(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_server_addresses_are_equivalent() {
        assert!(is_same_server("https://api.wandb.ai", "https://api.forge.coreweave.com"));
        assert!(is_same_server("http://127.0.0.1:80", "http://127.0.0.1:80"));
        assert!(!is_same_server("https://api.wandb.ai", "https://wandb.example.org"));
    }
}
