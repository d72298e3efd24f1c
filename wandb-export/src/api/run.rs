//! A run and what can be asked of it.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::TryStreamExt;
use wandb_core::operation::Lacks;
use wandb_core::{Row, RunPath, model};
use wandb_runlog::{Alert, Artifact, Branch};

use super::history::branch_of;
use super::run_rows::{self, RunColumns};
use super::{Api, Files, History, RunFile, Update};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalRun;

/// A run. It dereferences to what the server said of it: [`model::Run`].
#[derive(Debug, Clone)]
pub struct Run {
    api: Api,
    path: RunPath,
    model: model::Run,
    /// What is missing from `model`.
    issues: Vec<Issue>,
    local: Option<Arc<LocalRun>>,
}

impl Run {
    pub(crate) fn new(api: Api, path: RunPath, model: model::Run, lacks: &Lacks) -> Self {
        let mut issues = Issue::of_fields(&model);
        issues.extend(Issue::of_lacks(lacks, |_| false));
        Self { api, path, model, issues, local: None }
    }

    pub(crate) fn local(api: Api, run: Arc<LocalRun>) -> Self {
        let (path, model, issues) = (run.path.clone(), run.model.clone(), run.issues.clone());
        Self { api, path, model, issues, local: Some(run) }
    }

    pub(super) fn client(&self) -> &wandb_core::client::Client {
        &self.api.client
    }

    /// What there is of the run on disk, if it was read from there.
    pub(super) fn on_disk(&self) -> Option<&Arc<LocalRun>> {
        self.local.as_ref()
    }

    /// What is missing from the run's fields: those that the server or a mirror lacks, or that cannot be read from disk.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The issues of a run on disk; none for a run on a server.
    pub(super) fn disk_issues(&self) -> &[Issue] {
        self.local.as_ref().map_or(&[], |run| &run.issues)
    }

    /// The run as a row of a table.
    pub(super) fn row(&self, columns: RunColumns) -> Row {
        let row = columns.row(&self.model);
        match self.local.as_ref().and_then(|run| run.folder()) {
            Some(folder) if columns == RunColumns::Metrics => run_rows::identified(&self.model, folder, row),
            _ => row,
        }
    }

    /// Where the run is: `entity/project/run`. For a run on disk whose entity the SDK did not know, the entity is `local`.
    pub fn path(&self) -> &RunPath {
        &self.path
    }

    /// Whether the run was read from disk rather than from a server.
    pub fn is_on_disk(&self) -> bool {
        self.local.is_some()
    }

    /// Where the run goes on from, if it was forked or rewound. Of a run on a server its config tells it, which is not
    /// there in light listings and which the SDK overwrites when a fork is resumed later (wandb/wandb #10694). `None` for a
    /// run in a mirror, and for what SDKs up to 0.19 have written offline.
    pub fn branch(&self) -> Option<Branch> {
        match &self.local {
            Some(run) => run.branch.clone(),
            None => branch_of(&self.model),
        }
    }

    /// The alerts that the run has raised, in order. Only the SDK's own files tell them: none for a run on a server or in a
    /// mirror.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let run = wandb_export::Api::offline().run("./wandb/latest-run").await?;
    /// for alert in run.alerts() {
    ///     println!("{}: {} {}", alert.level, alert.title, alert.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn alerts(&self) -> &[Alert] {
        self.local.as_ref().map_or(&[], |run| &run.alerts)
    }

    /// The artifacts that the run has made and used, in order; what is in them is not read. Only the SDK's own files tell
    /// them: none for a run on a server or in a mirror.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let run = wandb_export::Api::offline().run("./wandb/latest-run").await?;
    /// for artifact in run.artifacts().iter().filter(|artifact| artifact.is_output) {
    ///     println!("{} {} {:?}", artifact.kind, artifact.name, artifact.aliases);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn artifacts(&self) -> &[Artifact] {
        self.local.as_ref().map_or(&[], |run| &run.artifacts)
    }

    /// Whether it is known where the run's page is.
    #[cfg(feature = "cli")]
    pub(crate) fn has_page(&self) -> bool {
        self.local.as_ref().is_none_or(|run| run.server.is_some())
    }

    /// The run's page in the web app; for a run on disk where it would be.
    pub fn url(&self) -> String {
        let server = self.local.as_ref().and_then(|run| run.server.as_ref());
        self.path.app_url(server.unwrap_or(self.api.base_url())).to_string()
    }

    /// The run's metrics, to be narrowed down and read.
    pub fn history(&self) -> History {
        History::new(self.api.clone(), self.path.clone()).on_disk(self.local.clone())
    }

    /// The run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.api.clone(), self.path.clone()).on_disk(self.local.clone())
    }

    /// The run's file of that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn file(&self, name: &str) -> Result<RunFile, Error> {
        let mut found = self.files().names([name]).stream();
        found
            .try_next()
            .await?
            .ok_or_else(|| Error::NoSuchFile { run: self.path.to_string(), name: name.to_owned() })
    }

    /// Changes to be made to the run; nothing is sent before they are [saved](Update::save). This value stays as it is.
    pub fn update(&self) -> Update {
        let update = Update::new(self.api.clone(), self.path.clone());
        if self.local.is_some() { update.refused() } else { update }
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
