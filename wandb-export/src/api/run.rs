//! A run and its data.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::TryStreamExt;
use wandb_core::{Row, RunPath, model};
use wandb_runlog::{Alert, Artifact as LocalArtifact, Branch};

use super::{
    Api, Artifact, Files, History, HistoryRequest, ListReader, RunFile, ScanHistory, SystemMetrics, Update,
};
use crate::error::Error;
use crate::issue::Issue;
use crate::run_rows::{self, RunColumns};
use crate::source::history::Stream;
use crate::source::{OpenedRun, RunFacts, RunSource};

/// A run. Dereferences to the server's data: [`model::Run`].
#[derive(Debug, Clone)]
pub struct Run {
    api: Api,
    facts: RunFacts,
    /// All issues of the facts.
    issues: Vec<Issue>,
    source: Arc<dyn RunSource>,
}

impl Run {
    pub(super) fn new(api: Api, opened: OpenedRun) -> Self {
        let OpenedRun { facts, source } = opened;
        let issues = facts.issues.iter().chain(&facts.unsupported).cloned().collect();
        Self { api, facts, issues, source }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    pub(super) fn source(&self) -> &dyn RunSource {
        &*self.source
    }

    pub(super) fn facts(&self) -> &RunFacts {
        &self.facts
    }

    /// Returns the issues of the run's fields: those that the server or a mirror lacks, or that cannot be read from
    /// disk.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Converts the run to a table row.
    pub(super) fn row(&self, columns: RunColumns) -> Row {
        let row = columns.row(&self.facts.model);
        match &self.facts.folder {
            Some(folder) if columns == RunColumns::Metrics => {
                run_rows::with_identity(&self.facts.model, folder, row)
            }
            _ => row,
        }
    }

    /// Returns the path of the run, `entity/project/run`. The entity is `local` if a run on disk does not name one.
    pub fn path(&self) -> &RunPath {
        &self.facts.path
    }

    /// Returns whether the run was read from disk rather than from a server.
    pub fn is_on_disk(&self) -> bool {
        self.source.is_on_disk()
    }

    /// Returns where the run was forked from or rewound to. `None` if it was neither.
    ///
    /// For a run on a server this comes from the config. Light listings omit the config, and the SDK overwrites the
    /// entry when a fork is resumed later (wandb/wandb #10694). Also `None` for a run in a mirror, and for runs that
    /// SDKs up to 0.19 wrote offline.
    pub fn branch(&self) -> Option<Branch> {
        self.facts.branch.clone()
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
        &self.facts.alerts
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
    pub fn artifacts(&self) -> &[LocalArtifact] {
        &self.facts.artifacts
    }

    /// Returns whether the server of the run's page is known.
    #[cfg(feature = "cli")]
    pub(crate) fn has_page(&self) -> bool {
        self.facts.server.is_some()
    }

    /// Returns the URL of the run's page in the web app. For a run on disk, the URL that it would have.
    pub fn url(&self) -> String {
        let server = self.facts.server.as_ref();
        self.facts.path.app_url(server.unwrap_or(self.api.base_url())).to_string()
    }

    /// Selects samples of the run's history.
    pub fn history(&self) -> History {
        History::new(self.request(Stream::Default))
    }

    /// Selects every row of the run's history.
    pub fn scan_history(&self) -> ScanHistory {
        ScanHistory::new(self.request(Stream::Default))
    }

    /// Selects the system metrics of the machine that the run ran on.
    pub fn system_metrics(&self) -> SystemMetrics {
        SystemMetrics::new(self.request(Stream::System))
    }

    fn request(&self, stream: Stream) -> HistoryRequest {
        HistoryRequest::new(self.api.client.clone(), Arc::clone(&self.source), stream)
    }

    /// Selects the run's files, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> Files {
        Files::new(self.api.clone(), Arc::clone(&self.source))
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
            .ok_or_else(|| Error::NoSuchFile { run: self.path().to_string(), name: name.to_owned() })
    }

    /// Lists the artifacts that the run has logged (query `outputArtifacts`). A local run's are among its
    /// [`artifacts`](Self::artifacts).
    ///
    /// # Errors
    /// If the run is on disk.
    pub fn logged_artifacts(&self) -> Result<ListReader<Artifact>, Error> {
        self.check_on_server()?;
        Ok(self.api.artifacts_logged_by(self.path()))
    }

    /// Lists the artifacts that the run has used (query `inputArtifacts`), like
    /// [`logged_artifacts`](Self::logged_artifacts).
    ///
    /// # Errors
    /// If the run is on disk.
    pub fn used_artifacts(&self) -> Result<ListReader<Artifact>, Error> {
        self.check_on_server()?;
        Ok(self.api.artifacts_used_by(self.path()))
    }

    fn check_on_server(&self) -> Result<(), Error> {
        if self.is_on_disk() { Err(Error::only_on_a_server(self.path())) } else { Ok(()) }
    }

    /// Starts an update of the run. Sends nothing until it is [saved](Update::save). Does not modify this value.
    pub fn update(&self) -> Update {
        Update::new(self.api.clone(), Arc::clone(&self.source))
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Run {
        self.facts.model
    }
}

impl Deref for Run {
    type Target = model::Run;

    fn deref(&self) -> &model::Run {
        &self.facts.model
    }
}
