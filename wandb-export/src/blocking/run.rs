//! The blocking form of a run.

use std::ops::Deref;

use wandb_core::blocking::block_on;
use wandb_core::{Map, RunPath, model};
use wandb_runlog::{Alert, Artifact as LocalArtifact, Branch};

use super::{
    Artifact, Console, Files, History, ListReader, Media, RunFile, ScanHistory, SystemMetrics, Table, Update,
};
use crate::api::{self, RunCommand};
use crate::error::Error;
use crate::issue::Issue;

/// A run. Dereferences to the server's data: [`model::Run`]. See the async [`Run`](crate::Run).
#[derive(Debug, Clone)]
pub struct Run(api::Run);

impl Run {
    pub(super) fn new(run: api::Run) -> Self {
        Self(run)
    }

    /// Returns the issues of the run's fields; see the async [`issues`](crate::Run::issues).
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }

    /// Returns the path of the run, `entity/project/run`. The entity is `local` if a run on disk does not name one.
    pub fn path(&self) -> &RunPath {
        self.0.path()
    }

    /// Returns whether the run was read from disk rather than from a server.
    pub fn is_on_disk(&self) -> bool {
        self.0.is_on_disk()
    }

    /// Returns where the run was forked from or rewound to; see the async [`branch`](crate::Run::branch).
    pub fn branch(&self) -> Option<Branch> {
        self.0.branch()
    }

    /// Returns the alerts that a run on disk raised; see the async [`alerts`](crate::Run::alerts).
    pub fn alerts(&self) -> &[Alert] {
        self.0.alerts()
    }

    /// Returns the artifacts that a run on disk logged and used; see the async [`artifacts`](crate::Run::artifacts).
    pub fn artifacts(&self) -> &[LocalArtifact] {
        self.0.artifacts()
    }

    /// Returns the URL of the run's page in the web app. For a run on disk, the URL that it would have.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Run {
        self.0.into_model()
    }

    /// Selects samples of the run's history.
    pub fn history(&self) -> History {
        History::new(self.0.history())
    }

    /// Selects every row of the run's history.
    pub fn scan_history(&self) -> ScanHistory {
        ScanHistory::new(self.0.scan_history())
    }

    /// Selects the system metrics of the machine that the run ran on.
    pub fn system_metrics(&self) -> SystemMetrics {
        SystemMetrics::new(self.0.system_metrics())
    }

    /// Selects the run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.0.files())
    }

    /// Fetches the run's file with this name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such file.
    pub fn file(&self, name: &str) -> Result<RunFile, Error> {
        block_on(self.0.file(name)).map(RunFile::new)
    }

    /// Selects the table that the run has logged under `key`; see the async [`table`](crate::Run::table).
    pub fn table(&self, key: impl Into<String>) -> Table {
        Table::new(self.0.table(key))
    }

    /// Selects the tables that the run has logged, to be listed.
    pub fn tables(&self) -> Media {
        Media::new(self.0.tables())
    }

    /// Selects the media that the run has logged, to be narrowed down, listed and downloaded.
    pub fn media(&self) -> Media {
        Media::new(self.0.media())
    }

    /// Opens the run's console output, line by line. See the async [`Run::console`](crate::Run::console).
    pub fn console(&self) -> Console {
        Console::new(self.0.console())
    }

    /// Reads how and where the run was started (`wandb-metadata.json`). `None` if the run has no such file.
    pub fn metadata(&self) -> Result<Option<Map>, Error> {
        block_on(self.0.metadata())
    }

    /// Returns the command line that started the run. `None` if its metadata lack it.
    pub fn command(&self) -> Result<Option<RunCommand>, Error> {
        block_on(self.0.command())
    }

    /// Lists the artifacts that the run has logged; see the async
    /// [`logged_artifacts`](crate::Run::logged_artifacts).
    ///
    /// # Errors
    /// If the run is on disk.
    pub fn logged_artifacts(&self) -> Result<ListReader<Artifact>, Error> {
        Ok(ListReader::new(self.0.logged_artifacts()?.map(Artifact::new)))
    }

    /// Lists the artifacts that the run has used.
    ///
    /// # Errors
    /// If the run is on disk.
    pub fn used_artifacts(&self) -> Result<ListReader<Artifact>, Error> {
        Ok(ListReader::new(self.0.used_artifacts()?.map(Artifact::new)))
    }

    /// Starts an update of the run. Sends nothing until it is saved.
    pub fn update(&self) -> Update {
        Update::new(self.0.update())
    }
}

impl Deref for Run {
    type Target = model::Run;

    fn deref(&self) -> &model::Run {
        &self.0
    }
}
