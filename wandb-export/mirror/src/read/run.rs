//! Reads what a mirror holds of one run.

use std::sync::Arc;

use wandb_core::model::{self, Run, Timestamp};
use wandb_core::{Row, run_row};
use wandb_storage::safe_names::is_safe;

use super::{MirrorReader, MirroredFile, unreadable};
use crate::contents::Part;
use crate::error::{Error, Problem};
use crate::gap::Gap;
use crate::layout::{MANIFEST, RUNS, place, stays_inside};
use crate::record::{RunRecord, Stored};

/// A run of a mirror.
#[derive(Debug, Clone)]
pub struct MirroredRun {
    mirror: Arc<MirrorReader>,
    id: String,
}

impl MirroredRun {
    /// Creates a handle for the run with this id, which the mirror should [have](MirrorReader::has).
    pub fn new(mirror: &Arc<MirrorReader>, id: &str) -> Self {
        Self { mirror: Arc::clone(mirror), id: id.to_owned() }
    }

    /// Returns the mirror.
    pub fn mirror(&self) -> &MirrorReader {
        &self.mirror
    }

    /// Returns when the run was created, without reading its record or row.
    pub fn created_at(&self) -> Option<Timestamp> {
        let entry = self.mirror.runs.get(&self.id)?;
        (!entry.created_at.is_empty()).then(|| (&*entry.created_at).into())
    }

    /// Returns the run's path on its server.
    ///
    /// # Errors
    /// If the id is not valid in a path.
    pub fn path(&self) -> Result<wandb_core::RunPath, Error> {
        let project = self.mirror.project()?;
        Ok(wandb_core::RunPath::new(project.entity(), project.project(), &self.id)?)
    }

    /// Reads the run's fields, and the gaps in them.
    pub fn read(&self) -> Result<(Run, Vec<Gap>), Error> {
        let record = self.record()?;
        let entry = self.mirror.runs.get(&self.id);
        let place = self.mirror.root.join(RUNS);
        let row = self.mirror.text(entry.and_then(|entry| entry.row));
        let row = row.map_err(|error| unreadable(&place, error))?;
        let project = self.mirror.project()?;
        let mut gaps = self.recorded_gaps(record.as_ref(), Part::Runs);
        let read = row.and_then(|text| Row::parse(&text).ok()).map(run_row::from_row);
        let is_known = entry.is_some_and(|entry| entry.row.is_some())
            || record.as_ref().is_some_and(|record| record.row.is_some());
        if read.is_none() && is_known {
            let place = place.display();
            gaps.push(self.gap(&format!("its line in {place} is missing or unreadable")));
        }
        let mut run = read.unwrap_or_else(|| {
            let mut run = Run::new(project.entity(), project.project(), &self.id, "");
            if let Some(record) = record {
                run.created_at = record.created_at.map(Into::into);
                run.heartbeat_at = record.heartbeat_at.map(Into::into);
                run.state = record.state.as_deref().map(Into::into);
            }
            run
        });
        // Ignore the project and id in the line: it was looked up as the line of this run.
        project.entity().clone_into(&mut run.entity);
        project.project().clone_into(&mut run.project);
        run.id.clone_from(&self.id);
        Ok((run, gaps))
    }

    /// Returns the gaps of a part of the run.
    pub fn gaps(&self, part: Part) -> Result<Vec<Gap>, Error> {
        Ok(self.recorded_gaps(self.record()?.as_ref(), part))
    }

    fn recorded_gaps(&self, record: Option<&RunRecord>, part: Part) -> Vec<Gap> {
        let Some(record) = record else {
            return vec![self.gap("the mirror has no record of it")];
        };
        let recorded = [&record.missing, &record.inexact];
        let mut details: Vec<String> = recorded
            .into_iter()
            .filter_map(|messages| messages.get(part.name()))
            .flatten()
            .cloned()
            .collect();
        match record.as_of(part) {
            None if details.is_empty() => {
                details.push(format!("the mirror was made without this part: {part}"));
            }
            Some(as_of) if as_of != record.as_of => {
                details.push(format!("{part}: the mirror's copy is older than the run's last change"));
            }
            _ => {}
        }
        // The caller asked for this part, so what the server does not support counts as missing.
        details.extend(record.unsupported.get(part.name()).into_iter().flatten().cloned());
        details.iter().map(|detail| self.gap(detail)).collect()
    }

    pub(super) fn gap(&self, detail: &str) -> Gap {
        let subject = format!("{}/{}", self.mirror.header.project, self.id);
        Gap::Incomplete { subject, detail: detail.to_owned() }
    }

    /// Returns the table of a part and its expected content, if the part has rows.
    pub(super) fn table(&self, part: Part) -> Result<Option<(String, Stored)>, Error> {
        let Some(record) = self.record()? else { return Ok(None) };
        let stored = record.table(part).filter(|stored| stored.rows > 0);
        Ok(stored.map(|stored| (place(part, record.here()), stored.clone())))
    }

    /// Returns the log file, or `None` if the run printed nothing.
    pub fn log(&self) -> Result<Option<MirroredFile>, Error> {
        self.table(Part::Logs)?.map(|(here, _)| self.file(here)).transpose()
    }

    /// Returns the files of the run, in the server's order.
    pub fn files(&self) -> Result<Vec<(model::File, MirroredFile)>, Error> {
        let Some(record) = self.record()? else { return Ok(Vec::new()) };
        let here = place(Part::Files, record.here());
        let files = record.files().map(|file| {
            let mut model = model::File::new("", &file.name);
            (model.size, model.md5) = (Some(file.bytes), Some(file.md5.clone()));
            Ok((model, self.file(format!("{here}/{}", file.here()))?))
        });
        files.collect()
    }

    /// Returns a file. Fails now rather than at the first read if a link leads out of the mirror.
    fn file(&self, here: String) -> Result<MirroredFile, Error> {
        self.mirror.open_object(&here)?;
        Ok(MirroredFile::new(&self.mirror, here))
    }

    /// Reads the record of the run. Fails if it names files outside the mirror, since a mirror from elsewhere
    /// may claim anything.
    fn record(&self) -> Result<Option<RunRecord>, Error> {
        let entry = self.mirror.runs.get(&self.id);
        let read = || {
            let text = self.mirror.text(entry.and_then(|entry| entry.record))?;
            Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?)
        };
        let record: Option<RunRecord> =
            read().map_err(|error| unreadable(&self.mirror.root.join(MANIFEST), error))?;
        let is_inside = |record: &RunRecord| {
            stays_inside(record.here()) && record.files().all(|file| is_safe(file.here()))
        };
        if record.as_ref().is_some_and(|record| !is_inside(record)) {
            return Err(Error::Unusable {
                folder: self.mirror.root.clone(),
                problem: Problem::FilesOutside { run: self.id.clone() },
            });
        }
        Ok(record)
    }
}
