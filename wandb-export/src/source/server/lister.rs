//! Lists the complete runs of a project from a server.

use std::pin::pin;

use futures_util::stream::StreamExt;
use wandb_core::ProjectPath;
use wandb_core::client::Client;
use wandb_core::model;
use wandb_core::operation::{Field, Operation as _, UnsupportedFields};
use wandb_graphql::RunLister;
use wandb_graphql::ops::ListRuns;

use crate::error::Error;
use crate::issue::Issue;

/// Lists the runs of a project. Sends the requests of a [`RunLister`].
pub(crate) struct RunListReader {
    client: Client,
    path: ProjectPath,
    list: RunLister,
    optional_fields: &'static [Field],
}

impl RunListReader {
    pub(crate) fn new(client: Client, path: ProjectPath, list: ListRuns, limit: Option<usize>) -> Self {
        let optional_fields = list.optional_fields();
        let list = RunLister::new(list);
        let list = match limit {
            Some(limit) => list.limit(limit as u64),
            None => list,
        };
        Self { client, path, list, optional_fields }
    }

    /// Returns the next runs, at least one. `None` at the end.
    pub(crate) async fn next_runs(&mut self) -> Result<Option<Vec<model::Run>>, Error> {
        while let Some(request) = self.list.request() {
            let mut pages = pin!(self.client.pages(request));
            let Some(page) = pages.next().await else { return Ok(None) };
            let runs = self.list.take(page?);
            if !runs.is_empty() {
                return Ok(Some(runs));
            }
        }
        Ok(None)
    }

    /// Adds a run found elsewhere. Returns whether it is new to the list.
    #[cfg(feature = "mirror")]
    pub(crate) fn admit(&mut self, run: &model::Run) -> bool {
        self.list.admit(run)
    }

    /// Returns whether every run was listed, as far as the server reports.
    #[cfg(feature = "mirror")]
    pub(crate) fn is_complete(&self) -> bool {
        self.list.end().is_whole()
    }

    /// Returns the run fields that the server lacks.
    pub(crate) fn unsupported(&self) -> UnsupportedFields {
        let unsupported = self.client.unsupported().among(self.optional_fields);
        // The run count is a field of the project. Without it, completeness is not checked.
        unsupported.iter().filter(|field| field.on_type() != "Project").cloned().collect()
    }

    /// Returns the issues of the list, such as missing runs.
    pub(crate) fn issues(&self) -> Vec<Issue> {
        let end = self.list.end();
        let project = || self.path.clone();
        let mut issues = Vec::new();
        if end.late > 0 {
            issues.push(Issue::RunsFoundLate { project: project(), count: end.late });
        }
        let (list, unreadable) = (format!("runs of {}", self.path), self.list.unreadable());
        issues.extend(Issue::from_unreadable_entries(&list, unreadable));
        issues.extend(Issue::null_entries(list, end.null_entries, unreadable));
        if end.missing > 0 || end.is_cut {
            issues.push(Issue::RunsMissing { project: project(), counted: end.counted, listed: end.listed });
        }
        issues
    }
}
