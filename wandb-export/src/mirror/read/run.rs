//! Reads what a mirror holds of one run.

use std::path::PathBuf;
use std::sync::Arc;

use wandb_core::model::{self, Run, Timestamp};
use wandb_core::{Row, run_row};
use wandb_storage::safe_names::is_safe;

use super::super::contents::Part;
use super::super::layout::{MANIFEST, RUNS, place, stays_inside};
use super::super::record::{RunRecord, Stored};
use super::{MirrorReader, unreadable};
use crate::error::Error;
use crate::issue::Issue;

/// A run of a mirror.
#[derive(Debug, Clone)]
pub(crate) struct MirroredRun {
    archive: Arc<MirrorReader>,
    id: String,
}

impl MirroredRun {
    pub(crate) fn new(archive: &Arc<MirrorReader>, id: &str) -> Self {
        Self { archive: Arc::clone(archive), id: id.to_owned() }
    }

    /// Returns the mirror.
    pub(crate) fn archive(&self) -> &MirrorReader {
        &self.archive
    }

    /// Returns when the run was created, without reading its record or row.
    pub(crate) fn created_at(&self) -> Option<Timestamp> {
        let known = self.archive.runs.get(&self.id)?;
        (!known.created_at.is_empty()).then(|| (&*known.created_at).into())
    }

    /// Returns the run's path on its server.
    ///
    /// # Errors
    /// If the id is not valid in a path.
    pub(crate) fn path(&self) -> Result<wandb_core::RunPath, Error> {
        let project = self.archive.project()?;
        Ok(wandb_core::RunPath::new(project.entity(), project.project(), &self.id)?)
    }

    /// Reads the run's fields, and the issues that concern them.
    pub(crate) fn read(&self) -> Result<(Run, Vec<Issue>), Error> {
        let record = self.record()?;
        let known = self.archive.runs.get(&self.id);
        let place = self.archive.root.join(RUNS);
        let row = self.archive.text(known.and_then(|known| known.row));
        let row = row.map_err(|error| unreadable(&place, error))?;
        let project = self.archive.project()?;
        let mut issues = self.recorded_issues(record.as_ref(), Part::Runs);
        let read = row.and_then(|text| Row::parse(&text).ok()).map(run_row::from_row);
        let is_known = known.is_some_and(|known| known.row.is_some())
            || record.as_ref().is_some_and(|record| record.row.is_some());
        if read.is_none() && is_known {
            let place = place.display();
            issues.push(self.issue(&format!("its line in {place} is missing or unreadable")));
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
        issues.extend(self.archive.unsupported_fields());
        Ok((run, issues))
    }

    /// Returns the issues of a part of the run: missing data, or data that may differ from the server.
    pub(crate) fn issues(&self, part: Part) -> Result<Vec<Issue>, Error> {
        Ok(self.recorded_issues(self.record()?.as_ref(), part))
    }

    fn recorded_issues(&self, record: Option<&RunRecord>, part: Part) -> Vec<Issue> {
        let Some(record) = record else {
            return vec![self.issue("the mirror has no record of it")];
        };
        let told = [&record.missing, &record.inexact];
        let mut told: Vec<String> =
            told.into_iter().filter_map(|told| told.get(part.name())).flatten().cloned().collect();
        match record.as_of(part) {
            None if told.is_empty() => told.push(format!("the mirror was made without this part: {part}")),
            Some(as_of) if as_of != record.as_of => {
                told.push(format!("{part}: the mirror's copy is older than the run's last change"));
            }
            _ => {}
        }
        // The caller asked for this part, so what the server does not support counts as missing.
        told.extend(record.unsupported.get(part.name()).into_iter().flatten().cloned());
        told.iter().map(|detail| self.issue(detail)).collect()
    }

    pub(super) fn issue(&self, detail: &str) -> Issue {
        let subject = format!("{}/{}", self.archive.header.project, self.id);
        Issue::MirrorIncomplete { subject, detail: detail.to_owned() }
    }

    /// Returns the table of a part and its expected content, if the part has rows.
    pub(super) fn table(&self, part: Part) -> Result<Option<(String, Stored)>, Error> {
        let Some(record) = self.record()? else { return Ok(None) };
        let stored = record.table(part).filter(|stored| stored.rows > 0);
        Ok(stored.map(|stored| (place(part, record.here()), stored.clone())))
    }

    /// Returns the log file, or `None` if the run printed nothing.
    pub(crate) fn log(&self) -> Result<Option<PathBuf>, Error> {
        self.table(Part::Logs)?.map(|(here, _)| self.place_inside(&here)).transpose()
    }

    /// Returns the files of the run with their places on disk, in the server's order.
    pub(crate) fn files(&self) -> Result<Vec<(model::File, PathBuf)>, Error> {
        let Some(record) = self.record()? else { return Ok(Vec::new()) };
        let here = place(Part::Files, record.here());
        let files = record.files().map(|file| {
            let mut model = model::File::new("", &file.name);
            (model.size, model.md5) = (Some(file.bytes), Some(file.md5.clone()));
            Ok((model, self.place_inside(&format!("{here}/{}", file.here()))?))
        });
        files.collect()
    }

    /// Returns the full path of a file. Fails if a link leads out of the mirror.
    fn place_inside(&self, here: &str) -> Result<PathBuf, Error> {
        self.archive.open_object(here)?;
        Ok(self.archive.place(here))
    }

    /// Reads the record of the run. Fails if it names files outside the mirror, since a mirror from elsewhere
    /// may claim anything.
    fn record(&self) -> Result<Option<RunRecord>, Error> {
        let known = self.archive.runs.get(&self.id);
        let read = || {
            let text = self.archive.text(known.and_then(|known| known.record))?;
            Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?)
        };
        let record: Option<RunRecord> =
            read().map_err(|error| unreadable(&self.archive.root.join(MANIFEST), error))?;
        let is_inside = |record: &RunRecord| {
            stays_inside(record.here()) && record.files().all(|file| is_safe(file.here()))
        };
        if record.as_ref().is_some_and(|record| !is_inside(record)) {
            return Err(Error::Mirror {
                folder: self.archive.root.clone(),
                message: format!("it places files of the run {} outside the mirror", self.id),
            });
        }
        Ok(record)
    }
}
