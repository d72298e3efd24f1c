//! What a mirror has of one run.

use std::path::PathBuf;
use std::sync::Arc;

use wandb_core::Row;
use wandb_core::model::{self, Run, Timestamp};

use super::super::contents::Part;
use super::super::layout::{MANIFEST, RUNS, place, stays_inside};
use super::super::record::{RunRecord, Stored};
use super::{Archive, check_inside, unreadable};
use crate::api::run_of;
use crate::error::Error;
use crate::files::is_safe;
use crate::issue::Issue;

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

    /// When the run was created, without a look at what else the mirror has of it.
    pub(crate) fn created_at(&self) -> Option<Timestamp> {
        let known = self.archive.runs.get(&self.id)?;
        (!known.created_at.is_empty()).then(|| (&*known.created_at).into())
    }

    /// Where the run is on its server.
    ///
    /// # Errors
    /// If no path can hold its id.
    pub(crate) fn path(&self) -> Result<wandb_core::RunPath, Error> {
        let project = self.archive.project()?;
        Ok(wandb_core::RunPath::new(project.entity(), project.project(), &self.id)?)
    }

    /// What the server said of the run, and what is missing from that.
    pub(crate) fn read(&self) -> Result<(Run, Vec<Issue>), Error> {
        let record = self.record()?;
        let known = self.archive.runs.get(&self.id);
        let place = self.archive.root.join(RUNS);
        let row = self.archive.text(known.and_then(|known| known.row));
        let row = row.map_err(|error| unreadable(&place, error))?;
        let project = self.archive.project()?;
        let mut issues = self.recorded_issues(record.as_ref(), Part::Runs);
        let read = row.and_then(|text| Row::parse(&text).ok()).map(run_of);
        let is_known = known.is_some_and(|known| known.row.is_some())
            || record.as_ref().is_some_and(|record| record.row.is_some());
        if read.is_none() && is_known {
            let place = place.display();
            issues.push(self.issue(&format!("its line in {place} cannot be read, or is not there")));
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
        // Whatever a line says: it is that of this run.
        project.entity().clone_into(&mut run.entity);
        project.project().clone_into(&mut run.project);
        run.id.clone_from(&self.id);
        issues.extend(self.archive.unsupported_fields());
        Ok((run, issues))
    }

    /// What is missing from a part of the run, or may differ from what the server has.
    pub(crate) fn issues(&self, part: Part) -> Result<Vec<Issue>, Error> {
        Ok(self.recorded_issues(self.record()?.as_ref(), part))
    }

    fn recorded_issues(&self, record: Option<&RunRecord>, part: Part) -> Vec<Issue> {
        let Some(record) = record else {
            return vec![self.issue("the mirror does not say what it has of it")];
        };
        let told = [&record.missing, &record.inexact];
        let mut told: Vec<String> =
            told.into_iter().filter_map(|told| told.get(part.name())).flatten().cloned().collect();
        match record.as_of(part) {
            None if told.is_empty() => told.push(format!("the mirror was made without this part: {part}")),
            Some(as_of) if as_of != record.as_of => {
                told.push(format!("{part}: the mirror has it as it was before the run changed last"));
            }
            _ => {}
        }
        // Whoever reads the part has asked for it.
        told.extend(record.unsupported.get(part.name()).into_iter().flatten().cloned());
        told.iter().map(|detail| self.issue(detail)).collect()
    }

    pub(super) fn issue(&self, detail: &str) -> Issue {
        let subject = format!("{}/{}", self.archive.header.project, self.id);
        Issue::MirrorIncomplete { subject, detail: detail.to_owned() }
    }

    /// The table of a part that should be there, and how many rows it should have.
    pub(super) fn table(&self, part: Part) -> Result<Option<(PathBuf, Stored)>, Error> {
        let Some(record) = self.record()? else { return Ok(None) };
        let here = record.here();
        let Some(stored) = record.table(part).filter(|stored| stored.rows > 0) else { return Ok(None) };
        let here = place(part, here);
        self.check_inside(&here)?;
        Ok(Some((self.archive.root.join(here), stored.clone())))
    }

    /// The file of what the run has printed; none if it has printed nothing.
    pub(crate) fn log(&self) -> Result<Option<PathBuf>, Error> {
        Ok(self.table(Part::Logs)?.map(|(place, _)| place))
    }

    /// The files of the run and where they are, in the server's order.
    pub(crate) fn files(&self) -> Result<Vec<(model::File, PathBuf)>, Error> {
        let Some(record) = self.record()? else { return Ok(Vec::new()) };
        let here = place(Part::Files, record.here());
        let folder = self.archive.root.join(&here);
        let files = record.files().map(|file| {
            self.check_inside(&format!("{here}/{}", file.here()))?;
            let mut model = model::File::new("", &file.name);
            (model.size, model.md5) = (Some(file.bytes), Some(file.md5.clone()));
            Ok((model, folder.join(file.here())))
        });
        files.collect()
    }

    /// Refuses a file of the mirror that is reached by a link out of it.
    fn check_inside(&self, here: &str) -> Result<(), Error> {
        check_inside(&self.archive.root, here)
            .map_err(|error| unreadable(&self.archive.root.join(here), error))
    }

    /// What the mirror says that it has of the run. (What has come from elsewhere may say anything, also that the files of a
    /// run are those of somebody else.)
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
                message: format!("it says that files of the run {} are where none of a mirror is", self.id),
            });
        }
        Ok(record)
    }
}
