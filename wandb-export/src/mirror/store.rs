//! What a mirror knows of its runs: the manifest, the journal behind it, and where their rows are.
//!
//! In memory there is only an index, some hundred bytes a run; records and rows are read when they are wanted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use wandb_core::BaseUrl;

use super::contents::Part;
use super::disk::{Appended, Disk, read_at};
use super::journal::{self, Line, Span};
use super::layout::{JOURNAL, MANIFEST, RUN_TABLE, RUNS, SWEEP_TABLE};
use super::record::{FORMAT, Fingerprint, Header, RunRecord, Stored};
use crate::error::Error;

/// The state of a mirror.
#[derive(Debug)]
pub(super) struct Store {
    disk: Disk,
    header: Header,
    runs: BTreeMap<String, Known>,
    manifest: Option<File>,
    rows: Option<File>,
    /// Until the manifest says what it says.
    journal: Option<Appended>,
    /// Whether there is anything that the manifest does not say.
    is_unsettled: bool,
    /// Whether there are rows that the table of runs does not have.
    has_new_rows: bool,
}

/// What is in memory of a run.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// What its files are called, where that is not the id.
    pub(super) here: Option<Box<str>>,
    /// What it looked like when each part was taken.
    as_of: [Option<Fingerprint>; Part::ALL.len()],
    /// Which parts lack something that is to be tried again.
    missing: [bool; Part::ALL.len()],
    /// Which parts have something that is not exact, and that no trying again mends.
    inexact: [bool; Part::ALL.len()],
    pub(super) gone: bool,
    created_at: Box<str>,
    record: Option<Place>,
    row: Option<Place>,
}

/// Where a text is.
#[derive(Debug, Clone, Copy)]
enum Place {
    Manifest(Span),
    Rows(Span),
    Journal(Span),
}

impl Known {
    fn new() -> Self {
        Self {
            here: None,
            as_of: [None; Part::ALL.len()],
            missing: [false; Part::ALL.len()],
            inexact: [false; Part::ALL.len()],
            gone: false,
            created_at: "".into(),
            record: None,
            row: None,
        }
    }

    fn note(&mut self, record: &RunRecord, place: Place) {
        self.here = record.here.as_deref().map(Into::into);
        self.created_at = record.created_at.as_deref().unwrap_or_default().into();
        self.as_of = Part::ALL.map(|part| record.as_of(part));
        self.missing = Part::ALL.map(|part| record.missing.contains_key(part.name()));
        self.inexact = Part::ALL.map(|part| record.inexact.contains_key(part.name()));
        self.gone = record.gone;
        self.record = Some(place);
    }

    /// What the run looked like when the part was taken, if it is there.
    pub(super) fn as_of(&self, part: Part) -> Option<Fingerprint> {
        // Whoever has removed the rows wants them again.
        let is_there = self.record.is_some() && (part != Part::Runs || self.row.is_some());
        self.as_of[part as usize].filter(|_| is_there)
    }

    /// Whether something of a part is not exact, and no trying again mends it.
    pub(super) fn is_inexact(&self, part: Part) -> bool {
        self.inexact[part as usize]
    }

