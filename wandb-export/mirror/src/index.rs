//! The in-memory index of a mirror: where each run's record and row are stored, and a summary of the record.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use crate::contents::Part;
use crate::journal::{self, Line, Span};
use crate::record::{Fingerprint, Header, RunRecord};

/// The index entries of runs, by id.
pub(crate) type RunIndex = BTreeMap<String, IndexEntry>;

/// A summary of a run's record.
#[derive(Debug, Clone)]
pub struct IndexEntry {
    /// The name of the run's files, if it differs from the id.
    pub here: Option<Box<str>>,
    /// The run's fingerprint when each part was copied.
    as_of: [Option<Fingerprint>; Part::ALL.len()],
    /// Parts with missing data, which the next mirror retries.
    missing: [bool; Part::ALL.len()],
    /// Parts with inexact data, which a retry would not improve.
    inexact: [bool; Part::ALL.len()],
    /// Whether the run no longer exists on the server.
    pub gone: bool,
    pub(crate) created_at: Box<str>,
    pub(crate) record: Option<TextLocation>,
    pub(crate) row: Option<TextLocation>,
}

/// The location of a record or row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextLocation {
    Manifest(Span),
    Rows(Span),
    Journal(Span),
}

impl IndexEntry {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn update(&mut self, record: &RunRecord, place: TextLocation) {
        self.here = record.here.as_deref().map(Into::into);
        self.created_at = record.created_at.as_deref().unwrap_or_default().into();
        self.as_of = Part::ALL.map(|part| record.as_of(part));
        self.missing = Part::ALL.map(|part| record.missing.contains_key(part.name()));
        self.inexact = Part::ALL.map(|part| record.inexact.contains_key(part.name()));
        self.gone = record.gone;
        self.record = Some(place);
    }

    /// Returns the run's fingerprint when a part was copied, or `None` if the part is absent.
    pub fn as_of(&self, part: Part) -> Option<Fingerprint> {
        // A user who removed the rows wants them fetched again.
        let is_there = self.record.is_some() && (part != Part::Runs || self.row.is_some());
        self.as_of[part as usize].filter(|_| is_there)
    }

    /// Returns whether a part has inexact data, which a retry would not improve.
    pub fn is_inexact(&self, part: Part) -> bool {
        self.inexact[part as usize]
    }

    /// Returns whether a part has missing data, which the next mirror retries.
    pub fn is_missing(&self, part: Part) -> bool {
        self.missing[part as usize]
    }
}

/// Reads the manifest and counts its unreadable lines. Their runs stay unknown and are mirrored again.
pub(crate) fn read_manifest(file: impl Read, runs: &mut RunIndex) -> io::Result<(Option<Header>, u64)> {
    let (mut header, mut unreadable) = (None, 0);
    each_line(file, |span, text| {
        if span.offset == 0 {
            header = Some(serde_json::from_slice::<Header>(text)?);
        } else if let Ok(record) = serde_json::from_slice::<RunRecord>(text) {
            let entry = runs.entry(record.run.clone()).or_insert_with(IndexEntry::new);
            entry.update(&record, TextLocation::Manifest(span));
        } else {
            unreadable += 1;
        }
        Ok(())
    })?;
    Ok((header, unreadable))
}

/// Every row starts with its id.
const ROW_BEGIN: &[u8] = br#"{"id":"#;

/// Adds the locations of the rows to the index.
pub(crate) fn read_rows(file: impl Read, runs: &mut RunIndex) -> io::Result<()> {
    each_line(file, |span, text| {
        let id = text
            .strip_prefix(ROW_BEGIN)
            .and_then(|text| serde_json::Deserializer::from_slice(text).into_iter::<String>().next()?.ok());
        if let Some(entry) = id.and_then(|id| runs.get_mut(&id)) {
            entry.row = Some(TextLocation::Rows(span));
        }
        Ok(())
    })
}

fn each_line(file: impl Read, mut each: impl FnMut(Span, &[u8]) -> io::Result<()>) -> io::Result<()> {
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

/// Describes the content of a journal.
#[derive(Debug, Default)]
pub(crate) struct JournalSummary {
    /// The first line of the journal.
    pub(crate) header: Option<Header>,
    pub(crate) has_runs: bool,
    pub(crate) has_rows: bool,
    /// The length of the readable part in bytes.
    pub(crate) whole: u64,
}

/// Adds the entries of a journal to the index.
pub(crate) fn read_journal(file: impl Read, runs: &mut RunIndex) -> io::Result<JournalSummary> {
    let mut added = JournalSummary::default();
    let note = |line| match line {
        Line::Header(header) => added.header = Some(header),
        Line::Run { record, record_at, row_at } => {
            added.has_runs = true;
            let entry = runs.entry(record.run.clone()).or_insert_with(IndexEntry::new);
            entry.update(&record, TextLocation::Journal(record_at));
            if let Some(row_at) = row_at {
                entry.row = Some(TextLocation::Journal(row_at));
                added.has_rows = true;
            }
        }
    };
    let whole = journal::read(BufReader::new(file), note)?;
    Ok(JournalSummary { whole, ..added })
}

/// Returns the ids of the runs that have a row, oldest run first.
pub(crate) fn in_order(runs: &RunIndex) -> Vec<String> {
    let mut ids: Vec<_> = runs.iter().filter(|(_, entry)| entry.row.is_some()).collect();
    ids.sort_by(|(id, entry), (other, other_entry)| {
        (&entry.created_at, id).cmp(&(&other_entry.created_at, other))
    });
    ids.into_iter().map(|(id, _)| id.clone()).collect()
}
