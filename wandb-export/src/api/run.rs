//! A run and what can be asked of it.

use std::ops::Deref;

use wandb_core::operation::Lacks;
use wandb_core::{RunPath, model};

use super::{Api, Files, History, RunFile, Update};
use crate::error::Error;

/// A run. It dereferences to what the server said of it: [`model::Run`].
#[derive(Debug, Clone)]
pub struct Run {
    api: Api,
    path: RunPath,
    model: model::Run,
    lacks: Lacks,
}

impl Run {
    pub(crate) fn new(api: Api, path: RunPath, model: model::Run, lacks: Lacks) -> Self {
        Self { api, path, model, lacks }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Where the run is: `entity/project/run`.
    pub fn path(&self) -> &RunPath {
        &self.path
    }

    /// The run's page in the web app.
    pub fn url(&self) -> String {
        self.path.app_url(self.api.base_url()).to_string()
    }

    /// The run's metrics, to be narrowed down and read.
    pub fn history(&self) -> History {
        History::new(self.api.clone(), self.path.clone())
    }

    /// The run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.api.clone(), self.path.clone())
    }

    /// The run's file of that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn file(&self, name: &str) -> Result<RunFile, Error> {
        RunFile::find(&self.api, &self.path, name).await
    }

    /// Changes to be made to the run; nothing is sent before they are [saved](Update::save). This value stays as it is.
    pub fn update(&self) -> Update {
        Update::new(self.api.clone(), self.path.clone())
    }

    /// The fields that the server does not have; what they would say is missing here.
    pub fn lacks(&self) -> &Lacks {
        &self.lacks
    }

    /// What the server said, without the rest.
    pub fn into_model(self) -> model::Run {
        self.model
    }
}

impl Deref for Run {
    type Target = model::Run;

    fn deref(&self) -> &model::Run {
        &self.model
    }
}
