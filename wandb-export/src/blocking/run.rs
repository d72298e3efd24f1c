//! The blocking form of a run.

use std::ops::Deref;

use wandb_core::Map;
use wandb_core::blocking::block_on;

use super::{Console, Files, History, RunFile, ScanHistory, SystemMetrics, Update};
use crate::api::{self, RunCommand};
use crate::error::Error;

/// A run. Dereferences to the async [`Run`](crate::Run), and through it to the server's data. Its own methods, such
/// as [`history`](Run::history), are blocking.
#[derive(Debug, Clone)]
pub struct Run(api::Run);

impl Run {
    pub(super) fn new(run: api::Run) -> Self {
        Self(run)
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

    /// Starts an update of the run. Sends nothing until it is saved.
    pub fn update(&self) -> Update {
        Update::new(self.0.update())
    }
}

impl Deref for Run {
    type Target = api::Run;

    fn deref(&self) -> &api::Run {
        &self.0
    }
}
