//! A run.

use std::ops::Deref;

use wandb_core::Map;
use wandb_core::blocking::block_on;

use super::{Console, Files, History, RunFile, Update};
use crate::api::{self, RunCommand};
use crate::error::Error;

/// A run. It dereferences to the async [`Run`](crate::Run), and so to what the server said of it; its
/// [`history`](Run::history) is the blocking one.
#[derive(Debug, Clone)]
pub struct Run(api::Run);

impl Run {
    pub(super) fn new(run: api::Run) -> Self {
        Self(run)
    }

    /// The run's metrics, to be narrowed down and read.
    pub fn history(&self) -> History {
        History::new(self.0.history())
    }

    /// The run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.0.files())
    }

    /// The run's file of that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub fn file(&self, name: &str) -> Result<RunFile, Error> {
        block_on(self.0.file(name)).map(RunFile::new)
    }

    /// The lines that the run has printed, in order, to be read. See the async [`Run::console`](crate::Run::console).
    pub fn console(&self) -> Console {
        Console::new(self.0.console())
    }

    /// How and where the run was started; `None` if it has no such file.
    pub fn metadata(&self) -> Result<Option<Map>, Error> {
        block_on(self.0.metadata())
    }

    /// The command line that started the run; `None` if its metadata do not tell it.
    pub fn command(&self) -> Result<Option<RunCommand>, Error> {
        block_on(self.0.command())
    }

    /// Changes to be made to the run; nothing is sent before they are saved.
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