    /// Whether something is missing of a part that is to be tried again.
    pub(super) fn lacks(&self, part: Part) -> bool {
        self.missing[part as usize]
    }
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
        let mut runs = BTreeMap::new();
        let reading = |here| failed("reading", here, &disk);
        let manifest = disk.open_file(MANIFEST).map_err(reading(MANIFEST))?;
        let rows = disk.open_file(RUNS).map_err(reading(RUNS))?;
        let mut found = None;
        if let Some(file) = &manifest {
            found = read_manifest(file, &mut runs).map_err(reading(MANIFEST))?;
        }
        let had_manifest = found.is_some();
        let journal = disk.open_file(JOURNAL).map_err(reading(JOURNAL))?;
        if !had_manifest && journal.is_none() {
            is_free(&disk)?;
        }
        if let Some(file) = &rows {
            read_rows(file, &mut runs).map_err(reading(RUNS))?;
        }
        let (mut is_unsettled, mut has_new_rows) = (false, false);
        let mut whole = 0;
        if let Some(file) = journal {
            let note = |line| match line {
                Line::Header(header) => {
                    if !had_manifest {
                        found = Some(header);
                    }
                }
                Line::Run { record, record_at, row_at } => {
                    is_unsettled = true;
                    let known = runs.entry(record.run.clone()).or_insert_with(Known::new);
                    known.note(&record, Place::Journal(record_at));
                    if let Some(row_at) = row_at {
                        known.row = Some(Place::Journal(row_at));
                        has_new_rows = true;
                    }
                }
            };
            whole = journal::read(BufReader::new(file), note).map_err(reading(JOURNAL))?;
        }
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
            let begun = journal::header_line(&header)
                .and_then(|line| journal.append(&line))
                .and_then(|()| journal.sync());
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
        let mut ids: Vec<_> = self.runs.iter().filter(|(_, known)| known.row.is_some()).collect();
        ids.sort_by(|(id, known), (other, other_known)| {
            (&known.created_at, id).cmp(&(&other_known.created_at, other))
        });
        ids.into_iter().map(|(id, _)| id.clone()).collect()
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
    let own = [RUNS, RUN_TABLE, SWEEP_TABLE, "history", "system", "logs", "files"];
    match own.into_iter().find(|own| disk.place(own).exists()) {
        None => Ok(()),
        Some(found) => Err(Error::usage(format!(
            "{} holds {found}, and no mirror; choose an empty folder, or a new one",
            disk.root().display()
        ))),
    }
}

/// The header that was found, if it is of the same mirror.
fn same(disk: &Disk, found: Header, wanted: &Header) -> Result<Header, Error> {
    let folder = disk.root().to_owned();
    if found.format > FORMAT {
        return Err(Error::Mirror {
            folder,
            message: format!("it was written by a later version of this program (format {})", found.format),
        });
    }
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

/// Reads the manifest. Runs whose lines cannot be read are not known, and so will be mirrored again.
fn read_manifest(file: &File, runs: &mut BTreeMap<String, Known>) -> io::Result<Option<Header>> {
    let mut header = None;
    each_line(file, |span, text| {
        if span.offset == 0 {
            header = Some(serde_json::from_slice::<Header>(text)?);
        } else if let Ok(record) = serde_json::from_slice::<RunRecord>(text) {
            let known = runs.entry(record.run.clone()).or_insert_with(Known::new);
            known.note(&record, Place::Manifest(span));
        }
        Ok(())
    })?;
    Ok(header)
}

/// The id comes first in every row.
const ROW_BEGIN: &[u8] = br#"{"id":"#;

fn read_rows(file: &File, runs: &mut BTreeMap<String, Known>) -> io::Result<()> {
    each_line(file, |span, text| {
        let id = text
            .strip_prefix(ROW_BEGIN)
            .and_then(|text| serde_json::Deserializer::from_slice(text).into_iter::<String>().next()?.ok());
        if let Some(known) = id.and_then(|id| runs.get_mut(&id)) {
            known.row = Some(Place::Rows(span));
        }
        Ok(())
    })
}

fn each_line(file: &File, mut each: impl FnMut(Span, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 << 10, file);
    let mut text = Vec::new();
    let mut offset = 0;
    while reader.read_until(b'\n', &mut text)? > 0 {
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        if let Ok(len) = u32::try_from(line.len()) {
            each(Span { offset, len }, line)?;
        }
        offset += text.len() as u64;
        text.clear();
    }
    Ok(())
}

/// What would be known of a run with this record and a row.
#[cfg(test)]
pub(super) fn known_for_tests(record: &RunRecord) -> Known {
    let mut known = Known::new();
    known.note(record, Place::Journal(Span { offset: 0, len: 0 }));
    known.row = known.record;
    known
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
