//! A run and its data.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::TryStreamExt;
use wandb_core::operation::UnsupportedFields;
use wandb_core::{Row, RunPath, model};
use wandb_runlog::{Alert, Artifact, Branch};

use super::history::branch_of;
use super::{Api, Files, History, RunFile, Update};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalRun;
use crate::run_rows::{self, RunColumns};

/// A run. Dereferences to the server's data: [`model::Run`].
#[derive(Debug, Clone)]
pub struct Run {
    api: Api,
    path: RunPath,
    model: model::Run,
    /// The issues of `model`.
    issues: Vec<Issue>,
    local: Option<Arc<LocalRun>>,
}

impl Run {
    pub(crate) fn new(api: Api, path: RunPath, model: model::Run, unsupported: &UnsupportedFields) -> Self {
        let mut issues = Issue::of_fields(&model);
        issues.extend(Issue::of_unsupported(unsupported, |_| false));
        Self { api, path, model, issues, local: None }
    }

    pub(crate) fn local(api: Api, run: Arc<LocalRun>) -> Self {
        let (path, model, issues) = (run.path.clone(), run.model.clone(), run.issues.clone());
        Self { api, path, model, issues, local: Some(run) }
    }

    pub(super) fn client(&self) -> &wandb_core::client::Client {
        &self.api.client
    }

    /// Returns the local data if the run was read from disk.
    pub(super) fn on_disk(&self) -> Option<&Arc<LocalRun>> {
        self.local.as_ref()
    }

    /// Returns the issues of the run's fields: those that the server or a mirror lacks, or that cannot be read from
    /// disk.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Returns the issues of a run on disk. Empty for a run on a server.
    pub(super) fn disk_issues(&self) -> &[Issue] {
        self.local.as_ref().map_or(&[], |run| &run.issues)
    }

    /// Converts the run to a table row.
    pub(super) fn row(&self, columns: RunColumns) -> Row {
        let row = columns.row(&self.model);
        match self.local.as_ref().and_then(|run| run.folder()) {
            Some(folder) if columns == RunColumns::Metrics => run_rows::identified(&self.model, folder, row),
            _ => row,
        }
    }

    /// Returns the path of the run, `entity/project/run`. The entity is `local` if a run on disk does not name one.
    pub fn path(&self) -> &RunPath {
        &self.path
    }

    /// Returns whether the run was read from disk rather than from a server.
    pub fn is_on_disk(&self) -> bool {
        self.local.is_some()
    }

    /// Returns where the run was forked from or rewound to. `None` if it was neither.
    ///
    /// For a run on a server this comes from the config. Light listings omit the config, and the SDK overwrites the
    /// entry when a fork is resumed later (wandb/wandb #10694). Also `None` for a run in a mirror, and for runs that
    /// SDKs up to 0.19 wrote offline.
    pub fn branch(&self) -> Option<Branch> {
        match &self.local {
            Some(run) => run.branch.clone(),
            None => branch_of(&self.model),
        }
    }

    /// Returns the alerts that the run raised, in order. Only the SDK's own files contain them, so this is empty for
    /// a run on a server or in a mirror.
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

    /// Returns the artifacts that the run logged and used, in order, without their content. Only the SDK's own files
    /// contain them, so this is empty for a run on a server or in a mirror.
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

    /// Returns whether the server of the run's page is known.
    #[cfg(feature = "cli")]
    pub(crate) fn has_page(&self) -> bool {
        self.local.as_ref().is_none_or(|run| run.server.is_some())
    }

    /// Returns the URL of the run's page in the web app. For a run on disk, the URL that it would have.
    pub fn url(&self) -> String {
        let server = self.local.as_ref().and_then(|run| run.server.as_ref());
        self.path.app_url(server.unwrap_or(self.api.base_url())).to_string()
    }

    /// Selects the run's history, to be narrowed down and read.
    pub fn history(&self) -> History {
        History::new(self.api.clone(), self.path.clone()).on_disk(self.local.clone())
    }

    /// Selects the run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.api.clone(), self.path.clone()).on_disk(self.local.clone())
    }

    /// Fetches the run's file with this name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such file.
    pub async fn file(&self, name: &str) -> Result<RunFile, Error> {
        let mut found = self.files().names([name]).stream();
        found
            .try_next()
            .await?
            .ok_or_else(|| Error::NoSuchFile { run: self.path.to_string(), name: name.to_owned() })
    }

    /// Starts an update of the run. Sends nothing until it is [saved](Update::save). Does not modify this value.
    pub fn update(&self) -> Update {
        let update = Update::new(self.api.clone(), self.path.clone());
        if self.local.is_some() { update.refused() } else { update }
    }

    /// Returns the server's data without the rest.
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
